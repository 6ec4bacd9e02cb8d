"""Conditions of which AWS does not say what they come to: whatever follows from such a one is not known."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from remediate.policy.conditions import arn_parts, negated, values_of
from remediate.policy.patterns import pattern, variables
from remediate.policy.request import Context
from remediate.policy.statement import Condition
from remediate.policy.values import address, moment, network, number, octets, truth


def unclear(condition: Condition, context: Context) -> str:
    """Why it is not known whether a condition holds for a request; empty where AWS's documentation says."""
    return unclear_always(condition) or _unclear_here(condition, values_of(condition, context))


@lru_cache(maxsize=65536)
def unclear_always(condition: Condition) -> str:
    """Why it is not known, whatever the request."""
    name = f"{condition.quantifier}{':' * bool(condition.quantifier)}{condition.operator}"
    if not condition.values:
        return f"{name} on {condition.key} lists nothing"
    if condition.operator == "Null" and condition.quantifier:
        return f"{name} is about each value of {condition.key}, and Null about whether it has any"
    odd = [value for value in condition.values if not _wanted(condition.operator)(value)]
    return f"{name} cannot compare {condition.key} with {odd[0]!r}" if odd else ""


def _unclear_here(condition: Condition, values: tuple[str, ...]) -> str:
    if len(values) > 1 and not condition.quantifier and condition.operator != "Null":
        return f"{condition.key} has several values, and {condition.operator} neither ForAllValues nor ForAnyValue"
    if condition.quantifier == "ForAnyValue" and condition.if_exists and not any(values):
        return f"nothing is any value of {condition.key}, and IfExists would let that pass"
    odd = [value for value in values if negated(condition.operator) and not _given(condition.operator)(value)]
    return f"{condition.operator} cannot tell whether {condition.key} is {odd[0]!r}" if odd else ""


def _is_arn(value: str) -> bool:
    return value.count(":") >= 5


def _is_arn_pattern(value: str) -> bool:
    """`*` alone is none: each of the six parts is compared on its own."""
    of = pattern(value)
    return bool(variables(of)) or len(arn_parts(of)) == 6


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    return lambda value: read(value) is not None


def _anything(_: str) -> bool:
    return True


_Forms = tuple[Callable[[str], bool], Callable[[str], bool]]
_FORMS: Mapping[str, _Forms] = {
    "Arn": (_is_arn_pattern, _is_arn),
    "Bool": (_reads(truth), _reads(truth)),  # variables: one page of AWS's says yes, the other no
    "Null": (_reads(truth), _anything),
    "Binary": (_reads(octets), _reads(octets)),
    "IpAddress": (_reads(network), _reads(address)),
    "NotIpAddress": (_reads(network), _reads(address)),
    "Numeric": (_reads(number), _reads(number)),
    "Date": (_reads(moment), _reads(moment)),
}
"""What values of the policy, and of the request, an operator whose name starts like that can read."""


def _forms(operator: str) -> _Forms:
    return next((forms for start, forms in _FORMS.items() if operator.startswith(start)), (_anything, _anything))


def _wanted(operator: str) -> Callable[[str], bool]:
    return _forms(operator)[0]


def _given(operator: str) -> Callable[[str], bool]:
    return _forms(operator)[1]
