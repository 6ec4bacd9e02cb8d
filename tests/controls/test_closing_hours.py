"""Closed hours as IAM reads them: every minute of some weeks, those in which the clocks change among them."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluator import denied
from support.stress import STRESS, examples

from remediate.controls.closing_hours import DAYS, Hours, closed, is_open, within, zone
from remediate.controls.hours_policy import POLICY_SIZE, Schedule, documents
from remediate.policy import size, statements

WEEK = list(DAYS)


def hours(opens: str = "07:00", closes: str = "19:00", timezone: str = "Europe/Berlin", **more: Any) -> Hours:
    return Hours(opens=opens, closes=closes, timezone=timezone, **more)


def on_the_wall(these: Hours, moment: datetime) -> bool:
    """Whether it is open by the clock on the wall, in words rather than numbers."""
    wall = moment.astimezone(ZoneInfo(these.timezone))
    clock, day = wall.strftime("%H:%M"), wall.strftime("%a").lower()
    before = (wall.date() - timedelta(days=1)).strftime("%a").lower()
    if these.opens < these.closes:
        return day in these.days and these.opens <= clock < these.closes
    return (day in these.days and clock >= these.opens) or (before in these.days and clock < these.closes)


def shut(texts: tuple[Any, ...], moment: datetime) -> bool:
    return any(denied(d, "s3:GetObject", CurrentTime=moment.isoformat(), ViaAWSService="false") for d in texts)


WEEKS: Mapping[str, tuple[Hours, date]] = {
    "an ordinary week": (hours(), date(2026, 6, 1)),
    "summer time begins": (hours(days=WEEK), date(2026, 3, 27)),
    "summer time ends": (hours(days=WEEK), date(2026, 10, 23)),
    "an hour that does not exist": (hours("02:30", "03:15", days=WEEK), date(2026, 3, 28)),
    "an hour that comes twice": (hours("02:15", "02:45", days=WEEK), date(2026, 10, 24)),
    "half an hour of summer time": (hours("01:45", "02:15", "Australia/Lord_Howe", days=WEEK), date(2026, 4, 3)),
    "no midnight": (hours("00:15", "12:00", "Africa/Cairo", days=WEEK), date(2026, 4, 22)),
    "a zone of quarters": (hours("08:00", "17:15", "Asia/Kathmandu"), date(2026, 1, 1)),
    "nights": (hours("22:00", "06:00", days=("fri", "sat")), date(2026, 3, 26)),
    "the other side of the world": (hours("09:00", "17:00", "Pacific/Auckland"), date(2026, 4, 1)),
    "all day on some days": (hours("00:00", "24:00", days=("tue", "wed")), date(2026, 6, 1)),
    "into the next week": (hours("20:00", "04:00", "America/New_York", days=("sun",)), date(2026, 10, 30)),
}


@pytest.mark.parametrize(("these", "first"), WEEKS.values(), ids=WEEKS)
def test_every_minute_is_denied_if_and_only_if_it_is_closed(these: Hours, first: date) -> None:
    texts = documents(closed(these, first, 7))
    begin = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(these.timezone)).astimezone(UTC)
    end = datetime.combine(first + timedelta(days=7), datetime.min.time(), ZoneInfo(these.timezone)).astimezone(UTC)
    for minute in range((end - begin) // timedelta(minutes=1)):
        if STRESS or minute % 15 in (14, 0, 1):  # all of these hours, and all clocks, change on quarters
            moment = begin + timedelta(minutes=minute)
            assert shut(texts, moment) == (not on_the_wall(these, moment)), moment
    assert not shut(texts, begin - timedelta(seconds=1)), "before the first day nothing is said"
    assert not shut(texts, end), "nor after the last"


some_hours = st.builds(
    lambda opens, closes, days, timezone: (opens, closes, days, timezone),
    st.integers(0, 95),
    st.integers(1, 96),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"]),
).filter(lambda some: some[0] != some[1]).map(
    lambda some: hours(_clock(some[0]), _clock(some[1]), some[3], days=tuple(d for d in DAYS if d in some[2]))
)  # fmt: skip
moments = st.integers(1_704_067_200, 2_019_686_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""Of ten years from 2024 on."""


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@settings(max_examples=examples(300), deadline=None)
@given(some_hours, moments, st.integers(0, 10), st.integers(0, 86399))
def test_any_moment_of_any_hours(these: Hours, now: datetime, later: int, seconds: int) -> None:
    texts = Schedule(these, now).of(now.astimezone(zone(these)).date())
    moment = now.replace(microsecond=0) + timedelta(days=later, seconds=seconds)
    assert shut(texts, moment) == (not on_the_wall(these, moment))
    assert is_open(these, moment) == on_the_wall(these, moment)


def test_what_aws_does_for_somebody_goes_on_at_night() -> None:
    (night,) = documents(closed(hours(), date(2026, 6, 1), 1))
    assert denied(night, "s3:GetObject", CurrentTime="2026-06-01T22:00:00Z", ViaAWSService="false") is False
    assert denied(night, "s3:GetObject", CurrentTime="2026-06-01T20:00:00Z", ViaAWSService="false")
    assert not denied(night, "s3:GetObject", CurrentTime="2026-06-01T20:00:00Z", ViaAWSService="true")


@pytest.mark.parametrize("ahead", [2, 14, 60, 180])
def test_documents_are_full_and_none_is_too_long(ahead: int) -> None:
    these = hours(days=WEEK)
    windows = closed(these, date(2026, 1, 1), ahead)
    texts = documents(windows)
    assert all(size(text) <= POLICY_SIZE for text in texts)
    assert all(size(text) > POLICY_SIZE - 300 for text in texts[:-1]), "the next statement would not have fitted"
    assert sum(len(statements(text)) for text in texts) == len(windows)


def test_hours_that_are_always_open_have_no_document() -> None:
    assert documents(closed(hours("00:00", "24:00", days=WEEK), date(2026, 1, 1), 14)) == ()


NOW = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 3)


def test_two_looks_on_one_day_are_equal_and_stay_for_half_of_the_days() -> None:
    written = Schedule(hours(), NOW).of(TODAY)
    assert Schedule(hours(), NOW + timedelta(hours=12)).of(TODAY) == written
    left = [Schedule(hours(), NOW + timedelta(days=n)).days_left(written) for n in range(16)]
    assert left == [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    kept = [Schedule(hours(), NOW + timedelta(days=n)).lasting(written) == written for n in range(16)]
    assert kept == [True] * 8 + [False] * 8


def test_nothing_is_open_for_a_moment_when_they_are_renewed() -> None:
    """What is closed now, at night, is closed in the old documents and in the new ones."""
    night = datetime(2026, 6, 12, 1, tzinfo=UTC)
    old, new = Schedule(hours(), NOW).of(TODAY), Schedule(hours(), night).of(date(2026, 6, 12))
    assert shut(old, night) and shut(new, night)


@pytest.mark.parametrize("days", [2, 3])
def test_few_days_ahead(days: int) -> None:
    these = hours(ahead_days=days)
    written = Schedule(these, NOW).of(TODAY)
    assert Schedule(these, NOW).lasting(written) == written
    assert Schedule(these, NOW + timedelta(days=days)).lasting(written) != written


def test_other_hours_are_other_documents() -> None:
    assert Schedule(hours(), NOW).days_left(Schedule(hours("08:00"), NOW).of(TODAY)) == 0
    assert Schedule(hours(), NOW).days_left(()) == 0


def test_whether_the_written_times_are_over() -> None:
    written = Schedule(hours(), NOW).of(TODAY)
    assert not Schedule(hours(), NOW + timedelta(days=13)).ended(written)
    assert Schedule(hours(), NOW + timedelta(days=15)).ended(written)
    edited = [{"Statement": [{"Condition": {"DateLessThan": {"aws:CurrentTime": "some day"}}}]}]
    assert not Schedule(hours(), NOW + timedelta(days=999)).ended(edited)
    no_zone = [{"Statement": [{"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-06-03T09:00:00"}}}]}]
    assert Schedule(hours(), NOW).ended(no_zone)


def test_a_part_of_the_windows() -> None:
    windows = closed(hours(), date(2026, 6, 1), 14)
    assert within(hours(), windows, date(2026, 6, 4), 3) == closed(hours(), date(2026, 6, 4), 3)


@pytest.mark.parametrize("name", ["Nope", "../etc/passwd", "Europe", "", "x\0y", "/etc/passwd", "europe/berlin "])
def test_a_time_zone_that_nobody_knows(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone(hours(timezone=name))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"from": "07:10", "to": "19:00", "timezone": "UTC"}, "matching regex"),
        ({"from": "7:00", "to": "19:00", "timezone": "UTC"}, "matching regex"),
        ({"from": "07:00", "to": "24:15", "timezone": "UTC"}, "matching regex"),
        ({"from": "07:00", "to": "07:00", "timezone": "UTC"}, "never open"),
        ({"from": "24:00", "to": "07:00", "timezone": "UTC"}, "never open"),
        ({"from": "07:00", "to": "19:00"}, "timezone"),
        ({"from": "07:00", "to": "19:00", "timezone": "UTC", "days": []}, "length >= 1"),
        ({"from": "07:00", "to": "19:00", "timezone": "UTC", "days": ["monday"]}, "monday"),
        ({"from": "07:00", "to": "19:00", "timezone": "UTC", "ahead_days": 1}, ">= 2"),
    ],
)
def test_impossible_hours(text: Mapping[str, object], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(text, Hours)


def test_zones_are_known_where_the_system_has_none() -> None:
    script = "from zoneinfo import ZoneInfo; print(ZoneInfo('Europe/Berlin'))"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONTZPATH": ""}, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "Europe/Berlin"
