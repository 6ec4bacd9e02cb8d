"""The words of the protocol: entries of an account, changes, the steps of a run, and what a run sees of each."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from support.story import Recorded

Value = Literal["old", "new", "other"]


class Setting(NamedTuple):
    """An entry of the account, and what AWS does with calls that come twice."""

    absent: Value | None = None
    """Which of its values means that there is nothing."""
    exclusive: bool = False
    """Whether AWS refuses to create it where it is."""
    values: tuple[Value, ...] = ("old", "new", "other")


class Change(NamedTuple):
    id: int
    address: int
    before: Value
    after: Value
    needs: tuple[int, ...] = ()


SETTINGS = (
    Setting(absent="old", exclusive=True),  # such as a policy that is created
    Setting(),  # such as a tag that gets another value
    Setting(absent="new", values=("old", "new")),  # such as a policy that is detached
)
PLAN = (Change(1, 0, "old", "new"), Change(2, 1, "old", "new", (1,)), Change(3, 2, "old", "new"))


@dataclass(frozen=True)
class Rules:
    """What the protocol is made of. Each can be left out, to see that something notices."""

    intent_first: bool = True
    last_look: bool = True
    looks_when_resumed: bool = True
    asks_after_a_lost_answer: bool = True
    reads_back: bool = True
    doubts: bool = True
    """What may have been carried out is ours when it is there."""
    believes_refusals: bool = True
    tells_theirs_from_ours: bool = True
    waits_for_needs: bool = True
    remembers: bool = True
    """A settled change is left alone."""
    heeds_conflicts: bool = True
    fence: bool = True
    lock: bool = True
    rolls_back_only_done: bool = True
    asks_before_rollback: bool = True


class Read(NamedTuple):
    changes: tuple[Change, ...]
    """Sorted by id."""


class Record(NamedTuple):
    event: str
    change: int = 0
    refused: bool = False


class Check(NamedTuple):
    """The lock, right before a call."""


class Call(NamedTuple):
    change: Change


class Wait(NamedTuple):
    seconds: float


class Open(NamedTuple):
    """A journal is opened for these changes: the plan's own, or those of its rollback."""

    changes: tuple[Change, ...]


Step = Read | Record | Check | Call | Wait | Open
Result = Literal["yes", "unknown", "denied", "exists", "absent"]
"""What a run hears of a call."""


class Saw(NamedTuple):
    """What a step showed: the time, the values read in the order of the changes, or what became of a call."""

    now: float
    values: tuple[Value, ...] = ()
    result: Result = "yes"


Steps = Generator[Step, Saw, None]


class Past(NamedTuple):
    """A record of an earlier run, and when it was written."""

    at: float
    record: Recorded
