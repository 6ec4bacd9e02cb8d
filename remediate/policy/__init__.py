"""IAM policy documents: one canonical form, so that documents are compared by meaning and never as text."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from remediate.model import Value

VERSION = "2012-10-17"
"""The only version a managed policy may have. In the older one, which is also what a document without a version has,
policy variables are plain text: `${aws:username}` there is what `${$}{aws:username}` is here.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""

_CASELESS = frozenset({"Action", "NotAction"})
_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource"})


class NotAPolicy(ValueError):
    """The text is not an IAM policy document."""


def canonical_json(value: Value) -> bytes:
    """The one way a JSON value is written here: keys sorted, no spaces."""
    return msgspec.json.encode(value, order="sorted")


def digest(value: Value) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def modern(document: Value) -> Mapping[str, Value]:
    """The document in today's version, with the same meaning. Raises NotAPolicy."""
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise NotAPolicy("a policy document is an object with a Statement")
    if document.get("Version") == VERSION:
        return document
    return {**document, "Version": VERSION, "Statement": _without_variables(document["Statement"])}


def _without_variables(value: Value) -> Value:
    if isinstance(value, str):
        return value.replace("${", "${$}{")
    if isinstance(value, Mapping):
        return {key: _without_variables(item) for key, item in value.items()}
    return [_without_variables(item) for item in value] if isinstance(value, list) else value


def statements(document: Value) -> tuple[str, ...]:
    """The document's statements in canonical form, sorted and without repetition. Raises NotAPolicy.

    Two documents grant and deny the same if these are equal, whatever their versions. Sid is left out: it has no effect
    on evaluation. Lists are sets; one element and a list of one are the same; actions ignore case.
    """
    return tuple(sorted({_statement(item) for item in _as_list(modern(document)["Statement"])}))


def _statement(item: Value) -> str:
    if not isinstance(item, Mapping) or item.get("Effect") not in ("Allow", "Deny"):
        raise NotAPolicy("a statement is an object whose Effect is Allow or Deny")
    return canonical_json({key: _element(key, value) for key, value in item.items() if key != "Sid"}).decode()


def _element(key: str, value: Value) -> Value:
    if key in _CASELESS:
        return _as_set([v.lower() if isinstance(v, str) else v for v in _as_list(value)])
    if key in _SETS:
        return _as_set(_as_list(value))
    if key in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
        return {kind: _as_set(_as_list(ids)) for kind, ids in value.items()}
    if key == "Condition" and isinstance(value, Mapping):
        return _condition(value)
    return value


def _condition(value: Mapping[str, Value]) -> Value:
    """Condition keys ignore case; operators and values are compared as written."""
    result: dict[str, Value] = {}
    for operator, tests in value.items():
        if not isinstance(tests, Mapping):
            raise NotAPolicy(f"the condition {operator} is not an object")
        if len({key.lower() for key in tests}) < len(tests):
            raise NotAPolicy(f"the condition {operator} names a key twice")
        result[operator] = {key.lower(): _as_set(_texts(_as_list(v))) for key, v in tests.items()}
    return result


def _texts(values: list[Value]) -> list[Value]:
    """IAM reads true and "true", 5 and "5" alike in conditions."""
    return [v if isinstance(v, str) else canonical_json(v).decode() for v in values]


def _as_list(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _as_set(values: list[Value]) -> Value:
    return [v for _, v in sorted({canonical_json(v): v for v in values}.items())]


def size(document: Value) -> int:
    """Characters that count against IAM's size quotas: all but white space.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    return sum(not c.isspace() for c in canonical_json(document).decode())


def on_everything(document: Value, effect: str) -> bool:
    """Whether one statement allows (or denies) every action on every resource without a condition."""
    if not isinstance(document, Mapping):
        return False
    return any(_is_star(item, effect) for item in _as_list(document.get("Statement", [])))


def _is_star(item: Value, effect: str) -> bool:
    if not isinstance(item, Mapping) or item.get("Effect") != effect or item.get("Condition"):
        return False
    actions = _as_list(item.get("Action", []))
    return bool({"*", "*:*"} & {a for a in actions if isinstance(a, str)}) and "*" in _as_list(item.get("Resource", []))


def merge(document: Value, ours: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Somebody's document with our statements in it: theirs stay byte for byte, ours are known by their Sid."""
    theirs: dict[str, Value] = dict(document) if isinstance(document, Mapping) else {"Version": "2012-10-17"}
    body = theirs.get("Statement", [])
    mine = [s["Sid"] for s in ours]  # not a set: what theirs call a Sid may be anything
    kept = [s for s in _as_list(body) if not (isinstance(s, Mapping) and s.get("Sid") in mine)]
    theirs["Statement"] = [*kept, *ours]
    return theirs


def aws_principals(item: Value) -> tuple[str, ...]:
    """Whom a trust statement names as principals of AWS: accounts, ARNs, ids, or `*` for everyone."""
    principal = item.get("Principal") if isinstance(item, Mapping) else None
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else "*" if principal == "*" else []
    return tuple(name for name in _as_list(named) if isinstance(name, str))


def federated_principals(item: Value) -> tuple[str, ...]:
    """The identity providers that a trust statement names: ARNs, or names such as cognito-identity.amazonaws.com."""
    principal = item.get("Principal") if isinstance(item, Mapping) else None
    named = principal.get("Federated", []) if isinstance(principal, Mapping) else []
    return tuple(name for name in _as_list(named) if isinstance(name, str))


def deleted_principals(trust: Value) -> frozenset[str]:
    """The ids that a trust policy shows in place of users and roles that are no more.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    names = (name for item in trust_statements(trust) for name in aws_principals(item))
    return frozenset(name for name in names if name.startswith(("AIDA", "AROA")) and name.isalnum())


def lets_people_in(trust: Value) -> bool:
    """Whether somebody other than an AWS service may assume the role: Lambda's helps nobody who is locked out."""
    allows = [s for s in trust_statements(trust) if isinstance(s, Mapping) and s.get("Effect") == "Allow"]
    federated = any(isinstance(p := item.get("Principal"), Mapping) and "Federated" in p for item in allows)
    return federated or bool({name for item in allows for name in aws_principals(item)} - deleted_principals(trust))


def steady(trust: Value) -> Value:
    """A trust policy with the names in each Principal sorted: IAM shows them in another order each time.

    https://github.com/pulumi/pulumi-aws/issues/1338
    """
    if not isinstance(trust, Mapping) or "Statement" not in trust:
        return trust
    body = [_steady(item) for item in trust_statements(trust)]
    return {**trust, "Statement": body if isinstance(trust["Statement"], list) else body[0]}


def _steady(item: Value) -> Value:
    if not isinstance(item, Mapping):
        return item
    named = {key: item[key] for key in ("Principal", "NotPrincipal") if key in item}
    return {**item, **{key: _sorted_names(principal) for key, principal in named.items()}}


def _sorted_names(principal: Value) -> Value:
    if not isinstance(principal, Mapping):
        return principal
    return {kind: sorted(names, key=str) if isinstance(names, list) else names for kind, names in principal.items()}


def trust_statements(trust: Value) -> list[Value]:
    """The statements of a trust policy, be it one or a list; none where it is no policy."""
    return _as_list(trust.get("Statement", [])) if isinstance(trust, Mapping) else []
