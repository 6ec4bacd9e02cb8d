"""Whom the records of CloudTrail name for a change, and whom they do not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from remediate.culprit import Call, Marks, agent_name, culprit, likely, says
from remediate.model import Value

DAY = datetime(2026, 6, 1, tzinfo=UTC)
MARKS = Marks(
    region="us-east-1",
    calls=("iam:AttachUserPolicy", "iam:CreatePolicyVersion", "iam:DetachUserPolicy"),
    named=((("userName",), ("alice",)), (("policyArn", "policyName"), ("arn:aws:iam::1:policy/x/own",))),
    unless={"iam:CreatePolicyVersion": ("setAsDefault", True)},
)
PARAMETERS: dict[str, Value] = {"userName": "alice", "policyArn": "arn:aws:iam::1:policy/x/own"}


def call(minute: float = 1, **other: Any) -> Call:
    plain: dict[str, Any] = {
        "at": DAY + timedelta(minutes=minute),
        "name": "iam:DetachUserPolicy",
        "region": "us-east-1",
        "by": "arn:aws:iam::1:user/bob",
        "source": "203.0.113.9",
        "agent": "aws-cli/2.15.0 Python/3.11",
        "request_id": "theirs",
        "event_id": "e",
        "failed": False,
        "parameters": [PARAMETERS, None],
    }
    return Call(**{**plain, **other})


def deep(value: Value, levels: int) -> Value:
    return value if levels == 0 else {"next": deep(value, levels - 1)}


BLAMED: dict[str, tuple[bool, Call]] = {
    "a call that did it": (True, call()),
    "by the policy's name": (True, call(parameters={"userName": "alice", "policyName": "own"})),
    "deep in a request of EC2": (True, call(parameters={"XRequest": {"UserName": "alice", "PolicyArn": "own"}})),
    "in a list": (True, call(parameters={"userName": ["bob", "alice"], "policyArn": "own"})),
    "one that was refused": (False, call(failed=True)),
    "in another region": (False, call(region="eu-west-1")),
    "one that does something else": (False, call(name="iam:TagUser")),
    "of the same name at another service": (False, call(name="ds:DetachUserPolicy")),
    "about another user": (False, call(parameters={**PARAMETERS, "userName": "alice2"})),
    "about another policy": (False, call(parameters={**PARAMETERS, "policyArn": "arn:aws:iam::1:policy/x/own2"})),
    "about a policy of that name elsewhere": (
        False,
        call(parameters={**PARAMETERS, "policyArn": "arn:aws:iam::1:x/n"}),
    ),
    "names in each other's place": (False, call(parameters={"userName": "own", "policyName": "alice"})),
    "a name in another parameter": (False, call(parameters={"groupName": "alice", "policyName": "own"})),
    "without parameters": (False, call(parameters=None)),
    "deeper than AWS's parameters are": (False, call(parameters=deep(PARAMETERS, 20))),
    "a new version that is not in force": (False, call(name="iam:CreatePolicyVersion")),
    "a new version that is": (
        True,
        call(name="iam:CreatePolicyVersion", parameters={**PARAMETERS, "setAsDefault": True}),
    ),
    "long before we set it": (False, call(-60)),
}


@pytest.mark.parametrize(("blamed", "found"), BLAMED.values(), ids=BLAMED)
def test_who_is_blamed(blamed: bool, found: Call) -> None:
    trace = culprit(MARKS, DAY, {"ours"}, [call(2, name="iam:TagUser"), found])
    assert bool(trace) == blamed
    assert trace is None or (trace.at, trace.by, trace.agent) == (found.at, found.by, "aws-cli")


def test_the_last_one_counts_and_our_own_calls_are_nobodys() -> None:
    ours, eve = call(5, request_id="ours"), call(6, by="eve")
    assert culprit(MARKS, DAY, {"ours"}, [call(1), ours]) is None
    assert culprit(MARKS, DAY, {"ours"}, [call(1), ours, eve]) == culprit(MARKS, DAY, (), [eve])
    # AWS's order counts where it shows our own call: the clock of this machine may be ahead of AWS's.
    late = DAY + timedelta(minutes=8)
    assert culprit(MARKS, late, {"ours"}, [eve]) is None
    assert culprit(MARKS, late, {"ours"}, [ours, eve]) == culprit(MARKS, DAY, (), [eve])
    # Both are to the second in CloudTrail's records, and it has the later one first.
    assert culprit(MARKS, DAY, {"ours"}, [replace(ours, by="x", request_id="y"), ours]) is not None


calls = st.builds(
    call,
    minute=st.integers(-3, 9),
    name=st.sampled_from([*MARKS.calls, "iam:TagUser"]),
    failed=st.booleans(),
    region=st.sampled_from(["us-east-1", "us-west-2"]),
    request_id=st.sampled_from(["ours", "theirs"]),
)


@given(st.lists(calls, max_size=8, unique_by=lambda found: found.at), st.randoms())
def test_the_order_of_the_records_does_not_matter_and_what_is_no_match_neither(found: list[Call], random: Any) -> None:
    trace = culprit(MARKS, DAY, {"ours"}, found)
    mixed = [*random.sample(found, len(found)), call(20, failed=True), call(21, parameters={"userName": "zoe"})]
    assert culprit(MARKS, DAY, {"ours"}, mixed) == trace
    if trace:
        later = [f for f in found if f.at > trace.at and not f.failed and f.region == "us-east-1"]
        assert not [f for f in later if f.name == "iam:DetachUserPolicy"]


def test_which_calls_can_have_left_it_so() -> None:
    names = ["iam:GetUser", "iam:DetachUserPolicy", "iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:PassRole"]
    assert likely(names, None) == ("iam:DetachUserPolicy", "iam:PutUserPolicy")
    assert likely(names, "attached") == ("iam:AttachUserPolicy", "iam:PutUserPolicy")


SAID: tuple[tuple[Value, str, bool], ...] = (
    ("alice", "alice", True),
    ("arn:aws:cloudtrail:eu-west-1:1:trail/main", "main", True),
    ("arn:aws:logs:eu-west-1:1:log-group:main", "main", True),
    ("main", "arn:aws:sns:eu-west-1:1:main", True),
    ("https://token.example.com/x", "token.example.com/x", True),
    ("arn:aws:secretsmanager:eu-west-1:1:secret:keys/billing-a1B2c3", "keys/billing", True),
    (80.0, "80", True),
    ("https://evil.example.com", "example.com", False),
    ("arn:aws:cloudtrail:eu-west-1:1:trail/not-main", "main", False),
    ("a/main", "main", False),
    (80.5, "80", False),
    (None, "main", False),
    ("", "", False),
    ({"a": 1}, "main", False),
)


@pytest.mark.parametrize(("value", "text", "same"), SAID)
def test_what_names_an_entry(value: Value, text: str, same: bool) -> None:
    assert says(value, text) == same


AGENTS = {
    "aws-cli/2.15.0 Python/3.11": "aws-cli",
    "[Boto3/1.34.0 md/Botocore#1.34.0]": "Boto3",
    "Boto3/1.34.0 md/Botocore#1.34 app/x remediate/0.1.0": "remediate",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.0 aws-sdk-go-v2/1.2": "Terraform",
    "console.amazonaws.com": "console.amazonaws.com",
    "cloudformation.amazonaws.com": "CloudFormation",
    "curl/8.0": "curl",
    "": "",
}


@pytest.mark.parametrize(("agent", "name"), AGENTS.items())
def test_a_user_agent_by_the_name_that_people_know(agent: str, name: str) -> None:
    assert agent_name(agent) == name
