"""Keys in KMS: they sign and check, and whatever KMS says no to is said, and counts for nothing."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.aws import Aws
from support.latency import _operation, latency

from remediate.aws.session import Session
from remediate.aws.signing import ALGORITHMS, KmsKey, fault
from remediate.errors import BadInput, CredentialsEnded, RemediateError

REGION = "eu-west-1"
MESSAGE = b"remediate signature v1\n{}"


@pytest.fixture
def kms(aws: Aws) -> Any:
    return aws.client("kms", REGION)


def made(kms: Any, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:
    return str(kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"])


@contextmanager
def answering(aws: Aws, operation: str, status: int, body: dict[str, Any]) -> Iterator[None]:
    """KMS answers an operation with that."""
    inner = aws.sandbox.application

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _operation(environ) != operation:
            return inner(environ, start_response)
        content = json.dumps(body).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(content)))]
        start_response(f"{status} X", headers)
        return [content]

    aws.sandbox.application = application
    try:
        yield
    finally:
        aws.sandbox.application = inner


def refused(aws: Aws, operation: str, code: str, status: int = 400) -> Any:
    return answering(aws, operation, status, {"__type": code, "message": "KMS says no"})


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
    ],
)
def test_a_key_signs_and_checks(aws: Aws, kms: Any, spec: str, algorithm: str) -> None:
    arn, session = made(kms, spec), Session()  # its own region is us-east-1, and the key's counts
    key = KmsKey(session, arn)
    assert (key.key, key.algorithm) == (arn, algorithm)
    value = key.sign(MESSAGE)
    assert fault(session, arn, algorithm, MESSAGE, value) == ""
    other = made(kms, spec)
    for arguments in (
        (other, algorithm, MESSAGE, value),
        (arn, algorithm, MESSAGE + b" ", value),
        (arn, algorithm, MESSAGE, bytes([value[0] ^ 1]) + value[1:]),
        (arn, algorithm, MESSAGE, b"x"),
    ):
        assert fault(session, *arguments) == "it is not what that key signed"


def test_an_answer_that_says_no_is_no(aws: Aws, kms: Any) -> None:
    """AWS says it with an error, and has a field for it all the same."""
    arn = made(kms)
    with answering(aws, "Verify", 200, {"KeyId": arn, "SignatureValid": False}):
        assert fault(Session(), arn, "ECDSA_SHA_256", MESSAGE, b"x") == "it is not what that key signed"


def test_an_alias_signs_as_the_key_that_it_stands_for(aws: Aws, kms: Any) -> None:
    arn = made(kms)
    kms.create_alias(AliasName="alias/release", TargetKeyId=arn)
    assert KmsKey(Session(), arn.rpartition(":")[0] + ":alias/release").key == arn


def test_of_what_a_key_offers_ed25519_is_taken(aws: Aws, kms: Any) -> None:
    """Moto has no such keys. https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html"""
    arn = made(kms)
    offered = ["ED25519_PH_SHA_512", "ED25519_SHA_512"]
    metadata = {"KeyId": arn, "Arn": arn, "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": offered}
    with answering(aws, "DescribeKey", 200, {"KeyMetadata": metadata}):
        assert KmsKey(Session(), arn).algorithm == "ED25519_SHA_512"
    metadata["SigningAlgorithms"] = ["SM2DSA"]
    with answering(aws, "DescribeKey", 200, {"KeyMetadata": metadata}), pytest.raises(BadInput, match="not one that"):
        KmsKey(Session(), arn)


def test_botocore_knows_every_algorithm_that_is_used(kms: Any) -> None:
    shape = kms.meta.service_model.operation_model("Sign").input_shape
    assert set(ALGORITHMS) <= set(shape.members["SigningAlgorithm"].enum)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:kms",
        "arn:aws:iam::123456789012:user/ana",
        "arn:aws:kms:eu-west-1:123456789012:key/",
        "arn:aws:kms:eu-west-1.evil.example/:123456789012:key/x",
    ],
)
def test_what_is_no_key_is_refused_before_any_call(aws: Aws, arn: str) -> None:
    with latency(aws.sandbox) as calls, pytest.raises(BadInput, match="no KMS key's ARN"):
        KmsKey(Session(), arn)
    assert calls.total == 0


def test_a_key_that_encrypts_does_not_sign(aws: Aws, kms: Any) -> None:
    with pytest.raises(BadInput, match="not one that signs") as error:
        KmsKey(Session(), str(kms.create_key()["KeyMetadata"]["Arn"]))
    assert "aws kms create-key --key-usage SIGN_VERIFY" in error.value.remedy


def disable(kms: Any, arn: str) -> None:
    kms.disable_key(KeyId=arn.rpartition("/")[2])  # moto takes no ARN here


def delete(kms: Any, arn: str) -> None:
    kms.schedule_key_deletion(KeyId=arn.rpartition("/")[2], PendingWindowInDays=7)


@pytest.mark.parametrize(("end", "code"), [(disable, "DisabledException"), (delete, "KMSInvalidStateException")])
def test_a_key_that_was_switched_off_neither_signs_nor_checks(
    aws: Aws, kms: Any, end: Callable[[Any, str], None], code: str
) -> None:
    session, arn = Session(), made(kms)
    key = KmsKey(session, arn)
    value = key.sign(MESSAGE)
    end(kms, arn)
    with pytest.raises(RemediateError, match=code) as error:
        key.sign(MESSAGE)
    assert "enabled" in error.value.remedy
    assert code in fault(session, arn, key.algorithm, MESSAGE, value)


def test_a_key_that_is_not_there(aws: Aws) -> None:
    arn = f"arn:aws:kms:{REGION}:{aws.account_id}:key/11111111-2222-3333-4444-555555555555"
    with pytest.raises(RemediateError, match="NotFoundException"):
        KmsKey(Session(), arn)
    assert "NotFoundException" in fault(Session(), arn, "ECDSA_SHA_256", MESSAGE, b"x")


def test_whoever_may_not_is_told_what_it_takes(aws: Aws, kms: Any) -> None:
    session, arn = Session(), made(kms)
    key = KmsKey(session, arn)
    value = key.sign(MESSAGE)
    with (
        refused(aws, "DescribeKey", "AccessDeniedException"),
        pytest.raises(RemediateError, match="AccessDenied") as error,
    ):
        KmsKey(session, arn)
    assert "kms:DescribeKey and kms:Sign" in error.value.remedy
    with refused(aws, "Sign", "AccessDeniedException"), pytest.raises(RemediateError, match="AccessDenied"):
        key.sign(MESSAGE)
    with refused(aws, "Verify", "AccessDeniedException"):
        assert "AccessDenied" in fault(session, arn, key.algorithm, MESSAGE, value)


def test_credentials_that_ended_are_said_to_have_ended(aws: Aws, kms: Any) -> None:
    session, arn = Session(), made(kms)
    key = KmsKey(session, arn)
    with refused(aws, "Sign", "ExpiredTokenException"), pytest.raises(CredentialsEnded):
        key.sign(MESSAGE)
    with refused(aws, "Verify", "ExpiredTokenException"), pytest.raises(CredentialsEnded):
        fault(session, arn, key.algorithm, MESSAGE, b"x")


def test_a_signature_is_asked_for_once(aws: Aws, kms: Any) -> None:
    key = KmsKey(Session(), made(kms))
    with (
        refused(aws, "Sign", "KMSInternalException", 500),
        latency(aws.sandbox) as calls,
        pytest.raises(RemediateError),
    ):
        key.sign(MESSAGE)
    assert calls.by_operation == {"Sign": 1}


@pytest.mark.parametrize("algorithm", ["", "ed25519", "RSASSA_PKCS1_V1_5_SHA_256", "ED25519_PH_SHA_512"])
def test_other_algorithms_are_not_asked_about(aws: Aws, kms: Any, algorithm: str) -> None:
    with latency(aws.sandbox) as calls:
        assert "not used here" in fault(Session(), made(kms), algorithm, MESSAGE, b"x")
    assert calls.by_operation["Verify"] == 0


def test_a_message_too_long_for_kms_is_refused_by_it(aws: Aws, kms: Any) -> None:
    key = KmsKey(Session(), made(kms))
    assert key.sign(b"x" * 4096)
    with pytest.raises(RemediateError, match="ValidationException"):
        key.sign(b"x" * 4097)
