"""From CloudTrail's log files to a smaller policy, applied and taken back, on the messy account."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import cloudtrail as ct
from support.aws import Aws
from support.engine import Wire
from support.snapshot import snapshot

from remediate.account import Account
from remediate.cli import applying, work
from remediate.cli.evidenced import with_evidence
from remediate.evidence.actions import names
from remediate.evidence.arns import tells
from remediate.evidence.facts import EVIDENCE, USE, calls, facts, unbroken, unread_since
from remediate.evidence.fold import Folder, Weeks, week_of
from remediate.evidence.summary import Count, Summary, Use, add
from remediate.model import Address, Plan, Value, at
from remediate.sandbox import bundles as b
from remediate.sandbox.builder import Builder
from remediate.sandbox.estate import access
from remediate.store.evidence import Store
from remediate.store.plans import save

NOW = datetime.now(UTC)
ROLE = f"arn:aws:iam::{ct.ACCOUNT}:role/nightly-export"
THEIRS = (b.S3_FULL, b.SQS_FULL)
BOOK = "name: mine\nextends: guidelines\ncontrols:\n  least-privilege:\n    data_events: [s3, sqs]\n"


def records(day: int) -> bytes:
    """What the role did on one day: two files, a message, and something that it may not."""
    job = ct.session("nightly-export", "i-0abc", "ASIAIOSFODNN7EXAMPLE")
    queue = {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ct.ACCOUNT}/exports"}
    events = [
        *(ct.of_object("PutObject", "exports", f"{day}/{name}.csv", job) for name in "ab"),
        ct.event("sqs", "SendMessage", job, requestParameters=queue),
        ct.event("sqs", "PurgeQueue", job, requestParameters=queue, errorCode="AccessDenied"),
        ct.event("iam", "GetUser", ct.user("alice")),
    ]
    return ct.packed([{**e, "eventTime": f"{NOW - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"} for e in events])


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `remediate evidence` keeps of 95 days, where `plan` looks for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    reader = Folder(ct.ACCOUNT, NOW - timedelta(days=100), NOW, names(), tells(ct.ACCOUNT, "aws"))
    weeks: Weeks = {}
    for day in range(1, 96, 5):
        reader.file(records(day), weeks)
    for summary in weeks.values():
        summary.settle(ct.ACCOUNT)
    Store(work.EVIDENCE, ct.ACCOUNT).keep({week: (it, frozenset()) for week, it in weeks.items()})
    return work.EVIDENCE


def planned(wire: Wire) -> Plan:
    Path("mine.yaml").write_text(BOOK)
    return work.make_plan(wire.session, work.playbook_named("mine.yaml"), ["least-privilege"])[0]


PUTS = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::exports/*"]}
SENDS = {
    "Effect": "Allow",
    "Action": ["sqs:SendMessage"],
    "Resource": [f"arn:aws:sqs:eu-west-1:{ct.ACCOUNT}:exports"],
}
MINE = {
    at("iam.policy", f"arn:aws:iam::{ct.ACCOUNT}:policy/{name}"): done
    for name, done in {
        "export-jobs": [PUTS, SENDS],
        "nightly-export-AmazonS3": [PUTS],
        "nightly-export-AmazonSQS": [SENDS],
    }.items()
}


def test_policies_become_what_their_role_did_and_are_taken_back(aws: Aws, wire: Wire, evidence: Path) -> None:
    """One of the account's own, which changes, and two of AWS's, which are replaced."""
    account = Builder(NOW)
    access.wide(account)
    access.uses(account)
    for arn in THEIRS:
        aws.client("iam", "us-east-1").attach_role_policy(RoleName="nightly-export", PolicyArn=arn)
    before = snapshot(aws.client)
    plan = planned(wire)
    texts = {
        c.address: c.after["document"] for c in plan.changes if isinstance(c.after, dict) and "document" in c.after
    }
    said = {mine: {"Version": b.NEW, "Statement": done} for mine, done in MINE.items()}
    assert {address: texts.get(address) for address in said} == said
    lost = {change.address for change in plan.changes if change.after is None}
    assert lost >= {at("iam.role_policy", "nightly-export", arn) for arn in THEIRS}
    assert plan.replay and plan.replay.weighed and not plan.replay.denied + plan.replay.perhaps
    path = Path("forward.plan.json")
    save(plan, path)
    applying.finish(plan, path, wire.session, parallel=4, fail_fast=False, as_json=True)
    assert planned(wire).changes == ()
    back, back_path = applying.inverse_of(plan, path, None, wire.session, 4)
    applying.finish(back, back_path, wire.session, parallel=4, fail_fast=False, as_json=True)
    assert snapshot(aws.client) == before


def test_what_the_account_learns_of_it(evidence: Path) -> None:
    account = Account(id=ct.ACCOUNT, partition="aws", caller="", state={}, facts={at("other", "fact"): 1})
    known: Mapping[Address, Any] = with_evidence(account, evidence).facts
    assert known.keys() == {
        at("other", "fact"), at(EVIDENCE, ct.ACCOUNT), at(USE, ROLE), at(USE, f"arn:aws:iam::{ct.ACCOUNT}:user/alice")
    }  # fmt: skip
    assert {call.event for call in calls(known[at(USE, ROLE)])} == {
        "s3.amazonaws.com/PutObject",
        "sqs.amazonaws.com/SendMessage",
    }
    assert with_evidence(account, Path("none")) is account


def summary(*calls: tuple[str, str, str, str, int, int]) -> Summary:
    result = Summary()
    for principal, event, error, resource, first, last in calls:
        use = Use(event, error, resource, "eu-west-1", "203.0.113.7", "cli", "AKIA", "")
        add(result.uses(principal), use, Count(2, first, last, 1))
        add(result.uses(principal), use._replace(region="us-east-1"), Count(1, first, last, 1))
    return result


def test_the_facts_of_a_summary() -> None:
    put, read = "s3.amazonaws.com/PutObject", "iam.amazonaws.com/GetUser"
    made = [
        ("ann", put, "", "k", 100, 200),
        ("ann", put, "AccessDenied", "l", 50, 60),
        ("bob", put, "Denied", "", 99, 99),
    ]
    told: dict[str, Value] = {"reads": False, "data": True, "unread": []}
    span: dict[str, Value] = {"since": "1970-01-01T00:00:50Z", "until": "1970-01-01T00:03:20Z", **told}
    found = facts(ct.ACCOUNT, summary(*made))
    assert found.keys() == {at(USE, "ann"), at(USE, "bob"), at(EVIDENCE, ct.ACCOUNT)}
    assert found[at(EVIDENCE, ct.ACCOUNT)] == span
    here, there = calls(found[at(USE, "ann")])
    assert (here.event, here.resource, here.region, here.calls, here.last) == (put, "k", "eu-west-1", 2, 200)
    assert (here.network, here.credential, here.mfa, here.hours) == ("203.0.113.7", "AKIA", "", "1")
    assert (there.region, there.calls) == ("us-east-1", 1)
    assert [call.resource for call in calls(found[at(USE, "bob")])] == ["", ""]
    reading = facts(ct.ACCOUNT, summary(*made, ("ann", read, "AccessDenied", "", 100, 100)))
    assert reading[at(EVIDENCE, ct.ACCOUNT)] == {**span, "reads": True}
    assert facts(ct.ACCOUNT, summary(*made), data=False)[at(EVIDENCE, ct.ACCOUNT)] == {**span, "data": False}
    days = (date(2026, 11, 2), date(2026, 9, 1))
    missed = facts(ct.ACCOUNT, summary(*made), unread=days)[at(EVIDENCE, ct.ACCOUNT)]
    assert missed == {**span, "unread": ["2026-09-01", "2026-11-02"]}
    assert [unread_since(missed, day) for day in (*days, date(2026, 11, 3))] == [1, 2, 0]
    assert facts(ct.ACCOUNT, Summary()) == {}


def test_programs_are_not_told_apart() -> None:
    use = Use("iam.amazonaws.com/GetUser", "", "", "eu-west-1", "203.0.113.7", "cli", "AKIA", "no")
    both = Summary()
    add(both.uses("ann"), use, Count(2, 100, 200, 1))
    add(both.uses("ann"), use._replace(agent="sdk", error="NoSuchEntity"), Count(1, 50, 300, 4))
    [one] = calls(facts(ct.ACCOUNT, both)[at(USE, "ann")])
    assert (one.calls, one.last, one.hours, one.mfa) == (3, 300, "5", "no")


MONDAY = week_of(date(2026, 6, 1))


@pytest.mark.parametrize(("weeks", "first"), [((0,), 0), ((0, 1, 2), 0), ((0, 2, 3), 2), ((0, 2, 4), 4)])
def test_records_count_from_the_last_week_that_is_missing(weeks: tuple[int, ...], first: int) -> None:
    mondays = [MONDAY + timedelta(weeks=n) for n in weeks]
    assert unbroken(mondays) == MONDAY + timedelta(weeks=first)
