"""How wide a policy is, and the same policy without the services that nobody uses. It never allows more than before."""

import re
from collections.abc import Callable, Mapping, Sequence, Set

from remediate.model import Struct, Value

Statement = Mapping[str, Value]

EVERY_ACTION = frozenset({"*", "*:*"})
WHOLE_SERVICE = re.compile(r"([a-z0-9-]+):\*")


class Width(Struct, frozen=True, kw_only=True):
    """What a policy allows on every resource; without a condition, but for the last."""

    everything: bool = False
    all_but: tuple[str, ...] = ()
    """Allow with NotAction: everything but these actions."""
    services: tuple[str, ...] = ()
    """Services with all their actions."""
    guarded: tuple[str, ...] = ()
    """Services with all their actions under conditions alone."""


def width(document: Value) -> Width:
    wide = [item for item in _statements(document) if _is_open(item)]
    actions = {action.lower() for item in wide for action in _texts(item.get("Action"))}
    services = {service for item in wide for service in _whole(item)}
    guarded = {service for item in _statements(document) if _is_wide(item) for service in _whole(item)}
    return Width(
        everything=bool(actions & EVERY_ACTION),
        all_but=tuple(sorted({action for item in wide for action in _texts(item.get("NotAction"))})),
        services=tuple(sorted(services)),
        guarded=tuple(sorted(guarded - services)),
    )


def _whole(item: Statement) -> Set[str]:
    """The services of which a statement names all actions, and not all actions of all."""
    actions = _texts(item.get("Action"))
    return {service for action in actions if (service := _service(action))} if not EVERY_ACTION & {*actions} else set()


def _service(action: str) -> str:
    """The service of which that is all actions; empty where it is anything else."""
    found = WHOLE_SERVICE.fullmatch(action.lower())
    return found[1] if found else ""


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


def exactly(
    document: Mapping[str, Value], services: Set[str], instead: Callable[[Set[str]], Sequence[Statement]]
) -> Value:
    """The document without these whole services, and with other statements in their place.

    What was under a condition stays under it; if the same is allowed without, that is enough.
    """
    everywhere = services & {service for item in _statements(document) if _is_open(item) for service in _whole(item)}
    left: list[Statement] = []
    for item in _statements(document):
        gone = services & _whole(item) if _is_wide(item) else set()
        left += [kept] if (kept := _without(item, gone)) else []
        if under := gone - everywhere:
            left += [{**one, "Condition": item["Condition"]} for one in instead(under)]
    return {**document, "Statement": [*left, *(instead(everywhere) if everywhere else ())]}


def _without(item: Statement, services: Set[str]) -> Statement:
    """Nothing where none of its actions is left."""
    return _of(item, [action for action in _texts(item.get("Action")) if _service(action) not in services])


def _smaller(item: Statement, listed: Set[str], used: Set[str]) -> Statement:
    """With the used services in the place of every action, and without the unused ones."""
    actions = _texts(item.get("Action"))
    if EVERY_ACTION & set(actions):
        return _of(item, [f"{service}:*" for service in sorted(used)])
    return _without(item, listed - used)


def _of(item: Statement, actions: list[str]) -> Statement:
    """The same of these actions; nothing where there are none."""
    return item if actions == _texts(item.get("Action")) else {**item, "Action": actions} if actions else {}


def _is_open(item: Statement) -> bool:
    """An Allow on every resource, without a condition."""
    return _is_wide(item) and not item.get("Condition")


def _is_wide(item: Statement) -> bool:
    """An Allow on every resource."""
    return item.get("Effect") == "Allow" and "*" in _texts(item.get("Resource"))


def _statements(document: Value) -> list[Statement]:
    body = document.get("Statement") if isinstance(document, Mapping) else None
    return [item for item in (body if isinstance(body, list) else [body]) if isinstance(item, Mapping)]


def _texts(value: Value) -> list[str]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]
