"""Metric filters: one of a name in a log group, at most 100, and none without the group.

AWS replaces a filter that is put again, shows them by name and 50 at a time, says when each was made, and knows no
filters of a group that is not there. Moto keeps both, shows all, and takes any group.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html, API_DescribeMetricFilters
"""

import json
from typing import Any

from remediate.sandbox.strict.patch import Call, around

PER_GROUP = 100
PER_PAGE = 50


def install() -> None:
    from moto.logs.models import LogsBackend
    from moto.logs.responses import LogsResponse

    around(LogsBackend, "put_metric_filter", _put)
    around(LogsBackend, "describe_metric_filters", _shown)
    around(LogsBackend, "delete_metric_filter", _delete)
    around(LogsResponse, "describe_metric_filters", _page)


def _group(logs: Any, name: str) -> list[dict[str, Any]]:
    """The filters of a log group."""
    from moto.logs.exceptions import ResourceNotFoundException

    if name not in logs.groups:
        raise ResourceNotFoundException
    return [f for f in logs.filters.metric_filters if f["logGroupName"] == name]


def _put(original: Any, logs: Any, call: Call) -> None:
    from moto.core.utils import unix_time_millis
    from moto.logs.exceptions import LimitExceededException

    here = _group(logs, call["log_group_name"])
    same = [f for f in here if f["filterName"] == call["filter_name"]]
    if len(here) - len(same) >= PER_GROUP:
        raise LimitExceededException
    for old in same:
        logs.filters.metric_filters.remove(old)
    original()
    made = same[0]["creationTime"] if same else int(unix_time_millis())
    logs.filters.metric_filters[-1]["creationTime"] = made


def _shown(original: Any, logs: Any, call: Call) -> list[dict[str, Any]]:
    if call["log_group_name"]:
        _group(logs, call["log_group_name"])
    return sorted(original(), key=lambda f: str(f["filterName"]))


def _delete(original: Any, logs: Any, call: Call) -> None:
    from moto.logs.exceptions import ResourceNotFoundException

    if not any(f["filterName"] == call["filter_name"] for f in _group(logs, call["log_group_name"])):
        raise ResourceNotFoundException("The specified metric filter does not exist.")
    original()


def _page(original: Any, response: Any, call: Call) -> str:
    answer = json.loads(original())
    start = int(answer.pop("nextToken") or 0)
    end = start + int(response._get_param("limit") or PER_PAGE)
    more = {"nextToken": str(end)} if end < len(answer["metricFilters"]) else {}
    return json.dumps({"metricFilters": answer["metricFilters"][start:end], **more})
