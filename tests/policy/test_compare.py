"""Two sets of policies: equal, narrower, wider or different; by hand, and against the evaluator on random ones."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.accounts import ADMIN, READ_ONLY, document, statement
from support.stress import examples

from remediate.model import Value
from remediate.policy import statements
from remediate.policy.compare import Policies, Relation, compare
from remediate.policy.known import Known
from remediate.policy.request import Request
from remediate.policy.witness import Shown, shows, told

POWER = "arn:aws:iam::aws:policy/PowerUserAccess"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
ANN: Known = {
    "aws:username": "ann",
    "aws:principalarn": "arn:aws:iam::111122223333:user/ann",
    "aws:principaltag/team": "blue*",
}


def deny(*args: str | list[str], **more: Any) -> dict[str, Value]:
    return statement(*args, **more) | {"Effect": "Deny"}


def policies(*held: Mapping[str, Value] | str, version: str = "2012-10-17") -> Policies:
    """Statements, or ARNs of AWS's policies."""
    body = [one for one in held if not isinstance(one, str)]
    written = statements(document(*body, version=version)) if body else ()
    return {"identity": frozenset({*written, *(one for one in held if isinstance(one, str))})}


def bounded(of: Policies, boundary: Policies) -> Policies:
    return {**of, "boundary": boundary["identity"]}


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


STAR, S3, GET = statement("*"), statement("s3:*"), statement("s3:GetObject", "arn:aws:s3:::b/*")
MFA = when("Bool", "aws:MultiFactorAuthPresent", "true")
ALL_A = when("ForAllValues:StringLike", "aws:TagKeys", "a*")
NO_MFA_IF_SAID = when("BoolIfExists", "aws:MultiFactorAuthPresent", "false")
ALL_BUT_IAM = {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": ["*"]}
OWN, ANNS = "arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ann/*"

Case = tuple[Policies, Policies, Relation]
CASES: dict[str, Case] = {
    "the same": (policies(S3), policies(S3), "equal"),
    "nothing": (policies(S3), policies(), "narrower"),
    "the same in other words": (
        policies(statement(["s3:Get*", "s3:GetObject"], "*")), policies(statement("S3:GET*")), "equal",
    ),
    "in two statements": (
        policies(statement(["s3:*", "ec2:*"])), policies(statement("ec2:*"), statement("s3:*")), "equal",
    ),
    "every sort of a wildcard, one by one": (
        policies(statement("s3:Get?*")), policies(statement("s3:Get*")), "wider",
    ),
    "two wildcards that are one": (policies(statement("s3:Get**")), policies(statement("s3:Get*")), "equal"),
    "two halves": (
        policies(statement("ec2:*", "arn:a*"), {"Effect": "Allow", "Action": "ec2:*", "NotResource": "arn:a*"}),
        policies(statement("ec2:*")), "equal",
    ),
    "all but what is said apart": (policies(ALL_BUT_IAM, statement("iam:*")), policies(STAR), "equal"),
    "all but IAM": (policies(STAR), policies(ALL_BUT_IAM), "narrower"),
    "another exception": (policies(ALL_BUT_IAM), policies({**ALL_BUT_IAM, "NotAction": ["s3:*"]}), "different"),
    "a service": (policies(S3), policies(GET), "narrower"),
    "another service": (policies(S3), policies(statement("sqs:*")), "different"),
    "any character is not every character": (policies(statement("s3:Get?")), policies(statement("s3:Get*")), "wider"),
    "actions in any case, resources as they are written": (
        policies(statement("S3:getobject", "arn:aws:s3:::B")), policies(statement("s3:GetObject", "arn:aws:s3:::b")),
        "different",
    ),
    "a Deny": (policies(S3), policies(S3, deny("s3:Delete*")), "narrower"),
    "a Deny of what nobody allows": (policies(S3), policies(S3, deny("iam:*")), "equal"),
    "a Deny within another": (
        policies(S3, deny("s3:D*")), policies(S3, deny("s3:D*"), deny("s3:Delete*", **MFA)), "equal",
    ),
    "an Allow within a Deny": (policies(deny("*")), policies(S3, deny("*")), "equal"),
    "a Deny that leaves what is allowed": (
        policies(GET), policies(S3, {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"},
                                {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}), "equal",
    ),
    "a condition more": (policies(S3), policies(statement("s3:*", **MFA)), "narrower"),
    "a condition and its opposite": (
        policies(statement("s3:*", **MFA), statement("s3:*", **NO_MFA_IF_SAID)),
        policies(S3), "equal",
    ),
    "a condition and what is not its opposite: the key may be missing": (
        policies(statement("s3:*", **MFA), statement("s3:*", **when("Bool", "aws:MultiFactorAuthPresent", "false"))),
        policies(S3), "wider",
    ),
    "networks within networks": (
        policies(statement("s3:*", **when("IpAddress", "aws:SourceIp", "10.0.0.0/9", "10.128.0.0/9"))),
        policies(statement("s3:*", **when("IpAddress", "aws:SourceIp", "10.0.0.0/8"))), "equal",
    ),
    "a network and everything outside": (
        policies(S3, deny("s3:*", **when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"))),
        policies(statement("s3:*", **when("IpAddress", "aws:SourceIp", "10.0.0.0/8"))), "equal",
    ),
    "one address less": (
        policies(statement("s3:*", **when("IpAddress", "aws:SourceIp", "10.0.0.0/31"))),
        policies(statement("s3:*", **when("IpAddress", "aws:SourceIp", "10.0.0.0/32"))), "narrower",
    ),
    "numbers": (
        policies(statement("s3:*", **when("NumericLessThan", "s3:max-keys", "10"))),
        policies(statement("s3:*", **when("NumericLessThanEquals", "s3:max-keys", "10"))), "wider",
    ),
    "days": (
        policies(statement("s3:*", **when("DateLessThan", "aws:CurrentTime", "2026-01-02T00:00:00Z"))),
        policies(statement("s3:*", **when("DateLessThan", "aws:CurrentTime", "2026-01-02T01:00:00+01:00"))), "equal",
    ),
    "texts in any case": (
        policies(statement("s3:*", **when("StringEqualsIgnoreCase", "aws:x", "A"))),
        policies(statement("s3:*", **when("StringEquals", "aws:x", "a", "A"))), "equal",
    ),
    "a star that is a star": (
        policies(statement("s3:*", **when("StringEquals", "aws:x", "a*"))),
        policies(statement("s3:*", **when("StringLike", "aws:x", "a*"))), "wider",
    ),
    "ARNs part by part": (
        policies(statement("s3:*", **when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:b"))),
        policies(statement("s3:*", **when("StringLike", "aws:SourceArn", "arn:aws:s3:*:*:b"))), "wider",
    ),
    "all of none": (
        policies(statement("s3:*", **when("ForAllValues:StringEquals", "aws:TagKeys", "a"))),
        policies(statement("s3:*", **when("ForAnyValue:StringEquals", "aws:TagKeys", "a"))), "different",
    ),
    "a key that is there or not": (
        policies(*(statement("s3:*", **when("Null", "aws:x", there)) for there in ("true", "false"))),
        policies(S3), "equal",
    ),
    "what every request has": (
        policies(S3), policies(S3, deny("s3:*", **when("Null", "aws:UserAgent", "true"))), "equal",
    ),
    "what every request has is one or the other": (
        policies(*(statement("s3:*", **when("Bool", "aws:SecureTransport", value)) for value in ("true", "false"))),
        policies(S3), "equal",
    ),
    "a set of what every request has": (
        policies(S3, deny("s3:*", **when("ForAllValues:StringNotLike", "aws:UserAgent", "*"))), policies(S3), "equal",
    ),
    "my own name": (policies(statement("s3:*", OWN)), policies(statement("s3:*", ANNS)), "equal"),
    "a name that was only text": (
        policies(statement("s3:*", OWN), version="2008-10-17"), policies(statement("s3:*", OWN)), "different",
    ),
    "my own ARN": (
        policies(deny("s3:*", **when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:user/*")), S3),
        policies(S3), "equal",
    ),
    "what a tag says is no wildcard": (
        policies(statement("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}")),
        policies(statement("s3:*", "arn:aws:s3:::blue*")), "wider",
    ),
    "a variable within anything": (
        policies(statement("s3:*", "arn:aws:s3:::${s3:prefix}/x")), policies(statement("s3:*", "arn:aws:s3:::*")),
        "wider",
    ),
    "a boundary that allows all": (policies(S3), bounded(policies(S3), policies(STAR)), "equal"),
    "a boundary": (policies(S3), bounded(policies(S3), policies(GET)), "narrower"),
    "a boundary that allows something else": (bounded(policies(S3), policies(statement("ec2:*"))), policies(), "equal"),
    "a boundary instead of policies": (bounded(policies(STAR), policies(GET)), policies(GET), "equal"),
    "everything, and administrators": (policies(STAR), policies(ADMIN), "equal"),
    "AWS's policies within everything": (policies(READ_ONLY), policies(STAR), "wider"),
    "AWS's policies that nobody has read": (policies(POWER), policies(READ_ONLY), "different"),
    "one of them, and more": (policies(POWER), policies(POWER, GET), "wider"),
    "those that take": (policies(STAR), policies(STAR, DENY_ALL), "narrower"),
    "an operator that nobody knows, on both sides": (
        policies(statement("s3:*", **when("StringResembles", "aws:x", "a"))),
        policies(statement("s3:*", **when("StringResembles", "aws:x", "a")), deny("iam:*")), "equal",
    ),
    "an operator that nobody knows": (
        policies(S3, statement("ec2:*", **when("StringResembles", "aws:x", "a"))), policies(S3), "narrower",
    ),
    "a Deny with an operator that nobody knows": (
        policies(S3, deny("s3:*", **when("StringResembles", "aws:x", "a"))), policies(S3), "wider",
    ),
    "a sign that is a letter in another case": (
        policies(statement("s3:*", **when("StringEqualsIgnoreCase", "aws:x", "k"))),
        policies(statement("s3:*", **when("StringEquals", "aws:x", "k", "K"))), "narrower",
    ),
    "numbers of more digits than are reckoned with": (
        policies(statement("s3:*", **when("NumericLessThan", "s3:max-keys", "1e30"))), policies(), "narrower",
    ),
    "bytes": (
        policies(S3), policies(statement("s3:*", **when("BinaryEqualsIfExists", "aws:x", "eA=="))), "narrower",
    ),
    "a tag that is neither true nor false": (
        policies(S3),
        policies(*(statement("s3:*", **when("BoolIfExists", "aws:RequestTag/a", v)) for v in ("true", "false"))),
        "narrower",
    ),
    "several values, and one": (
        policies(statement("s3:*", **ALL_A)),
        policies(statement("s3:*", Condition={**ALL_A["Condition"], "StringLike": {"aws:TagKeys": "a*"}})),
        "narrower",
    ),
    "several values, and no word about which": (
        policies(S3),
        policies(*(statement("s3:*", **when(operator, "aws:TagKeys", "a")) for operator in (
            "StringEquals", "StringNotEquals"))), "narrower",
    ),
    "one value, and its opposite": (
        policies(S3),
        policies(*(statement("s3:*", **when(operator, "s3:prefix", "a")) for operator in (
            "StringEquals", "StringNotEquals"))), "equal",
    ),
    "a service's key that nobody knows": (
        policies(S3),
        policies(*(statement("s3:*", **when(operator, "s3:whatever", "a")) for operator in (
            "StringEquals", "StringNotEquals"))), "narrower",
    ),
    "a variable in an action, which IAM does not take": (
        policies(statement("s3:${aws:username}")), policies(statement("s3:ann")), "different",
    ),
    "a day beyond all days": (
        policies(statement("s3:*", **when("DateLessThan", "aws:CurrentTime", "9" * 17))), policies(), "narrower",
    ),
    "a day before all days": (
        policies(statement("s3:*", **when("DateLessThan", "aws:CurrentTime", "0001-01-01T00:00:00+01:00"))), policies(),
        "narrower",
    ),
    "a number beyond all numbers": (
        policies(statement("s3:*", **when("NumericLessThan", "s3:max-keys", "1e" + "9" * 20))), policies(), "narrower",
    ),
    "many conditions that nobody can tell": (
        policies(S3),
        policies(S3, *(deny("s3:*", **when("ArnNotLike", "aws:x", f"arn:aws:s3:::b{n}")) for n in range(25))),
        "narrower",
    ),
    "a thousand keys": (
        policies(statement("s3:*", Condition={"StringEquals": {f"aws:x{n}": "a" for n in range(1000)}})), policies(),
        "narrower",
    ),
    "many asterisks": (
        policies(statement("s3:*", "*".join("abcdefghijklmnopqrstuvwxyz"))),
        policies(statement("s3:*", "*".join("zyxwvutsrqponm"))), "different",
    ),
    "no policy at all": ({"identity": frozenset({'"text"'})}, policies(), "narrower"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_by_hand(before: Policies, after: Policies, expected: Relation) -> None:
    found = compare(before, after, ANN)
    assert found.relation == expected, found
    back: dict[Relation, Relation] = {"narrower": "wider", "wider": "narrower"}
    assert compare(after, before, ANN).relation == back.get(expected, expected)
    for difference in found.lost:
        assert difference.request is None or shows(difference.request, before, after, ANN)


HOURS = deny("s3:*", **when("DateLessThan", "aws:CurrentTime", "2026-01-02T08:00:00Z"))
NETWORK = deny("s3:*", Condition={
    "NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}, "Bool": {"aws:ViaAWSService": "false"},
})  # fmt: skip
WITHOUT_MFA = deny("s3:*", **NO_MFA_IF_SAID)
TOLD: dict[str, tuple[list[dict[str, Value]], str]] = {
    "without MFA": ([WITHOUT_MFA], "when aws:MultiFactorAuthPresent is false"),
    "what every request has": ([HOURS], "when aws:CurrentTime is 2026-01-01T08:00:00Z"),
    "one of two": ([HOURS, NETWORK], "when aws:SourceIp is 0.0.0.0 and aws:ViaAWSService is false"),
    "whatever the hour": ([HOURS, WITHOUT_MFA], "when aws:MultiFactorAuthPresent is false"),
    "two together": ([NETWORK], "when aws:SourceIp is 0.0.0.0 and aws:ViaAWSService is false"),
    "a value": ([deny("s3:*", **when("StringEquals", "s3:prefix", "a"))], "when s3:prefix is a"),
    "another value": ([deny("s3:*", **when("StringNotEquals", "s3:prefix", "a"))], "when s3:prefix is x"),
    "any value": ([deny("s3:*", **when("StringLike", "s3:prefix", "a")), deny("s3:*")], ""),
    "nothing but no value": ([deny("s3:*", **when("Null", "s3:prefix", "true"))], "when there is no s3:prefix"),
}  # fmt: skip


@pytest.mark.parametrize(("denies", "words"), TOLD.values(), ids=TOLD)
def test_a_request_that_shows_it_has_no_more_than_it_takes(denies: list[dict[str, Value]], words: str) -> None:
    before, after = policies(S3), policies(S3, *denies)
    (found, *_) = Shown("111122223333").differences(before, after, ANN)
    assert found.request
    assert shows(found.request, before, after, ANN)
    assert told(found).removeprefix(f"such as {found.request.action} on {found.request.resource}").strip() == words


def test_what_takes_too_long_for_one_plan_is_told_and_never_equal() -> None:
    shown = Shown("111122223333", most=2000)
    said: list[str] = []
    for n in range(60):  # a list in one order and in another, each by itself soon compared
        one, other = (
            policies(statement("s3:*", [f"arn:aws:s3:::{n}*", "arn:aws:s3:::b*", *more]))
            for more in ((), [f"arn:aws:s3:::{n}1*"])
        )
        said += [difference.doubt for difference in shown.differences(one, other, ANN)] or [""]
    assert sorted(set(said)) == ["", "the comparisons of this plan take more than 2,000 steps"]
    assert said == sorted(said), "from then on, all of them"


ACTIONS = ["s3:Get*", "s3:GetObject", "s3:*", "*", "ec2:Stop*", "s3:Put?bject", "iam:*", "s3:G*t"]
RESOURCES = ["*", *(f"arn:aws:s3:::{name}" for name in ("b/*", OWN[13:], "b/a?", "b/ann/x", "c", "b/${s3:prefix}"))]
CONDITIONS: list[dict[str, Any]] = [
    {},
    when("StringEquals", "aws:x", "a", "b"),
    when("StringNotEquals", "aws:x", "a"),
    when("StringLikeIfExists", "aws:x", "a*"),
    when("StringEqualsIgnoreCase", "aws:x", "A"),
    when("Null", "aws:x", "true"),
    when("StringLike", "s3:prefix", "${aws:username}*"),
    MFA,
    when("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
    when("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
    when("NotIpAddress", "aws:SourceIp", "10.1.0.0/16", "192.168.0.1"),
    when("ForAnyValue:StringLike", "aws:tagkeys", "a*", "b"),
    when("ForAllValues:StringEquals", "aws:tagkeys", "a1", "b"),
    when("NumericLessThan", "s3:max-keys", "5"),
    when("NumericGreaterThanEquals", "s3:max-keys", "4.5"),
    when("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:b*"),
    when("ArnNotEquals", "aws:SourceArn", "arn:aws:s3:::b"),
    when("StringEquals", "aws:username", "ann"),
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/9"}}},
]
VALUES: dict[str, list[str | tuple[str, ...] | None]] = {
    "aws:x": [None, "a", "b", "ab", "A", "zz", ""],
    "aws:multifactorauthpresent": [None, "true", "false"],
    "aws:sourceip": [None, "10.0.0.1", "10.1.2.3", "8.8.8.8", "192.168.0.1", "10.200.0.0", "2001:db8::1"],
    "aws:tagkeys": [None, ("a1",), ("b", "q"), ("a2", "b"), ("q",), ()],
    "s3:max-keys": [None, "4", "4.7", "5", "9"],
    "aws:currenttime": ["2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    "s3:prefix": [None, "ann", "annx", "q"],
    "aws:sourcearn": [None, "arn:aws:s3:::b", "arn:aws:s3:::bc", "arn:aws:s3:x:y:b", "arn:aws:sqs:::b"],
}

several = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2)
places = st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2)
bodies = st.builds(
    lambda effect, action, actions, resource, where, more: {
        "Effect": effect, action: actions, resource: where, **more,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "Action", "Action", "NotAction"]), several,
    st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]), places,
    st.sampled_from(CONDITIONS),
)  # fmt: skip
sets = st.lists(bodies, max_size=4).map(lambda held: policies(*held))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Policies, Policies]:
    """Mostly the same on both sides, for else nothing is equal."""
    before = dict(draw(sets))
    kept = frozenset(s for s in sorted(before["identity"]) if draw(st.integers(0, 4)))
    after = {"identity": kept | draw(st.just(policies()) | sets)["identity"]}
    for side in (before, after):
        if draw(st.integers(0, 4)) == 0:
            side["boundary"] = draw(sets)["identity"]
    return before, after


requests = st.builds(
    lambda action, resource, context: Request(
        action=action, resource=resource, context={k: v for k, v in context.items() if v is not None}
    ),
    st.sampled_from(["s3:GetObject", "s3:GetBucket", "s3:PutObject", "ec2:StopX", "iam:X", "s3:Gxt", "q:q"]),
    st.sampled_from([
        *(f"arn:aws:s3:::{name}" for name in ("b/ann/x", "b/ann/y", "b/aq", "c", "d", "b/q", "b/annx", "home/ann/x")),
        "*",
    ]),
    st.fixed_dictionaries({key: st.sampled_from(values) for key, values in VALUES.items()}),
)  # fmt: skip


@settings(max_examples=examples(250), deadline=None)
@given(pairs(), st.lists(requests, min_size=8, max_size=8))
def test_comparison_and_evaluator_never_disagree(pair: tuple[Policies, Policies], asked: list[Request]) -> None:
    before, after = pair
    found = compare(before, after, ANN)
    event(found.relation)
    for differences, more, less in ((found.lost, before, after), (found.gained, after, before)):
        for difference in differences:
            event("proven" if difference.request else "not proven")
            assert difference.request is None or shows(difference.request, more, less, ANN)
        if not differences:
            assert not any(shows(request, more, less, ANN) for request in asked)
