"""Applies a plan: wave after wave, each change checked, recorded, sent once, read back, recorded again.

A wave is every change whose needs are done. Its addresses are read together before and after, so that one call checks
many changes; an address that can hold more than two values is read once more right before its change is sent.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tenacity import Retrying, retry_if_exception_type, wait_random_exponential

from remediate.errors import CallFailed, CredentialsEnded, NotYet, OutcomeUnknown
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
    Record,
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
DOUBT = sum(POLL[:3])
"""Seconds for which the account must go on showing the old value before a call whose answer was lost is sent again."""

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


class Moved(Exception):
    """While AWS made a change wait, what it rests on changed; that is recorded, and nothing was sent."""


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
        self._doubtful = doubtful(journal.records)
        self._sent_at = {r.change: r.at for r in journal.records if r.event in ("intent", "sent")}
        self._sends: Counter[int] = Counter()

    def stop(self, why: str) -> None:
        self.result.stopped = self.result.stopped or why
        self._stop.set()

    def run(self) -> Result:
        """Applies what is not applied yet; why it stopped early is in the result. Raises if the journal fails."""
        self.journal.add("start", plan=self.plan.digest)
        tried: set[int] = set()
        while not self._stop.is_set():
            ready = [c for c in self.plan.changes if c.id not in tried and self._ready(c)]
            if not ready or not self._same_account():
                break
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

    def _same_account(self) -> bool:
        """Whether the credentials still belong to the plan's account; stops the run if not."""
        try:
            account, arn = self.live.identity()
        except CallFailed as error:
            self.stop(str(error))
            return False
        if account != self.plan.header.account:
            self.stop(f"the credentials now belong to account {account} ({arn}), the plan to another")
            return False
        return True

    def _wave(self, ready: Sequence[Change]) -> None:
        """Sends, and looks until each change is seen, has failed, or is to be sent again."""
        values = self.live.read(change.address for change in ready)
        good = [change for change in ready if self._may_go(change, values[change.address])]
        hand = [change for change in good if self._sent_a_moment_ago(change)]
        go = _without(good, hand)
        turn = 0
        while go or hand:
            hand += self._send_all(go)
            values = self.live.read(change.address for change in hand) if hand else {}
            hand = [change for change in hand if self._is_open(change, values[change.address])]
            go = [change for change in hand if self._never_arrived(change, values[change.address])]
            hand = _without(hand, go)
            if hand and not go:
                left = min(PATIENCE - self._waited(change) for change in hand)
                self.clock.sleep(max(0.01, min(left, POLL[min(turn, len(POLL) - 1)])))
            turn += 1

    def _send_all(self, changes: Sequence[Change]) -> list[Change]:
        """Returns the changes that AWS may have carried out. An error of our own is raised when all have ended."""
        with ThreadPoolExecutor(self.parallel) as pool:
            futures = [pool.submit(self._send, change) for change in changes]
        return [change for change, future in zip(changes, futures, strict=True) if future.result()]

    def _may_go(self, change: Change, value: Value | Exception) -> bool:
        """Whether the live value is still `before`; records every other case."""
        if isinstance(value, CredentialsEnded):
            self.stop(f"{value}")
        elif isinstance(value, Exception):
            self._record(change, "failed", f"could not be read: {value}")
        elif value == change.after:
            self._record(change, "done" if self._maybe_ours(change) else "already")
        elif value != change.before:
            self._record(change, "conflict", f"now {brief(value)}, planned from {brief(change.before)}")
        else:
            return True
        return False

    def _maybe_ours(self, change: Change) -> bool:
        """Whether a send, of this run or an earlier one, may have been carried out: then what is there is ours."""
        return change.id in self._doubtful

    def _sent_a_moment_ago(self, change: Change) -> bool:
        """Whether an earlier run ended with this change in hand, so recently that AWS may not show it yet."""
        in_hand = self.result.outcomes.get(change.id) in ("intent", "sent")
        return in_hand and self._waited(change) < PATIENCE

    def _waited(self, change: Change) -> float:
        now = self.clock.now()
        return (now - self._sent_at.get(change.id, now)).total_seconds()

    def _send(self, change: Change) -> bool:
        """Sends one change if nothing speaks against it. True if AWS may have carried it out."""
        try:
            if self._stop.is_set() or not self._same_account() or not self._still_good(change):
                return False
            self._record(change, "intent")
            return self._sent(change)
        except Exception:
            self.stop("an error of this program or this machine")  # before the next change is begun
            raise

    def _sent(self, change: Change) -> bool:
        self._sends[change.id] += 1
        self._sent_at[change.id] = self.clock.now()
        try:
            receipt = self._patiently(change)
        except Moved:
            return False
        except OutcomeUnknown as error:
            self._in_doubt(change)
            self.result.details[change.id] = f"outcome unknown: {error}"
            self._keep_secret(change, getattr(error, "secret", ""), certain=False)
            return True
        except CallFailed as error:
            return self._refused(change, error)
        self._in_doubt(change)
        self._keep_secret(change, receipt.secret, certain=True)
        self._record(change, "sent", request_ids=receipt.request_ids)
        return True

    def _in_doubt(self, change: Change) -> None:
        self._doubtful.add(change.id)
        self._sent_at[change.id] = self.clock.now()

    def _keep_secret(self, change: Change, secret: str, *, certain: bool) -> None:
        """A call that was answered settles which one-time password counts; before that, each one sent may be it."""
        if not secret:
            return
        for earlier in [kept for kept in self.result.secrets if certain and kept[0] == change.address]:
            self.result.secrets.remove(earlier)
        self.result.secrets.append((change.address, secret))

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
            self._ended(error)
            self._record(change, "failed", f"the evidence could not be read again: {error}")
            return False
        if dict(evidence) == dict(change.evidence):
            return True
        was = f"planned on {brief(change.evidence)}, now {brief(evidence)}"
        self._record(change, "conflict", f"the evidence has changed: {was}")
        return False

    def _patiently(self, change: Change) -> Receipt:
        """The write, again only while AWS says that it did nothing and may do it later. Raises CallFailed, Moved."""
        begun = self.clock.now()
        attempts = Retrying(
            retry=retry_if_exception_type(NotYet),
            wait=wait_random_exponential(multiplier=0.3, max=10),
            stop=lambda _: self._stop.is_set() or (self.clock.now() - begun).total_seconds() >= PATIENCE,
            sleep=self.clock.sleep,
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                if attempt.retry_state.attempt_number > 1 and not self._still_good(change):
                    raise Moved
                return self._write(change)
        raise AssertionError("tenacity returns or raises")

    def _write(self, change: Change) -> Receipt:
        try:
            return self.live.write(change.address, change.before, change.after)
        except CallFailed as error:
            # What this plan created a moment ago may not be visible to the next call yet.
            if error.code == "NoSuchEntity" and change.after is not None and change.needs:
                raise NotYet(error.operation, error.code, error.message, error.request_id) from error
            raise

    def _refused(self, change: Change, error: CallFailed) -> bool:
        """AWS said no. True if it is because an earlier send, whose answer was lost, has done it."""
        self._ended(error)
        if error.code in ("EntityAlreadyExists", "NoSuchEntity"):
            if self._maybe_ours(change):
                self._sends[change.id] = SENDS  # it is there, or on its way: no other send can do better
                return True
            if self.live.read([change.address])[change.address] == change.after:
                self._record(change, "already", str(error))
                return False
        self._record(change, "failed", str(error), (error.request_id or "none",))
        return False

    def _ended(self, error: Exception) -> None:
        if isinstance(error, CredentialsEnded):
            self.stop(str(error))

    def _is_open(self, change: Change, value: Value | Exception) -> bool:
        """Whether a change that was sent is still to be waited for; records what came of it if not."""
        if isinstance(value, CredentialsEnded):
            self.stop(str(value))
            return False  # the journal says that it was sent: the next run asks
        if isinstance(value, CallFailed) and not isinstance(value, NotYet | OutcomeUnknown):
            self._record(change, "failed", f"sent, and could not be read back: {value}")
        elif not isinstance(value, Exception) and value == change.after:
            self._record(change, "done")
        elif self._waited(change) >= PATIENCE:
            self._record(change, "failed", f"sent, and not seen after {PATIENCE:.0f} s: now {brief(value)}")
        else:
            return True
        return False

    def _never_arrived(self, change: Change, value: Value | Exception) -> bool:
        """An answer was lost, and the account still has the old value after it had time to show a new one."""
        unknown = self.result.outcomes.get(change.id) == "intent"
        again = not self._stop.is_set() and self._sends[change.id] < SENDS
        return unknown and again and value == change.before and self._waited(change) >= DOUBT

    def _record(self, change: Change, event: Event, detail: str = "", request_ids: tuple[str, ...] = ()) -> None:
        self.journal.add(event, change.id, change.address, detail=detail, request_ids=request_ids)
        self.result.outcomes[change.id] = event
        if detail:
            self.result.details[change.id] = detail
        elif event in SETTLED:
            self.result.details.pop(change.id, None)
        if event in ("failed", "conflict") and self.fail_fast:
            self.stop("a change failed (--fail-fast)")
        self.progress(change, event)


def doubtful(records: Iterable[Record]) -> set[int]:
    """The changes that were sent and that AWS did not refuse: if the account shows their `after`, it is ours.

    A refusal is recorded with AWS's request id; a `failed` without one means that the outcome was not found out.
    """
    sends: Counter[int] = Counter()
    for record in records:
        if record.change and record.event in ("intent", "sent", "failed"):
            refused = record.event == "failed" and bool(record.request_ids)
            sends[record.change] += {"intent": 1, "sent": 0, "failed": -1 if refused else 0}[record.event]
    return {change for change, count in sends.items() if count > 0}


def _without(changes: Sequence[Change], others: Sequence[Change]) -> list[Change]:
    ids = {change.id for change in others}
    return [change for change in changes if change.id not in ids]
