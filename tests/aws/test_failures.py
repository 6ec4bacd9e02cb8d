"""What each of AWS's refusals means, written down a second time: what is tried again, what never is, what is asked."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from remediate.aws import failures
from remediate.aws.failures import translate
from remediate.errors import CallFailed, CredentialsEnded, Denied, NotYet, OutcomeUnknown

URL = {"endpoint_url": "https://iam.amazonaws.com"}
CODES: dict[type[CallFailed], str] = {
    NotYet: (
        "Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException "
        "RequestThrottled RequestThrottledException SlowDown BandwidthLimitExceeded ConcurrentModification "
        "ConcurrentModificationException EntityTemporarilyUnmodifiable OperationAborted OperationAbortedException "
        "InsufficientS3BucketPolicyException InsufficientEncryptionPolicyException "
        "InvalidCloudWatchLogsRoleArnException InvalidCloudWatchLogsLogGroupArnException ConflictException "
        "IncorrectInstanceState DeleteConflict"
    ),
    Denied: "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError",
    CredentialsEnded: (
        "ExpiredToken ExpiredTokenException RequestExpired InvalidClientTokenId UnrecognizedClientException "
        "SignatureDoesNotMatch IncompleteSignature AuthFailure InvalidToken InvalidAccessKeyId"
    ),
    OutcomeUnknown: (
        "ServiceFailure InternalFailure InternalError InternalServerError ServiceUnavailable "
        "ServiceUnavailableException RequestTimeout RequestTimeoutException"
    ),
    CallFailed: (
        "LimitExceeded LimitExceededException EntityAlreadyExists NoSuchEntity MalformedPolicyDocument InvalidInput "
        "ValidationError InvalidParameterValue IncorrectState InvalidUserType UnmodifiableEntity "
        "PasswordPolicyViolation OptInRequired SomethingNew throttling"
    ),
}
"""Only the first may be sent again without a look at the account; LimitExceeded and AccessDenied never are."""
KINDS = [(code, kind) for kind, codes in CODES.items() for code in codes.split()]


def refused(code: str, message: str = "no", status: int = 400) -> type[CallFailed]:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return kind_of(ClientError(answer, "CreateUser"))  # type: ignore[arg-type]


def kind_of(error: Exception) -> type[CallFailed]:
    found = translate("create_user", error)
    assert found is not None
    assert found.operation == "create_user"
    return type(found)


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_each_code(code: str, kind: type[CallFailed]) -> None:
    assert refused(code) is kind
    broken = OutcomeUnknown if kind is CallFailed else kind
    assert (refused(code, status=499), refused(code, status=500), refused(code, status=503)) == (kind, broken, broken)


def test_no_code_is_left_out() -> None:
    known = failures.THROTTLED | failures.NOT_CONSISTENT | failures.DENIED | failures.ENDED | failures.BROKEN
    assert known <= {code for code, _ in KINDS}


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"AIDA"', NotYet),
        ("MalformedPolicyDocument", "Syntax errors in policy.", CallFailed),
        ("MalformedPolicyDocument", "Invalid vendor in policy", CallFailed),
        ("InvalidParameterValue", "Value (x) is invalid. Invalid IAM Instance Profile name", NotYet),
        ("InvalidParameterValue", "The profile has no associated IAM Roles", NotYet),
        ("InvalidParameterValue", "Invalid principal", CallFailed),
        ("IncorrectState", "InstanceIdentityProfileNotFound", NotYet),
        ("IncorrectState", "the instance is gone", CallFailed),
        ("ValidationError", "Invalid principal", CallFailed),
    ],
)
def test_codes_that_mean_two_things(code: str, message: str, kind: type[CallFailed]) -> None:
    assert refused(code, message) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(**URL), NotYet),
        (ConnectTimeoutError(**URL), NotYet),
        (ProxyConnectionError(proxy_url="http://proxy"), NotYet),
        (ReadTimeoutError(**URL), OutcomeUnknown),
        (SSLError(**URL, error=OSError("cut")), OutcomeUnknown),
        (ResponseParserError("<secret>"), OutcomeUnknown),
        (BotoCoreError(), OutcomeUnknown),
        (NoCredentialsError(), CredentialsEnded),
        (ParamValidationError(report="UserName"), CallFailed),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_without_an_answer(error: Exception, kind: type[CallFailed]) -> None:
    assert kind_of(error) is kind


def test_what_is_not_the_sdks_is_an_error_of_ours() -> None:
    assert translate("create_user", ValueError("x")) is None
