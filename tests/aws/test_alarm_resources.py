"""Filters, alarms, topics and their subscribers as they are read, at the wire."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.accounts import account
from support.aws import Aws
from support.contract.alarms import ALARM, FILTER, GROUP, HOME, TOPIC, TOPIC_AT
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.faults import Faults, refusal

from remediate.aws.facts import FACTS
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import Denied
from remediate.model import AccountId, Address, Value, at, kind_of

SUBSCRIBERS = at("sns.subscribers", TOPIC)


def write(aws: Session, address: Address, before: Value, after: Value) -> None:
    RESOURCES[kind_of(address)].write(aws, address, before, after)


def test_every_alarm_of_a_region_in_all_its_pages_and_of_both_types(aws: Aws) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    session = Session()
    for n in range(101):
        write(session, at("cloudwatch.alarm", HOME, f"a{n:03}"), None, ALARM)
    backend: Any = cloudwatch_backends["123456789012"][HOME]
    backend.alarms["a100"].rule = "ALARM(a000)"
    found = RESOURCES["cloudwatch.alarm"].read(session, at("cloudwatch.alarm", HOME))
    assert len(found) == 101
    assert found[at("cloudwatch.alarm", HOME, "a000")] == ALARM
    composite = found[at("cloudwatch.alarm", HOME, "a100")]
    assert isinstance(composite, Mapping) and "AlarmRule" in composite
    one = at("cloudwatch.alarm", HOME, "a050")
    assert RESOURCES["cloudwatch.alarm"].read(session, one) == {one: ALARM}
    assert RESOURCES["cloudwatch.alarm"].read(session, at("cloudwatch.alarm", "us-east-1")) == {}


def test_every_filter_of_a_group_in_all_its_pages_and_of_no_other(aws: Aws) -> None:
    session = Session()
    for group in ("audit/trail", "audit"):
        write(session, at("logs.group", HOME, group), None, {"class": "STANDARD"})
    for n in range(60):
        write(session, at("logs.metric_filter", HOME, f"audit/trail:f {n:02}"), None, FILTER)
    write(session, at("logs.metric_filter", HOME, "audit:other"), None, FILTER)
    kind = RESOURCES["logs.metric_filter"]
    found = kind.read(session, at("logs.metric_filter", HOME, "audit/trail"))
    assert found == {at("logs.metric_filter", HOME, f"audit/trail:f {n:02}"): FILTER for n in range(60)}
    assert kind.read(session, at("logs.metric_filter", HOME, "nothing")) == {}
    assert list(kind.uses(next(iter(found)), FILTER)) == [GROUP]


def test_what_else_a_filter_and_an_alarm_have_is_written_back(aws: Aws) -> None:
    """A rollback restores all of what somebody had set, not only what this program knows of."""
    session = Session()
    write(session, GROUP, None, {"class": "STANDARD"})
    aws.client("logs", HOME).put_metric_filter(
        logGroupName="audit/trail", filterName="f", filterPattern="{ $.a = b }",
        metricTransformations=[
            {"metricName": "m",
             "metricNamespace": "n", "metricValue": "$.b", "dimensions": {"a": "$.a"}, "unit": "Bits"}
        ],
    )  # fmt: skip
    aws.client("cloudwatch", HOME).put_metric_alarm(
        AlarmName="a", ActionsEnabled=False, Namespace="n", MetricName="m", ExtendedStatistic="p99", Period=60,
        Unit="Count", EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=0.5, ComparisonOperator="LessThanThreshold",
        Dimensions=[{"Name": "d", "Value": "v"}], OKActions=[TOPIC], InsufficientDataActions=[TOPIC],
    )  # fmt: skip
    for address in (at("logs.metric_filter", HOME, "audit/trail:f"), at("cloudwatch.alarm", HOME, "a")):
        kind = RESOURCES[kind_of(address)]
        value = kind.read(session, address)[address]
        write(session, address, value, None)
        assert kind.read(session, address) == {}
        write(session, address, None, value)
        assert kind.read(session, address) == {address: value}
        assert isinstance(value, Mapping) and len(value) >= 6


def test_who_listens_and_who_has_not_confirmed(aws: Aws) -> None:
    session, fact, nobody = Session(), FACTS["sns.subscribers"], account()
    assert fact.read(session, nobody, SUBSCRIBERS) == {}
    write(session, TOPIC_AT, None, {})
    assert fact.read(session, nobody, SUBSCRIBERS) == {SUBSCRIBERS: {}}
    sns = aws.client("sns", HOME)
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="a@b.example")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HOME}:123456789012:q")
    assert fact.read(session, nobody, SUBSCRIBERS) == {
        SUBSCRIBERS: {"email:a@b.example": "pending", f"sqs:arn:aws:sqs:{HOME}:123456789012:q": "confirmed"}
    }
    entries = RESOURCES["sns.subscription"].read(session, at("sns.subscription", TOPIC))
    assert set(entries.values()) == {"subscribed"}
    assert at("sns.subscription", TOPIC, "email:a@b.example") in entries


def test_a_subscription_that_was_deleted_is_shown_for_days_and_is_none(aws: Aws) -> None:
    from moto.sns.models import sns_backends

    session = Session()
    write(session, TOPIC_AT, None, {})
    aws.client("sns", HOME).subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HOME}:123456789012:q")
    backend: Any = sns_backends["123456789012"][HOME]
    for subscription in backend.subscriptions.values():
        subscription.arn = "Deleted"  # https://repost.aws/knowledge-center/sns-cross-account-subscription
    assert FACTS["sns.subscribers"].read(session, account(), SUBSCRIBERS) == {SUBSCRIBERS: {}}
    assert RESOURCES["sns.subscription"].read(session, at("sns.subscription", TOPIC)) == {}


def test_a_topic_of_another_account_that_keeps_to_itself_is_denied(aws: Aws) -> None:
    wire = Wire()
    wire.faults = Faults().when(lambda call: call.service == "sns", refusal("AuthorizationError", 403))
    with pytest.raises(Denied):
        FACTS["sns.subscribers"].read(wire.session, account(), SUBSCRIBERS)


def test_filters_that_are_put_at_once_wait_for_each_other(aws: Aws, tmp_path: Path) -> None:
    """CloudWatch Logs refuses concurrent changes of one group, and does nothing: they are sent again."""
    wire = Wire()
    write(wire.session, GROUP, None, {"class": "STANDARD"})
    steps = [Step(at("logs.metric_filter", HOME, f"audit/trail:f{n}"), None, FILTER) for n in range(3)]
    faults = Faults().nth("PutMetricFilter", 1, refusal("OperationAbortedException"))
    assert outcomes(Runs(plan_of(*steps), tmp_path, wire).run(faults)) == ["done"] * 3
    assert faults.sends("PutMetricFilter") == 4


def test_the_permissions_name_what_is_changed() -> None:
    where = AccountId(partition="aws", account="123456789012")
    wanted = {
        at("logs.metric_filter", HOME, "audit/trail:f"): f"arn:aws:logs:{HOME}:123456789012:log-group:audit/trail",
        at("cloudwatch.alarm", HOME, "a"): f"arn:aws:cloudwatch:{HOME}:123456789012:alarm:a",
        TOPIC_AT: TOPIC,
        at("sns.subscription", TOPIC, "email:a@b.example"): TOPIC,
    }
    for address, resource in wanted.items():
        permissions = list(RESOURCES[kind_of(address)].permissions(address, None, {}, where))
        writes = [p for p in permissions if not p.action.partition(":")[2].startswith(("Describe", "List", "Get"))]
        assert writes
        assert {p.resource.removesuffix(":*") for p in writes} == {resource}
