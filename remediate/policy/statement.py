"""A statement of a policy as data: what its canonical form says, taken apart once."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from remediate.model import Struct, Value
from remediate.policy import NotAPolicy

Effect = Literal["Allow", "Deny"]
Quantifier = Literal["", "ForAllValues", "ForAnyValue"]

_TEXTS = "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike"
_SIZES = "Equals NotEquals LessThan LessThanEquals GreaterThan GreaterThanEquals"
_OTHERS = "Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnNotEquals ArnLike ArnNotLike Null"
OPERATORS: Mapping[str, str] = {
    name.lower(): name
    for name in (
        *_TEXTS.split(),
        *(f"{kind}{test}" for kind in ("Numeric", "Date") for test in _SIZES.split()),
        *_OTHERS.split(),
    )
}
"""Every operator, by its name in lower case.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""


class Names(Struct, frozen=True, kw_only=True):
    """What `Action` or `Resource` lists; `negated` for `NotAction` and `NotResource`: everything but that."""

    patterns: tuple[str, ...]
    negated: bool = False


class Condition(Struct, frozen=True, kw_only=True, cache_hash=True):
    """One line of a condition block: a key of the request, compared with values of which any will do."""

    operator: str
    """As in OPERATORS, without quantifier and `IfExists`."""
    key: str
    """In lower case."""
    values: tuple[str, ...]
    quantifier: Quantifier = ""
    if_exists: bool = False


class Principals(Struct, frozen=True, kw_only=True):
    """Whom a statement of a resource's or trust policy is about: pairs such as `("AWS", "arn:…")`; everybody is
    `("*", "*")`. `negated` for `NotPrincipal`."""

    names: tuple[tuple[str, str], ...]
    negated: bool = False


class Statement(Struct, frozen=True, kw_only=True):
    """Every condition must hold for the statement to count."""

    effect: Effect
    actions: Names
    """In lower case."""
    resources: Names
    conditions: tuple[Condition, ...] = ()
    principals: Principals | None = None
    """None in the policies of users, groups and roles."""


@lru_cache(maxsize=65536)
def parse(canonical: str) -> Statement:
    """The statement whose canonical form (`remediate.policy.statements`) this is.

    Raises NotAPolicy, with the element in it, for whatever is not known to mean something to IAM: what cannot be
    understood is never taken for something simpler.
    """
    item = msgspec.json.decode(canonical)
    if not isinstance(item, Mapping) or item.get("Effect") not in ("Allow", "Deny"):
        raise NotAPolicy("a statement is an object whose Effect is Allow or Deny")
    known = {"Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
    if unknown := sorted(item.keys() - known):
        raise NotAPolicy(f"no statement has {', '.join(unknown)}")
    principals = _principals(item)
    if any("${" in text for name in ("Action", "NotAction") for text in _listed(item.get(name, []))):
        raise NotAPolicy("IAM takes no variables in actions")
    return Statement(
        effect=item["Effect"],
        actions=_names(item, "Action"),
        resources=_names(item, "Resource", optional=principals is not None),
        conditions=tuple(_conditions(item.get("Condition", {}))),
        principals=principals,
    )


def _names(item: Mapping[str, Value], element: str, *, optional: bool = False) -> Names:
    """A trust policy names no resource: it is about the role that it belongs to."""
    found = [key for key in (element, f"Not{element}") if key in item]
    if not found and optional:
        return Names(patterns=("*",))
    if len(found) != 1:
        raise NotAPolicy(f"a statement has either {element} or Not{element}")
    patterns = _texts(item[found[0]], found[0])
    if not patterns:
        raise NotAPolicy(f"{found[0]} lists nothing")
    return Names(patterns=patterns, negated=found[0] != element)


def _listed(value: Value) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else [str(value)]


def _texts(value: Value, what: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) for v in values):
        raise NotAPolicy(f"{what} lists what is no text")
    return tuple(str(v) for v in values)


def _principals(item: Mapping[str, Value]) -> Principals | None:
    found = [key for key in ("Principal", "NotPrincipal") if key in item]
    if len(found) > 1:
        raise NotAPolicy("a statement has either Principal or NotPrincipal")
    if not found:
        return None
    value = item[found[0]]
    if value == "*":
        names: tuple[tuple[str, str], ...] = (("*", "*"),)
    elif isinstance(value, Mapping):
        names = tuple((kind, name) for kind, listed in sorted(value.items()) for name in _texts(listed, found[0]))
    else:
        raise NotAPolicy(f"{found[0]} is no object")
    return Principals(names=names, negated=found[0] == "NotPrincipal")


def _conditions(block: Value) -> Iterator[Condition]:
    if not isinstance(block, Mapping):
        raise NotAPolicy("Condition is no object")
    for written, tests in block.items():
        quantifier, operator, if_exists = _operator(written)
        if not isinstance(tests, Mapping):
            raise NotAPolicy(f"the condition {written} is not an object")
        for key, values in tests.items():
            yield Condition(
                operator=operator,
                key=key,
                values=_texts(values, f"the condition {written} on {key}"),
                quantifier=quantifier,
                if_exists=if_exists,
            )


def _operator(written: str) -> tuple[Quantifier, str, bool]:
    """An operator taken apart. IAM reads its name in any case."""
    prefix, colon, rest = written.partition(":")
    quantifiers: Mapping[str, Quantifier] = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
    quantifier: Quantifier | None = quantifiers.get(prefix.lower()) if colon else ""
    name = (rest if colon else written).lower()
    if_exists = name.endswith("ifexists")
    operator = OPERATORS.get(name.removesuffix("ifexists"))
    if operator is None or quantifier is None or (operator == "Null" and if_exists):
        raise NotAPolicy(f"IAM knows no condition operator {written}")
    return quantifier, operator, if_exists
