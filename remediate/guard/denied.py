"""The calls that people made, by CloudTrail's records, and that a plan would deny."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.errors import Refused
from remediate.model import Change, Check
from remediate.replayed import Replay, Stopped

SHOWN = 8
"""Sorts of calls named in the message; the rest are counted."""


def check(found: Replay | None, changes: Sequence[Change], most: int) -> tuple[Check, ...]:
    """What was looked at and found in order; nothing where nothing is recorded. Raises Refused for more than `most`."""
    if found is None or not changes:
        return ()
    stopped = found.denied + found.perhaps
    span = f"{found.calls:,} calls in {found.days} days"
    if stopped <= most:
        return (Check(guard="records", detail=f"no more than {most:,} of {span} would have been denied"),)
    addresses = {change.id: change.address for change in changes}
    more = len(found.stopped) + found.more - SHOWN
    rest = [f"and {more:,} more sorts of calls"] if more > 0 else []
    raise Refused(
        f"the guard refuses this plan: it would have denied {_counted(found)} of {span}, by CloudTrail's records",
        details=[*_lines(found.stopped[:SHOWN], addresses), *rest],
        remedy="Give these people what they need first, exempt them in the playbook (`exemptions:`), leave the control "
        f"out with --control, or, where these calls are to end, allow it: --max-denied {stopped}.",
    )


def _counted(found: Replay) -> str:
    return " and perhaps ".join(f"{count:,}" for count in (found.denied, found.perhaps) if count)


def _lines(stopped: Sequence[Stopped], addresses: Mapping[int, str]) -> Iterator[str]:
    for one in stopped:
        doubt = "" if one.sure else "perhaps "
        yield f"{one.name}: {doubt}{one.told}, by #{one.change} {addresses[one.change]}"
