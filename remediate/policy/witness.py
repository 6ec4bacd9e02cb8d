"""A difference between two sets of policies, shown by a request that somebody might make.

The comparison finds the shortest action that shows it, `s3:get`, which AWS may not have. Here the same is looked for
among the actions and ARNs that there are; the evaluator has the last word on whether it shows the difference.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from remediate.policy import NotAPolicy, catalog
from remediate.policy.compare import Difference, Policies
from remediate.policy.evaluate import Policies as Bearing
from remediate.policy.evaluate import decide
from remediate.policy.known import EVERYTHING, Known, prepared
from remediate.policy.patterns import Pattern, Wild
from remediate.policy.request import Request
from remediate.policy.rules import listed
from remediate.policy.statement import parse

TRIED = 80
"""Actions that are tried before the shortest one will do."""


def likely(found: Difference, more: Policies, less: Policies, known: Known, account: str) -> Difference:
    """The same difference, by a request with an action and a resource that AWS has, if one shows it."""
    if found.request is None or any(
        text.startswith("arn:") for side in (more, less) for t in side.values() for text in t
    ):
        return found
    for request in _candidates(found, known, account):
        if shows(request, more, less, known):
            return msgspec.structs.replace(found, request=request)
    return found


def shows(request: Request, more: Policies, less: Policies, known: Known) -> bool:
    """Whether the evaluator allows a request by one set of policies and not by the other."""
    facts = {key: value for key, value in known.items() if value is not None}
    asked = msgspec.structs.replace(request, context={**facts, **request.context})
    return decide(_bearing(more), asked).allowed and not decide(_bearing(less), asked).allowed


def _bearing(policies: Policies) -> Bearing:
    layers = {name: tuple(sorted(held)) for name, held in policies.items()}
    return Bearing(identity=layers.get("identity", (EVERYTHING,)), boundary=layers.get("boundary"))


def _candidates(found: Difference, known: Known, account: str) -> Iterator[Request]:
    request = found.request
    if request is None:
        return
    try:
        named = listed(parse(found.statement).actions)
    except NotAPolicy:
        return
    own = [_filled(of) for one in prepared(found.statement, known) for of in one.resources.sure]
    known_actions = (a for name, a in catalog.actions().items() if named.cover(name, lambda _: None))
    for action in islice(known_actions, TRIED):
        places = catalog.places(action, account)
        for resource in dict.fromkeys((*_both(own, places), *places, *own)):
            yield msgspec.structs.replace(request, action=action.name, resource=resource)


def _both(own: Sequence[str], places: Sequence[str]) -> list[str]:
    """Resources of the statement that are of the service which the action is about."""
    services = {place.split(":")[2] for place in places if place.count(":") >= 5}
    return [text for text in own if text.count(":") >= 5 and text.split(":")[2] in services]


def _filled(of: Pattern) -> str:
    signs = {Wild.ANY: "example", Wild.ONE: "x"}
    return "".join(signs[part] if isinstance(part, Wild) else str(part) for part in of)


def told(found: Difference) -> str:
    """In words: what somebody could do by one set of policies and not by the other."""
    request = found.request
    if request is None:
        return f"as far as can be told ({_cut(found.doubt)})"
    place = f" on {_cut(request.resource)}" if request.resource not in ("", "*") else ""
    when = " and ".join(f"{key} is {_value(value)}" for key, value in sorted(request.context.items()))
    return f"such as {request.action}{place}{' when ' if when else ''}{when}"


def _value(value: str | tuple[str, ...]) -> str:
    return _cut(value if isinstance(value, str) else f"[{', '.join(value)}]")


def _cut(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
