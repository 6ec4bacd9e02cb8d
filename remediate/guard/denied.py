"""The calls that people made, by CloudTrail's records, and that a plan would deny."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.errors import Refused
from remediate.model import Change, Check
from remediate.replayed import Replay, Stopped
from remediate.words import many

SHOWN = 8
"""Sorts of calls named in the message; the rest are counted."""


def checks(found: Replay | None) -> tuple[Check, ...]:
    """That it would deny none, where that is so."""
    if found is None or found.denied + found.perhaps:
        return ()
    detail = f"none of {many(found.calls, 'call')} recorded in {many(found.days, 'day')} would have been denied"
    return (Check(guard="records", detail=detail),)


def over(found: Replay | None, most: int) -> str:
    """In words, that more than so many calls would be denied; empty if not."""
    if found is None or found.denied + found.perhaps <= most:
        return ""
    span = f"{many(found.calls, 'call')} recorded in {many(found.days, 'day')}"
    return f"it would have denied {_counted(found)} of {span}, the limit is {most:,}"


def refuse(found: Replay | None, changes: Sequence[Change], most: int) -> None:
    """Raises Refused for a plan that would deny more than so many calls."""
    if found is None or not (why := over(found, most)):
        return
    addresses = {change.id: change.address for change in changes}
    more = len(found.stopped) + found.more - SHOWN
    rest = [f"and {many(more, 'more sort')} of calls"] if more > 0 else []
    raise Refused(
        f"the guard refuses this plan: {why}",
        details=[*_lines(found.stopped[:SHOWN], addresses), *rest],
        remedy="Give these people what they need first, exempt them in the playbook (`exemptions:`), leave the control "
        f"out with --control, or, where these calls are to end, allow it: --max-denied {found.denied + found.perhaps}.",
    )


def _counted(found: Replay) -> str:
    return " and perhaps ".join(f"{count:,}" for count in (found.denied, found.perhaps) if count)


def _lines(stopped: Sequence[Stopped], addresses: Mapping[int, str]) -> Iterator[str]:
    for one in stopped:
        doubt = "" if one.sure else "perhaps "
        yield f"{one.name}: {doubt}{one.told}, by #{one.change} {addresses[one.change]}"
