"""Whom the evidence that is kept names for a change, and whom it does not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from remediate.culprit import Marks, Trace
from remediate.evidence.fold import week_of
from remediate.evidence.summary import Count, Link, Summary, Use, add
from remediate.evidence.traces import suspects

DAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
ME = "111122223333"
EVE, BOB = f"arn:aws:iam::{ME}:user/eve", f"arn:aws:iam::{ME}:user/bob"
ALICE = f"arn:aws:iam::{ME}:user/alice"
POLICY = f"arn:aws:iam::{ME}:policy/x/own"
MARKS = Marks(
    region="us-east-1",
    calls=("iam:AttachUserPolicy", "iam:DetachUserPolicy", "cloudwatch:PutMetricAlarm"),
    named=((("userName",), ("alice",)), (("policyArn",), (POLICY,))),
)
PLAIN = Use("iam.amazonaws.com/AttachUserPolicy", "", ALICE, "us-east-1", "203.0.113.0/24", "aws-cli/2.15", "AKIA1", "")


def summary(*uses: tuple[str, Use, datetime]) -> list[tuple[date, Summary]]:
    weeks: dict[date, Summary] = {}
    for who, use, last in uses:
        found = weeks.setdefault(week_of(last.date()), Summary())
        add(found.uses(who), use, Count(3, 0, int(last.timestamp()), 1))
    return sorted(weeks.items())


def told(use: Use = PLAIN, last: datetime = DAY + timedelta(hours=1), marks: Marks = MARKS) -> list[Trace]:
    return suspects([marks], DAY, summary((EVE, use, last)))


FIELDS: dict[str, tuple[bool, dict[str, Any]]] = {
    "a call about the user": (True, {}),
    "about the policy": (True, {"resource": POLICY}),
    "about one of the policies below a path": (True, {"resource": f"arn:aws:iam::{ME}:policy/x*"}),
    "about one of all users": (True, {"resource": f"arn:aws:iam::{ME}:user/*"}),
    "about one of those with such a name": (True, {"resource": f"arn:aws:iam::{ME}:user/al*"}),
    "about one of those with another": (False, {"resource": f"arn:aws:iam::{ME}:user/b*"}),
    "about another": (False, {"resource": BOB}),
    "about whom it does not tell": (True, {"resource": ""}),
    "about any": (True, {"resource": "*"}),
    "that was refused": (False, {"error": "AccessDenied"}),
    "another call": (False, {"event": "iam.amazonaws.com/TagUser"}),
    "of another service": (False, {"event": "ds.amazonaws.com/AttachUserPolicy"}),
    "one of many calls of the service": (True, {"event": "iam.amazonaws.com/*"}),
    "one of many calls of another": (False, {"event": "ds.amazonaws.com/*"}),
    "of a service that goes by another name": (True, {"event": "monitoring.amazonaws.com/PutMetricAlarm"}),
    "in another region": (False, {"region": "eu-west-1"}),
    "in any region": (True, {"region": "*"}),
}


@pytest.mark.parametrize(("named", "fields"), FIELDS.values(), ids=FIELDS)
def test_whose_call_can_have_done_it(named: bool, fields: dict[str, str]) -> None:
    assert bool(told(PLAIN._replace(**fields))) == named


def test_what_has_no_name_of_its_own_is_known_by_the_call() -> None:
    marks = Marks(region="us-east-1", calls=("iam:UpdateAccountPasswordPolicy",))
    use = PLAIN._replace(event="iam.amazonaws.com/UpdateAccountPasswordPolicy", resource=BOB)
    assert told(use, marks=marks)


def test_the_session_of_a_role_leads_back_to_who_took_it() -> None:
    """Two people take the same role: each is named for what they did."""
    role = f"arn:aws:iam::{ME}:role/deploy"
    made = [(role, PLAIN._replace(credential=session), DAY + timedelta(hours=1)) for session in ("a/ASIA1", "b/ASIA2")]
    weeks = summary(*made)
    for who, session in ((EVE, "a/ASIA1"), (BOB, "b/ASIA2")):
        add(weeks[0][1].links, Link(role, session, who, "AKIA1"), Count(1, 0, 1, 1))
    assert {(t.by, t.behind) for t in suspects([MARKS], DAY, weeks)} == {(role, (EVE,)), (role, (BOB,))}


@pytest.mark.parametrize(("seconds", "named"), [(-1, False), (0, False), (1, True)])
def test_only_what_came_later(seconds: int, named: bool) -> None:
    """In the second in which a run saw the entry as it left it, the call was the run's own."""
    assert bool(told(last=DAY + timedelta(seconds=seconds))) == named


def test_the_latest_first_and_each_way_once() -> None:
    detached = PLAIN._replace(event="iam.amazonaws.com/DetachUserPolicy", agent="Boto3/1.3")
    weeks = summary(
        (EVE, PLAIN, DAY + timedelta(hours=1)),
        (EVE, PLAIN._replace(credential="AKIA2"), DAY + timedelta(days=8)),
        (BOB, detached, DAY + timedelta(days=2)),
    )
    found = suspects([MARKS], DAY, weeks)
    assert [(t.by, t.call, t.agent, t.at) for t in found] == [
        (EVE, "AttachUserPolicy", "aws-cli", DAY + timedelta(days=8)),
        (BOB, "DetachUserPolicy", "Boto3", DAY + timedelta(days=2)),
    ]
    assert {(t.source, t.region, t.event_id) for t in found} == {("203.0.113.0/24", "us-east-1", "")}
