"""KMS signs with keys that are enabled, and answers a signature that is not the key's with an error.

Moto signs with keys that are disabled or wait for their deletion, says of a wrong signature that it is not valid
instead of failing, and takes messages of any length; AWS takes 4096 bytes.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, API_Verify.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, Original, around, fail

LONGEST = 4096


def install() -> None:
    from moto.kms.models import KmsBackend

    around(KmsBackend, "sign", _signed)
    around(KmsBackend, "verify", _verified)


def _signed(original: Original, kms: Any, call: Call) -> Any:
    key = kms.describe_key(call["key_id"])
    if key.key_state == "Disabled":
        fail("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        fail("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if len(call["message"]) > LONGEST:
        fail("ValidationException", f"Member must have length less than or equal to {LONGEST}")
    return original()


def _verified(original: Original, kms: Any, call: Call) -> Any:
    answer = _signed(original, kms, call)
    if not answer[1]:
        fail("KMSInvalidSignatureException", "")
    return answer
