"""What CloudTrail answers about the calls of the last 90 days: LookupEvents, which moto lacks.

One attribute at most, 50 events a page at most, the newest first, and those of one region; IAM's are in us-east-1. The
next page has the same attributes and times as the first. An event is there up to 15 minutes after the call: here at
once, but for `settings.events_late`. The calls themselves are in `remediate/sandbox/calls.py`.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.sandbox import calls
from remediate.sandbox.strict.patch import Call, instead
from remediate.sandbox.strict.trails import refuse

BIGGEST = 50
DAYS = timedelta(days=90)

TYPES = {
    "userName": "AWS::IAM::User",
    "groupName": "AWS::IAM::Group",
    "roleName": "AWS::IAM::Role",
    "policyArn": "AWS::IAM::Policy",
    "accessKeyId": "AWS::IAM::AccessKey",
    "bucketName": "AWS::S3::Bucket",
}
"""Parameters that name a resource; AWS knows more."""

Event = Mapping[str, Any]

ATTRIBUTES: Mapping[str, Callable[[Event], Iterator[str]]] = {
    "EventId": lambda event: iter((event["eventID"],)),
    "EventName": lambda event: iter((event["eventName"],)),
    "EventSource": lambda event: iter((event["eventSource"],)),
    "ReadOnly": lambda event: iter((str(event["readOnly"]).lower(),)),
    "AccessKeyId": lambda event: iter((event["userIdentity"]["accessKeyId"],)),
    "Username": lambda event: iter((_user(event),)),
    "ResourceName": lambda event: (item["ResourceName"] for item in _resources(event)),
    "ResourceType": lambda event: (item["ResourceType"] for item in _resources(event)),
}


def install() -> None:
    from moto.cloudtrail.responses import CloudTrailResponse

    instead(CloudTrailResponse, "lookup_events", _looked_up)


def _looked_up(response: Any, call: Call) -> str:
    from remediate.sandbox.strict.state import settings

    size = int(response._get_param("MaxResults") or BIGGEST)
    if not 1 <= size <= BIGGEST:
        refuse("InvalidMaxResultsException", f"A maxResults value between 1 and {BIGGEST} is required.")
    now = datetime.now(UTC)
    start, end = (_moment(response, name) for name in ("StartTime", "EndTime"))
    if start and end and start > end:
        refuse("InvalidTimeRangeException", "The start time must be before the end time.")
    since, until = max(start or now - DAYS, now - DAYS), min(end or now, now - timedelta(seconds=settings.events_late))
    wanted = _wanted(response)
    found = calls.made(response.current_account, response.region)
    events = (calls.event(one) for one in found if since <= one.at.replace(microsecond=0) and one.at <= until)
    shown = [event for event in events if wanted(event)]
    first = _place(response, [event["eventID"] for event in shown])
    page = shown[first : first + size]
    more = {"NextToken": page[-1]["eventID"]} if len(shown) > first + size else {}
    return json.dumps({"Events": [_shown(event) for event in page], **more})


def _moment(response: Any, name: str) -> datetime | None:
    given = response._get_param(name)
    return datetime.fromtimestamp(float(given), UTC) if given else None


def _wanted(response: Any) -> Callable[[Event], bool]:
    attributes = response._get_param("LookupAttributes") or []
    if len(attributes) > 1:
        refuse("InvalidLookupAttributesException", "You can only specify one LookupAttribute.")
    if not attributes:
        return lambda _event: True
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key not in ATTRIBUTES:
        refuse("InvalidLookupAttributesException", f"{key} is no attribute of an event.")
    return lambda event: value in ATTRIBUTES[key](event)


def _place(response: Any, ids: list[str]) -> int:
    """Where a page begins: after the event that its token names."""
    token = response._get_param("NextToken")
    if token and token not in ids:
        refuse("InvalidNextTokenException", "The NextToken is invalid, or belongs to other attributes.")
    return ids.index(token) + 1 if token else 0


def _shown(event: Event) -> Mapping[str, Any]:
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "AccessKeyId": event["userIdentity"]["accessKeyId"],
        "EventTime": datetime.fromisoformat(event["eventTime"]).timestamp(),
        "EventSource": event["eventSource"],
        "Username": _user(event),
        "Resources": list(_resources(event)),
        "CloudTrailEvent": json.dumps(event),
    }


def _user(event: Event) -> str:
    """A user's name, the name of a role's session, or root."""
    who = event["userIdentity"]
    return {"AssumedRole": str(who["arn"]).rpartition("/")[2], "Root": "root"}.get(who["type"]) or str(who["userName"])


def _resources(event: Event) -> Iterator[Mapping[str, str]]:
    parameters = event["requestParameters"] or {}
    for name, type in TYPES.items():
        if name in parameters:
            yield {"ResourceType": type, "ResourceName": str(parameters[name])}
