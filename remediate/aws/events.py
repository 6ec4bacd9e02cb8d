"""A record of CloudTrail as text, and as a call. Whatever it says, it was said by strangers.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from remediate.culprit import Call
from remediate.errors import CallFailed
from remediate.model import Value

SERVICES = {"monitoring": "cloudwatch"}
"""What CloudTrail calls otherwise than IAM does."""


class Record(msgspec.Struct, frozen=True):
    """The fields that count here; AWS adds others from time to time."""

    eventTime: datetime
    eventSource: str
    eventName: str
    awsRegion: str
    userIdentity: Mapping[str, Value] = {}
    sourceIPAddress: str = ""
    userAgent: str | None = ""
    requestID: str | None = ""
    eventID: str = ""
    errorCode: str | None = None
    requestParameters: Value = None
    responseElements: Value = None


def read_event(text: str) -> Call:
    """Raises CallFailed for what is no record of CloudTrail."""
    try:
        record = msgspec.json.decode(text, type=Record)
    except msgspec.DecodeError as error:
        raise CallFailed("lookup_events", "Unreadable", f"a record that cannot be read: {error}") from None
    service = record.eventSource.removesuffix(".amazonaws.com")
    return Call(
        at=record.eventTime,
        name=f"{SERVICES.get(service, service)}:{record.eventName}",
        region=record.awsRegion,
        by=_who(record.userIdentity),
        source=record.sourceIPAddress,
        agent=record.userAgent or "",
        request_id=record.requestID or "",
        event_id=record.eventID,
        failed=bool(record.errorCode),
        parameters=[record.requestParameters, record.responseElements],
    )


def _who(identity: Mapping[str, Value]) -> str:
    """The caller's ARN; of callers without one, what there is: services, other accounts, people of a directory."""
    parts = ("arn", "invokedBy", "userName", "principalId", "accountId", "type")
    return next((str(identity[part]) for part in parts if identity.get(part)), "somebody without a name")
