"""What a Deny means for an administrator: nothing, or that it ends the work, or binds it to places and times."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from remediate.account import Role, User
from remediate.guard.carriers import Carrier
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value
from remediate.policy.known import denies

Effect = Literal["none", "binds", "stops"]

MFA = "aws:multifactorauthpresent"
ENROLLING = ("iam:createvirtualmfadevice", "iam:enablemfadevice")
"""What somebody without an MFA device must be left to do, to be asked for one at the next sign-in."""


def effect(statement: str, principal: User | Role) -> Effect:
    """What a canonical statement, or the ARN of one of AWS's policies, does to somebody who may do everything else.

    Denying some actions leaves an administrator able to put things right. Denying all of them without MFA stops nobody
    who can sign in and use a device, or is left to enrol one. Any other condition binds: to networks, to hours.
    """
    if not denies(statement):
        return "none"
    if statement.startswith("arn:"):
        return "stops"
    item: Mapping[str, Value] = msgspec.json.decode(statement)
    if not _everything(item):
        return "none"
    operators = _mfa_operators(item)
    if operators:
        return "stops" if isinstance(principal, Role) or _cannot_pass(item, operators, principal) else "none"
    return "binds" if item.get("Condition") else "stops"


def begun(timeline: Timeline, carriers: Iterable[Carrier]) -> Change | None:
    """The change by which a statement that is not there now comes to count; None if it is there, or never comes."""
    ways = list(carriers)
    if any(all(span.made is None for span in way) for way in ways):
        return None
    made = [[timeline.changes[s.made] for s in way if s.made is not None] for way in ways if timeline.can_coexist(way)]
    return min((max(changes, key=lambda c: c.id) for changes in made), key=lambda c: c.id, default=None)


def _everything(item: Mapping[str, Value]) -> bool:
    """Whether it is about all actions, or all but those it lists, on all resources, or all but those it lists."""
    actions, resources = _texts(item.get("Action")), _texts(item.get("Resource"))
    return ("NotAction" in item or bool({"*", "*:*"} & set(actions))) and ("NotResource" in item or "*" in resources)


def _mfa_operators(item: Mapping[str, Value]) -> list[str]:
    """The operators under which the statement counts without MFA alone."""
    condition = item.get("Condition")
    tests = condition.items() if isinstance(condition, Mapping) else ()
    return [name for name, keys in tests if isinstance(keys, Mapping) and keys.get(MFA) == ["false"]]


def _cannot_pass(item: Mapping[str, Value], operators: Sequence[str], user: User) -> bool:
    """Whether this user has no way of working: no key that the statement lets through, and no sign-in with MFA.

    Requests with a user's access key carry no word about MFA: `Bool` lets them through, `BoolIfExists` does not.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    by_key = "Bool" in operators and any(key.active for key in user.keys)
    return not by_key and not (user.password and (user.mfa or _may_enrol(item)))


def _may_enrol(item: Mapping[str, Value]) -> bool:
    left = _texts(item.get("NotAction"))
    return all(any(fnmatchcase(action, pattern) for pattern in left) for action in ENROLLING)


def _texts(value: Value) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
