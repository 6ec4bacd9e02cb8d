"""Random policies and requests that meet: all are made of the same few actions, resources, keys and values."""

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from remediate.policy.request import Caller, Context, Request

ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
ACTION_PATTERNS = (*ACTIONS, "s3:*", "*", "s3:Get*", "s3:*Object", "S3:getobject", "s3:?etObject", "ec2:*")
OBJECTS = ("arn:aws:s3:::b/alice/k", "arn:aws:s3:::b/bob/k", "arn:aws:s3:::c/alice")
RESOURCE_PATTERNS = (
    *OBJECTS,
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::?/alice*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/team, 'bob'}/*",
    "arn:aws:s3:::b",
)
KEYS: Mapping[str, tuple[str, ...]] = {
    "aws:username": ("alice", "bob", "*"),
    "aws:PrincipalTag/team": ("red", "Red", "blue", "alice"),
    "aws:SourceIp": ("203.0.113.7", "203.0.114.7", "2001:db8::7"),
    "aws:MultiFactorAuthAge": ("5", "5.0", "3600"),
    "aws:CurrentTime": ("2024-05-01T00:00:00Z", "2024-05-01T02:00:00+02:00", "2024-06-01T00:00:00Z"),
    "aws:EpochTime": ("1714521600", "1717200000"),
    "aws:MultiFactorAuthPresent": ("true", "false", "True"),
    "aws:PrincipalArn": ("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/a/b"),
}
"""Of each key that has one value, values that a request may have."""
SETS: Mapping[str, tuple[str, ...]] = {
    "aws:CalledVia": ("athena.amazonaws.com", "kms.amazonaws.com", "dynamodb.amazonaws.com"),
    "aws:PrincipalOrgPaths": ("o-1/r-1/ou-1/", "o-1/r-1/ou-2/", "o-2/r-1/"),
}
"""Of each key that may have several, what they are drawn from."""

_TEXTS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
_LIKES = ("StringLike", "StringNotLike")
_SIZES = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "aws:username": (*_TEXTS, *_LIKES),
    "aws:PrincipalTag/team": (*_TEXTS, *_LIKES),
    "aws:SourceIp": ("IpAddress", "NotIpAddress"),
    "aws:MultiFactorAuthAge": tuple(f"Numeric{size}" for size in _SIZES),
    "aws:CurrentTime": tuple(f"Date{size}" for size in _SIZES),
    "aws:EpochTime": (*(f"Date{size}" for size in _SIZES), *(f"Numeric{size}" for size in _SIZES)),
    "aws:MultiFactorAuthPresent": ("Bool",),
    "aws:PrincipalArn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", *_LIKES),
    "aws:CalledVia": (*_TEXTS, *_LIKES),
    "aws:PrincipalOrgPaths": (*_TEXTS, *_LIKES),
}
"""Which operators AWS says each key works with."""
WANTED: Mapping[str, tuple[str, ...]] = {
    **KEYS,
    **SETS,
    "aws:username": ("alice", "a*", "${aws:PrincipalTag/team}", "${*}", "bob"),
    "aws:PrincipalTag/team": ("red", "r?d", "*", "${aws:username}", "${aws:username, 'blue'}", "r${*}"),
    "aws:SourceIp": ("203.0.113.0/24", "203.0.113.7", "203.0.0.0/8", "2001:db8::/32", "203.0.114.0/24"),
    "aws:EpochTime": ("1714521600", "1715000000"),
    "aws:MultiFactorAuthPresent": ("true", "false"),
    "aws:PrincipalArn": (
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::*:user/${aws:username}",
        "arn:aws:*:*:111122223333:role/*",
        "arn:*:iam::1111*:*",
    ),
    "aws:PrincipalOrgPaths": ("o-1/*", "o-?/r-1/*", "o-1/r-1/ou-2/"),
}
"""What policies ask of each key."""


def _some(of: tuple[str, ...], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=most, unique=True)


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """A condition block of up to two operators, as AWS documents them."""
    block: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(st.sampled_from((*KEYS, *SETS)), max_size=2, unique=True)):
        if draw(st.integers(0, 4)) == 0:
            block.setdefault("Null", {})[key] = draw(st.sampled_from(("true", "false")))
            continue
        operator = draw(st.sampled_from(OPERATORS[key]))
        if key in SETS:
            operator = f"{draw(st.sampled_from(('ForAllValues', 'ForAnyValue')))}:{operator}"
        if not operator.startswith("ForAnyValue") and draw(st.booleans()):
            operator += "IfExists"
        block.setdefault(operator, {})[key] = draw(_some(WANTED[key]))
    return block


@st.composite
def statements_of(draw: st.DrawFn, principals: tuple[Any, ...] = ()) -> dict[str, Any]:
    """A statement; with `principals`, one of a resource's policy."""
    body: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Allow", "Deny")))}
    body[draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))] = draw(_some(ACTION_PATTERNS))
    body[draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))] = draw(_some(RESOURCE_PATTERNS))
    if block := draw(blocks()):
        body["Condition"] = block
    if principals:
        body["Principal"] = draw(st.sampled_from(principals))
    return body


def bodies(most: int = 4, principals: tuple[Any, ...] = ()) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(statements_of(principals), max_size=most)


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, str | tuple[str, ...]]:
    """A request's keys, as AWS spells them."""
    ones = draw(st.lists(st.sampled_from(tuple(KEYS)), unique=True))
    sets = draw(st.lists(st.sampled_from(tuple(SETS)), unique=True))
    return {
        **{key: draw(st.sampled_from(KEYS[key])) for key in ones},
        **{key: tuple(draw(_some(SETS[key], 3))) for key in sets},
    }


def lower(keys: Mapping[str, str | tuple[str, ...]]) -> Context:
    return {key.lower(): value for key, value in keys.items()}


ALICE = Caller(arn="arn:aws:iam::111122223333:user/alice", account="111122223333")
requests = st.builds(
    lambda action, resource, keys: Request(action=action, resource=resource, context=lower(keys), caller=ALICE),
    st.sampled_from(ACTIONS),
    st.sampled_from(OBJECTS),
    contexts(),
)


def comparable(case: dict[str, Any]) -> dict[str, Any]:
    """A case without the statements in which another evaluator is known to differ from AWS's documentation:
    `EXPLAINED` in tests/policy/test_against_oracle.py."""
    keys = case["context"]

    def kept(layer: Any) -> Any:
        if layer and isinstance(layer[0], list):
            return [kept(level) for level in layer]
        return [one for one in layer if not _differs(one, keys)]

    layers = ("identity", "boundary", "session", "resource", "service_control", "resource_control")
    return {name: kept(value) if name in layers else value for name, value in case.items()}


def _differs(statement: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """A variable without a value where it is negated; an address beside one of the other kind; `${*}` as a letter."""
    if any(_unfilled(text, keys) for text in statement.get("NotResource", ())):
        return True
    tests = [(op, key, value) for op, block in statement.get("Condition", {}).items() for key, value in block.items()]
    return any(
        ("Not" in operator and any(_unfilled(value, keys) for value in values))
        or (operator.startswith("NotIpAddress") and "203.0.113.7" in values and ":" in str(keys.get(key, "")))
        or ("Like" not in operator and any("${*}" in value for value in values))
        for operator, key, values in tests
    )


def _unfilled(text: str, keys: Mapping[str, Any]) -> bool:
    named = re.findall(r"\$\{([\w:/]+)(, '[^']*')?\}", text)
    return any(not default and key.lower() not in {known.lower() for known in keys} for key, default in named)
