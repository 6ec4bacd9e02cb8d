"""Two changes of one entity at nearly the same time: the second one is refused, and may come again a little later.

- ConcurrentModification: an entity that was changed less than `settings.collisions` seconds ago. The entities of a call
  are what its parameters name, besides a policy that is attached or detached: a policy for hundreds of users can be.
- EntityTemporarilyUnmodifiable: the password, MFA device or name of a user that was made less than `settings.unsettled`
  seconds ago.

Both are off by default, and moto has neither. Which of them an operation answers is in IAM's own model; Terraform's AWS
provider has met the first one on attachments and on policies too.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html#API_DeleteLoginProfile_Errors,
API_CreateRole, API_UpdateUser, API_TagUser
"""

from collections.abc import Iterator
from typing import Any

from remediate.sandbox.strict.lag import READING
from remediate.sandbox.strict.patch import Call, Original, around, fail
from remediate.sandbox.strict.state import settings

NAMES = (
    "UserName GroupName RoleName InstanceProfileName PolicyName PolicyArn SAMLProviderArn OpenIDConnectProviderArn "
    "AccountAlias"
).split()
INLINE = ("PutUser", "PutGroup", "PutRole", "DeleteUser", "DeleteGroup", "DeleteRole", "Attach", "Detach")
"""With these, a policy's name is that of an inline policy, or a policy that is used and not changed."""
SETTLING = ("CreateUser", "CreateLoginProfile", "UpdateLoginProfile", "EnableMFADevice", "DeactivateMFADevice")
UNSETTLED = (
    "ChangePassword DeactivateMFADevice DeleteLoginProfile EnableMFADevice UpdateLoginProfile UpdateUser".split()
)
"""The operations that answer EntityTemporarilyUnmodifiable, as IAM's model has them."""


def install() -> None:
    from moto.core.responses import BaseResponse

    around(BaseResponse, "call_action", _call)


def _call(original: Original, response: Any, call: Call) -> Any:
    if response.service_name != "iam" or not (settings.collisions or settings.unsettled):
        return original()
    action = response._get_action()
    if action.startswith(READING):
        return original()
    refusal = _refusal(response, action)
    if refusal:
        return response.serialized(refusal)
    answer = original()
    if answer[0] < 400:
        _note(response, action)
    return answer


def _refusal(response: Any, action: str) -> Any:
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult

    try:
        _check(response, action)
    except ServiceException as refusal:
        return ActionResult(refusal)
    return None


def _check(response: Any, action: str) -> None:
    now, changed = settings.clock(), _changed(response.backend)
    if any(now - changed.get(entity, float("-inf")) < settings.collisions for entity in _entities(response, action)):
        fail("ConcurrentModification", "Multiple requests to change this object were submitted simultaneously.")
    made = changed.get(("settling", response._get_param("UserName")), float("-inf"))
    if action in UNSETTLED and now - made < settings.unsettled:
        fail("EntityTemporarilyUnmodifiable", "The entity cannot be modified right now. Please try again later.")


def _note(response: Any, action: str) -> None:
    changed, now = _changed(response.backend), settings.clock()
    changed.update(dict.fromkeys(_entities(response, action), now))
    if action in SETTLING:
        changed["settling", response._get_param("UserName")] = now


def _entities(response: Any, action: str) -> Iterator[tuple[str, str]]:
    """What a change is a change of; the account itself where it names nothing."""
    named = False
    for name in NAMES:
        value = response._get_param(name)
        if value and not (name.startswith("Policy") and action.startswith(INLINE)):
            named = True
            yield name.removesuffix("Arn").removesuffix("Name"), value.rpartition("/")[2]
    if not named:
        yield "account", action


def _changed(iam: Any) -> dict[tuple[str, str], float]:
    """When each entity was last changed; on the backend, so that a reset forgets it."""
    if not hasattr(iam, "changed"):
        iam.changed = {}
    changed: dict[tuple[str, str], float] = iam.changed
    return changed
