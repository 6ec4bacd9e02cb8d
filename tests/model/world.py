"""What two runs of one plan, the people beside them and AWS may do next, and what comes of it."""

from collections.abc import Iterator, Sequence
from typing import Literal

from support.invariants import broken_by
from support.story import SETTLED, Answer, Began, Book, Checked, Edited, Entry, Gone, Looked, Recorded, Robbed, Sent

from model.protocol import Run, carried_out, rollback
from model.state import TWO_VALUED, Line, Move, State, Worker
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

LATE = 121.0
"""Seconds after which a run that comes back no longer waits for what was in hand."""
CALL_FAULTS: tuple[Literal["lost", "missing", "denied"], ...] = ("lost", "missing", "denied")
"""A call is carried out or not, and its answer does not come; or AWS refuses it."""
RIGHT = Rules()


class World:
    """What may happen next in each state, and what comes of it; rules that an entry breaks are in `broken`."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.broken: list[str] = []
        self._stories: Line[tuple[float, Entry]] = Line()
        self._seen: Line[Saw] = Line()
        self._next: dict[tuple[Book, int, int], Step | None] = {}
        self._steps: dict[tuple[Book, int, int], Steps] = {}

    def story(self, state: State) -> list[Entry]:
        return [entry for _, entry in self._stories.of(state.story)]

    def moves(self, state: State) -> Iterator[Move]:
        touched: set[int] = set() if state.workers else {0, 1, 2}
        for worker in state.workers:
            step = self.step(worker)
            if state.holder != worker.id and self.rules.fence and len(state.workers) > 1:
                rival = next(w for w in state.workers if w != worker)
                if not _touched(step) & _touched(self.step(rival)):
                    continue  # a call on its way, and nobody is looking
            yield Move("step", worker.id)
            touched |= _touched(step)
            if isinstance(step, Call) and state.left.faults:
                yield from (Move(kind, worker.id) for kind in CALL_FAULTS)
            if isinstance(step, Record | Call) and state.left.crashes:
                yield Move("crash", worker.id)
            if isinstance(step, Record | Check | Call) and state.left.robberies and state.holder == worker.id:
                yield Move("rob", worker.id)
        if state.left.edits:
            for n in sorted(touched):
                others = (v for v in SETTINGS[n].values if v != state.values[n])
                yield from (Move("edit", address=n, value=value) for value in others)
        if state.left.runs and len(state.workers) < 2 and (state.holder < 0 or not self.rules.lock):
            yield from self._starts(state)

    def after(self, state: State, move: Move) -> State:
        left, worker = state.left, next((w for w in state.workers if w.id == move.worker), None)
        if move.kind == "edit":
            values = _with(state.values, move.address, move.value)
            state = state._replace(values=values, left=left._replace(edits=left.edits - 1))
            return self._told(state, Edited(move.address, move.value))
        if move.kind == "start":
            return self._started(state, move)
        if worker is None:
            raise ValueError(move)
        if move.kind == "crash":
            return self._gone(state._replace(left=left._replace(crashes=left.crashes - 1)), worker)
        if move.kind == "rob":
            state = state._replace(holder=-1, left=left._replace(robberies=left.robberies - 1))
            state = self._told(state, Robbed(worker.id))
            return state if isinstance(self.step(worker), Call) else self._fenced_off(state, worker)
        return self._stepped(state, worker, move)

    def step(self, worker: Worker) -> Step | None:
        """What this run does next; None when it has ended."""
        key = (worker.book, worker.opened, worker.seen)
        if key not in self._next:
            steps, saws = self._going_on(worker)
            try:
                found = next(steps) if not worker.seen else None
                for saw in saws:
                    found = steps.send(saw)
                self._steps[key] = steps
            except StopIteration:
                found = None
            self._next[key] = found
        return self._next[key]

    def _going_on(self, worker: Worker) -> tuple[Steps, list[Saw]]:
        """A run as it was a step ago, and what it sees then; or one from its beginning, and all that it saw."""
        if not worker.seen:
            return self._program(worker), []
        before, saw = self._seen.before(worker.seen)
        steps = self._steps.pop((worker.book, worker.opened, before), None)
        if steps is not None:
            return steps, [saw]
        steps = self._program(worker)
        next(steps)
        return steps, self._seen.of(worker.seen)

    def _program(self, worker: Worker) -> Steps:
        story = self._stories.of(worker.opened)
        past = [Past(at, e) for at, e in story if isinstance(e, Recorded) and e.book == worker.book and e.change]
        if worker.book == "apply":
            return Run(PLAN, past, self.rules).steps()
        for _, entry in story:
            if isinstance(entry, Began) and entry.book == "rollback":
                return Run([c for c in entry.changes if isinstance(c, Change)], past, self.rules).steps()
        return rollback([Past(at, e) for at, e in story if isinstance(e, Recorded) and e.change], self.rules)

    def _starts(self, state: State) -> Iterator[Move]:
        story = self._stories.of(state.story)
        begun = any(isinstance(e, Began) and e.book == "rollback" for _, e in story)
        applied, back = _outcomes(story, "apply"), _outcomes(story, "rollback")
        books: list[Book] = []
        if not begun and not all(applied.get(c.id) in SETTLED for c in PLAN):
            books.append("apply")
        if applied and not (back and all(event in SETTLED for event in back.values())):
            books.append("rollback")
        for book in books:
            in_hand = {at for at, e in story if isinstance(e, Recorded) and e.book == book and _in_hand(e, story)}
            yield Move("start", book=book)
            if any(state.now - at < LATE for at in in_hand):
                yield Move("start", book=book, late=True)

    def _started(self, state: State, move: Move) -> State:
        number = 1 + max((e.worker for e in self.story(state) if isinstance(e, Began)), default=-1)
        number = max(number, *(w.id + 1 for w in state.workers), 0)
        worker = Worker(number, move.book, state.story, 0)
        now = state.now + LATE if move.late else state.now
        left = state.left._replace(runs=state.left.runs - 1)
        state = state._replace(holder=number, workers=(*state.workers, worker), now=now, left=left)
        return state if self.step(worker) is not None else self._gone(state, worker)

    def _stepped(self, state: State, worker: Worker, move: Move) -> State:
        step = self.step(worker)
        saw = Saw(state.now)
        if isinstance(step, Open):
            two = frozenset(c.id for c in step.changes if c.address in TWO_VALUED)
            state = self._told(state, Began(worker.id, worker.book, step.changes, two))
        elif isinstance(step, Read):
            saw = Saw(state.now, tuple(state.values[c.address] for c in step.changes))
            if _begun(self.story(state), worker.id):
                for change, value in zip(step.changes, saw.values, strict=True):
                    state = self._told(state, Looked(worker.id, worker.book, change.id, value))
        elif isinstance(step, Record):
            entry = Recorded(worker.id, worker.book, step.event, step.change, step.refused)
            state = self._told(state, entry)
        elif isinstance(step, Check):
            state = self._told(state, Checked(worker.id))
        elif isinstance(step, Call):
            state, result = self._called(state, worker, step.change, move)
            saw = Saw(state.now, result=result)
        elif isinstance(step, Wait):
            state = state._replace(now=round(state.now + step.seconds, 1))
            saw = Saw(state.now)
        further = worker._replace(seen=self._seen.add(worker.seen, saw)[0])
        workers = tuple(further if w.id == worker.id else w for w in state.workers)
        state = self._fenced_off(state._replace(workers=workers), further)
        return state if self.step(further) is not None else self._gone(state, further)

    def _fenced_off(self, state: State, worker: Worker) -> State:
        """A run without its lock ends at its next record or check: until then it only looks."""
        return self._gone(state, worker) if self.rules.fence and state.holder != worker.id else state

    def _called(self, state: State, worker: Worker, change: Change, move: Move) -> tuple[State, Result]:
        found = state.values[change.address]
        result: Result = "denied" if move.kind == "denied" else carried_out(change, found)
        carried = result == "yes" and move.kind != "missing"
        answer: Answer = "yes" if result == "yes" else "no"
        if move.kind in ("lost", "missing"):
            result, answer = "unknown", "lost"
        if move.kind != "step":
            state = state._replace(left=state.left._replace(faults=state.left.faults - 1))
        if carried:
            state = state._replace(values=_with(state.values, change.address, change.after))
        return self._told(state, Sent(worker.id, worker.book, change.id, found, carried, answer)), result

    def _gone(self, state: State, worker: Worker) -> State:
        workers = tuple(w for w in state.workers if w.id != worker.id)
        holder = -1 if state.holder == worker.id else state.holder
        return self._told(state._replace(workers=workers, holder=holder), Gone(worker.id))

    def _told(self, state: State, entry: Entry) -> State:
        story, new = self._stories.add(state.story, (state.now, entry))
        if new:
            self.broken += broken_by(self.story(state), entry)
        return state._replace(story=story)


def _begun(story: Sequence[Entry], run: int) -> bool:
    """Whether it has opened its journal; a rollback asks the account before it does."""
    return any(isinstance(e, Began) and e.worker == run for e in story)


def _touched(step: Step | None) -> set[int]:
    if isinstance(step, Read):
        return {change.address for change in step.changes}
    return {step.change.address} if isinstance(step, Call) else set()


def _with(values: tuple[Value, ...], address: int, value: Value) -> tuple[Value, ...]:
    return (*values[:address], value, *values[address + 1 :])


def _outcomes(story: Sequence[tuple[float, Entry]], book: Book) -> dict[int, str]:
    """The last event of each change."""
    records = (e for _, e in story if isinstance(e, Recorded) and e.book == book and e.change)
    return {record.change: record.event for record in records}


def _in_hand(record: Recorded, story: Sequence[tuple[float, Entry]]) -> bool:
    return record.event in ("intent", "sent") and _outcomes(story, record.book)[record.change] == record.event
