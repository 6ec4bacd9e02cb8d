"""CloudWatch: alarms, which are of one region each."""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of

BOTH = ["MetricAlarm", "CompositeAlarm"]
"""Asked for by name: alarms of both types share their names, and DescribeAlarms shows the first alone unless asked."""
NOT_SETTINGS = frozenset(
    "AlarmName AlarmArn AlarmConfigurationUpdatedTimestamp StateValue StateReason StateReasonData "
    "StateUpdatedTimestamp StateTransitionedTimestamp EvaluationState ActionsSuppressedBy "
    "ActionsSuppressedReason".split()
)
"""What DescribeAlarms says of an alarm besides its settings."""


class Alarm(Resource):
    """`cloudwatch.alarm/<region>/<name>`, or without the name for all of a region.

    What is set, as PutMetricAlarm names it: {"Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods",
    "Threshold", "ComparisonOperator", "AlarmActions", …}; "ActionsEnabled" where it is false. Composite alarms, which
    have an "AlarmRule", are read and never written. PutMetricAlarm replaces all of an alarm but its state and tags.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    kind = "cloudwatch.alarm"
    named_by = ("awsRegion", "alarmName|alarmNames")
    also_by = ("cloudwatch:DisableAlarmActions", "cloudwatch:EnableAlarmActions", "cloudwatch:PutCompositeAlarm")
    reading = ("cloudwatch:DescribeAlarms",)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """The topics that it tells."""
        actions = value.get("AlarmActions") if isinstance(value, Mapping) else ()
        names = actions if isinstance(actions, list | tuple) else ()
        return tuple(at("sns.topic", str(name)) for name in names if str(name).split(":")[2:3] == ["sns"])

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if _composite(before) or _composite(after):
            return "impossible", "composite alarms are not written here"
        if after is None:
            return "equivalent", "the alarm's history and tags"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, name = pair_of(address)
        alarm = f"arn:{where.partition}:cloudwatch:{region}:{where.account}:alarm:{name}"
        names = ("DescribeAlarms", "PutMetricAlarm", *(("DeleteAlarms",) if before is None or after is None else ()))
        return [Permission(action=f"cloudwatch:{a}", resource=alarm) for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, name = pair_of(address)
        which = {"AlarmNames": [name]} if name else {}
        found: dict[Address, Value] = {}
        for page in aws.pages("cloudwatch", "describe_alarms", region=region, AlarmTypes=BOTH, **which):
            for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
                found[at(self.kind, region, alarm["AlarmName"])] = _value(alarm)
        return found

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        if _composite(before) or _composite(after):
            raise CallFailed("put_composite_alarm", "NeverDone", "composite alarms are not written here")
        if not isinstance(after, Mapping):
            answer = aws.write("cloudwatch", "delete_alarms", region=region, AlarmNames=[name])
        else:
            answer = aws.write("cloudwatch", "put_metric_alarm", region=region, AlarmName=name, **after)
        return Receipt(request_ids=(request_id(answer),))


def _composite(value: Value) -> bool:
    return isinstance(value, Mapping) and "AlarmRule" in value


def _value(alarm: Answer) -> Value:
    """The settings that are not at their default; a whole threshold as a whole number."""
    settings = {k: v for k, v in alarm.items() if k not in NOT_SETTINGS and v is not None and v not in ("", [], {})}
    if settings.get("ActionsEnabled"):
        del settings["ActionsEnabled"]
    threshold = settings.get("Threshold")
    return {
        **settings,
        **({"Threshold": int(threshold)} if threshold is not None and threshold == int(threshold) else {}),
    }


RESOURCES: tuple[Resource, ...] = (Alarm(),)
