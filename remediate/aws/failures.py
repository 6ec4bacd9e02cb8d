"""What each failure of an AWS call means for the change that made it: the one retry table of the program."""

from collections.abc import Mapping

from remediate.errors import CallFailed, CredentialsEnded, Denied, NotYet, OutcomeUnknown

THROTTLED = frozenset(
    "Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException "
    "RequestThrottled RequestThrottledException SlowDown BandwidthLimitExceeded".split()
)
"""AWS refused to look at the call: nothing happened."""

NOT_CONSISTENT = frozenset(
    "ConcurrentModification ConcurrentModificationException EntityTemporarilyUnmodifiable OperationAborted "
    "OperationAbortedException InsufficientS3BucketPolicyException InsufficientEncryptionPolicyException "
    "InvalidCloudWatchLogsRoleArnException InvalidCloudWatchLogsLogGroupArnException ConflictException "
    "IncorrectInstanceState".split()
)
"""AWS looked, and something it needs is not visible to it yet: nothing happened.
Terraform's AWS provider waits for the same ones: internal/service/iam and internal/service/cloudtrail. An instance that
is starting or stopping is IncorrectInstanceState."""

NOT_VISIBLE: Mapping[str, tuple[str, ...]] = {
    "MalformedPolicyDocument": ("Invalid principal",),
    "InvalidParameterValue": ("Invalid IAM Instance Profile", "has no associated IAM Roles"),
    "IncorrectState": ("InstanceIdentityProfileNotFound",),
}
"""The same, where the code alone could mean a mistake: what the message says of a role or profile made a moment ago.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""

DENIED = frozenset("AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError".split())

ENDED = frozenset(
    "ExpiredToken ExpiredTokenException RequestExpired InvalidClientTokenId UnrecognizedClientException "
    "SignatureDoesNotMatch IncompleteSignature AuthFailure InvalidToken InvalidAccessKeyId".split()
)

BROKEN = frozenset(
    "ServiceFailure InternalFailure InternalError InternalServerError ServiceUnavailable "
    "ServiceUnavailableException RequestTimeout RequestTimeoutException".split()
)
"""AWS may have carried it out before it failed."""

WITHOUT_CREDENTIALS = frozenset(
    "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound "
    "SSOError SSOTokenLoadError UnauthorizedSSOTokenError PendingAuthorizationExpiredError TokenRetrievalError "
    "NoAuthTokenError LoginError LoginRefreshRequired LoginInsufficientPermissions LoginTokenLoadError "
    "LoginAuthorizationCodeError InvalidConfigError ConfigParseError RefreshWithMFAUnsupportedError".split()
)

NOT_SENT = frozenset("EndpointConnectionError ConnectTimeoutError ProxyConnectionError".split())
"""The connection was never made, so the call never arrived. An SSLError may come while the answer is read."""

UNREADABLE = "ResponseParserError"
"""An answer that is no XML. The exception behind it is dropped: it quotes the answer, secrets included."""


class OutcomeUnknownOf(OutcomeUnknown):
    """The same for a call that may have set something nobody can read again: a one-time password, which is here."""

    def __init__(self, error: CallFailed, secret: str) -> None:
        super().__init__(error.operation, error.code, error.message, error.request_id)
        self.secret = secret


def translate(operation: str, error: Exception) -> CallFailed | None:
    """The CallFailed that a botocore exception stands for; None for an exception that is not botocore's."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _answered(operation, error)
    if not isinstance(error, BotoCoreError | ResponseParserError):
        return None
    name = type(error).__name__
    if isinstance(error, ResponseParserError):
        return OutcomeUnknown(operation, UNREADABLE, "the answer cannot be read")
    message = " ".join(str(error).split())
    if name in WITHOUT_CREDENTIALS:
        return CredentialsEnded(operation, name, message)
    if name in NOT_SENT:
        return NotYet(operation, name, message)
    if name in ("ParamValidationError", "UnknownServiceError", "NoRegionError"):
        return CallFailed(operation, name, message)
    return OutcomeUnknown(operation, name, message)


def _answered(operation: str, error: "object") -> CallFailed:
    response = getattr(error, "response", {})
    body = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    code, message = str(body.get("Code", "")), str(body.get("Message", ""))
    kind = _kind(code, message, int(metadata.get("HTTPStatusCode", 0)))
    return kind(operation, code, message, str(metadata.get("RequestId", "")))


def _kind(code: str, message: str, status: int) -> type[CallFailed]:
    if code in THROTTLED or code in NOT_CONSISTENT:
        return NotYet
    if any(part in message for part in NOT_VISIBLE.get(code, ())):
        return NotYet
    if code == "DeleteConflict":
        return NotYet  # what was removed from it a moment ago is still seen; the wait is bounded
    if code in DENIED:
        return Denied
    if code in ENDED:
        return CredentialsEnded
    if code in BROKEN or status >= 500:
        return OutcomeUnknown
    return CallFailed
