"""Stretches of time to ask for where CloudTrail is asked and no files are read: whole days, and of today whole hours.

Each is asked for once. An hour that was read on its day stays read: of such a day the other hours are asked for later.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from remediate.evidence.logs import Log, marked
from remediate.evidence.record import HOUR

DAY = timedelta(days=1)
LATE = timedelta(minutes=15)
"""So long after a call CloudTrail tells of it at the latest.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html"""


class Stretch(NamedTuple):
    """From a moment to before another."""

    begin: datetime
    end: datetime


def stretches(begin: datetime, now: datetime, known: Callable[[Stretch], bool]) -> Iterator[Stretch]:
    """All that were not asked for, the oldest first, from the day of `begin` on: as far as CloudTrail tells by now."""
    until = (now.astimezone(UTC) - LATE).replace(minute=0, second=0, microsecond=0)
    day = begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < until:
        hours = [Stretch(day + n * HOUR, day + (n + 1) * HOUR) for n in range(24)]
        whole = Stretch(day, day + DAY)
        if whole.end > until or any(map(known, hours)):
            yield from (hour for hour in hours if hour.end <= until and not known(hour))
        elif not known(whole):
            yield whole
        day += DAY


def log_of(source: str, account: str, place: str, stretch: Stretch) -> Log:
    """A stretch as if it were a file, so that it is remembered like one."""
    name = f"{source} {place}".strip()
    mark = marked(f"{name} {account} {stretch.begin:%Y-%m-%dT%H} {stretch.end:%Y-%m-%dT%H}".encode())
    return Log(f"{name} {stretch.begin:%Y-%m-%d %H:%M}", 0, account, place, stretch.begin.date(), mark)
