"""Applies a plan: wave after wave, each change checked, recorded, sent once, read back, recorded again.

A wave is every change whose needs are done. Its addresses are read together before and after, so that one call checks
many changes; an address that can hold more than two values is read once more right before its change is sent.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from remediate.errors import CallFailed, CredentialsEnded, NotYet, OutcomeUnknown, Refused
from remediate.model import (
    SETTLED,
    Address,
    Change,
    Clock,
    Event,
    Journal,
    Live,
    Plan,
    Receipt,
    Resources,
    Value,
    brief,
    kind_of,
    outcomes,
)

PATIENCE = 120.0
"""Seconds for which AWS may be throttled, or not consistent yet, before a change counts as failed."""
SENDS = 3
"""How often a change is sent at most when nobody knows whether AWS carried it out, and the account says it did not."""
POLL = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between reads while a change is not seen yet; the last one repeats."""

Progress = Callable[[Change, Event], None]


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


class Executor:
    """One run of one plan. `stop()` lets the changes in hand finish and starts no more."""

    def __init__(
        self,
        plan: Plan,
        live: Live,
        resources: Resources,
        journal: Journal,
        clock: Clock,
        *,
        parallel: int = 8,
        fail_fast: bool = False,
        progress: Progress = lambda _change, _event: None,
    ) -> None:
        self.plan = plan
        self.live = live
        self.resources = resources
        self.journal = journal
        self.clock = clock
        self.parallel = parallel
        self.fail_fast = fail_fast
        self.progress = progress
        self.result = Result(outcomes=dict(outcomes(journal.records)))
        self._stop = threading.Event()
        self._sends: Counter[int] = Counter()

    def stop(self, why: str) -> None:
        self.result.stopped = self.result.stopped or why
        self._stop.set()

    def run(self) -> Result:
        """Applies what is not applied yet. Raises Refused if the credentials belong to another account."""
        self.journal.add("start", plan=self.plan.digest)
        tried: set[int] = set()
        while not self._stop.is_set():
            ready = [c for c in self.plan.changes if c.id not in tried and self._ready(c)]
            if not ready:
                break
            self._same_account()
            self._wave(ready)
            tried.update(c.id for c in ready)
        complete = all(self._settled(c.id) for c in self.plan.changes)
        self.journal.add(
            "end", plan=self.plan.digest, detail="complete" if complete else self.result.stopped or "partial"
        )
        return self.result

    def _settled(self, change: int) -> bool:
        return self.result.outcomes.get(change) in SETTLED

    def _ready(self, change: Change) -> bool:
        return not self._settled(change.id) and all(self._settled(n) for n in change.needs)

    def _same_account(self) -> None:
        account, arn = self.live.identity()
        if account != self.plan.header.account:
            raise Refused(
                f"the credentials now belong to account {account}, the plan to {self.plan.header.account}",
                details=[f"caller {arn}", "Nothing was written to the other account."],
                remedy="Sign in to the right account and apply the same plan again: it goes on from here.",
            )

    def _wave(self, ready: Sequence[Change]) -> None:
        values = self.live.read(change.address for change in ready)
        waiting = [change for change in ready if self._may_go(change, values[change.address])]
        while waiting and not self._stop.is_set():
            with ThreadPoolExecutor(self.parallel) as pool:
                sent = [c for c, went in zip(waiting, pool.map(self._send, waiting), strict=True) if went]
            waiting = self._read_back(sent)

    def _may_go(self, change: Change, value: Value | Exception) -> bool:
        """Whether the live value is still `before`; records every other case."""
        if isinstance(value, CredentialsEnded):
            self.stop(f"{value}")
        if isinstance(value, Exception):
            self._record(change, "failed", f"could not be read: {value}")
            return False
        if value == change.after:
            self._record(change, "done" if self._sent_before(change) else "already")
            return False
        if value != change.before:
            self._conflict(change, value)
            return False
        return True

    def _sent_before(self, change: Change) -> bool:
        """Whether an earlier run may have sent this change: then the value that is there is ours."""
        return self.result.outcomes.get(change.id) in ("intent", "sent", "failed") or self._sends[change.id] > 0

    def _send(self, change: Change) -> bool:
        """Sends one change if nothing speaks against it. True if AWS may have carried it out."""
        if self._stop.is_set() or not self._still_good(change):
            return False
        self._record(change, "intent")
        self._sends[change.id] += 1
        try:
            receipt = self._patiently(change)
        except OutcomeUnknown as error:
            self.result.details[change.id] = f"outcome unknown: {error}"
            return True
        except CredentialsEnded as error:
            self.stop(f"{error}")
            self._record(change, "failed", str(error))
            return False
        except CallFailed as error:
            return self._refused_by_aws(change, error)
        if receipt.secret:
            self.result.secrets.append((change.address, receipt.secret))
        self._record(change, "sent", request_ids=receipt.request_ids)
        return True

    def _still_good(self, change: Change) -> bool:
        """The last look before the call: the value where it may be a third one, and the evidence of a removal."""
        if not self.resources[kind_of(change.address)].two_valued():
            value = self.live.read([change.address])[change.address]
            if not self._may_go(change, value):
                return False
        if not change.evidence:
            return True
        try:
            evidence = self.live.evidence(change.address)
        except CallFailed as error:
            self._record(change, "failed", f"the evidence could not be read again: {error}")
            return False
        if dict(evidence) != dict(change.evidence):
            self._record(
                change,
                "conflict",
                f"the evidence has changed: planned on {brief(change.evidence)}, now {brief(evidence)}",
            )
            return False
        return True

    def _patiently(self, change: Change) -> Receipt:
        """The write, again only while AWS says that it did nothing and may do it later."""
        begun = self.clock.now()
        patience: Callable[[RetryCallState], bool] = lambda _: (self.clock.now() - begun).total_seconds() > PATIENCE  # noqa: E731
        attempts = Retrying(
            retry=retry_if_exception_type(NotYet),
            wait=wait_random_exponential(multiplier=0.3, max=10),
            stop=patience,
            sleep=self.clock.sleep,
            reraise=True,
        )
        return attempts(self._write, change)

    def _write(self, change: Change) -> Receipt:
        try:
            return self.live.write(change.address, change.before, change.after)
        except CallFailed as error:
            # What this plan created a moment ago may not be visible to the next call yet.
            if error.code == "NoSuchEntity" and change.after is not None and change.needs:
                raise NotYet(error.operation, error.code, error.message, error.request_id) from error
            raise

    def _refused_by_aws(self, change: Change, error: CallFailed) -> bool:
        if error.code in ("EntityAlreadyExists", "NoSuchEntity") and self._sends[change.id] > 1:
            return True  # an earlier send whose answer was lost was carried out after all: the read will say so
        self._record(change, "failed", str(error))
        return False

    def _read_back(self, sent: Sequence[Change]) -> list[Change]:
        """Waits until reads return `after`. Returns the changes to send again: unknown, and certainly not done."""
        begun = self.clock.now()
        pending = list(sent)
        for turn in range(10_000):
            values = self.live.read(change.address for change in pending) if pending else {}
            seen = [change for change in pending if values[change.address] == change.after]
            for change in seen:
                self._record(change, "done")
            pending = [change for change in pending if values[change.address] != change.after]
            waited = (self.clock.now() - begun).total_seconds()
            if not pending or waited > PATIENCE:
                break
            lost = [c for c in pending if self._never_arrived(c, values[c.address], waited)]
            if lost and len(lost) == len(pending):
                return lost
            self.clock.sleep(POLL[min(turn, len(POLL) - 1)])
        for change in pending:
            self._record(change, "failed", f"not seen after {PATIENCE:.0f} s: now {brief(values[change.address])}")
        return []

    def _never_arrived(self, change: Change, value: Value | Exception, waited: float) -> bool:
        """An answer was lost, and the account still has the old value after it had time to show a new one."""
        unknown = self.result.outcomes.get(change.id) == "intent"
        return unknown and value == change.before and waited >= sum(POLL[:3]) and self._sends[change.id] < SENDS

    def _conflict(self, change: Change, value: Value) -> None:
        self._record(change, "conflict", f"now {brief(value)}, planned from {brief(change.before)}")

    def _record(self, change: Change, event: Event, detail: str = "", request_ids: tuple[str, ...] = ()) -> None:
        self.journal.add(event, change.id, change.address, detail=detail, request_ids=request_ids)
        self.result.outcomes[change.id] = event
        if detail:
            self.result.details[change.id] = detail
        if event in ("failed", "conflict") and self.fail_fast:
            self.stop("a change failed (--fail-fast)")
        self.progress(change, event)


def unsettled(plan: Plan, done: Mapping[int, Event]) -> list[Change]:
    """The changes that an earlier run did not bring to an end."""
    return [change for change in plan.changes if done.get(change.id) not in SETTLED]
