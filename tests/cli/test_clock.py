"""A run's own time."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from remediate.cli import work

HOUR = timedelta(hours=1)


class Set(datetime):
    """The system's clock, after somebody set it."""

    by = timedelta(0)

    @classmethod
    def now(cls, _tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + cls.by


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_clock_that_is_set_meanwhile_moves_no_run(by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards it would end every waiting for AWS at once, and backwards none before an hour."""
    monkeypatch.setattr(work, "datetime", Set)
    before = datetime.now(UTC)
    clock = work.SystemClock()
    monkeypatch.setattr(Set, "by", by)
    moments = [clock.now() for _ in range(100)]
    assert moments == sorted(moments)
    assert before <= moments[0]
    assert moments[-1] <= datetime.now(UTC) + timedelta(seconds=1)
    assert abs(work.SystemClock().now() - datetime.now(UTC) - by) < HOUR / 2
    clock.sleep(0.01)
    assert clock.now() - moments[-1] >= timedelta(seconds=0.01)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="elsewhere nobody counts them")
def test_the_seconds_in_which_the_machine_sleeps_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS did not sleep: what was sent an hour ago is seen by now."""
    slept, real = [0.0], time.clock_gettime
    asleep = lambda clock: real(clock) + (slept[0] if clock == time.CLOCK_BOOTTIME else 0)  # noqa: E731
    monkeypatch.setattr(time, "clock_gettime", asleep)
    clock = work.SystemClock()
    before = clock.now()
    slept[0] = HOUR.total_seconds()
    assert HOUR <= clock.now() - before < HOUR + timedelta(minutes=1)
