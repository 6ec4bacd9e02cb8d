"""How wide a policy is, and the same policy without the services that nobody uses. It never allows more than before."""

import re
from collections.abc import Mapping, Sequence, Set

from remediate.model import Struct, Value

EVERY_ACTION = frozenset({"*", "*:*"})
WHOLE_SERVICE = re.compile(r"([a-z0-9-]+):\*")


class Width(Struct, frozen=True, kw_only=True):
    """What a policy allows on every resource without a condition."""

    everything: bool = False
    all_but: tuple[str, ...] = ()
    """Allow with NotAction: everything but these actions."""
    services: tuple[str, ...] = ()
    """Services with all their actions."""


def width(document: Value) -> Width:
    wide = [item for item in _statements(document) if _is_open(item)]
    actions = {action.lower() for item in wide for action in _texts(item.get("Action"))}
    services = {found[1] for action in actions if (found := WHOLE_SERVICE.fullmatch(action))}
    return Width(
        everything=bool(actions & EVERY_ACTION),
        all_but=tuple(sorted({action for item in wide for action in _texts(item.get("NotAction"))})),
        services=tuple(sorted(services)),
    )


def reduced(document: Value, listed: Set[str], used: Set[str]) -> Value | None:
    """The document without the services that are listed in the evidence and not among the used ones.

    `*` becomes the used services. None where nothing would be left, for then the evidence is too thin. Statements with
    a condition, on some resources, of NotAction, and all that deny stay as they are.
    """
    statements = [_smaller(item, listed, used) if _is_open(item) else item for item in _statements(document)]
    left = [item for item in statements if item]
    if not isinstance(document, Mapping) or not any(item.get("Effect") == "Allow" for item in left):
        return None
    return document if left == _statements(document) else {**document, "Statement": left}


def exactly(document: Mapping[str, Value], services: Set[str], instead: Sequence[Mapping[str, Value]]) -> Value:
    """The document without these whole services, and with other statements in their place."""
    left = [_smaller(item, services, set()) if _is_open(item) else item for item in _statements(document)]
    return {**document, "Statement": [*(item for item in left if item), *instead]}


def _smaller(item: Mapping[str, Value], listed: Set[str], used: Set[str]) -> Mapping[str, Value]:
    """Nothing where none of its actions is left."""
    actions = _texts(item.get("Action"))
    if EVERY_ACTION & set(actions):
        kept = [f"{service}:*" for service in sorted(used)]
    else:
        kept = [action for action in actions if not _unused(action, listed, used)]
    return item if kept == actions else {**item, "Action": kept} if kept else {}


def _unused(action: str, listed: Set[str], used: Set[str]) -> bool:
    whole = WHOLE_SERVICE.fullmatch(action.lower())
    return whole is not None and whole[1] in listed and whole[1] not in used


def _is_open(item: Mapping[str, Value]) -> bool:
    """An Allow on every resource, without a condition."""
    return item.get("Effect") == "Allow" and not item.get("Condition") and "*" in _texts(item.get("Resource"))


def _statements(document: Value) -> list[Mapping[str, Value]]:
    body = document.get("Statement") if isinstance(document, Mapping) else None
    return [item for item in (body if isinstance(body, list) else [body]) if isinstance(item, Mapping)]


def _texts(value: Value) -> list[str]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]
