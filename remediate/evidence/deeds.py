"""What somebody did, by the permissions that it needed."""

import re
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from remediate.evidence.actions import needed, service_of
from remediate.evidence.arns import forms
from remediate.model import Struct

ANY = "*"
_DENIED = re.compile("access.?denied|unauthori[sz]ed|not.?authori[sz]ed|authorization(error|failure)", re.IGNORECASE)
"""How services say that a call was not allowed: `AccessDenied`, `Client.UnauthorizedOperation`, `AuthorizationError`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""


class Deed(NamedTuple):
    """Calls of one sort, about one resource."""

    event: str
    resource: str
    """An ARN, or a pattern of ARNs; empty where the records do not tell."""
    calls: int


class Done(Struct, frozen=True, kw_only=True):
    """What somebody did, by the services as policies call them."""

    used: Mapping[str, Mapping[str, Set[str]]]
    """The actions that were needed, and on what: patterns of ARNs."""
    calls: Mapping[str, int]
    unknown: Mapping[str, Set[str]]
    """Events of which it is not known what they needed."""


def allowed(error: str) -> bool:
    """Whether a call with this error code had the permission that it needed. It may have failed for another reason."""
    return not _DENIED.search(error)


def done(deeds: Iterable[Deed]) -> Done:
    """Taken together: of one person, or of all whom a policy reaches."""
    used: dict[str, dict[str, set[str]]] = {}
    calls: dict[str, int] = {}
    unknown: dict[str, set[str]] = {}
    for deed in deeds:
        need = needed(deed.event)
        if need is None:
            unknown.setdefault(service_of(deed.event), set()).add(deed.event)
            continue
        for action in (*need.actions, *need.besides):
            service = action.partition(":")[0]
            about = {ANY} if action in need.besides or not deed.resource else set(forms(action, deed.resource))
            used.setdefault(service, {}).setdefault(action, set()).update(about)
        for service in {action.partition(":")[0] for action in need.actions}:
            calls[service] = calls.get(service, 0) + deed.calls
    return Done(used=used, calls=calls, unknown=unknown)
