"""Whether two sets of policies allow the same requests; if not, a request that only one of them allows.

Only what stands on one side alone can make a difference, so each such statement is looked at by itself: every sort of
action that it is about, for each every sort of resource, and for those the conditions of whatever else applies there.
No difference found means that there is none. What cannot be gone through, or depends on something that is not known
beforehand, is a difference without proof: nothing is ever called equal that might not be.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from remediate.model import Struct
from remediate.policy.branches import Context, Free, Rule, lost, verdict
from remediate.policy.known import EVERYTHING, Known, Prepared, prepared
from remediate.policy.languages import MOST, Automaton, Effort, Language, TooLarge, bits_of
from remediate.policy.patterns import Pattern, pattern
from remediate.policy.request import Request
from remediate.policy.statement import Names

Relation = Literal["equal", "narrower", "wider", "different"]
Policies = Mapping[str, frozenset[str]]
"""Canonical statements by layer: a request needs an Allow in every layer, and no Deny in any. A layer that is not there
allows everything."""


CONTROL = "service control"
"""How the name of a layer begins that is one level of the organization: it binds whoever gives the access, a bucket's
policy too."""


class Difference(Struct, frozen=True, kw_only=True):
    """Something that one side allows and the other does not."""

    statement: str
    """The canonical statement that makes it: an Allow that ends, or a Deny that begins."""
    request: Request | None
    """A witness; None where none is proven."""
    absent: tuple[str, ...] = ()
    """Keys that it must not have."""
    doubt: str = ""
    """Why it is not proven."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What some principals may do before and after, by what differs."""

    lost: tuple[Difference, ...] = ()
    gained: tuple[Difference, ...] = ()

    @property
    def relation(self) -> Relation:
        """`narrower` where something is lost, and nothing gained."""
        if self.lost:
            return "different" if self.gained else "narrower"
        return "wider" if self.gained else "equal"


def compare(before: Policies, after: Policies, known: Known) -> Comparison:
    """What is lost and what is gained, from one set of policies to another. `known` are facts of whom they apply to."""
    if _layers(before, after) == _layers(after, before):
        return Comparison()
    return Comparison(lost=tuple(differences(before, after, known)), gained=tuple(differences(after, before, known)))


def differences(before: Policies, after: Policies, known: Known) -> Iterator[Difference]:
    """What is allowed before and not after: one difference for each statement that makes one."""
    question = Question(before, after, known)
    found = (question.difference(suspect) for suspect in question.suspects())
    return (difference for difference in found if difference)


def _layers(of: Policies, other: Policies) -> dict[str, frozenset[str]]:
    return {name: of.get(name, frozenset({EVERYTHING})) for name in sorted({*of, *other})}


class Found(NamedTuple):
    action: str
    resource: str
    context: Context


class Active(NamedTuple):
    """A statement, and the layers it stands in."""

    text: str
    statement: Prepared
    before: frozenset[str]
    after: frozenset[str]


class Question:
    """What `before` allows and `after` does not. `whole`: what may be tried for this and others together."""

    def __init__(self, before: Policies, after: Policies, known: Known, whole: Effort | None = None) -> None:
        sides = _layers(before, after), _layers(after, before)
        self.layers = frozenset(sides[0])
        standing = {text for side in sides for layer in side.values() for text in layer}
        self.actives = [
            Active(text, one, *(_where(side, text) for side in sides))
            for text in sorted(standing)
            for one in prepared(text, known)
        ]
        self.effort = Effort(MOST, whole)
        self._by_services: dict[frozenset[str] | None, Automaton] = {}
        self._by_those_there: dict[int, Automaton] = {}

    def suspects(self) -> Iterator[int]:
        """What could take something away, by its number among what is active: an Allow that is missing in a layer
        after, and a Deny that is new."""
        for number, active in enumerate(self.actives):
            missing, new = active.before - active.after, active.after and not active.before
            if missing if active.statement.allows else new:
                yield number

    def difference(self, suspect: int) -> Difference | None:
        """What is lost by one suspect."""
        statement = self.actives[suspect].text
        try:
            found = self._found(suspect)
        except TooLarge as error:
            return Difference(statement=statement, request=None, doubt=str(error))
        if found is None:
            return None
        free = [key.what for key in found.context if isinstance(key, Free)]
        if free:
            return Difference(statement=statement, request=None, doubt=f"it depends on {', '.join(free)}")
        context = {str(key): value for key, value in found.context.items() if value is not None}
        request = Request(action=found.action, resource=found.resource, context=context)
        absent = tuple(sorted(str(key) for key, value in found.context.items() if value is None))
        return Difference(statement=statement, request=request, absent=absent)

    def _found(self, suspect: int) -> Found | None:
        self.effort.spend(1)
        for action, numbers in self._actions(suspect):
            if not self._possible(numbers):
                continue
            for resource, rules in self._resources(suspect, numbers):
                context = lost(rules, self.layers, self.effort)
                if context is not None:
                    return Found(action, resource, context)
        return None

    def _actions(self, suspect: int) -> Iterator[tuple[str, list[int]]]:
        """Each sort of action that the suspect is about and that may be allowed before, with the numbers of all
        statements that are about it."""
        services = _services(self.actives[suspect].statement.actions)
        if services not in self._by_services:
            about = (Language(_about(a.statement.actions, services)) for a in self.actives)
            self._by_services[services] = Automaton(about)
        for text, bits in self._by_services[services].texts(self._within(suspect), self.effort):
            self.effort.spend(1 + len(self.actives) // 4)
            there = bits ^ self._negated
            if there >> suspect & 1:
                yield text, _numbers(there)

    def _within(self, suspect: int) -> list[int]:
        """Languages of which an action must be in one: the suspect's, and in each layer something that allows."""
        negated = self._negated >> suspect & 1
        return [*([] if negated else [1 << suspect]), *self._allowing]

    @cached_property
    def _negated(self) -> int:
        """Those that are about all actions but some."""
        return bits_of(n for n, a in enumerate(self.actives) if a.statement.actions.negated)

    @cached_property
    def _allowing(self) -> list[int]:
        """For each layer what allows in it before; layers left out in which something allows all actions but some."""
        allows = [
            bits_of(n for n, a in enumerate(self.actives) if a.statement.allows and layer in a.before)
            for layer in sorted(self.layers)
        ]
        return [bits for bits in allows if not bits & self._negated]

    def _resources(self, suspect: int, numbers: Sequence[int]) -> Iterator[tuple[str, list[Rule]]]:
        """Each sort of resource that the suspect may be about, with what is left of every statement there."""
        there = [self.actives[n] for n in numbers]
        key, mine = bits_of(numbers), numbers.index(suspect)
        if key not in self._by_those_there:
            parts = (part for a in there for part in (a.statement.resources.sure, a.statement.resources.loose))
            self._by_those_there[key] = Automaton(map(Language, parts))
        within = () if there[mine].statement.resources.negated else (3 << 2 * mine,)
        for text, bits in self._by_those_there[key].texts(within, self.effort):
            self.effort.spend(1 + len(there))
            if _rule(there[mine], bits >> 2 * mine & 3):
                yield text, [rule for n, a in enumerate(there) if (rule := _rule(a, bits >> 2 * n & 3))]

    def _possible(self, numbers: Iterable[int]) -> bool:
        """Whether there may be a difference on some resource, under some conditions."""
        doubt = frozenset({Free("resource")})
        there = [self.actives[n] for n in numbers]
        rules = [
            Rule(a.statement.allows, a.before, a.after, frozenset() if a.statement.always else doubt) for a in there
        ]
        return verdict(rules, self.layers, "before") is not False and verdict(rules, self.layers, "after") is not True


def _numbers(bits: int) -> list[int]:
    """The numbers of the bits that are set, the lowest first."""
    return [n for n, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]


def _rule(active: Active, named: int) -> Rule | None:
    """What is left of a statement whose resources name this one for sure (1), perhaps (2), or not at all (0)."""
    resources, more = active.statement.resources, frozenset[Free]()
    if named == 2:
        more = frozenset({Free(resources.open, not resources.negated)})
    elif bool(named) is resources.negated:
        return None
    return Rule(active.statement.allows, active.before, active.after, active.statement.open | more)


@lru_cache(maxsize=4096)
def _by_service(names: Names) -> Mapping[str, tuple[Pattern, ...]]:
    """The patterns of a list of actions by what is before the colon; under "" those that have a wildcard even there."""
    found: dict[str, list[Pattern]] = defaultdict(list)
    for text in names.patterns:
        service, _, _ = text.partition(":")
        found["" if set(service) & set("*?$") else service].append(pattern(text))
    return {service: tuple(patterns) for service, patterns in found.items()}


def _services(names: Names) -> frozenset[str] | None:
    """The services that a list of actions is about; None for all."""
    found = _by_service(names)
    return None if names.negated or "" in found else frozenset(found)


@lru_cache(maxsize=4096)
def _about(names: Names, services: frozenset[str] | None) -> tuple[Pattern, ...]:
    """The patterns of a list of actions that may stand for one of these services."""
    found = _by_service(names)
    chosen = found if services is None else [service for service in sorted(services | {""}) if service in found]
    return tuple(of for service in chosen for of in found[service])


def _where(side: Policies, text: str) -> frozenset[str]:
    return frozenset(name for name, layer in side.items() if text in layer)
