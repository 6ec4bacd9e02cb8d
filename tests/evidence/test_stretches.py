"""What CloudTrail is asked for, run after run: every hour once, and none that it may not tell all of."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.stress import STRESS

from remediate.evidence.record import HOUR
from remediate.evidence.stretches import DAY, LATE, Stretch, log_of, stretches

BEGIN = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
FIRST = BEGIN.replace(hour=0, minute=0)


@settings(max_examples=100 if STRESS else 30)
@given(st.lists(st.integers(0, 4 * 24 * 60), min_size=1, max_size=6), st.data())
def test_every_hour_is_asked_for_once(minutes: list[int], data: st.DataObject) -> None:
    """Whenever it runs, and whichever stretches of a run came to nothing."""
    read: set[Stretch] = set()
    for minute in sorted(minutes):
        now = BEGIN + timedelta(minutes=minute)
        todo = list(stretches(BEGIN, now, read.__contains__))
        assert todo == sorted(todo)
        assert all(one.end <= now - LATE for one in todo)
        read.update(todo[: data.draw(st.integers(0, len(todo)))])
    now = BEGIN + timedelta(days=5)
    read.update(stretches(BEGIN, now, read.__contains__))
    hours = sorted(one.begin + n * HOUR for one in read for n in range((one.end - one.begin) // HOUR))
    assert hours == [FIRST + n * HOUR for n in range((now - LATE - FIRST) // HOUR)]
    assert not list(stretches(BEGIN, now, read.__contains__))


def test_days_that_are_over_are_asked_for_whole() -> None:
    found = list(stretches(BEGIN, FIRST + 3 * DAY + timedelta(hours=2, minutes=14), lambda _: False))
    assert [(one.begin - FIRST, one.end - one.begin) for one in found] == [
        *((n * DAY, DAY) for n in range(3)),
        (3 * DAY, HOUR),  # the second hour may not be told of yet
    ]


def test_each_is_known_by_its_own_mark() -> None:
    whole, hour = Stretch(FIRST, FIRST + DAY), Stretch(FIRST, FIRST + HOUR)
    logs = [
        log_of(*of, one)
        for of in (("a", "1", "r"), ("b", "1", "r"), ("a", "2", "r"), ("a", "1", "s"))
        for one in (whole, hour)
    ]
    assert len({log.mark for log in logs}) == len(logs)
    assert logs[0].where == "a r 2026-11-16 00:00"
