"""What one run does, step by step: the executor's protocol, written again without threads, AWS or files.

A run is a generator. It yields the step that it takes next and is sent what it saw, so that whoever drives it decides
what happens between any two steps. Apart from the seconds, nothing here comes from the product.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from math import ceil

from support.story import SETTLED, Recorded

from model.steps import (
    PLAN,
    SETTINGS,
    Call,
    Change,
    Check,
    Open,
    Past,
    Read,
    Record,
    Result,
    Rules,
    Saw,
    Step,
    Steps,
    Value,
    Wait,
)
from remediate.executor import DOUBT, POLL
from remediate.executor.ledger import PATIENCE
from remediate.executor.sending import SENDS
from remediate.rollback import POLL as LOOK_AGAIN


class Run:
    """One run of some changes, after what their journal tells."""

    def __init__(self, changes: Sequence[Change], past: Sequence[Past], rules: Rules) -> None:
        self.changes = changes
        self.rules = rules
        self.now = 0.0
        self.outcomes = {p.record.change: p.record.event for p in past}
        self.sent_at = {p.record.change: p.at for p in past if p.record.event in ("intent", "sent")}
        self.doubtful = doubtful([p.record for p in past], rules)
        self.sends: Counter[int] = Counter()

    def steps(self) -> Steps:
        yield from self.look(Open(tuple(self.changes)))
        yield from self.record("start")
        tried: set[int] = set()
        while ready := [c for c in self.changes if c.id not in tried and self.ready(c)]:
            yield from self.wave(ready)
            tried.update(c.id for c in ready)
        yield from self.record("end")

    def look(self, step: Step) -> Generator[Step, Saw, Saw]:
        saw = yield step
        self.now = saw.now
        return saw

    def read(self, changes: Sequence[Change]) -> Generator[Step, Saw, dict[int, Value]]:
        several = tuple(sorted(changes))
        saw = yield from self.look(Read(several))
        return dict(zip((c.id for c in several), saw.values, strict=True))

    def record(self, event: str, change: Change | None = None, *, refused: bool = False) -> Steps:
        yield from self.look(Record(event, change.id if change else 0, refused))
        if change:
            self.outcomes[change.id] = event
        if change and event in ("intent", "sent"):
            self.sent_at[change.id] = self.now

    def ready(self, change: Change) -> bool:
        if self.rules.remembers and self.outcomes.get(change.id) in SETTLED:
            return False
        enough = SETTLED if self.rules.waits_for_needs else (*SETTLED, "failed", "conflict")
        return all(self.outcomes.get(n) in enough for n in change.needs)

    def wave(self, ready: Sequence[Change]) -> Steps:
        good = [] if self.rules.looks_when_resumed or not self.outcomes else list(ready)
        if not good:
            values = yield from self.read(ready)
            for change in ready:
                if (yield from self.may_go(change, values[change.id])):
                    good.append(change)
        hand = [c for c in good if self.rules.looks_when_resumed and self.in_hand(c)]
        go = [c for c in good if c not in hand]
        for turn in range(1000):
            for change in go:
                hand += [change] if (yield from self.send(change)) else []
            if not hand:
                return
            values = yield from self.read(hand)
            still: list[Change] = []
            for change in hand:
                still += [change] if (yield from self.open(change, values[change.id])) else []
            go = [c for c in still if self.never_arrived(c, values[c.id])]
            hand = [c for c in still if c not in go]
            if hand and not go:
                left = min(PATIENCE - self.waited(c) for c in hand)
                yield from self.look(Wait(round(min(left, POLL[min(turn, len(POLL) - 1)]), 1)))

    def may_go(self, change: Change, value: Value) -> Generator[Step, Saw, bool]:
        if value == change.after:
            ours = change.id in self.doubtful or not self.rules.tells_theirs_from_ours
            yield from self.record("done" if ours else "already", change)
        elif value != change.before and self.rules.heeds_conflicts:
            yield from self.record("conflict", change)
        else:
            return True
        return False

    def send(self, change: Change) -> Generator[Step, Saw, bool]:
        """Whether AWS may have carried it out."""
        if self.rules.last_look and "other" in SETTINGS[change.address].values:
            values = yield from self.read([change])
            if not (yield from self.may_go(change, values[change.id])):
                return False
        if self.rules.intent_first:
            yield from self.record("intent", change)
        self.sends[change.id] += 1
        yield from self.look(Check())
        saw = yield from self.look(Call(change))
        if saw.result == "unknown" and not self.rules.asks_after_a_lost_answer:
            saw = yield from self.look(Call(change))  # as an SDK does by itself
        if not self.rules.intent_first:
            yield from self.record("intent", change)
        if saw.result == "yes":
            self.doubtful.add(change.id)
            yield from self.record("sent", change)
            return True
        if saw.result == "unknown":
            self.doubtful.add(change.id)
            return True
        return (yield from self.refused(change, saw.result))

    def refused(self, change: Change, result: Result) -> Generator[Step, Saw, bool]:
        if result != "denied":
            if change.id in self.doubtful and self.rules.doubts:
                self.sends[change.id] = SENDS
                return True
            values = yield from self.read([change])
            if values[change.id] == change.after:
                yield from self.record("already", change)
                return False
        yield from self.record("failed", change, refused=True)
        return False

    def open(self, change: Change, value: Value) -> Generator[Step, Saw, bool]:
        """Whether a change that was sent is still waited for."""
        if value == change.after or not self.rules.reads_back:
            yield from self.record("done", change)
        elif self.waited(change) >= PATIENCE and not self.never_arrived(change, value):
            yield from self.record("failed", change)
        else:
            return True
        return False

    def never_arrived(self, change: Change, value: Value) -> bool:
        unknown = self.outcomes[change.id] == "intent" and self.sends[change.id] < SENDS
        return unknown and value == change.before and self.waited(change) >= DOUBT

    def waited(self, change: Change) -> float:
        return round(self.now - self.sent_at[change.id], 1)

    def in_hand(self, change: Change) -> bool:
        return self.outcomes.get(change.id) in ("intent", "sent") and self.waited(change) < PATIENCE


def doubtful(records: Sequence[Recorded], rules: Rules) -> set[int]:
    """What was about to be sent, and was not refused."""
    sends: Counter[int] = Counter()
    for record in records if rules.doubts else ():
        sends[record.change] += record.event == "intent"
        sends[record.change] -= record.event == "failed" and record.refused and rules.believes_refusals
    return {change for change, count in sends.items() if count > 0}


def rollback(past: Sequence[Past], rules: Rules) -> Steps:
    """Asks what became of changes without an outcome, and takes back what was done."""
    outcomes = {p.record.change: p.record.event for p in past}
    sent_at = {p.record.change: p.at for p in past if p.record.event in ("intent", "sent")}
    doubt = doubtful([p.record for p in past], rules) if rules.asks_before_rollback else ()
    asked = tuple(c for c in PLAN if c.id in doubt and outcomes[c.id] not in SETTLED)
    while asked:
        saw = yield Read(asked)
        values = {c.id: value for c, value in zip(asked, saw.values, strict=True)}
        left = [sent_at[c.id] + PATIENCE - saw.now for c in asked if values[c.id] == c.before]
        if not left or max(left) <= 0:
            outcomes |= {c.id: "done" for c in asked if values[c.id] != c.before}
            break
        yield Wait(
            LOOK_AGAIN * ceil(max(left) / LOOK_AGAIN)
        )  # it looks in between, and what it sees then it sees at the end
    taken = ("done",) if rules.rolls_back_only_done else SETTLED
    if changes := tuple(inverse([c for c in PLAN if outcomes.get(c.id) in taken])):
        yield from Run(changes, (), rules).steps()


def inverse(done: Sequence[Change]) -> Iterator[Change]:
    number = {c.id: n for n, c in enumerate(reversed(done), start=1)}
    for change in reversed(done):
        needs = tuple(sorted(number[c.id] for c in done if change.id in c.needs))
        yield Change(number[change.id], change.address, change.after, change.before, needs)


def carried_out(change: Change, value: Value) -> Result:
    """What AWS answers to a call that arrives: whether it does it depends on nothing but what is there."""
    setting = SETTINGS[change.address]
    if change.after == setting.absent:
        return "absent" if value == setting.absent else "yes"
    return "exists" if setting.exclusive and value != setting.absent else "yes"
