"""Recorded calls that were held against a plan, in words."""

from collections.abc import Iterator
from datetime import timedelta

from remediate.model import Change, Plan
from remediate.replayed import Replay, Stopped
from remediate.words import many

FEW = 8
"""Changes and events that are named; the rest are counted."""
LATE = timedelta(days=3)
"""CloudTrail delivers within minutes; whoever reads its files every night is never behind for so long."""


def line(plan: Plan) -> str:
    """`would have denied 0 of 48,211 calls in 90 days, by CloudTrail's records`; empty where there are none."""
    found = plan.replay
    if found is None or not plan.changes:
        return ""
    counted = _counted(found.denied, found.perhaps)
    return f"would have denied {counted} of {_calls(found.calls)} in {_days(found)}, by CloudTrail's records"


def unsaid(plan: Plan) -> Iterator[str]:
    """What the records do not tell."""
    found = plan.replay
    if found is None or not plan.changes:
        return
    if plan.header.created - found.until > LATE:
        yield f"the last of them is of {found.until:%Y-%m-%d}: what was done since is not among them"
    if found.unread:
        yield f"{many(found.unread, 'log file or region', 'log files or regions')} could not be read"
    if not found.reads:
        yield "they have no calls that only read: the trail leaves them out"
    if not found.data:
        yield "they have no data events: what is done with objects, items, messages and functions is not among them"
    if found.unmapped:
        names = ", ".join(event.replace(".amazonaws.com/", ":") for event in found.unknown[:FEW])
        more = f" and {len(found.unknown) - FEW} more" if len(found.unknown) > FEW else ""
        yield f"of {_calls(found.unmapped)} it is not known which permission they needed: {names}{more}"
    if found.unseen:
        named = " ".join(f"#{number}" for number in found.unseen[:FEW])
        more = f" and {len(found.unseen) - FEW} more" if len(found.unseen) > FEW else ""
        yield f"they do not tell whom {many(len(found.unseen), 'change')} would have stopped: {named}{more}"


def by_change(plan: Plan, change: Change) -> Iterator[str]:
    """What one change would have denied, of the calls of those from whom it takes something."""
    if (found := plan.replay) is None:
        return
    for one in (weighed for weighed in found.weighed if weighed.change == change.id):
        counted = _counted(one.denied, one.perhaps)
        yield f"would have denied {counted} of {_calls(one.calls)} of theirs in {_days(found)}"
    yield from (f"{one.name}: {told(one)}" for one in found.stopped if one.change == change.id)


def told(stopped: Stopped) -> str:
    """`would have been denied 12 calls of s3:GetObject on arn:aws:s3:::b/x, last on 2026-11-20`"""
    return f"would {'' if stopped.sure else 'perhaps '}have been denied {stopped.told}"


def _counted(denied: int, perhaps: int) -> str:
    return f"{denied:,} and perhaps {perhaps:,}" if perhaps else f"{denied:,}"


def _calls(number: int) -> str:
    return many(number, "call")


def _days(found: Replay) -> str:
    return many(found.days, "day")
