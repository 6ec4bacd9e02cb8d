"""What controls need to know of the records, as facts of an account."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec

from remediate.evidence.deeds import allowed
from remediate.evidence.summary import Count, Summary, Use, add
from remediate.model import Address, Struct, Value, at, when

EVIDENCE = "cloudtrail.evidence"
"""The kind of the fact that says from when to when there are records of an account, and whether of reads too."""
USE = "cloudtrail.use"
"""The kind of the facts that say what somebody did, by their ARN: a list of `Call`s, each as a list."""
_READ = re.compile("/(Describe|Get|List|Lookup|Search)")


class Call(Struct, frozen=True, kw_only=True, array_like=True, cache_hash=True):
    """Calls that somebody made, and that were allowed, as far as a summary tells them apart."""

    event: str
    resource: str
    """An ARN, or a pattern of ARNs; empty where the records do not tell."""
    region: str
    network: str
    """An address, a network, or the name of the AWS service that called on somebody's behalf."""
    credential: str
    mfa: str
    """`yes`, `no`, or empty where the records do not say."""
    hours: str
    """The hours of the week that they were made in, as a hexadecimal number: bit 0 is Monday 0:00 UTC."""
    calls: int
    last: int
    """Seconds since 1970."""


def facts(account: str, summary: Summary, data: bool = True, unread: Collection[date] = ()) -> dict[Address, Value]:
    """Of what an account's records say; none where they say nothing.

    `data`: they may hold data events. `unread`: the days of files and regions that could not be read.
    """
    counts = [count for uses in summary.people.values() for count in uses.values()]
    if not counts:
        return {}
    since, until = (datetime.fromtimestamp(moment, UTC) for moment in _span(counts))
    reads = any(_READ.search(use.event) for uses in summary.people.values() for use in uses)
    used = {at(USE, who): msgspec.to_builtins(found) for who, uses in summary.people.items() if (found := _calls(uses))}
    missing = [day.isoformat() for day in sorted(unread)]
    span = {"since": when(since), "until": when(until)}
    return {**used, at(EVIDENCE, account): {**span, "reads": reads, "data": data, "unread": missing}}


def unread_since(fact: Mapping[str, Value], day: date) -> int:
    """How many files and regions could not be read of that day and later, by the fact of EVIDENCE."""
    return sum(date.fromisoformat(text) >= day for text in msgspec.convert(fact["unread"], list[str]))


def _calls(uses: Mapping[Use, Count]) -> list[Call]:
    """Those that were allowed, whatever they were made with."""
    found: dict[Use, Count] = {}
    for use, count in uses.items():
        if allowed(use.error):
            add(found, use._replace(error="", agent=""), count)
    return [_call(use, count) for use, count in sorted(found.items())]


def _call(use: Use, count: Count) -> Call:
    return Call(
        event=use.event,
        resource=use.resource,
        region=use.region,
        network=use.network,
        credential=use.credential,
        mfa=use.mfa,
        hours=f"{count.hours:x}",
        calls=count.calls,
        last=count.last,
    )


def calls(fact: Value) -> Sequence[Call]:
    """What a fact says that somebody did."""
    return msgspec.convert(fact, tuple[Call, ...]) if fact is not None else ()


def _span(counts: Collection[Count]) -> tuple[int, int]:
    return min(count.first for count in counts), max(count.last for count in counts)


def unbroken(weeks: Sequence[date]) -> date:
    """The first of the weeks after which none is missing: from before that, the records do not tell all. In order."""
    breaks = [later for week, later in pairwise(weeks) if later - week > timedelta(days=7)]
    return breaks[-1] if breaks else weeks[0]
