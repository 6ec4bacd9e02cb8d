"""Who made the drift, asked of CloudTrail: every kind of entry, and everything that can keep an answer back."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.contract import CASES, Case
from support.contract.calls import CALLS as SENT
from support.contract.walker import Walker
from support.engine import ACCOUNT, FakeClock, Wire
from support.faults import Faults, denied, throttled

from remediate.aws.events import read_event
from remediate.aws.lookup import CALLS, ELSEWHERE, NOBODY, Lookup
from remediate.aws.session import Session
from remediate.culprit import Asked, Trace
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Value, at, kind_of
from remediate.sandbox import calls
from remediate.sandbox.strict import settings

WHERE = AccountId(partition="aws", account=ACCOUNT)
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
BY_ARN = "the call names it by an ARN or an id that nobody can read when it is gone"
NOT_NAMED = {
    "ce:DeleteAnomalyMonitor": BY_ARN,
    "ce:UpdateAnomalySubscription": BY_ARN,
    "ce:DeleteAnomalySubscription": BY_ARN,
    "ds:DeleteTrust": BY_ARN,
    "secretsmanager:UpdateSecretVersionStage": "the secret holds again what it held",
    "iam:DeleteAccessKey": "a key that took another one's place is withdrawn: the address names neither",
    "kms:CreateKey": "the alias, which the address names, is made by another call",
}
"""Calls by which an entry changes and that nobody can find by its address, and why."""
ELSEWHERE_KINDS = {
    "iam.root_access_key": "the calls are in a member account, and are told there",
    "sns.subscription": "CloudTrail hides who was subscribed",
}


def look(session: Session, *asked: tuple[Address, Value, Value], ours: frozenset[str] = frozenset()) -> list[Any]:
    items = [Asked(address=a, expected=was, now=now, since=LONG_AGO) for a, was, now in asked]
    said = Lookup(session, WHERE, ours, FakeClock()).who(items)
    return [said[item.address] for item in items]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_kind_is_traced_to_the_call_that_changed_it(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    for (before, after), sent in zip(pairwise(case.values), SENT[case.id], strict=True):
        calls.forget()  # CloudTrail's times are to the second, and all of this is one second
        walker.kind.write(wire.session, walker.address, before, after)
        [said] = look(wire.session, (walker.address, before, after))
        if kind_of(walker.address) in ELSEWHERE_KINDS:
            assert said == ELSEWHERE
        elif isinstance(said, str):
            assert said == NOBODY
            assert set(sent.split()) <= NOT_NAMED.keys(), (before, after)
        else:
            names = [name.partition(":")[2] for name in sent.split()]
            assert said.call in {calls.OF_S3.get(name, name) for name in names}
            assert (said.by, said.source) == (f"arn:aws:sts::{ACCOUNT}:user/moto", "127.0.0.1")


BOB, EVE = at("iam.user", "bob"), at("iam.user", "eve")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ATTACHED = at("iam.user_policy", "bob", READ_ONLY)


@pytest.fixture
def eve(aws: Aws) -> Any:
    """Eve's own client of IAM; she and bob are users."""
    iam = aws.client("iam")
    for name in ("bob", "eve"):
        iam.create_user(UserName=name)
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    named = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    make: Any = aws._session.client
    return make("iam", region_name="us-east-1", endpoint_url=aws.url, **named)


def test_a_person_is_named_and_the_neighbours_are_not(aws: Aws, wire: Wire, eve: Any) -> None:
    aws.client("iam").attach_user_policy(UserName="eve", PolicyArn=READ_ONLY)
    eve.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    [mine, theirs, other] = look(
        wire.session,
        (ATTACHED, None, "attached"),
        (at("iam.user_policy", "eve", READ_ONLY), None, "attached"),
        (at("iam.user_policy", "zoe", READ_ONLY), None, "attached"),
    )
    assert (mine.by, mine.call, mine.agent) == (f"arn:aws:iam::{ACCOUNT}:user/eve", "AttachUserPolicy", "Boto3")
    assert (theirs.by, other) == (f"arn:aws:sts::{ACCOUNT}:user/moto", NOBODY)


def test_our_own_request_is_nobodys(aws: Aws, wire: Wire, eve: Any) -> None:
    eve.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    eve.detach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    ours = eve.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)["ResponseMetadata"]["RequestId"]
    asked = (ATTACHED, None, "attached")
    assert look(wire.session, asked, ours=frozenset({ours})) == [NOBODY]
    assert isinstance(look(wire.session, asked)[0], Trace)


def test_what_went_with_its_owner(aws: Aws, wire: Wire, eve: Any) -> None:
    eve.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "x"}])
    eve.delete_user(UserName="bob")
    [said] = look(wire.session, (at("iam.user_tag", "bob", "team"), "x", None))
    assert (said.call, said.by) == ("DeleteUser", f"arn:aws:iam::{ACCOUNT}:user/eve")


def test_one_call_for_all_entries_and_no_page_more_than_needed(aws: Aws, wire: Wire, eve: Any) -> None:
    for user in ("bob", "eve"):
        for n in range(30):
            eve.tag_user(UserName=user, Tags=[{"Key": f"k{n}", "Value": "x"}])
    names = [at("iam.user_tag", "bob", f"k{n}") for n in range(30)]

    def looked_up(*asked: int) -> int:
        wire.faults = Faults()
        said = look(wire.session, *((names[n], None, "x") for n in asked))
        assert all(isinstance(one, Trace) for one in said)
        return wire.faults.sends("LookupEvents")

    assert looked_up(29) == looked_up(*range(20, 30)) == 1
    assert looked_up(29, 3) == 2


def test_it_is_patient_and_knows_an_end(aws: Aws, wire: Wire, eve: Any) -> None:
    clock = FakeClock()
    regions = [f"{place}-{n}" for place in ("eu-west", "us-east", "us-west", "eu-north") for n in range(1, 12)]
    since: dict[str, Any] = {"expected": None, "now": 30, "since": LONG_AGO}
    asked = [Asked(address=at("logs.retention", region, "main"), **since) for region in regions]
    said = Lookup(wire.session, WHERE, (), clock).who(asked)
    assert wire.faults.sends("LookupEvents") == CALLS
    assert clock.slept >= CALLS / 2 - 1
    assert Counter("NotAsked" in str(one) for one in said.values()) == {False: CALLS, True: len(regions) - CALLS}


def test_a_failed_read_is_no_answer_and_no_error(aws: Aws, wire: Wire, eve: Any) -> None:
    eve.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    wire.faults = Faults().when(lambda call: call.operation == "LookupEvents", denied)
    said = look(wire.session, (ATTACHED, None, "attached"), (BOB, {"path": "/"}, None))
    assert all(str(one).startswith("lookup_events: AccessDenied") for one in said)
    assert wire.faults.sends("LookupEvents") == 1  # one refusal is enough
    wire.faults = Faults().nth("GetBucketLocation", 1, denied)
    [there, gone] = look(wire.session, (at("s3.bucket_policy", "logs"), None, {}), (BOB, {"path": "/"}, None))
    assert (str(there).startswith("get_bucket_location: AccessDenied"), gone) == (True, NOBODY)
    wire.faults = Faults().nth("LookupEvents", 1, throttled)
    assert isinstance(look(wire.session, (ATTACHED, None, "attached"))[0], Trace)  # the SDK asks again


def test_what_cloudtrail_does_not_tell_yet(aws: Aws, wire: Wire, eve: Any) -> None:
    eve.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    settings.events_late = 900
    assert look(wire.session, (ATTACHED, None, "attached")) == [NOBODY]


RECORD: dict[str, Any] = {
    "eventTime": "2026-06-01T12:00:00Z",
    "eventSource": "monitoring.amazonaws.com",
    "eventName": "DeleteAlarms",
    "awsRegion": "eu-west-1",
    "more": {"of": "later"},
}
CALLERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/bob", "userName": "bob"}, "arn:aws:iam::1:user/bob"),
    ({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "config.amazonaws.com"),
    ({"type": "AWSAccount", "principalId": "AIDA1", "accountId": "999999999999"}, "AIDA1"),
    ({"type": "Unknown"}, "Unknown"),
    ({}, "somebody without a name"),
)


@pytest.mark.parametrize(("identity", "who"), CALLERS)
def test_a_record_and_who_is_in_it(identity: dict[str, Any], who: str) -> None:
    found = read_event(json.dumps({**RECORD, "userIdentity": identity, "userAgent": None, "requestID": None}))
    assert (found.by, found.name, found.failed) == (who, "cloudwatch:DeleteAlarms", False)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", json.dumps({**RECORD, "eventTime": "yesterday"}), '{"a":' * 500])
def test_what_is_no_record(text: str) -> None:
    with pytest.raises(CallFailed, match="cannot be read"):
        read_event(text)
