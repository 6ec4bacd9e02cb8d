"""Statements made ready to be asked about many requests."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import msgspec

from remediate.policy import NotAPolicy
from remediate.policy.conditions import holds
from remediate.policy.patterns import Lookup, Pattern, Wild, bound, matches, pattern, variables
from remediate.policy.request import Context
from remediate.policy.statement import Condition, Effect, Names, Principals, parse
from remediate.policy.unclear import unclear


class Listed(NamedTuple):
    """What Action or Resource lists, sorted by how fast it is found."""

    everything: bool
    exact: frozenset[str]
    wild: dict[str, re.Pattern[str]]
    """By what is before the first colon: `s3` for `s3:Get*`; those that have a wildcard even there are under ``."""
    varying: tuple[Pattern, ...]
    """What depends on the request's variables."""
    negated: bool

    def cover(self, text: str, found: Lookup) -> bool:
        return (self.everything or self._name(text, found)) != self.negated

    def _name(self, text: str, found: Lookup) -> bool:
        if text in self.exact:
            return True
        head = self.wild.get(text.partition(":")[0])
        other = self.wild.get("")
        if (head and head.fullmatch(text)) or (other and other.fullmatch(text)):
            return True
        filled = (bound(of, found) for of in self.varying)
        return any(of is not None and matches(of, text) for of in filled)


def listed(names: Names) -> Listed:
    patterns = [pattern(text) for text in names.patterns]
    fixed = [of for of in patterns if not variables(of)]
    wild: defaultdict[str, list[Pattern]] = defaultdict(list)
    for of in fixed:
        if any(isinstance(part, Wild) for part in of):
            first = of[0] if isinstance(of[0], str) else ""
            wild[first.partition(":")[0] if ":" in first else ""].append(of)
    return Listed(
        everything=(Wild.ANY,) in fixed,
        exact=frozenset("".join(map(str, of)) for of in fixed if not any(isinstance(part, Wild) for part in of)),
        wild={head: _any_of(these) for head, these in wild.items()},
        varying=tuple(of for of in patterns if variables(of)),
        negated=names.negated,
    )


def _any_of(patterns: Iterable[Pattern]) -> re.Pattern[str]:
    signs = {Wild.ANY: ".*", Wild.ONE: "."}
    texts = ("".join(signs[p] if isinstance(p, Wild) else re.escape(str(p)) for p in of) for of in patterns)
    return re.compile("|".join(texts), re.DOTALL)


class Rule(NamedTuple):
    """A statement, as far as it is understood."""

    canonical: str
    effect: Effect
    actions: Listed
    resources: Listed
    conditions: tuple[Condition, ...]
    principals: Principals | None
    flaw: str
    """What is not understood about it; empty where all is."""

    def covers(self, action: str, resource: str, found: Lookup) -> bool:
        """`action` in lower case."""
        return self.actions.cover(action, found) and self.resources.cover(resource, found)

    def lets(self, context: Context) -> str | None:
        """Whether its conditions hold: empty for yes, None for no, and else why that is not known."""
        doubt = self.flaw
        for condition in self.conditions:
            why = unclear(condition, context)
            if not why and not holds(condition, context):
                return None
            doubt = doubt or why
        return doubt


_EVERYTHING = Names(patterns=("*",))


@lru_cache(maxsize=65536)
def rule(canonical: str) -> Rule:
    """The rule that a statement in canonical form stands for.

    What is not understood may be about anything; where only a condition is not, it is about the statement's actions
    and resources still.
    """
    try:
        return _rule(canonical, canonical)
    except NotAPolicy as problem:
        flaw = str(problem)
    item = msgspec.json.decode(canonical)
    try:
        return _rule(canonical, msgspec.json.encode({k: v for k, v in item.items() if k != "Condition"}).decode(), flaw)
    except NotAPolicy:
        every = listed(_EVERYTHING)
        return Rule(canonical, item["Effect"], every, every, (), None, flaw)


def _rule(canonical: str, understood: str, flaw: str = "") -> Rule:
    said = parse(understood)
    return Rule(
        canonical=canonical,
        effect=said.effect,
        actions=listed(said.actions),
        resources=listed(said.resources),
        conditions=said.conditions,
        principals=said.principals,
        flaw=flaw,
    )
