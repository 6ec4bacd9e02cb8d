"""Opening hours, and when it is closed between two days: IAM knows no recurring hours, only moments.

Everything is local time in the time zone of the hours, as the clock on the wall shows it, summer time or not.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, field

from remediate.model import Struct

QUARTER = timedelta(minutes=15)
"""Time zones have differed from UTC by whole quarters of an hour since 1972, and change on the quarter: what is open or
closed is so for a whole one. https://en.wikipedia.org/wiki/List_of_UTC_offsets"""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):(00|15|30|45)|24:00)$")]
"""Hours and minutes, on the quarter of an hour."""


class Hours(Struct, frozen=True, kw_only=True):
    """When people may work. `to` before `from` is on the next day: 22:00 to 06:00 on fri ends on Saturday."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1)] = DAYS[:5]
    opens: Clock = field(name="from")
    closes: Clock = field(name="to")
    timezone: str
    """Such as Europe/Berlin."""
    ahead_days: Annotated[int, Meta(ge=2, le=366)] = 14
    """For how many days the closed hours are written down; renewed when half of them are over."""

    def __post_init__(self) -> None:
        if self.opens in (self.closes, "24:00"):
            raise ValueError(f"from {self.opens} to {self.closes} is never open: 00:00 to 24:00 is all day")


Window = tuple[datetime, datetime]
"""From the first moment, and until the second, which does not belong to it; both in UTC."""


def zone(hours: Hours) -> ZoneInfo:
    """Raises ValueError for a time zone that nobody knows."""
    try:
        return ZoneInfo(hours.timezone)
    except (KeyError, OSError, ValueError) as error:  # folders and odd paths in the time zone database are none either
        raise ValueError(f"there is no time zone {hours.timezone}") from error


def is_open(hours: Hours, moment: datetime) -> bool:
    return not closed_between(hours, moment, moment + timedelta(microseconds=1))


def closed(hours: Hours, first: date, days: int) -> list[Window]:
    """The times at which it is closed, from the first day's beginning until so many days later."""
    return closed_between(hours, *_ends(hours, first, days))


def closed_between(hours: Hours, begin: datetime, end: datetime) -> list[Window]:
    """The same from one moment until another."""
    where, opens, closes = zone(hours), _minutes(hours.opens), _minutes(hours.closes)
    on = [day in hours.days for day in DAYS]
    found: list[Window] = []
    while begin < end:
        until = min(_next_quarter(begin), end)
        wall = begin.astimezone(where)
        minutes, today, yesterday = wall.hour * 60 + wall.minute, on[wall.weekday()], on[wall.weekday() - 1]
        if opens < closes:
            is_open = today and opens <= minutes < closes
        else:
            is_open = (today and opens <= minutes) or (yesterday and minutes < closes)
        if not is_open and found and found[-1][1] == begin:
            found[-1] = (found[-1][0], until)
        elif not is_open:
            found.append((begin, until))
        begin = until
    return found


def within(hours: Hours, windows: Iterable[Window], first: date, days: int) -> list[Window]:
    """What of these windows lies between the first day's beginning and so many days later."""
    begin, end = _ends(hours, first, days)
    return [(max(start, begin), min(stop, end)) for start, stop in windows if start < end and stop > begin]


def _ends(hours: Hours, first: date, days: int) -> Window:
    """Midnight before the first day, and after the last."""
    begin, end = (datetime.combine(first + timedelta(days=n), time(), zone(hours)) for n in (0, days))
    return begin.astimezone(UTC), end.astimezone(UTC)


def _next_quarter(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + QUARTER


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def in_words(hours: Hours) -> str:
    """`mon, tue 07:00-19:00 Europe/Berlin`."""
    return f"{', '.join(hours.days)} {hours.opens}-{hours.closes} {hours.timezone}"
