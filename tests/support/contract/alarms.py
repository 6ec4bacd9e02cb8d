"""What tells people of events: metric filters, alarms, topics and their subscribers."""

from typing import Any

from remediate.model import Address, Value, at
from support.contract.case import Case, Client

ACCOUNT = "123456789012"
HOME = "eu-west-1"
TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT}:security-alarms"
GROUP = at("logs.group", HOME, "audit/trail")
FILTER: dict[str, Value] = {
    "filterPattern": '{ $.userIdentity.type = "Root" }',
    "metricName": "root-usage",
    "metricNamespace": "CISBenchmark",
    "metricValue": "1",
}
ALARM: dict[str, Value] = {
    "AlarmDescription": "The root user being used",
    "Namespace": "CISBenchmark",
    "MetricName": "root-usage",
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [TOPIC],
}
TOPIC_AT = at("sns.topic", TOPIC)
EMAIL = at("sns.subscription", TOPIC, "email:alice@example.com")
COMPOSITE: dict[str, Value] = {"AlarmRule": "ALARM(a)"}


def neighbours(client: Client) -> None:
    """More than a page of other filters in the group, and of other alarms in the region."""
    logs: Any = client("logs", HOME)
    logs.create_log_group(logGroupName="audit/trail")
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    for n in range(55):
        logs.put_metric_filter(
            logGroupName="audit/trail", filterName=f"f{n:02}", filterPattern="x", metricTransformations=[metric]
        )


def _case(address: Address, *values: Value, needed: dict[Address, Value] | None = None, **more: Any) -> Case:
    return Case(address, values, needed or {}, **more)


CASES: tuple[Case, ...] = (
    _case(
        at("logs.metric_filter", HOME, "audit/trail:sign-in / without MFA"),
        None,
        FILTER,
        {**FILTER, "metricNamespace": "Security", "defaultValue": 0.0, "unit": "Count"},
        None,
        setup=neighbours,
    ),
    _case(
        at("cloudwatch.alarm", HOME, "root / usage"),
        None,
        ALARM,
        {**ALARM, "Threshold": 2.5, "ActionsEnabled": False, "OKActions": [TOPIC]},
        None,
        needed={TOPIC_AT: {}},
        never=((None, COMPOSITE), (COMPOSITE, None)),
    ),
    _case(TOPIC_AT, None, {}, {"KmsMasterKeyId": "alias/a"}, {}, None),
    _case(EMAIL, None, "subscribed", needed={TOPIC_AT: {}}, never=(("subscribed", None),)),
)
