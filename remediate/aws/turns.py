"""Calls that AWS counts by the second: each waits for its turn."""

from collections import deque
from datetime import datetime, timedelta

from remediate.protocols import Clock

SECOND = timedelta(seconds=1)


class Turns:
    """So many calls a second and no more. For one thread."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._clock = clock
        self._made: deque[datetime] = deque(maxlen=per_second)

    def wait(self) -> None:
        """Returns when the next call may be made, and takes it for made."""
        if len(self._made) == self._made.maxlen:
            left = self._made[0] + SECOND - self._clock.now()
            if left > timedelta(0):
                self._clock.sleep(left.total_seconds())
        self._made.append(self._clock.now())
