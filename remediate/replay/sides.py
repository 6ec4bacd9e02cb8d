"""One call under the policies before a change and after it: whether it would be denied.

It was allowed when it was recorded. So the question is whether a request as the record tells of it may be allowed by
the policies before and not by those after, and then, whether one may be allowed after; what the record does not tell
may be anything. A call that the policies before do not allow was allowed by something else, such as a bucket's policy:
that is not what the change takes away.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import compress, count
from typing import Literal, NamedTuple

from remediate.evidence.actions import needed, service_of
from remediate.evidence.arns import forms
from remediate.evidence.deeds import ANY
from remediate.evidence.facts import Call
from remediate.policy import catalog
from remediate.policy.branches import NOWHERE, Layers, Rule, lost
from remediate.policy.compare import Active, Policies, Question
from remediate.policy.known import Known, undecided
from remediate.policy.languages import Language, TooLarge, texts
from remediate.policy.patterns import pattern
from remediate.policy.rules import Listed, listed, rule
from remediate.policy.statement import Condition, Names
from remediate.replay.circumstances import TIMES, Hour, again, placed, told

Verdict = Literal["kept", "perhaps", "denied"]
GRAVER: Sequence[Verdict] = ("kept", "perhaps", "denied")


ANYWHERE = ("",)
UNTOLD = object()
"""Stands for a key of which a record does not tell."""


class Asked(NamedTuple):
    """What bears on calls that need one action."""

    numbers: tuple[int, ...]
    there: Sequence[Active]
    """The statements that are about it, and their numbers."""
    suspect: bool
    """Whether something may be taken from them."""
    everywhere: bool
    """Whether it is the same on every resource."""
    conditions: Sequence[Condition]
    keys: Sequence[str]
    """The condition keys that are looked at, but for the time."""
    timed: bool


class Sides:
    """The policies of some people before and after a change. What is asked twice is answered once."""

    def __init__(self, before: Policies, after: Policies, known: Known) -> None:
        question = Question(before, after, known)
        self.layers = question.layers
        self._actives = question.actives
        self._suspects = frozenset(question.suspects())
        self._about: dict[str, Asked] = {}
        self._found: dict[object, Verdict] = {}

    @property
    def takes(self) -> bool:
        """Whether anything may be taken away at all."""
        return bool(self._suspects)

    def concern(self, event: str) -> bool:
        """Whether what is taken away may be what an event needs of which that is not known."""
        service = service_of(event)
        services = (rule(self._actives[number].text).services for number in self._suspects)
        return any(found is None or service in found for found in services)

    def verdict(self, call: Call, now: datetime) -> tuple[Verdict, str]:
        """What becomes of a call, and the first of the actions it needs by which that is so."""
        need = needed(call.event)
        asked = [(action, call.resource) for action in need.actions] if need else []
        asked += [(action, "") for action in need.besides] if need else []
        verdicts = [(self._verdict(action, resource, call, now), action) for action, resource in asked]
        return max(verdicts, key=lambda found: GRAVER.index(found[0]), default=("kept", ""))

    def _verdict(self, action: str, resource: str, call: Call, now: datetime) -> Verdict:
        asked = self._asked(action)
        if not asked.suspect:
            return "kept"
        known = {**told(call), **placed(call.network, asked.conditions)}
        places = ANYWHERE if asked.everywhere else _places(action, resource)
        about = tuple(known.get(key, UNTOLD) for key in asked.keys)
        key = (asked.numbers, places, about, call.hours if asked.timed else "")
        if key not in self._found:
            hours = again(call.hours, now) if asked.timed else [[[{}]]]
            self._found[key] = over_hours(hours, lambda moment: self._at(asked.there, places, {**known, **moment}))
        return self._found[key]

    def _asked(self, action: str) -> Asked:
        if action not in self._about:
            name = action.lower()
            covers = (_listed(active.statement.actions).cover(name, lambda _: None) for active in self._actives)
            numbers = tuple(compress(count(), covers))
            there = [self._actives[number] for number in numbers]
            conditions = [x for a in there for x in a.statement.open if isinstance(x, Condition)]
            keys = {condition.key for condition in conditions}
            self._about[action] = Asked(
                numbers=numbers,
                there=there,
                suspect=not self._suspects.isdisjoint(numbers),
                everywhere=all(active.statement.everywhere for active in there),
                conditions=conditions,
                keys=tuple(sorted(keys - TIMES)),
                timed=bool(keys & TIMES),
            )
        return self._about[action]

    def _at(self, there: Sequence[Active], places: Sequence[str], known: Known) -> Verdict:
        """Of one request, whichever resource it was about of those that the record leaves possible."""
        try:
            asked = [self._left(there, sort, known) for place in places for sort in _sorts(there, place)]
            found = [(of_rules(rules, self.layers), rules) for rules in asked]
            if all(verdict == "kept" for verdict, _ in found):
                return "kept"
            return _together(
                [verdict for verdict, rules in found if verdict != "kept" or _may(rules, self.layers, "before")]
            )
        except TooLarge:
            return "perhaps"

    def _left(self, there: Sequence[Active], resource: str, known: Known) -> list[Rule]:
        """What is open still of each statement."""
        return [
            Rule(active.statement.allows, active.before, active.after, left)
            for active in there
            if (open_ := active.statement.on(resource)) is not None and (left := undecided(open_, known)) is not None
        ]


def of_rules(rules: Sequence[Rule], layers: Layers) -> Verdict:
    """What becomes of a request, given the statements that bear on it. Raises TooLarge."""
    if lost(rules, layers) is None:
        return "kept"
    return "perhaps" if _may(rules, layers, "after") else "denied"


def _may(rules: Sequence[Rule], layers: Layers, side: Literal["before", "after"]) -> bool:
    """Whether some such request is allowed on one side."""
    within = [one._replace(before=one.before if side == "before" else one.after, after=NOWHERE) for one in rules]
    return lost(within, layers) is not None


def over_hours(hours: Sequence[Hour], at: Callable[[Known], Verdict]) -> Verdict:
    """Of all hours in which a call was made: each may be denied in part, and what is denied in one of two weeks only is
    denied by a holiday."""
    weeks = [[_together([at(moment) for moment in week]) for week in hour] for hour in hours]
    return _together([min(found, key=GRAVER.index) for found in weeks])


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Of several requests that a call may have been, or of its hours."""
    return verdicts[0] if len(set(verdicts)) == 1 else "perhaps"


@lru_cache(maxsize=65536)
def _listed(names: Names) -> Listed:
    return listed(names)


@lru_cache(maxsize=65536)
def _places(action: str, resource: str) -> Sequence[str]:
    """The patterns that a request's resource is in, where a record calls it so; `` for whatever the action is about."""
    if resource:
        return tuple("" if form == ANY else form.replace("${", "${$}{") for form in forms(action, resource))
    known = catalog.actions().get(action.lower())
    return (ANY,) if known and known.arns == (ANY,) else ANYWHERE


def _sorts(there: Sequence[Active], place: str) -> Iterator[str]:
    """One resource of each sort that a pattern stands for. An action about nothing in particular is about `*` itself.
    Raises TooLarge."""
    if place and (place == ANY or not set(place) & set("*?$")):
        yield place
        return
    languages = [Language((pattern(place or ANY),))]
    for active in there:
        languages += [Language(active.statement.resources.sure), Language(active.statement.resources.loose)]
    yield from (text for text, _ in texts(languages, (1,)))
