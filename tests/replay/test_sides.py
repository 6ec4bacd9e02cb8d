"""One recorded call under the policies before and after: kept, denied, or perhaps denied."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.accounts import ME, NOW, document, statement
from support.policy_strategies import ACTIONS, ALICE, KEYS, OBJECTS, SETS, bodies
from support.recorded import at, call
from support.stress import STRESS

from remediate.evidence.facts import Call
from remediate.policy import statements
from remediate.policy.compare import Policies
from remediate.policy.evaluate import Policies as Bearing
from remediate.policy.evaluate import decide
from remediate.policy.request import Request
from remediate.replay.circumstances import again, told
from remediate.replay.sides import Sides, Verdict

S3 = "s3.amazonaws.com"
GET, PUT = "s3.amazonaws.com/GetObject", "s3.amazonaws.com/PutObject"
LIST, RUN = "s3.amazonaws.com/ListBuckets", "ec2.amazonaws.com/RunInstances"
X, Y = "arn:aws:s3:::b/x", "arn:aws:s3:::b/y"
KNOWN = {"aws:username": "alice", "aws:principalarn": f"arn:aws:iam::{ME}:user/alice"}
ALL = statement("*")
READS = statement("s3:GetObject")
B = "arn:aws:s3:::b"
OWN = statement("s3:GetObject", f"{B}/${{aws:username}}")
KEY, SESSION = "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"


def deny(action: str = "*", resource: str = "*", **condition: Any) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return {**statement(action, resource, **more), "Effect": "Deny"}


def policies(*found: dict[str, Any], **layers: list[dict[str, Any]]) -> Policies:
    every = {"identity": list(found), **layers}
    return {layer: frozenset(statements(document(*held))) for layer, held in every.items()}


def verdict(before: Policies, after: Policies, made: Call) -> Verdict:
    return Sides(before, after, KNOWN).verdict(made, NOW)[0]


NO_MFA = deny(BoolIfExists={"aws:MultiFactorAuthPresent": "false"})
OFFICE = deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}, Bool={"aws:ViaAWSService": "false"})
HALF = deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/25"})
IN_TEN, VPC_TEN = ({"IpAddress": {f"aws:{key}": "10.0.0.0/8"}} for key in ("SourceIp", "VpcSourceIp"))
ABROAD = deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"})
SESSIONS: dict[str, Any] = {"credential": SESSION}
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], Call, Verdict]] = {
    "nothing changes": ([ALL], [ALL], call(GET, X), "kept"),
    "an Allow ends": ([READS], [], call(GET, X), "denied"),
    "another Allow stays": ([READS, ALL], [ALL], call(GET, X), "kept"),
    "what ends is about something else": ([READS, statement("ec2:*")], [READS], call(GET, X), "kept"),
    "it was allowed by something else, such as the bucket's policy": ([statement("ec2:*")], [], call(GET, X), "kept"),
    "its resource is named still": ([READS], [statement("s3:GetObject", X)], call(GET, X), "kept"),
    "another one is named": ([READS], [statement("s3:GetObject", Y)], call(GET, X), "denied"),
    "some of the resources are named": ([READS], [statement("s3:GetObject", X)], call(GET, f"{B}/*"), "perhaps"),
    "all of the resources are named": (
        [READS], [statement("s3:GetObject", "arn:aws:s3:::b/*")], call(GET, "arn:aws:s3:::b/x/*"), "kept"
    ),
    "none of the resources is named": (
        [READS], [statement("s3:GetObject", "arn:aws:s3:::c/*")], call(GET, "arn:aws:s3:::b/x/*"), "denied"
    ),
    "the record does not tell the resource": ([READS], [statement("s3:GetObject", X)], call(GET), "perhaps"),
    "it was the one that was allowed": ([statement("s3:GetObject", X)], [], call(GET), "denied"),
    "it was one of those that may still be": (
        [statement("s3:GetObject", [X, Y])], [statement("s3:GetObject", X)], call(GET), "perhaps"
    ),
    "an action about nothing in particular": ([ALL], [statement("s3:ListAllMyBuckets", X)], call(LIST), "denied"),
    "it is allowed on everything": ([ALL], [statement("s3:ListAllMyBuckets")], call(LIST), "kept"),
    "a dollar sign in a name is a dollar sign": ([READS], [OWN], call(GET, "arn:aws:s3:::b/${aws:username}"), "denied"),
    "a variable for the name": ([READS], [OWN], call(GET, "arn:aws:s3:::b/alice"), "kept"),
    "what a session says of itself is not known": (
        [READS], [statement("s3:GetObject", "arn:aws:s3:::b/${aws:userid}")], call(GET, f"{B}/alice"), "perhaps"
    ),
    "a call whose permission has another name": ([ALL], [statement("*", X)], call(f"{S3}/HeadObject", Y), "denied"),
    "MFA asked of whoever says that they have none: a key says nothing": (
        [ALL], [ALL, deny(Bool={"aws:MultiFactorAuthPresent": "false"})], call(GET, X), "kept"
    ),
    "MFA asked of everybody: a key has none": (
        [ALL], [ALL, deny(BoolIfExists={"aws:MultiFactorAuthPresent": "false"})], call(GET, X), "denied"
    ),
    "MFA of a session without": ([ALL], [ALL, NO_MFA], call(GET, X, **SESSIONS, mfa="no"), "denied"),
    "MFA of a session with it": ([ALL], [ALL, NO_MFA], call(GET, X, **SESSIONS, mfa="yes"), "kept"),
    "MFA of which the record says nothing": ([ALL], [ALL, NO_MFA], call(GET, X, **SESSIONS), "perhaps"),
    "from inside": ([ALL], [ALL, OFFICE], call(GET, X), "kept"),
    "from outside": ([ALL], [ALL, OFFICE], call(GET, X, network="198.51.100.1"), "denied"),
    "from some address of a network": ([ALL], [ALL, OFFICE], call(GET, X, network="203.0.0.0/16"), "perhaps"),
    "from any address of a network inside": ([ALL], [ALL, OFFICE], call(GET, X, network="203.0.113.0/24"), "kept"),
    "from any address of a network outside": ([ALL], [ALL, OFFICE], call(GET, X, network="203.0.112.0/24"), "denied"),
    "from a network of another version": ([ALL], [ALL, OFFICE], call(GET, X, network="2001:db8::/56"), "denied"),
    "from a network half of which is inside": ([ALL], [ALL, HALF], call(GET, X, network="203.0.113.0/24"), "perhaps"),
    "from a network that is compared as a text": (
        [ALL], [ALL, deny(StringLike={"aws:SourceIp": "203.0.113.*"})], call(GET, X, network="203.0.113.0/24"),
        "perhaps",
    ),
    "from a network, where it counts that there is an address": (
        [ALL], [ALL, deny(Null={"aws:SourceIp": "false"})], call(GET, X, network="203.0.113.0/24"), "denied"
    ),
    "from a VPC, which is no address of the request": (
        [READS], [statement("s3:GetObject", Condition=IN_TEN)], call(GET, X, network="10.1.2.3"), "denied"
    ),
    "from a network of a VPC": (
        [READS], [statement("s3:GetObject", Condition=IN_TEN)], call(GET, X, network="10.1.0.0/16"), "denied"
    ),
    "from a VPC by its own address": (
        [READS], [statement("s3:GetObject", Condition=VPC_TEN)], call(GET, X, network="10.1.2.3"), "kept"
    ),
    "from a VPC by its network": (
        [READS], [statement("s3:GetObject", Condition=VPC_TEN)], call(GET, X, network="10.1.0.0/16"), "kept"
    ),
    "by a service": ([ALL], [ALL, OFFICE], call(GET, X, network="athena.amazonaws.com"), "kept"),
    "from wherever": ([ALL], [ALL, OFFICE], call(GET, X, network="*"), "perhaps"),
    "in the region": ([ALL], [ALL, ABROAD], call(GET, X), "kept"),
    "in another one": ([ALL], [ALL, ABROAD], call(GET, X, region="us-east-1"), "denied"),
    "in some region": ([ALL], [ALL, ABROAD], call(GET, X, region="*"), "perhaps"),
    "an address of version 6": ([ALL], [ALL, OFFICE], call(GET, X, network="2001:db8::7"), "denied"),
    "what nobody has read": ([ALL], [ALL, deny(StringLike={"ec2:Owner": "x"})], call(GET, X), "perhaps"),
    "an event whose permission is not known": ([ALL], [], call("s3.amazonaws.com/Whatever", X), "kept"),
    "a call that needs nothing": ([ALL], [], call("sts.amazonaws.com/GetCallerIdentity"), "kept"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_call(case: str) -> None:
    before, after, made, expected = CASES[case]
    assert verdict(policies(*before), policies(*after), made) == expected


def test_every_layer_must_allow() -> None:
    before = policies(ALL, boundary=[ALL])
    assert verdict(before, policies(ALL, boundary=[READS]), call(PUT, X)) == "denied"
    assert verdict(before, policies(ALL, boundary=[READS]), call(GET, X)) == "kept"
    assert verdict(policies(ALL), policies(ALL, boundary=[READS]), call(PUT, X)) == "denied"
    assert verdict(before, policies(ALL), call(PUT, X)) == "kept"


def test_what_is_known_by_its_name_alone() -> None:
    unread: Policies = {"identity": frozenset({"Allow arn:aws:iam::aws:policy/Some"})}
    assert verdict(unread, policies(), call(GET, X)) == "denied"
    assert verdict(unread, policies(READS), call(GET, X)) == "kept"
    assert verdict(policies(READS), unread, call(GET, X)) == "perhaps"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([READS], ("denied", "s3:PutObject")),
        ([statement("s3:PutObject")], ("denied", "s3:GetObject")),
        ([statement("s3:PutObject"), statement("s3:GetObject", Y)], ("perhaps", "s3:GetObject")),
        ([statement(["s3:PutObject", "s3:GetObject"])], ("kept", "s3:PutObject")),
    ],
)
def test_a_call_that_needs_two_permissions(left: list[dict[str, Any]], expected: tuple[Verdict, str]) -> None:
    copy = call("s3.amazonaws.com/CopyObject", X)
    assert Sides(policies(ALL), policies(*left), KNOWN).verdict(copy, NOW) == expected


def closed(begin: str, end: str) -> dict[str, Any]:
    return deny(DateGreaterThanEquals={"aws:CurrentTime": begin}, DateLessThan={"aws:CurrentTime": end})


FRIDAYS = ("2026-06-05", "2026-06-12")  # now is Monday, the first, at noon
NINE, THREE = datetime(2026, 5, 29, 9, tzinfo=UTC), datetime(2026, 5, 29, 15, tzinfo=UTC)
TODAY = datetime(2026, 6, 1, 9, tzinfo=UTC)


def each(days: Iterable[str], begin: str, end: str) -> list[dict[str, Any]]:
    return [closed(f"{day}T{begin}:00Z", f"{day}T{end}:00Z") for day in days]


HOURS: dict[str, tuple[list[dict[str, Any]], Sequence[datetime], Verdict]] = {
    "open": (each(FRIDAYS, "18:00", "23:00"), [NINE], "kept"),
    "closed": (each(FRIDAYS, "06:00", "23:00"), [NINE], "denied"),
    "closed in one week, as on a holiday": (each(FRIDAYS[:1], "06:00", "23:00"), [NINE], "kept"),
    "closed in the middle of the hour": (each(FRIDAYS, "09:30", "23:00"), [NINE], "perhaps"),
    "closed in one of the hours": (each(FRIDAYS, "06:00", "12:00"), [NINE, THREE], "perhaps"),
    "an hour of today that is over": (each(("2026-06-08", "2026-06-15"), "06:00", "12:00"), [TODAY], "denied"),
    "an hour of today that is over, and was closed": (each(("2026-06-01",), "06:00", "12:00"), [TODAY], "kept"),
}


@pytest.mark.parametrize("case", HOURS)
def test_a_call_is_made_again_at_its_hour(case: str) -> None:
    denies, hours, expected = HOURS[case]
    assert verdict(policies(ALL), policies(ALL, *denies), call(GET, X, hours=at(*hours))) == expected


EXPECTED_KEYS = tuple(key for key in (*KEYS, *SETS) if key not in ("aws:username", "aws:PrincipalArn"))


INSIDE = {
    "203.0.113.0/24": ("203.0.113.7", "203.0.113.8", "203.0.113.0"),
    "203.0.0.0/16": ("203.0.113.7", "203.0.114.7", "203.0.0.0", "203.0.200.9"),
    "2001:db8::/56": ("2001:db8::7", "2001:db8:0:ff::7"),
}
"""What is left of many addresses, and some of these."""


@st.composite
def asked(draw: st.DrawFn) -> tuple[Call, Request]:
    """A recorded call, and a request that it may have been."""
    made = call(
        f"s3.amazonaws.com/{draw(st.sampled_from(ACTIONS)).removeprefix('s3:')}",
        draw(st.sampled_from((*OBJECTS, ""))),
        network=draw(st.sampled_from((*KEYS["aws:SourceIp"], *INSIDE, "athena.amazonaws.com", "*"))),
        credential=draw(st.sampled_from((KEY, SESSION))),
        mfa=draw(st.sampled_from(("yes", "no", ""))),
    )
    rest = draw(st.lists(st.sampled_from(EXPECTED_KEYS), unique=True))
    context: dict[str, Any] = {
        key.lower(): tuple(draw(st.lists(st.sampled_from(SETS[key]), min_size=1, max_size=2)))
        if key in SETS
        else draw(st.sampled_from(KEYS[key]))
        for key in rest
    }
    time = again(made.hours, NOW)[0][0][0]
    context |= {**USER, **told(made), **time}
    if made.network in INSIDE:
        context |= {"aws:sourceip": draw(st.sampled_from(INSIDE[made.network]))}
    action = f"s3:{made.event.partition('/')[2]}"
    place = made.resource or draw(st.sampled_from(OBJECTS))
    place = place.split("/")[0] if action == "s3:ListBucket" else place
    present = {key: value for key, value in context.items() if value is not None}
    return made, Request(action=action, resource=place, context=present, caller=ALICE)


USER = {"aws:username": "alice", "aws:principalarn": ALICE.arn}


@settings(max_examples=20_000 if STRESS else 60)
@given(bodies(), bodies(), bodies(2), asked())
def test_the_evaluator_says_the_same(
    own: list[dict[str, Any]], ended: list[dict[str, Any]], begun: list[dict[str, Any]], asked: tuple[Call, Request]
) -> None:
    """What is kept, the evaluator does not take away from any request that the call may have been; and what is denied,
    it allows to none that was allowed before."""
    made, request = asked
    before, after = policies(*own, *ended), policies(*own, *begun)
    found = Sides(before, after, USER).verdict(made, NOW)[0]
    was, then = (decide(Bearing(identity=tuple(sorted(side["identity"]))), request) for side in (before, after))
    if was.allowed and found == "kept":
        assert then.outcome in ("allowed", "unknown")
    if was.allowed and found == "denied":
        assert not then.allowed
