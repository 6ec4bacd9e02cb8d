"""A difference between two sets of policies, shown by a request that somebody might make.

The comparison finds the shortest action that shows it, `s3:get`, which AWS may not have. Here the same is looked for
among the actions and ARNs that there are; the evaluator has the last word on whether it shows the difference.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import msgspec

from remediate.policy import NotAPolicy, catalog
from remediate.policy.catalog import Action
from remediate.policy.compare import CONTROL, Difference, Policies, Question
from remediate.policy.evaluate import Policies as Bearing
from remediate.policy.evaluate import decide
from remediate.policy.known import EVERYTHING, Known, prepared
from remediate.policy.languages import MOST_OF_A_PLAN, Effort, TooLarge
from remediate.policy.patterns import Pattern, Wild
from remediate.policy.request import Context, Request
from remediate.policy.rules import listed
from remediate.policy.samples import samples
from remediate.policy.spelling import spelled
from remediate.policy.statement import Condition, Names, parse

TRIED = 60
"""Actions that are tried before the one that was found will do."""
KEPT = 12
"""Requests kept for each statement: what shows that one person loses by it mostly shows it for the next."""


class Shown:
    """Differences, shown by requests that AWS may get. One object for one plan."""

    def __init__(self, account: str, partition: str = "aws", most: int = MOST_OF_A_PLAN) -> None:
        self._place = account, partition
        self._effort = Effort(most, of="the comparisons of this plan take")
        self._kept: dict[str, list[Difference]] = defaultdict(list)

    def differences(self, more: Policies, less: Policies, known: Known) -> Iterator[Difference]:
        """What one set of policies allows and another does not, one difference for each statement that makes one."""
        clear = all(map(_clear, {text for side in (more, less) for held in side.values() for text in held}))
        question = Question(more, less, known, self._effort)
        for suspect in question.suspects():
            text = question.actives[suspect].text
            kept = self._kept[text] if clear else []
            again = (with_name(one, OWN, str(known.get("aws:username"))) for one in kept)
            if shown := next((d for d in again if d.request and shows(d.request, more, less, known)), None):
                yield shown
            elif (found := question.difference(suspect)) is not None:
                better = self._better(found, more, less, known) if clear else None
                shown = plainer(found, better, more, less, known) if better else found
                if better and len(kept) < KEPT:
                    kept.append(generally(shown, known))
                yield shown

    def _better(self, found: Difference, more: Policies, less: Policies, known: Known) -> Request | None:
        candidates = _candidates(found, known, *self._place)
        return next((request for request in candidates if shows(request, more, less, known)), None)


OWN = "${aws:username}"


def _clear(text: str) -> bool:
    """Whether it is a statement, and no ARN or text that the evaluator could not look into."""
    return text.startswith("{") and '"Effect":' in text


def generally(found: Difference, known: Known) -> Difference:
    """The same for everybody: with a variable for the name of whom it is about, where the statement has it too."""
    name = known.get("aws:username")
    return with_name(found, str(name), OWN) if name and OWN in found.statement else found


def with_name(found: Difference, name: str, other: str) -> Difference:
    """The same difference, about another name."""
    if found.request is None or name not in found.request.resource:
        return found
    *parts, last = found.request.resource.split(":", 5)
    resource = ":".join([*parts, re.sub(rf"(?<![\w+=,.@-]){re.escape(name)}(?![\w+=,.@-])", lambda _: other, last)])
    return msgspec.structs.replace(found, request=msgspec.structs.replace(found.request, resource=resource))


def shows(request: Request, more: Policies, less: Policies, known: Known) -> bool:
    """Whether the evaluator allows a request by one set of policies and not by the other."""
    facts = {key: value for key, value in known.items() if value is not None}
    asked = msgspec.structs.replace(request, context={**facts, **request.context})
    return decide(bearing(more), asked).allowed and decide(bearing(less), asked).outcome not in ("allowed", "unknown")


def plainer(found: Difference, request: Request, more: Policies, less: Policies, known: Known) -> Difference:
    """The difference, shown by that request; keys that make no difference are neither in it nor told to be absent."""
    asked = _asked(more, less, known)

    def shown_with(context: Context) -> bool:
        return shows(msgspec.structs.replace(request, context=context), more, less, known)

    def whatever(key: str, context: Context) -> bool:
        """Whether every sort of value that this key may have shows it too, and none."""
        try:
            values = [value for value in samples(asked[key]) if value is not None]
        except TooLarge:
            return False
        return shown_with(context) and all(shown_with({**context, key: value}) for value in values)

    for key in sorted(request.context):
        rest = {name: value for name, value in request.context.items() if name != key}
        if whatever(key, rest):
            request = msgspec.structs.replace(request, context=rest)
    absent = tuple(key for key in found.absent if not whatever(key, request.context))
    return msgspec.structs.replace(found, request=request, absent=absent)


def _asked(more: Policies, less: Policies, known: Known) -> Mapping[str, list[Condition]]:
    """The conditions on each key that are not decided by what is known."""
    texts = {text for side in (more, less) for held in side.values() for text in held}
    found: dict[str, list[Condition]] = defaultdict(list)
    for literal in sorted({x for text in texts for one in prepared(text, known) for x in one.open}, key=repr):
        if isinstance(literal, Condition):
            found[literal.key].append(literal)
    return found


def bearing(policies: Policies) -> Bearing:
    boundary = policies.get("boundary")
    identity = policies.get("identity", frozenset({EVERYTHING}))
    return Bearing(
        identity=_sorted(identity),
        boundary=None if boundary is None else _sorted(boundary),
        service_control=tuple(_sorted(held) for name, held in sorted(policies.items()) if name.startswith(CONTROL)),
    )


@lru_cache(maxsize=1024)
def _sorted(held: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(held))


def _candidates(found: Difference, known: Known, account: str, partition: str) -> Iterator[Request]:
    """Requests with an action that begins like the one that was found, then with any that the statement is about."""
    request = found.request
    if request is None:
        return
    try:
        names = parse(found.statement).actions
    except NotAPolicy:
        return
    own = [_filled(of) for one in prepared(found.statement, known) for of in one.resources.sure]
    for action in dict.fromkeys((*_tried(names, request.action), *_tried(names, ""))):
        places = catalog.places(action, account, partition)
        for resource in dict.fromkeys((*_both(own, places), *places, *own, request.resource)):
            yield msgspec.structs.replace(request, action=action.name, resource=resource)


@lru_cache(maxsize=32)
def _named(names: Names) -> tuple[Action, ...]:
    """Every action of AWS's that a list of actions is about."""
    among = listed(names)
    return tuple(a for name, a in catalog.actions().items() if among.cover(name, lambda _: None))


@lru_cache(maxsize=256)
def _tried(names: Names, beginning: str) -> tuple[Action, ...]:
    """Those of them that begin like that."""
    return tuple(islice((a for a in _named(names) if a.key.startswith(beginning)), TRIED))


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
    keys = [f"{spelled(key)} is {_value(value)}" for key, value in sorted(request.context.items())]
    when = " and ".join([*keys, *(f"there is no {spelled(key)}" for key in found.absent)])
    return f"such as {request.action}{place}{' when ' if when else ''}{when}"


def _value(value: str | tuple[str, ...]) -> str:
    return _cut(value if isinstance(value, str) else f"[{', '.join(value)}]")


def _cut(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
