"""Recorded calls as the facts of an account have them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from remediate.evidence.facts import Call
from remediate.model import Value

LAST = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


def call(event: str, resource: str = "", calls: int = 1, **more: Any) -> Call:
    """Made with a key of somebody's own from one address, on a Friday morning."""
    fields = {
        "region": "eu-west-1",
        "network": "203.0.113.7",
        "credential": "AKIAIOSFODNN7EXAMPLE",
        "mfa": "",
        "hours": at(LAST),
        "last": int(LAST.timestamp()),
        **more,
    }
    return Call(event=event, resource=resource, calls=calls, **fields)


def at(*moments: datetime) -> str:
    """The hours of the week that these moments are in."""
    bits = 0
    for moment in moments:
        bits |= 1 << (moment.weekday() * 24 + moment.hour)
    return f"{bits:x}"


def fact(calls: Iterable[Call]) -> Value:
    found: Value = msgspec.to_builtins(list(calls))
    return found


def span(now: datetime, days: int = 89, *, reads: bool = True) -> Value:
    """Records of so many days, up to a few hours ago."""
    since, until = now - timedelta(days=days), now - timedelta(hours=3)
    span = {"since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    return {**span, "reads": reads, "data": True, "unread": []}
