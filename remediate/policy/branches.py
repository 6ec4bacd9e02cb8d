"""The search for a request that one set of policies allows and another does not, among its conditions.

What is left of each statement, once action and resource are chosen, is what still has to hold. A key of the request is
taken, each sort of value that it may have is tried, and statements fall away or come to count until the answer is sure.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from remediate.policy.conditions import holds
from remediate.policy.languages import MOST, Effort, TooLarge
from remediate.policy.samples import samples
from remediate.policy.statement import Condition
from remediate.policy.unclear import unclear

MOST_DOUBTS = 8
"""Conditions on one key of which it is not known whether they hold with a value: each may or may not."""
MOST_KEYS = 300
"""Keys that one question may be about."""

Layers = frozenset[str]
NOWHERE: Layers = frozenset()
Value = str | tuple[str, ...] | None


class Free(NamedTuple):
    """Something that cannot be known beforehand, such as what a variable stands for: it may be so or not."""

    what: str
    so: bool = True


Literal = Condition | Free
Context = Mapping[str | Free, Value]


class Rule(NamedTuple):
    """A statement as far as it is not decided yet."""

    allows: bool
    before: Layers
    """The layers it stands in before: a request needs an Allow in each layer, and no Deny in any."""
    after: Layers
    open: frozenset[Literal] = frozenset()
    """What must hold for it to count."""


class Choice(NamedTuple):
    """A sort of value that a key may have, and what holds with it."""

    key: "str | Free"
    value: Value
    true: frozenset[Literal]
    doubt: str = ""
    """Why it is not known whether that holds."""


def lost(rules: Sequence[Rule], layers: Layers, effort: Effort | None = None) -> Context | None:
    """The context of a request that is allowed before and not after; None if there is none. Raises TooLarge.

    The context says None of a key that must not be there, and of what is free, whether it must be so: "" or None.
    """
    if (keys := len({_key(literal) for rule in rules for literal in rule.open})) > MOST_KEYS:
        raise TooLarge(f"conditions on {keys} keys")
    return next(_search(tuple(rules), layers, {}, effort or Effort(MOST)), None)


def _search(rules: tuple[Rule, ...], layers: Layers, context: Context, effort: Effort) -> Iterator[Context]:
    before, after = verdict(rules, layers, "before"), verdict(rules, layers, "after")
    if before is False or after is True:
        return
    if before and after is False:
        yield context
        return
    effort.spend(len(rules))
    for choice in _choices(rules):
        following = tuple(rest for rule in rules if (rest := _reduced(rule, choice)))
        doubt: Context = {Free(choice.doubt): ""} if choice.doubt else {}
        yield from _search(following, layers, {**context, choice.key: choice.value, **doubt}, effort)


def verdict(rules: Sequence[Rule], layers: Layers, side: str) -> bool | None:
    """Whether a request is allowed on one side, whatever is still open; None where that depends on it."""
    allowed: set[str] = set()
    perhaps: set[str] = set()
    doubtful = False
    for rule in rules:
        within = rule.before if side == "before" else rule.after
        if not rule.allows:
            if within and not rule.open:
                return False
            doubtful = doubtful or bool(within)
        else:
            (perhaps if rule.open else allowed).update(within)
    if not layers <= allowed | perhaps:
        return False
    return True if layers <= allowed and not doubtful else None


def _choices(rules: Sequence[Rule]) -> Sequence[Choice]:
    """Every sort of value of the first key that something depends on."""
    key = min({_key(literal) for rule in rules for literal in rule.open}, key=repr)
    found = _sorts(key, frozenset(literal for rule in rules for literal in rule.open if _key(literal) == key))
    if isinstance(found, TooLarge):
        raise found
    return found


@lru_cache(maxsize=4096)
def _sorts(key: str | Free, literals: frozenset[Literal]) -> Sequence[Choice] | TooLarge:
    """Every sort of value; or why they are too many, which is found out once."""
    try:
        return _sorted_out(key, literals)
    except TooLarge as error:
        return error


def _sorted_out(key: str | Free, literals: frozenset[Literal]) -> Sequence[Choice]:
    conditions = sorted((x for x in literals if isinstance(x, Condition)), key=repr)
    if not conditions:
        held = [(so, frozenset(x for x in literals if isinstance(x, Free) and x.so is so)) for so in (True, False)]
        return [Choice(key, "" if so else None, true) for so, true in held]
    found = [choice for value in samples(conditions) for choice in _holding(str(key), value, conditions)]
    first: dict[frozenset[Literal], Choice] = {}
    for choice in sorted(found, key=lambda choice: bool(choice.doubt)):
        first.setdefault(choice.true, choice)
    return tuple(first.values())


def _holding(key: str, value: Value, conditions: Sequence[Condition]) -> Iterator[Choice]:
    """What holds with one value; where AWS does not say, it may be so or not."""
    context = {} if value is None else {key: value}
    doubts = {condition: why for condition in conditions if (why := unclear(condition, context))}
    if len(doubts) > MOST_DOUBTS:
        raise TooLarge(f"AWS does not say what {len(doubts)} conditions on {key} come to")
    sure = frozenset(c for c in conditions if c not in doubts and holds(c, context))
    for size in range(len(doubts) + 1):
        for perhaps in combinations(doubts, size):
            yield Choice(key, value, sure | set(perhaps), "; ".join(sorted(set(doubts.values()))))


def _reduced(rule: Rule, choice: Choice) -> Rule | None:
    """The rule with one key decided; None if it cannot count any more."""
    decided = {literal for literal in rule.open if _key(literal) == choice.key}
    if not decided:
        return rule
    return rule._replace(open=rule.open - decided) if decided <= choice.true else None


def _key(literal: Literal) -> str | Free:
    return literal.key if isinstance(literal, Condition) else literal._replace(so=True)
