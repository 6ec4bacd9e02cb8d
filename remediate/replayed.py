"""What is kept of recorded calls that were held against a plan: in the plan, and for whoever reads it."""

from datetime import datetime

from remediate.values import Struct
from remediate.words import many


class Stopped(Struct, frozen=True, kw_only=True):
    """Calls of one sort that were allowed, and that a plan would deny."""

    who: str
    """The ARN of the user or role."""
    name: str
    """The same as people call it: `alice`, `role deploy`; of another account, the ARN."""
    change: int
    """The change that would deny them."""
    action: str
    """What the call needs, such as `s3:GetObject`; for a sign-in to the console the event's name."""
    resource: str = ""
    """An ARN, or a pattern of ARNs; empty where the records do not tell."""
    calls: int
    last: datetime
    sure: bool
    """False where that depends on something that the records do not tell."""

    @property
    def told(self) -> str:
        """The calls in words."""
        place = f" on {self.resource}" if self.resource else ""
        return f"{many(self.calls, 'call')} of {self.action}{place}, last on {self.last:%Y-%m-%d}"


class Weighed(Struct, frozen=True, kw_only=True):
    """One change that takes something from people whose calls are recorded."""

    change: int
    calls: int
    """Of those whom it concerns."""
    denied: int = 0
    perhaps: int = 0
    """Of them those of which the records do not tell whether they would be denied."""


class Replay(Struct, frozen=True, kw_only=True):
    """The calls that were made and allowed, and what a plan would have meant for each."""

    since: datetime
    until: datetime
    calls: int
    """All that are recorded in the account, and were allowed."""
    weighed: tuple[Weighed, ...] = ()
    """The changes that take something from those who made calls."""
    stopped: tuple[Stopped, ...] = ()
    """Those that would be denied, or perhaps would, most calls first."""
    more: int = 0
    """Sorts of calls that are left out there."""
    denied: int = 0
    perhaps: int = 0
    unmapped: int = 0
    """Calls of which it is not known what they need, by people from whom something is taken that they may need."""
    unknown: tuple[str, ...] = ()
    """Their events, such as `s3.amazonaws.com/NewThing`, most calls first."""
    unseen: tuple[int, ...] = ()
    """Restrictive changes of something else than policies, keys and passwords: no record tells whom they stop."""
    unread: int = 0
    """Log files and regions of that time that could not be read."""
    reads: bool = False
    """Whether the records have calls that only read."""
    data: bool = False
    """Whether the records have any of what programs do with objects, items, messages and functions."""

    @property
    def days(self) -> int:
        """How many days there are records of."""
        return (self.until.date() - self.since.date()).days + 1
