"""Keeps a command going on a schedule until SIGTERM or Ctrl-C, finishing the change in hand."""

import re
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from remediate.cli import terminal, work
from remediate.errors import BadInput, CallFailed, RemediateError

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def period(text: str) -> timedelta:
    """`30s`, `15m`, `6h`, `1d`. Raises BadInput."""
    found = re.fullmatch(r"([1-9]\d{0,5})([smhd])", text)
    if not found:
        raise BadInput(f"--every {text} is not a time", remedy="Give a number and s, m, h or d: --every 6h")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def keep_going(once: Callable[[], int], every: str | None, cron: str | None, ended: threading.Event) -> None:
    """Runs at once and then by the schedule; a run that fails is reported, and the next one is tried.

    The times are APScheduler's; the loop is here, in the main thread, so that signals reach the change in hand. A run
    that takes longer than the schedule's step is followed by one run, not by all that it missed. `ended` is set by a
    signal: whoever is about to begin a correction looks at it.
    """
    trigger = _trigger(every, cron)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    terminal.note(f"Watching for drift ({f'every {every}' if every else f'cron {cron} UTC'}) until SIGTERM or Ctrl-C.")
    before: datetime | None = None
    while not ended.is_set():
        _reported(once)
        now = work.SystemClock().now()
        before = trigger.get_next_fire_time(before, now)
        ended.wait(max(0.0, (before - now).total_seconds()))
    terminal.note("Stopped.")


def _trigger(every: str | None, cron: str | None) -> "BaseTrigger":
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    if every:
        return IntervalTrigger(seconds=int(period(every).total_seconds()))
    try:
        return CronTrigger.from_crontab(cron, timezone="UTC")
    except ValueError as error:
        raise BadInput(f"--cron {cron}: {error}", remedy='Give five fields: --cron "0 */6 * * *"') from None


def _reported(once: Callable[[], int]) -> None:
    """One run; what goes wrong is printed, and does not end the watch."""
    terminal.note(f"-- {work.SystemClock().now():%Y-%m-%d %H:%M:%S} UTC")
    try:
        once()
    except RemediateError as error:
        terminal.report(error)
    except CallFailed as error:
        terminal.report(terminal.explained(error))
