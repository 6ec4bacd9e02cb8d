"""Whether a condition of a statement holds for a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from remediate.policy.patterns import Lookup, Pattern, bound, letters, matches, pattern
from remediate.policy.request import Context, lookup
from remediate.policy.statement import OPERATORS, Condition
from remediate.policy.values import address, moment, network, number, octets, truth

Test = Callable[[str, str, Lookup], bool]
"""Whether a value of the policy is that of the request."""


def holds(condition: Condition, context: Context) -> bool:
    """Whether a condition holds. Where AWS does not say, `unclear` does, and the answer here means nothing."""
    values = values_of(condition, context)
    if condition.operator == "Null":
        return ("false" if any(values) else "true") in {value.lower() for value in condition.values}
    if not values:
        return _holds_without(condition)
    found = lookup(context)
    if condition.quantifier == "ForAllValues":  # of no values but empty ones, too
        return not any(values) or all(_holds_for(condition, value, found) for value in values)
    if condition.quantifier == "ForAnyValue":
        return any(values) and any(_holds_for(condition, value, found) for value in values)
    return len(values) == 1 and _holds_for(condition, values[0], found)


def values_of(condition: Condition, context: Context) -> tuple[str, ...]:
    """What the request has under the key of a condition."""
    found = context.get(condition.key, ())
    return (found,) if isinstance(found, str) else found


def _holds_without(condition: Condition) -> bool:
    """What a key that the request does not have comes to: for `ForAnyValue` to nothing, even where it is negated."""
    if condition.if_exists or condition.quantifier:
        return condition.if_exists or condition.quantifier == "ForAllValues"
    return negated(condition.operator)


def _holds_for(condition: Condition, value: str, found: Lookup) -> bool:
    """Any value of the policy will do; where the operator is negated, none may."""
    test = TESTS[POSITIVE[condition.operator]]
    return any(test(wanted, value, found) for wanted in condition.values) != negated(condition.operator)


def negated(name: str) -> bool:
    """`StringNotEquals`, `NotIpAddress` and the like."""
    return POSITIVE[name] != name


POSITIVE: Mapping[str, str] = {name: name.replace("Not", "") for name in OPERATORS.values()}
"""Of each operator, the one that it negates, or itself."""


def _text(value: str, found: Lookup) -> str | None:
    if "$" not in value:
        return value
    filled = bound(letters(value), found)
    return None if filled is None else "".join(map(str, filled))


def _equals(value: str, text: str, found: Lookup) -> bool:
    return _text(value, found) == text


def _equals_in_any_case(value: str, text: str, found: Lookup) -> bool:
    filled = _text(value, found)
    return filled is not None and filled.lower() == text.lower()


def _like(value: str, text: str, found: Lookup) -> bool:
    filled = bound(pattern(value), found)
    return filled is not None and matches(filled, text)


def _arn_like(value: str, text: str, found: Lookup) -> bool:
    """Part by part: what stands for one part of an ARN never reaches into the next."""
    filled = bound(pattern(value), found)
    if filled is None:
        return False
    wanted, parts = arn_parts(filled), text.split(":", 5)
    return len(wanted) == len(parts) == 6 and all(map(matches, wanted, parts))


@lru_cache(maxsize=65536)
def arn_parts(of: Pattern) -> tuple[Pattern, ...]:
    """A pattern cut at its colons, into at most the six parts of an ARN."""
    parts: list[list[Any]] = [[]]
    for part in of:
        if not isinstance(part, str):
            parts[-1].append(part)
            continue
        first, *others = part.split(":", 6 - len(parts))
        parts[-1].append(first)
        parts.extend([other] for other in others)
    return tuple(tuple(part for part in found if part != "") for found in parts)


def _typed(wanted: Callable[[str], Any], given: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: str, text: str, _: Lookup) -> bool:
        ours, theirs = wanted(value), given(text)
        return ours is not None and theirs is not None and compare(theirs, ours)

    return test


_SIZES: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}

TESTS: Mapping[str, Test] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_in_any_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,  # the two behave identically
    "ArnLike": _arn_like,
    "Bool": _typed(truth, truth, operator.eq),
    "BinaryEquals": _typed(octets, octets, operator.eq),
    "IpAddress": _typed(network, address, lambda theirs, ours: theirs in ours),
    **{f"Numeric{name}": _typed(number, number, compare) for name, compare in _SIZES.items()},
    **{f"Date{name}": _typed(moment, moment, compare) for name, compare in _SIZES.items()},
}
"""Every operator that is not a negation of another; `Null` is about the key and no value."""
