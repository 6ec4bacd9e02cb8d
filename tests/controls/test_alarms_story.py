"""The alarms on the sandbox: one plan from nothing to a mail, what waits for a click, and what a rollback leaves."""

from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.engine import Wire
from support.faults import Faults, refusal
from support.snapshot import snapshot

from remediate.cli import applying, work
from remediate.errors import Refused
from remediate.model import Plan, at, kind_of
from remediate.sandbox import fill
from remediate.store.plans import save

HOME, ACCOUNT = "eu-west-1", "123456789012"
TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT}:security-alarms"
MAIL = "security@acme.example"
SUBSCRIPTION = at("sns.subscription", TOPIC, f"email:{MAIL}")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(wire: Wire) -> Plan:
    wire.faults = Faults()
    return work.make_plan(wire.session, work.playbook_named("acme"), ("alarms",))[0]


def applied(wire: Wire, plan: Plan, name: str = "forward") -> Path:
    path = Path(f"{name}.plan.json")
    save(plan, path)
    assert set(applying.execute(plan, path, wire.session, parallel=8, fail_fast=False).outcomes.values()) == {"done"}
    return path


def click() -> None:
    """The person follows the link in the mail."""
    from moto.sns.models import sns_backends

    topics: Any = sns_backends[ACCOUNT][HOME]
    for subscription in topics.subscriptions.values():
        subscription.confirmed = True


def taken_back(wire: Wire, plan: Plan, path: Path) -> Plan:
    back, place = applying.inverse_of(plan, path, None, wire.session, 8)
    assert set(applying.execute(back, place, wire.session, parallel=8, fail_fast=False).outcomes.values()) == {"done"}
    return back


def test_one_plan_and_one_click(aws: Aws, wire: Wire) -> None:
    fill(people=20)
    plan = planned(wire)
    number = {change.address: change.id for change in plan.changes}
    delivers = number[at("cloudtrail.trail", HOME, "eu-audit")]
    assert all(
        c.id > delivers for c in plan.changes if kind_of(c.address) in ("logs.metric_filter", "cloudwatch.alarm")
    )
    silent = next(f for f in plan.findings if "RootAccountUsage" in f.address)
    assert silent.summary.endswith("the alarm root-account-usage tells nobody")
    assert [kind_of(c.address) for c in plan.changes if c.id in silent.changes] == ["cloudwatch.alarm"]
    applied(wire, plan)

    waiting = planned(wire)
    assert waiting.changes == ()
    assert [(m.address, m.summary) for m in waiting.manual] == [
        (SUBSCRIPTION, f"{MAIL} has not confirmed, and is not told of anything yet")
    ]
    click()
    after = planned(wire)
    assert (after.findings, after.changes, after.manual, after.unknowns) == ((), (), (), ())
    alarms = aws.client("cloudwatch", HOME).describe_alarms()["MetricAlarms"]
    assert len([a for a in alarms if a["AlarmActions"] == [TOPIC]]) == 15
    by_name = {a["AlarmName"]: a for a in alarms}
    assert by_name["unauthorized-api-calls"]["Threshold"] == 20
    assert by_name["root-usage"]["MetricName"] == "RootAccountUsage"


@pytest.mark.parametrize("confirmed", [False, True], ids=["pending", "confirmed"])
def test_taken_back_with_whoever_was_invited(aws: Aws, wire: Wire, confirmed: bool) -> None:
    fill(people=20)
    before = snapshot(aws.client)
    plan = planned(wire)
    path = applied(wire, plan)
    if confirmed:
        click()
    back = taken_back(wire, plan, path)
    assert at("sns.topic", TOPIC) not in {kept.address for kept in back.kept}
    after = snapshot(aws.client)
    for part in ("metric_filters", "alarms", "topics", "log_groups", "trails"):
        assert after[part] == before[part], part


def test_a_topic_that_others_use_since_stays(aws: Aws, wire: Wire) -> None:
    fill(people=20)
    plan = planned(wire)
    path = applied(wire, plan)
    queue = f"arn:aws:sqs:{HOME}:{ACCOUNT}:tickets"
    aws.client("sns", HOME).subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=queue)
    aws.client("cloudwatch", HOME).put_metric_alarm(
        AlarmName="disk", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[TOPIC],
    )  # fmt: skip
    back = taken_back(wire, plan, path)
    kept = {k.address: k.why for k in back.kept}
    users = f"cloudwatch.alarm/{HOME}/disk, sns.subscription/{TOPIC}/sqs:{queue}"
    assert kept[at("sns.topic", TOPIC)] == f"in use since: {users}"
    assert "lapses" in kept[SUBSCRIPTION]
    assert [a["AlarmName"] for a in aws.client("cloudwatch", HOME).describe_alarms()["MetricAlarms"]] == [
        "disk", "root-account-usage",
    ]  # fmt: skip


def test_who_uses_the_topic_must_be_seen_before_it_is_deleted(aws: Aws, wire: Wire) -> None:
    fill(people=20)
    plan = planned(wire)
    path = applied(wire, plan)
    wire.faults.when(lambda call: call.operation == "DescribeAlarms", refusal("AccessDenied", 403))
    with pytest.raises(Refused, match="cannot be seen who uses") as caught:
        applying.inverse_of(plan, path, None, wire.session, 8)
    assert any("cloudwatch.alarm/eu-west-1" in line for line in caught.value.details)


@pytest.mark.parametrize(
    ("operation", "gap"),
    [
        ("DescribeMetricFilters", f"logs.metric_filter/{HOME}/aws-cloudtrail-logs"),
        ("DescribeAlarms", f"cloudwatch.alarm/{HOME}"),
        ("GetTopicAttributes", f"sns.topic/{TOPIC}"),
        ("ListSubscriptionsByTopic", f"sns.subscribers/{TOPIC}"),
    ],
)
def test_what_is_denied_is_unknown(aws: Aws, wire: Wire, operation: str, gap: str) -> None:
    fill(people=20)
    wire.faults = Faults().when(lambda call: call.operation == operation, refusal("AccessDenied", 403))
    plan = work.make_plan(wire.session, work.playbook_named("acme"), ("alarms",))[0]
    assert gap in {unknown.what for unknown in plan.unknowns if unknown.controls == ("alarms",)}
    assert (plan.findings, plan.changes) == ((), ())


def test_calls_do_not_grow_with_what_is_watched(aws: Aws, wire: Wire) -> None:
    """A page of filters, a page of alarms, and one call for each topic that matters."""
    fill(people=20)
    applied(wire, planned(wire))
    click()
    wire.faults = Faults()
    planned(wire)
    services = [c.operation for c in wire.faults.calls if c.service in ("logs", "cloudwatch", "sns", "cloudwatch-logs")]
    assert sorted(services) == [
        "DescribeAlarms", "DescribeLogGroups", "DescribeMetricFilters", "GetTopicAttributes",
        "ListSubscriptionsByTopic", "ListSubscriptionsByTopic",
    ]  # fmt: skip
