"""Whether a statement of a resource's policy is about somebody, and by which of their names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

import re
from typing import Literal

from remediate.policy.request import Caller
from remediate.policy.statement import Effect, Principals

Reach = Literal["directly", "behind", "account"]
"""How a statement names the caller: itself or everybody, the role or user whose session it is, or the account."""

_Found = Literal["everybody", "directly", "behind", "account", ""] | None

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", re.ASCII)
_KINDS = {"service": "Service", "provider": "Federated"}


def reach(principals: Principals, effect: Effect, caller: Caller, *, bounded: bool) -> Reach | Literal[""] | None:
    """How a statement reaches the caller; empty if it does not, None if AWS does not say.

    `bounded`: whether the caller has a permissions boundary.
    """
    found = {_named(kind, name, caller) for kind, name in principals.names}
    if principals.negated:
        return _passed_over(found, effect, caller, bounded)
    if found & {"everybody", "directly"}:
        return "directly"
    if "behind" in found:
        return "behind"
    return "account" if "account" in found else None if None in found else ""


def _named(kind: str, name: str, caller: Caller) -> _Found:
    if kind in ("*", "AWS") and name == "*":
        return "everybody"
    if kind == "CanonicalUser":  # an account, by a name that only Amazon S3 knows
        return None
    if not name or kind != _KINDS.get(caller.kind, "AWS"):
        return ""
    if name == "*":  # every service, or every provider
        return None
    if name == caller.arn:
        return "directly"
    if name in (caller.behind, caller.id):
        return "behind" if caller.behind else "directly"
    account = _ACCOUNT.fullmatch(name)
    if account and account[1] == caller.account:
        return "account"
    return None if caller.unnamed and _may_be_of(name, caller.account) else ""


def _may_be_of(name: str, account: str) -> bool:
    """Whether a name may be somebody's of an account. Unique ids do not tell."""
    parts = name.split(":")
    return len(parts) < 6 or parts[4] == account


def _passed_over(found: set[_Found], effect: Effect, caller: Caller, bounded: bool) -> Reach | Literal[""] | None:
    """What NotPrincipal comes to. It surely passes over those alone of whom every name is listed: where some are, AWS
    only says that it might. A Deny passes over nobody who has a permissions boundary.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if effect == "Deny" and bounded:
        return "directly"
    names = {"directly", *(["behind"] if caller.behind else []), *(["account"] if caller.account else [])}
    if "everybody" in found or names <= found:
        return ""
    return "directly" if found <= {""} else None
