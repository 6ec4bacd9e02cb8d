"""Keys in KMS that sign plans, and what KMS says of a signature.

The private key never leaves KMS; who may use it is the key's policy. Whoever signs needs kms:DescribeKey and kms:Sign,
whoever applies kms:Verify. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, API_Verify.html
"""

import re

from remediate.aws.session import Session
from remediate.errors import BadInput, CallFailed, CredentialsEnded, RemediateError

ALGORITHMS = (
    "ED25519_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
    "ML_DSA_SHAKE_256",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
"""What is used, the first that a key offers; all of them sign the message itself (MessageType RAW)."""
MAKE = "Make one: aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256"
NAMED = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[\w/-]+", re.ASCII)
INVALID = "KMSInvalidSignatureException"


class KmsKey:
    """A key in KMS, by its ARN or an alias's."""

    def __init__(self, aws: Session, arn: str) -> None:
        """Raises BadInput for a key that does not sign, RemediateError where KMS says no."""
        if not NAMED.fullmatch(arn):
            raise BadInput(f"{arn} is no KMS key's ARN", remedy="arn:aws:kms:REGION:ACCOUNT:key/ID, or …:alias/NAME")
        self._aws = aws
        self._region = _region(arn)
        try:
            found = aws.read("kms", "describe_key", region=self._region, KeyId=arn)["KeyMetadata"]
        except CallFailed as error:
            raise _no(arn, error) from None
        offered = found.get("SigningAlgorithms", ()) if found.get("KeyUsage") == "SIGN_VERIFY" else ()
        chosen = next((name for name in ALGORITHMS if name in offered), "")
        if not chosen:
            raise BadInput(f"the KMS key {arn} is not one that signs", remedy=MAKE)
        self.key = str(found["Arn"])
        self.algorithm = chosen

    def sign(self, message: bytes) -> bytes:
        """Sent once. Raises RemediateError where KMS says no."""
        parameters = {"KeyId": self.key, "MessageType": "RAW", "SigningAlgorithm": self.algorithm}
        try:
            return bytes(
                self._aws.write("kms", "sign", region=self._region, Message=message, **parameters)["Signature"]
            )
        except CallFailed as error:
            raise _no(self.key, error) from None


def fault(aws: Session, key: str, algorithm: str, message: bytes, value: bytes) -> str:
    """What KMS has against a signature, empty for nothing: not this key's, or a key that cannot be asked.

    `key` is an ARN that the operator trusts. Raises CredentialsEnded.
    """
    if algorithm not in ALGORITHMS:
        return f"signed with {algorithm}, which is not used here"
    parameters = {"KeyId": key, "MessageType": "RAW", "SigningAlgorithm": algorithm}
    try:
        valid = aws.read("kms", "verify", region=_region(key), Message=message, Signature=value, **parameters)
    except CredentialsEnded:
        raise
    except CallFailed as error:
        return "it is not what that key signed" if error.code == INVALID else f"KMS cannot check it: {error}"
    return "" if valid["SignatureValid"] else "it is not what that key signed"


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _no(arn: str, error: CallFailed) -> Exception:
    """What to say of a key that cannot be used; credentials that ended are another matter."""
    if isinstance(error, CredentialsEnded):
        return error
    return RemediateError(
        f"the KMS key {arn} cannot sign: {error.code}",
        details=[error.message],
        remedy="The caller needs kms:DescribeKey and kms:Sign on a key that is enabled.",
    )
