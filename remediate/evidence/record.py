"""One record of a CloudTrail log file, as far as it is needed here; everything else in it is skipped, not decoded.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from remediate.evidence.apart import apart
from remediate.evidence.unpack import NoLog, Unusual

NOTHING = Raw(b"null")
HOUR = timedelta(hours=1)
Moment = Annotated[datetime, Meta(tz=True)]


class Issuer(Struct, gc=False):
    arn: str = ""


class Attributes(Struct, gc=False):
    mfaAuthenticated: str = ""


class Context(Struct, gc=False):
    """Of temporary credentials: whose they are, and how they were got."""

    sessionIssuer: Issuer | None = None
    attributes: Attributes | None = None
    sourceIdentity: str = ""


class Identity(Struct, gc=False):
    """Who called.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """

    type: str = ""
    arn: str = ""
    accountId: str = ""
    accessKeyId: str = ""
    userName: str = ""
    sessionContext: Raw = NOTHING
    invokedBy: str = ""


class Touched(Struct, gc=False):
    """A resource that the record lists."""

    ARN: str = ""


class Event(Struct, gc=False):
    """One call. The fields stand in the order in which CloudTrail writes them, which is the fastest to decode."""

    userIdentity: Raw
    """An Identity: decoded once for each that differs."""
    eventTime: Moment
    eventSource: Annotated[str, Meta(min_length=1)]
    eventName: Annotated[str, Meta(min_length=1)]
    awsRegion: str = ""
    sourceIPAddress: str | None = ""
    userAgent: str | None = ""
    errorCode: str = ""
    requestParameters: Raw = NOTHING
    responseElements: Raw = NOTHING
    resources: list[Touched] | None = None
    recipientAccountId: str = ""


class Told(NamedTuple):
    """A record as JSON that came in no file, and how many it stands for: those differ in nothing but the time."""

    text: str | bytes
    calls: int = 1
    last: str = ""
    """The time of the last, in the same hour; the record's own where it stands for itself."""


class Whole(Struct):
    """A file, however it is written."""

    Records: list[Raw]


IDENTITY = msgspec.json.Decoder(Identity)
_EVENTS = msgspec.json.Decoder(list[Event])
_EVENT = msgspec.json.Decoder(Event)
_WHOLE = msgspec.json.Decoder(Whole)
_LIST = re.compile(rb'\s*\{\s*"Records"\s*:\s*(\[.*\])\s*\}\s*', re.DOTALL)
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON, or not of that shape."""


def events_of(text: bytes) -> tuple[Sequence[Event], Sequence[str]]:
    """The records in a JSON list, and why each of the others is passed over. Raises Unusual where it is no list."""
    try:
        return _EVENTS.decode(text), ()
    except BROKEN:
        return _one_by_one(apart(text))


def event_of(told: Told) -> tuple[Event, datetime]:
    """The record, and the time of the last that it stands for. Raises one of BROKEN."""
    event = _EVENT.decode(told.text)
    last = msgspec.convert(told.last, Moment) if told.last else event.eventTime
    if not timedelta(0) <= last - event.eventTime < HOUR:
        raise msgspec.ValidationError("its times are not of one hour")
    return event, last


def events_of_whole(text: bytes) -> tuple[Sequence[Event], Sequence[str]]:
    """The same of a whole file. Raises NoLog."""
    try:
        return _one_by_one(_WHOLE.decode(text).Records)
    except msgspec.ValidationError:
        raise NoLog("it has no list of Records") from None
    except BROKEN:
        return _one_by_one(_records(text))


def _records(text: bytes) -> Sequence[bytes]:
    """Those of a file in which something cannot be decoded."""
    found = _LIST.fullmatch(text)
    try:
        return apart(found[1] if found else b"")
    except Unusual:
        raise NoLog("it is not JSON") from None


def _one_by_one(records: Sequence[bytes | Raw]) -> tuple[Sequence[Event], Sequence[str]]:
    found: list[Event] = []
    passed: list[str] = []
    for record in records:
        try:
            found.append(_EVENT.decode(record))
        except BROKEN as error:
            passed.append(str(error))
    return found, passed
