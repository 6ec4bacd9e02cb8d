"""Statements made ready to be asked about many requests."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from remediate.policy import NotAPolicy
from remediate.policy.conditions import holds
from remediate.policy.patterns import Lookup, Pattern, Wild, bound, expression, matches, pattern, variables
from remediate.policy.request import Context
from remediate.policy.statement import Condition, Effect, Names, Principals, parse
from remediate.policy.unclear import unclear_always, unclear_here


class Listed(NamedTuple):
    """What Action or Resource lists, made ready to be searched."""

    everything: bool
    exact: frozenset[str]
    wild: re.Pattern[str] | None
    varying: tuple[Pattern, ...]
    """What depends on the request's variables."""
    negated: bool

    def cover(self, text: str, found: Lookup) -> bool:
        return (self.everything or text in self.exact or self._match(text, found)) != self.negated

    def _match(self, text: str, found: Lookup) -> bool:
        if self.wild and self.wild.fullmatch(text):
            return True
        for of in self.varying:
            filled = bound(of, found)
            if filled is not None and matches(filled, text):
                return True
        return False


def listed(names: Names) -> Listed:
    patterns = [pattern(text) for text in names.patterns]
    fixed = [of for of in patterns if not variables(of)]
    wild = [expression(of) for of in fixed if _has_wildcard(of)]
    return Listed(
        everything=(Wild.ANY,) in fixed,
        exact=frozenset("".join(map(str, of)) for of in fixed if not _has_wildcard(of)),
        wild=re.compile("|".join(wild), re.DOTALL) if wild else None,
        varying=tuple(of for of in patterns if variables(of)),
        negated=names.negated,
    )


def _has_wildcard(of: Pattern) -> bool:
    return any(isinstance(part, Wild) for part in of)


class Rule(NamedTuple):
    """A statement, as far as it is understood."""

    canonical: str
    effect: Effect
    services: frozenset[str] | None
    """Those that its actions are of; None where they may be of any."""
    actions: Listed
    resources: Listed
    conditions: tuple[tuple[Condition, str], ...]
    """With each why it is never known whether it holds, if that is so."""
    principals: Principals | None
    flaw: str
    """What is not understood about it; empty where all is."""

    def covers(self, action: str, resource: str, found: Lookup) -> bool:
        """`action` in lower case."""
        return self.actions.cover(action, found) and self.resources.cover(resource, found)

    def lets(self, context: Context) -> str | None:
        """Whether its conditions hold: empty for yes, None for no, and else why that is not known."""
        doubt = self.flaw
        for condition, always in self.conditions:
            why = always or unclear_here(condition, context)
            if not why and not holds(condition, context):
                return None
            doubt = doubt or why
        return doubt


Rules = Mapping[str, tuple[Rule, ...]]
"""By service; those that may be about any service are under each, and under ``."""


@lru_cache(maxsize=1024)
def rules(statements: tuple[str, ...]) -> Rules:
    """Statements in canonical form, by the service whose requests they may be about."""
    every = [rule(canonical) for canonical in statements]
    services = {service for one in every for service in one.services or ()}
    return {
        service: tuple(one for one in every if one.services is None or service in one.services)
        for service in ("", *services)
    }


def about(statements: tuple[str, ...], service: str) -> tuple[Rule, ...]:
    """The statements that may be about a service's requests."""
    found = rules(statements)
    return found.get(service) or found[""]


_EVERYTHING = Names(patterns=("*",))
_HALVES: Mapping[str, Effect] = {"Allow": "Allow", "Deny": "Deny"}


@lru_cache(maxsize=65536)
def rule(canonical: str) -> Rule:
    """The rule that a statement in canonical form stands for.

    What is not understood may be about anything; where only a condition is not, it is about the statement's actions
    and resources still. So may half of what nobody has read: `remediate.policy.known.halves`.
    """
    half, _, unread = canonical.partition(" ")
    if effect := _HALVES.get(half):
        every = listed(_EVERYTHING)
        return Rule(canonical, effect, None, every, every, (), None, f"nobody has read {unread}")
    try:
        return _rule(canonical, canonical)
    except NotAPolicy as problem:
        flaw = str(problem)
    item = msgspec.json.decode(canonical)
    if not isinstance(item, dict) or item.get("Effect") not in ("Allow", "Deny"):
        every = listed(_EVERYTHING)  # it may deny: nothing that it bears on is known to be allowed
        return Rule(canonical, "Deny", None, every, every, (), None, flaw)
    try:
        return _rule(canonical, msgspec.json.encode({k: v for k, v in item.items() if k != "Condition"}).decode(), flaw)
    except NotAPolicy:
        every = listed(_EVERYTHING)
        return Rule(canonical, item["Effect"], None, every, every, (), None, flaw)


def _rule(canonical: str, understood: str, flaw: str = "") -> Rule:
    said = parse(understood)
    return Rule(
        canonical=canonical,
        effect=said.effect,
        services=_services(said.actions),
        actions=listed(said.actions),
        resources=listed(said.resources),
        conditions=tuple((condition, unclear_always(condition)) for condition in said.conditions),
        principals=said.principals,
        flaw=flaw,
    )


def _services(actions: Names) -> frozenset[str] | None:
    heads = {text.partition(":")[0] for text in actions.patterns}
    return None if actions.negated or any(set(head) & set("*?$") for head in heads) else frozenset(heads)
