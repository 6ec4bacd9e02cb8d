"""Alarms: those of the type that was asked for, 100 at a time, by name.

AWS shows metric alarms alone unless composite ones are asked for. Moto shows all, of both types, at once.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around

PER_PAGE = 100
TYPES = {"MetricAlarms": "MetricAlarm", "CompositeAlarms": "CompositeAlarm"}


def install() -> None:
    from moto.cloudwatch.responses import CloudWatchResponse

    around(CloudWatchResponse, "describe_alarms", _page)


def _page(original: Any, response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    wanted = response._get_param("AlarmTypes") or ["MetricAlarm"]
    found = original().result
    alarms = [(part, alarm) for part, kind in TYPES.items() if kind in wanted for alarm in found[part]]
    alarms.sort(key=lambda item: str(item[1].name))
    start = int(response._get_param("NextToken") or 0)
    end = start + int(response._get_param("MaxRecords") or PER_PAGE)
    answer: dict[str, Any] = {part: [a for p, a in alarms[start:end] if p == part] for part in TYPES}
    return ActionResult({**answer, **({"NextToken": str(end)} if end < len(alarms) else {})})
