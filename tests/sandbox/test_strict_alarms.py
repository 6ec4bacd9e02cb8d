"""What CloudWatch and SNS refuse and show, as plain boto3 sees it."""

from typing import Any

import pytest
from support.aws import Aws
from support.make import code

METRIC = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}


def put(logs: Any, name: str, pattern: str = "x", group: str = "trail") -> None:
    logs.put_metric_filter(logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[METRIC])


def test_a_filter_put_again_takes_the_place_of_the_first(aws: Aws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="trail")
    put(logs, "f", "one")
    made = logs.describe_metric_filters(logGroupName="trail")["metricFilters"][0]["creationTime"]
    put(logs, "f", "two")
    (found,) = logs.describe_metric_filters(logGroupName="trail")["metricFilters"]
    assert (found["filterPattern"], found["creationTime"]) == ("two", made)


def test_no_filters_without_the_group(aws: Aws) -> None:
    logs = aws.client("logs")
    assert code(lambda: put(logs, "f")) == "ResourceNotFoundException"
    assert code(lambda: logs.describe_metric_filters(logGroupName="trail")) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="trail")
    gone = {"logGroupName": "trail", "filterName": "f"}
    assert code(lambda: logs.delete_metric_filter(**gone)) == "ResourceNotFoundException"


def test_a_hundred_filters_in_pages_of_fifty(aws: Aws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="trail")
    for n in reversed(range(100)):
        put(logs, f"f{n:03}")
    assert code(lambda: put(logs, "another")) == "LimitExceededException"
    put(logs, "f000", "again")
    pages = list(logs.get_paginator("describe_metric_filters").paginate(logGroupName="trail"))
    assert [len(page["metricFilters"]) for page in pages] == [50, 50]
    assert [f["filterName"] for page in pages for f in page["metricFilters"]] == [f"f{n:03}" for n in range(100)]


def test_alarms_in_pages_of_a_hundred_and_of_the_type_that_was_asked_for(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")
    for n in reversed(range(101)):
        cloudwatch.put_metric_alarm(
            AlarmName=f"a{n:03}", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    _composite("b", "ALARM(a000)")
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate())
    assert [len(page["MetricAlarms"]) for page in pages] == [100, 1]
    assert not any(page.get("CompositeAlarms") for page in pages)
    named = cloudwatch.describe_alarms(AlarmNames=["b"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in named["CompositeAlarms"]] == ["b"]


def _composite(name: str, rule: str) -> None:
    """Moto keeps them, and has no operation that makes one."""
    from moto.cloudwatch.models import cloudwatch_backends

    backend: Any = cloudwatch_backends["123456789012"]["us-east-1"]
    nothing = dict.fromkeys(
        "namespace metric_name comparison_operator evaluation_periods period threshold statistic description".split()
    )
    backend.put_metric_alarm(name=name, rule=rule, dimensions=[], alarm_actions=[], **nothing)


@pytest.mark.parametrize(("protocol", "endpoint"), [("email", "a@b.example"), ("https", "https://b.example/a")])
def test_an_invitation_waits_for_an_answer_and_cannot_be_withdrawn(aws: Aws, protocol: str, endpoint: str) -> None:
    from moto.sns.models import sns_backends

    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    who = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
    assert sns.subscribe(**who)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**who, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert arn.startswith(topic)

    def shown() -> list[str]:
        return [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]

    assert shown() == ["PendingConfirmation"]
    assert code(lambda: sns.unsubscribe(SubscriptionArn="PendingConfirmation")) == "InvalidParameter"
    assert code(lambda: sns.unsubscribe(SubscriptionArn=arn)) == "InvalidParameter"
    backend: Any = sns_backends["123456789012"]["us-east-1"]
    backend.subscriptions[arn].confirmed = True
    assert shown() == [arn]
    sns.unsubscribe(SubscriptionArn=arn)
    assert shown() == []


def test_a_queue_of_the_account_needs_no_invitation(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert [s["SubscriptionArn"] for s in sns.list_subscriptions()["Subscriptions"]] == [arn]


def test_a_topic_takes_its_subscriptions_along(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@b.example")
    sns.delete_topic(TopicArn=topic)
    assert code(lambda: sns.list_subscriptions_by_topic(TopicArn=topic)) == "NotFound"
    assert sns.list_subscriptions()["Subscriptions"] == []
