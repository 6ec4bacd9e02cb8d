"""What was begun to watch the account, and given up: one filter, one alarm, and nobody who hears it."""

from typing import Any

from remediate.sandbox.builder import ACCOUNT, Builder

REGION = "eu-west-1"
GROUP = "aws-cloudtrail-logs"
ROOT = (
    '{ ($.userIdentity.type = "Root")\n  && ($.userIdentity.invokedBy NOT EXISTS)\n'
    '  && ($.eventType != "AwsServiceEvent") }'
)


def alarms(account: Builder) -> None:
    """The trail of that region was to deliver to this log group, and never did."""
    from moto.cloudwatch.models import cloudwatch_backends
    from moto.logs.models import logs_backends
    from moto.sns.models import sns_backends

    logs: Any = logs_backends[ACCOUNT][REGION]
    logs.create_log_group(GROUP, {})
    logs.groups[GROUP].creation_time = account.ago(390).replace(tzinfo=None)  # as moto keeps it
    metric = {"metricName": "RootAccountUsage", "metricNamespace": "Security", "metricValue": "1"}
    logs.put_metric_filter("RootAccountUsage", ROOT, GROUP, [metric])
    logs.filters.metric_filters[-1]["creationTime"] = int(account.ago(390).timestamp() * 1000)
    topic = sns_backends[ACCOUNT][REGION].create_topic("ops-alerts")
    cloudwatch: Any = cloudwatch_backends[ACCOUNT][REGION]
    cloudwatch.put_metric_alarm(
        name="root-account-usage",
        namespace="Security",
        metric_name="RootAccountUsage",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        period=60,
        threshold=0.0,
        statistic="Sum",
        description="",
        dimensions=[],
        alarm_actions=[topic.arn],
    )
