"""What a run knows about its changes: what the journal says of each, when it was sent, and whether it may be ours."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from remediate.errors import CredentialsEnded
from remediate.model import SETTLED, Address, Change, Event, Plan, Record, Value, brief, outcomes
from remediate.protocols import Clock, Journal

PATIENCE = 120.0
"""Seconds for which AWS may be throttled, or not consistent yet, before a change counts as failed."""

Progress = Callable[[Change, Event], None]
Made = Mapping[Address, tuple[Change, datetime]]
"""The last change that was made of each address, and when."""


@dataclass
class Result:
    """What came of a run."""

    outcomes: dict[int, Event]
    details: dict[int, str] = field(default_factory=dict)
    secrets: list[tuple[Address, str]] = field(default_factory=list)
    """One-time passwords, shown once by whoever ran this; they are in no file."""
    stopped: str = ""

    def count(self, *events: Event) -> int:
        tally = Counter(self.outcomes.values())
        return sum(tally[event] for event in events)


class Ledger:
    """The state of a run, shared by its threads: each change is in one thread's hand at a time."""

    def __init__(self, journal: Journal, clock: Clock, made: Made, *, fail_fast: bool, progress: Progress) -> None:
        self.journal = journal
        self.clock = clock
        self.fail_fast = fail_fast
        self.progress = progress
        self.result = Result(outcomes=dict(outcomes(journal.records)))
        self.sends: Counter[int] = Counter()
        """How often this run has sent each change."""
        self._stop = threading.Event()
        self._doubtful = doubtful(journal.records)
        now = clock.now()  # where the clock was set back since, a record counts as just made: AWS still gets its time
        self._made = {address: (change, min(at, now)) for address, (change, at) in made.items()}
        self._sent_at = {r.change: min(r.at, now) for r in journal.records if r.event in ("intent", "sent")}

    def stop(self, why: str) -> None:
        self.result.stopped = self.result.stopped or why
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def settled(self, change: int) -> bool:
        return self.result.outcomes.get(change) in SETTLED

    def record(self, change: Change, event: Event, detail: str = "", request_ids: tuple[str, ...] = ()) -> None:
        self.journal.add(event, change.id, change.address, detail=detail, request_ids=request_ids)
        self.result.outcomes[change.id] = event
        if detail:
            self.result.details[change.id] = detail
        elif event in SETTLED:
            self.result.details.pop(change.id, None)
        if event == "done":
            self._made[change.address] = (change, self.clock.now())
        if event in ("failed", "conflict") and self.fail_fast:
            self.stop("a change failed (--fail-fast)")
        self.progress(change, event)

    def replaced(self, change: Change, value: Value | Exception) -> bool:
        """Whether that is what an earlier change of the same address replaced, so recently that AWS may still show it.

        Otherwise the second of two changes that undo each other would seem to be made before it is sent.
        """
        earlier = self.changed_a_moment_ago(change.address)
        return earlier is not None and value != change.before and value == earlier.before

    def changed_a_moment_ago(self, address: Address) -> Change | None:
        """The change after which not all of AWS may show the address as it is."""
        change, at = self._made.get(address, (None, self.clock.now()))
        return change if (self.clock.now() - at).total_seconds() < PATIENCE else None

    def may_go(self, change: Change, value: Value | Exception) -> bool:
        """Whether the live value is still `before`; records every other case."""
        if isinstance(value, CredentialsEnded):
            self.stop(str(value))
        elif isinstance(value, Exception):
            self.record(change, "failed", f"could not be read: {value}")
        elif self.replaced(change, value):
            return False  # the run is stopping, and did not wait for AWS: the next one asks
        elif value == change.after:
            self.record(change, "done" if self.maybe_ours(change) else "already")
        elif value != change.before:
            self.record(change, "conflict", f"now {brief(value)}, planned from {brief(change.before)}")
        else:
            return True
        return False

    def maybe_ours(self, change: Change) -> bool:
        """Whether a send, of this run or an earlier one, may have been carried out: then what is there is ours."""
        return change.id in self._doubtful

    def sending(self, change: Change) -> None:
        self.sends[change.id] += 1
        self._sent_at[change.id] = self.clock.now()

    def maybe_carried_out(self, change: Change) -> None:
        self._doubtful.add(change.id)
        self._sent_at[change.id] = self.clock.now()

    def waited(self, change: Change) -> float:
        """Seconds since it was sent, by this run or an earlier one."""
        return (self.clock.now() - self._sent_at[change.id]).total_seconds()

    def sent_a_moment_ago(self, change: Change) -> bool:
        """Whether an earlier run ended with this change in hand, so recently that AWS may not show it yet."""
        in_hand = self.result.outcomes.get(change.id) in ("intent", "sent")
        return in_hand and self.waited(change) < PATIENCE


def made(plan: Plan, records: Iterable[Record]) -> Made:
    """What runs of this plan changed, by what its journal says."""
    changes = {change.id: change for change in plan.changes}
    return {changes[r.change].address: (changes[r.change], r.at) for r in records if r.event == "done"}


def doubtful(records: Iterable[Record]) -> set[int]:
    """The changes that were sent and that AWS did not refuse: if the account shows their `after`, it is ours.

    A refusal is recorded with AWS's request id; a `failed` without one means that the outcome was not found out.
    """
    sends: Counter[int] = Counter()
    for record in records:
        if record.event == "intent":
            sends[record.change] += 1
        elif record.event == "failed" and record.request_ids:
            sends[record.change] -= 1
    return {change for change, count in sends.items() if count > 0}
