"""What IAM would decide about one request, for the parts of the policy language that our own policies use.

Written from AWS's documentation, apart from the product:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

Context = Mapping[str, str]
"""The request's context keys; one that is not here is not in the request."""


def denied(document: Any, action: str, resource: str = "*", **context: str) -> bool:
    return _decided(document, "Deny", action, resource, _keys(context))


def allowed(document: Any, action: str, resource: str = "*", **context: str) -> bool:
    """By an Allow that no Deny of the same document overrules."""
    keys = _keys(context)
    return _decided(document, "Allow", action, resource, keys) and not _decided(
        document, "Deny", action, resource, keys
    )


def _keys(context: Mapping[str, str]) -> Context:
    """`SourceIp="…"` stands for aws:SourceIp; names of keys ignore case."""
    return {f"aws:{name}".lower(): value for name, value in context.items()}


def _decided(document: Any, effect: str, action: str, resource: str, context: Context) -> bool:
    return any(s["Effect"] == effect and _applies(s, action, resource, context) for s in _many(document["Statement"]))


def _applies(statement: Any, action: str, resource: str, context: Context) -> bool:
    if "NotAction" in statement:
        acts = not any(_like(action.lower(), p.lower()) for p in _many(statement["NotAction"]))
    else:
        acts = any(_like(action.lower(), p.lower()) for p in _many(statement["Action"]))
    on = any(_like(resource, _filled(p, context)) for p in _many(statement["Resource"]))
    # All operators and all keys must hold; of several values of one key, one must (or, negated, none may).
    return acts and on and all(
        _holds(operator, key.lower(), [str(v) for v in _many(values)], context)
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    )  # fmt: skip


def _holds(operator: str, key: str, values: list[str], context: Context) -> bool:
    if operator == "Null":
        return (key not in context) == (values == ["true"])
    name = operator.removesuffix("IfExists")
    if key not in context:  # a missing key does not match: false, true where that is what is asked, true for IfExists
        return operator.endswith("IfExists") or name in NEGATED
    matches = any(TESTS[name](context[key], value) for value in values)
    return not matches if name in NEGATED else matches


NEGATED = frozenset({"NotIpAddress", "StringNotEquals"})
TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "Bool": lambda has, value: has.lower() == value.lower(),
    "StringEquals": lambda has, value: has == value,
    "StringNotEquals": lambda has, value: has == value,
    "IpAddress": lambda has, value: ip_address(has) in ip_network(value),
    "NotIpAddress": lambda has, value: ip_address(has) in ip_network(value),
    "DateGreaterThanEquals": lambda has, value: _moment(has) >= _moment(value),
    "DateLessThan": lambda has, value: _moment(has) < _moment(value),
}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _filled(pattern: str, context: Context) -> str:
    """Policy variables: `${aws:username}`."""
    return re.sub(r"\$\{([^}]+)\}", lambda found: context[found[1].lower()], pattern)


def _like(text: str, pattern: str) -> bool:
    parts = (re.escape(part) for part in re.split(r"(\*|\?)", pattern))
    return bool(re.fullmatch("".join(parts).replace(r"\*", ".*").replace(r"\?", "."), text))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
