"""Conditions of which AWS does not say what they come to: whatever follows from such a one is not known."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from remediate.policy.conditions import POSITIVE, arn_parts, negated, values_of
from remediate.policy.patterns import pattern, variables
from remediate.policy.request import Context
from remediate.policy.spelling import spelled
from remediate.policy.statement import Condition
from remediate.policy.values import address, moment, network, number, octets, truth


def unclear(condition: Condition, context: Context) -> str:
    """Why it is not known whether a condition holds for a request; empty where AWS's documentation says."""
    return unclear_always(condition) or unclear_here(condition, context)


@lru_cache(maxsize=65536)
def unclear_always(condition: Condition) -> str:
    """Why it is not known, whatever the request."""
    name = f"{condition.quantifier}{':' * bool(condition.quantifier)}{condition.operator}"
    if not condition.values:
        return f"{name} on {spelled(condition.key)} lists nothing"
    if condition.operator == "Null" and condition.quantifier:
        return f"{name} is about each value of {spelled(condition.key)}, and Null about whether it has any"
    wanted = _form(condition.operator).wanted
    odd = [value for value in condition.values if not wanted(value)]
    return f"{name} cannot compare {spelled(condition.key)} with {odd[0]!r}" if odd else ""


def unclear_here(condition: Condition, context: Context) -> str:
    """Why it is not known for this request."""
    values = values_of(condition, context)
    if len(values) > 1 and not condition.quantifier and condition.operator != "Null":
        key = spelled(condition.key)
        return f"{key} has several values, and {condition.operator} neither ForAllValues nor ForAnyValue"
    if condition.if_exists and condition.quantifier == "ForAnyValue" and not any(values):
        return f"nothing is any value of {spelled(condition.key)}, and IfExists would let that pass"
    if not negated(condition.operator):
        return ""
    given = _form(condition.operator).given
    odd = [value for value in values if not given(value)]
    return f"{condition.operator} cannot tell whether {spelled(condition.key)} is {odd[0]!r}" if odd else ""


class _Form(NamedTuple):
    """What an operator can read."""

    wanted: Callable[[str], bool]
    """Whether it can read a value of a policy."""
    given: Callable[[str], bool]
    """Whether it can read a value of a request."""


def _is_arn(value: str) -> bool:
    return value.count(":") >= 5


def _is_arn_pattern(value: str) -> bool:
    """`*` alone is none: each of the six parts is compared on its own."""
    of = pattern(value)
    return bool(variables(of)) or len(arn_parts(of)) == 6


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    return lambda value: read(value) is not None


_ANYTHING = _Form(lambda _: True, lambda _: True)
_FORMS: Mapping[str, _Form] = {
    "Arn": _Form(_is_arn_pattern, _is_arn),
    "Bool": _Form(_reads(truth), _reads(truth)),  # with variables one page of AWS's says yes, another no
    "Null": _Form(_reads(truth), lambda _: True),
    "Binary": _Form(_reads(octets), _reads(octets)),
    "IpAddress": _Form(_reads(network), _reads(address)),
    "Numeric": _Form(_reads(number), _reads(number)),
    "Date": _Form(_reads(moment), _reads(moment)),
}
"""By how the name of the operator starts."""


@cache
def _form(operator: str) -> _Form:
    return next((form for start, form in _FORMS.items() if POSITIVE[operator].startswith(start)), _ANYTHING)
