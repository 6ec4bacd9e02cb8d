"""The root user's own access keys.

Who calls as root and names no user means root: the keys are listed, and deleted, without UserName, and have their last
use like others. Moto has no root user, and takes a missing UserName for the user of the signing key. They are kept as
`root_keys` of moto's IAM backend. What the summary says of them is set apart: see `summary`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user_manage_delete-key.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around, fail
from remediate.sandbox.strict.root_sessions import session_of


def install() -> None:
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    IAMBackend.root_keys = ()  # type: ignore[attr-defined]
    around(IamResponse, "list_access_keys", _listed)
    around(IamResponse, "delete_access_key", _deleted)
    around(IamResponse, "get_access_key_last_used", _last_used)


def _listed(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    if not session_of(response):
        return original()
    return ActionResult({"AccessKeyMetadata": list(response.backend.root_keys)})


def _deleted(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import EmptyResult

    if not session_of(response):
        return original()
    key = _found(response)
    response.backend.root_keys = tuple(k for k in response.backend.root_keys if k is not key)
    return EmptyResult()


def _last_used(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    if not session_of(response):
        return original()
    used = _found(response).last_used
    shown = {"ServiceName": "N/A", "Region": "N/A"}
    if used:
        shown = {"LastUsedDate": used.timestamp, "ServiceName": used.service, "Region": used.region}
    return ActionResult({"AccessKeyLastUsed": shown})


def _found(response: Any) -> Any:
    wanted = response._get_param("AccessKeyId")
    for key in response.backend.root_keys:
        if key.access_key_id == wanted:
            return key
    return fail("NoSuchEntity", f"The Access Key with id {wanted} cannot be found.")
