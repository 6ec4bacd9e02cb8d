"""An access key that is Inactive opens nothing.

AWS answers InvalidClientTokenId to every call that it signs, as to a key that it does not know; moto lets it sign in.
Keys that nobody made are taken here, as moto takes them: the sandbox's own is one. S3 does not look.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-keys-admin-managed.html#admin-deactivate-access-key
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, Original, around, fail


def install() -> None:
    from moto.core.responses import BaseResponse

    around(BaseResponse, "call_action", _call)


def _call(original: Original, response: Any, call: Call) -> Any:
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult
    from moto.iam.models import iam_backends

    key = iam_backends[response.current_account][response.partition].access_keys.get(response.get_access_key())
    if key is None or key.status == "Active":
        return original()
    try:
        fail("InvalidClientTokenId", "The security token included in the request is invalid.")
    except ServiceException as refusal:
        return response.serialized(ActionResult(refusal))
