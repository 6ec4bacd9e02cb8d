"""Statements as they bear on somebody of whom some facts are known: their name, their tags, their ARN.

A user's `${aws:username}` is no variable then, and a condition on their ARN holds or does not. What stays open is what
each request brings with it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from remediate.policy import NotAPolicy, canonical_json
from remediate.policy.branches import Free, Literal, Value
from remediate.policy.conditions import holds
from remediate.policy.patterns import Pattern, Variable, Wild, matches, pattern, plain
from remediate.policy.statement import Condition, Effect, Names, Statement, parse
from remediate.policy.unclear import unclear, unclear_always

Known = Mapping[str, Value]
"""Keys of every request that somebody makes; None for a key that no request of theirs has."""

ADMINISTRATOR = re.compile(r"^arn:[^:]+:iam::aws:policy/AdministratorAccess$")
DENY_ALL = re.compile(r"^arn:[^:]+:iam::aws:policy/AWSDenyAll$")
DENYING = re.compile(
    r":aws:policy/(AWSDenyAll|AWSCompromisedKeyQuarantine(V\d+)?|AWSIAMIdentityCenterAllowListForIdentityContext"
    r"|root-task/[^/]+)$"
)
"""AWS's policies of which every statement is a Deny.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""
GIVING = re.compile(
    r":aws:policy/(PowerUserAccess|ReadOnlyAccess|SecurityAudit|AWSSupportAccess|AWSCloudShellFullAccess"
    r"|job-function/ViewOnlyAccess)$"
)
"""Those that baselines name, of which every statement is an Allow. AWS takes no permissions out of its policies: they
stay that. Of a policy that nobody has read, nothing else is known: one in fifty allows and denies.
https://docs.aws.amazon.com/IAM/latest/UserGuide/security-iam-awsmanpol.html"""

BOTH: tuple[Effect, ...] = ("Allow", "Deny")
EVERYTHING = '{"Action":["*"],"Effect":"Allow","Resource":["*"]}'
NOTHING = '{"Action":["*"],"Effect":"Deny","Resource":["*"]}'
ALL = Names(patterns=("*",))


def denies(text: str) -> bool:
    """Whether a canonical statement, or the policy of AWS's that an ARN names, takes access away, and gives none."""
    return effects(text) == ("Deny",)


@lru_cache(maxsize=65536)
def effects(text: str) -> tuple[Effect, ...]:
    """What a canonical statement, or a policy of AWS's whose document is not at hand, may do: one, or both."""
    if (half := text.partition(" ")[0]) in BOTH:
        return (half,)
    if text.startswith("arn:"):
        return ("Deny",) if DENYING.search(text) else ("Allow",) if GIVING.search(text) else BOTH
    item = msgspec.json.decode(text)
    effect = item.get("Effect") if isinstance(item, Mapping) else None
    return (effect,) if effect in BOTH else BOTH


def halves(text: str) -> tuple[str, ...]:
    """The same, with what may allow and what may deny apart: `Allow arn:…` and `Deny arn:…`."""
    found = effects(text)
    opaque = text.startswith("arn:") or len(found) > 1
    return tuple(f"{effect} {text}" for effect in found) if opaque else (text,)


class Resources(NamedTuple):
    """What a statement says of resources."""

    sure: tuple[Pattern, ...]
    loose: tuple[Pattern, ...] = ()
    """What patterns with unknown variables may stand for, at most."""
    open: str = ""
    """Those patterns as they are written."""
    negated: bool = False


class Prepared(NamedTuple):
    allows: bool
    actions: Names
    resources: Resources
    open: frozenset[Literal] = frozenset()
    """What else must hold."""

    @property
    def always(self) -> bool:
        """Whether it counts on every resource, without a condition."""
        return not self.open and self.everywhere

    @property
    def everywhere(self) -> bool:
        """Whether it is about every resource."""
        return not self.resources.negated and (Wild.ANY,) in self.resources.sure

    def on(self, resource: str) -> frozenset[Literal] | None:
        """What must hold for it to count on a resource; None if it is not about that one."""
        if any(matches(of, resource) for of in self.resources.sure):
            return None if self.resources.negated else self.open
        if any(matches(of, resource) for of in self.resources.loose):
            return self.open | {Free(self.resources.open, not self.resources.negated)}
        return self.open if self.resources.negated else None


def prepared(text: str, known: Known) -> Iterator[Prepared]:
    """A canonical statement, or the ARN of a policy of AWS's whose document is not at hand, with what is known.

    What is not understood may be about anything; where only a condition is not, it is about the statement's actions and
    resources still.
    """
    if ADMINISTRATOR.match(text):
        text = EVERYTHING
    if text.startswith(("arn:", *BOTH)):
        yield from map(_opaque, halves(text))
        return
    try:
        statement = parse(text)
    except NotAPolicy:
        yield from _not_understood(text, known)
        return
    conditions = _open(statement, known)
    if conditions is not None:
        yield Prepared(statement.effect == "Allow", statement.actions, _resources(statement, known), conditions)


def _not_understood(text: str, known: Known) -> Iterator[Prepared]:
    item = msgspec.json.decode(text)
    if isinstance(item, Mapping) and "Condition" in item:
        rest = canonical_json({name: value for name, value in item.items() if name != "Condition"}).decode()
        yield from (one._replace(open=one.open | {Free(text)}) for one in prepared(rest, known))
        return
    yield from (_opaque(f"{effect} {text}") for effect in effects(text))


def _opaque(half: str) -> Prepared:
    """Something of which it is not known what it is about: anything may be in it, and the same each time."""
    return Prepared(half.startswith("Allow"), ALL, Resources(((Wild.ANY,),)), frozenset({Free(half)}))


def _open(statement: Statement, known: Known) -> frozenset[Literal] | None:
    """The conditions that are not decided by what is known; None if one of them never holds."""
    found = undecided((_settled(condition, known) for condition in statement.conditions), known)
    if found is not None and statement.principals is not None:
        return found | {Free(repr(statement.principals))}
    return found


def undecided(conditions: Iterable[Literal], known: Known) -> frozenset[Literal] | None:
    """The conditions that are not decided by what is known; None if one of them never holds."""
    found: set[Literal] = set()
    for condition in conditions:
        if isinstance(condition, Free) or condition.key not in known:
            found.add(condition)
            continue
        value = known[condition.key]
        context = {} if value is None else {condition.key: value}
        if unclear(condition, context):
            found.add(Free(repr(condition)))
        elif not holds(condition, context):
            return None
    return frozenset(found)


def _settled(condition: Condition, known: Known) -> Literal:
    """The condition with the values of variables in their places."""
    values = tuple(_value(value, known) for value in condition.values)
    if any(isinstance(part, Variable) for value in values if value is not None for part in pattern(value)):
        return Free(repr(condition))
    settled = msgspec.structs.replace(condition, values=tuple(v for v in values if v is not None))
    return Free(repr(condition)) if unclear_always(condition) else settled


def _value(text: str, known: Known) -> str | None:
    """A text with the variables that are known; None if one has no value, and the text matches nothing."""
    if "${" not in text:
        return text
    written: list[str] = []
    for part in pattern(text):
        if isinstance(part, Wild):
            written.append(part.value)
        elif isinstance(part, str):
            written.append(plain(part))
        elif part.key not in known:
            written.append(f"${{{part.key}}}" if part.default is None else f"${{{part.key}, '{part.default}'}}")
        else:
            value = known[part.key]
            stands = value if value and isinstance(value, str) else part.default
            if stands is None:
                return None
            written.append(plain(stands))
    return "".join(written)


def _resources(statement: Statement, known: Known) -> Resources:
    sure: list[Pattern] = []
    loose: list[Pattern] = []
    texts = [value for text in statement.resources.patterns if (value := _value(text, known)) is not None]
    for text in texts:
        parts = pattern(text)
        if any(isinstance(part, Variable) for part in parts):
            loose.append(_widest(parts))
        else:
            sure.append(parts)
    written = sorted(t for t in texts if any(isinstance(part, Variable) for part in pattern(t)))
    return Resources(tuple(sure), tuple(loose), " ".join(written), statement.resources.negated)


def _widest(of: Pattern) -> Pattern:
    return tuple(Wild.ANY if isinstance(part, Variable) else part for part in of)
