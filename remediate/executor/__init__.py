"""Applies a plan: wave after wave, each change checked, recorded, sent once, read back, recorded again.

A wave is every change whose needs are done. Its addresses are read together before and after, so that one call checks
many changes; an address that can hold more than two values is read once more right before its change is sent.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from remediate.errors import CallFailed, CredentialsEnded, NotYet, OutcomeUnknown
from remediate.executor.ledger import PATIENCE, Ledger, Made, Progress, Result, doubtful, made
from remediate.executor.sending import SENDS, Sender
from remediate.model import Change, Plan, Value, brief, kind_of
from remediate.protocols import Clock, Journal, Live, Resources

__all__ = ["Executor", "Made", "Result", "doubtful", "made"]

POLL = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between reads while a change is not seen yet; the last one repeats."""
DOUBT = sum(POLL[:3])
"""Seconds for which the account must go on showing the old value before a call whose answer was lost is sent again.
Where a second call would make a second object, that is PATIENCE: as long as AWS may take to show the first one."""


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
        before: Made | None = None,
    ) -> None:
        """`before` is what was made a moment ago and this plan takes back: AWS may still show what that replaced."""
        self.plan = plan
        self.live = live
        self.journal = journal
        self.clock = clock
        self.parallel = parallel
        self.ledger = Ledger(
            journal, clock, {**(before or {}), **made(plan, journal.records)}, fail_fast=fail_fast, progress=progress
        )
        self.sender = Sender(self.ledger, live, resources, plan.header.account)
        self.result = self.ledger.result
        self.stop = self.ledger.stop

    def run(self) -> Result:
        """Applies what is not applied yet; why it stopped early is in the result. Raises if the journal fails."""
        self.journal.add("start", plan=self.plan.digest)
        tried: set[int] = set()
        while not self.ledger.stopping:
            ready = [c for c in self.plan.changes if c.id not in tried and self._ready(c)]
            if not ready or not self.sender.same_account():
                break
            self._wave(ready)
            tried.update(c.id for c in ready)
        complete = all(self.ledger.settled(c.id) for c in self.plan.changes)
        detail = "complete" if complete else self.result.stopped or "partial"
        self.journal.add("end", plan=self.plan.digest, detail=detail)
        return self.result

    def _ready(self, change: Change) -> bool:
        return not self.ledger.settled(change.id) and all(self.ledger.settled(n) for n in change.needs)

    def _wave(self, ready: Sequence[Change]) -> None:
        """Sends, and looks until each change is seen, has failed, or is to be sent again."""
        values = self.sender.look(ready)
        good = [change for change in ready if self.ledger.may_go(change, values[change.address])]
        hand = [change for change in good if self.ledger.sent_a_moment_ago(change)]
        go = _without(good, hand)
        turn = 0
        while go or hand:
            hand += self._send_all(go)
            values = self.sender.read(change.address for change in hand) if hand else {}
            hand = [change for change in hand if self._is_open(change, values[change.address])]
            go = [change for change in hand if self._never_arrived(change, values[change.address])]
            hand = _without(hand, go)
            if hand and not go:
                left = min(PATIENCE - self.ledger.waited(change) for change in hand)
                self.clock.sleep(max(0.01, min(left, POLL[min(turn, len(POLL) - 1)])))
            turn += 1

    def _send_all(self, changes: Sequence[Change]) -> list[Change]:
        """Returns the changes that AWS may have carried out. An error of our own is raised when all have ended."""
        with ThreadPoolExecutor(self.parallel) as pool:
            futures = [pool.submit(self.sender.send, change) for change in changes]
        return [change for change, future in zip(changes, futures, strict=True) if future.result()]

    def _is_open(self, change: Change, value: Value | Exception) -> bool:
        """Whether a change that was sent is still to be waited for; records what came of it if not."""
        if isinstance(value, CredentialsEnded):
            self.stop(str(value))
            return False  # the journal says that it was sent: the next run asks
        if isinstance(value, CallFailed) and not isinstance(value, NotYet | OutcomeUnknown):
            self.ledger.record(change, "failed", f"sent, and could not be read back: {value}")
        elif not isinstance(value, Exception) and value == change.after:
            self.ledger.record(change, "done")
        elif self.ledger.waited(change) >= PATIENCE and not self._never_arrived(change, value):
            self.ledger.record(change, "failed", f"sent, and not seen after {PATIENCE:.0f} s: now {brief(value)}")
        else:
            return True
        return False

    def _never_arrived(self, change: Change, value: Value | Exception) -> bool:
        """An answer was lost, and the account still has the old value after it had time to show a new one."""
        unknown = self.result.outcomes.get(change.id) == "intent"
        again = not self.ledger.stopping and self.ledger.sends[change.id] < SENDS
        another = self.sender.resources[kind_of(change.address)].makes_another(change.before, change.after)
        waited = self.ledger.waited(change) >= (PATIENCE if another else DOUBT)
        return unknown and again and waited and value == change.before


def _without(changes: Sequence[Change], others: Sequence[Change]) -> list[Change]:
    ids = {change.id for change in others}
    return [change for change in changes if change.id not in ids]
