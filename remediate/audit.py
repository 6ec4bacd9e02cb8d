"""What a journal tells: the runs of a plan, what came of each change, and whether it can have happened that way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from remediate.model import SETTLED, Change, Event, Plan, Record, Struct

FOLLOWS: Mapping[Event | None, frozenset[Event]] = {
    None: frozenset({"intent", "already", "conflict", "failed"}),
    "intent": frozenset({"intent", "sent", "done", "already", "conflict", "failed"}),
    "sent": frozenset({"intent", "done", "conflict", "failed"}),
    "conflict": frozenset({"intent", "done", "already", "conflict", "failed"}),
    "failed": frozenset({"intent", "done", "already", "conflict", "failed"}),
    "done": frozenset(),
    "already": frozenset(),
}
"""What may come after each event of one change; None stands before the first."""


class Step(Struct, frozen=True, kw_only=True):
    """What came of one change in one run."""

    change: Change
    outcome: Event
    at: datetime
    seconds: float | None
    """From the first intent to the outcome; None where nothing was about to be sent."""
    sends: int
    """How often this run was about to send it."""
    request_ids: tuple[str, ...]
    detail: str


class Told(Struct, frozen=True, kw_only=True):
    """One run of a plan."""

    caller: str
    begun: datetime
    ended: datetime | None
    """None where the journal breaks off: the process was killed, or the machine stopped."""
    how: str
    """`complete`, `partial`, or why it stopped."""
    steps: tuple[Step, ...]


def runs(plan: Plan, records: Sequence[Record]) -> list[Told]:
    """Each run of this plan in its order, and in it each change in the order of its last event."""
    changes = {change.id: change for change in plan.changes}
    found: list[list[Record]] = []
    for record in records:
        if record.event == "start":
            found.append([])
        if found:
            found[-1].append(record)
    return [_told(run, changes) for run in found]


def _told(run: Sequence[Record], changes: Mapping[int, Change]) -> Told:
    end = next((r for r in run if r.event == "end"), None)
    by_change: dict[int, list[Record]] = {}
    for record in run:
        if record.change in changes:
            by_change.setdefault(record.change, []).append(record)
    steps = [_step(changes[number], events) for number, events in by_change.items()]
    return Told(
        caller=run[0].caller,
        begun=run[0].at,
        ended=end.at if end else None,
        how=end.detail if end else "broke off",
        steps=tuple(sorted(steps, key=lambda step: (step.at, step.change.id))),
    )


def _step(change: Change, events: Sequence[Record]) -> Step:
    intents = [record.at for record in events if record.event == "intent"]
    last = events[-1]
    return Step(
        change=change,
        outcome=last.event,
        at=last.at,
        seconds=(last.at - intents[0]).total_seconds() if intents else None,
        sends=len(intents),
        request_ids=tuple(i for record in events for i in record.request_ids),
        detail=last.detail,
    )


def unseen(
    plan: Plan, earlier: Sequence[Record], last: Mapping[int, Event], once: Callable[[Change], bool]
) -> list[Change]:
    """Changes whose secret, which is shown once, an earlier run made that broke off before it could show it.

    `last` is what is known of each change now; `once` says which changes make such a secret.
    """
    broken = [run for run in runs(plan, earlier) if run.ended is None]
    made = {step.change.id: step.change for run in broken for step in run.steps if step.sends and once(step.change)}
    return [change for number, change in made.items() if last.get(number) == "done"]


def faults(plan: Plan, records: Sequence[Record]) -> Iterator[str]:
    """Why a run of this plan cannot have written this; nothing where it can.

    The hashes say that no record was changed by somebody who did not recompute them; this says that the story holds.
    """
    changes = {change.id: change for change in plan.changes}
    last: dict[int, Event] = {}
    intended: set[int] = set()
    running = False
    for record in records:
        where = f"record {record.seq}"
        if record.event == "start":
            running = True
            if record.plan != plan.digest:
                yield f"{where} begins a run of another plan"
        elif record.event == "end":
            if record.plan == plan.digest:  # otherwise it names the plan that takes this one back
                yield from _end(where, record, running, plan, last)
                running = False
        else:
            change = changes.get(record.change)
            if change is None or change.address != record.address:
                yield f"{where} speaks of #{record.change} {record.address}, which this plan does not have"
                continue
            yield from _event(where, record, running, change, last, intended)
            last[change.id] = record.event
            if record.event == "intent":
                intended.add(change.id)


def _end(where: str, record: Record, running: bool, plan: Plan, last: Mapping[int, Event]) -> Iterator[str]:
    if not running:
        yield f"{where} ends a run that was not begun"
    if record.detail == "complete" and any(last.get(c.id) not in SETTLED for c in plan.changes):
        yield f"{where} says complete, and not every change is done"


def _event(
    where: str, record: Record, running: bool, change: Change, last: Mapping[int, Event], intended: set[int]
) -> Iterator[str]:
    before = last.get(change.id)
    if not running:
        yield f"{where} stands outside a run"
    if record.event not in FOLLOWS[before]:
        yield f"{where} says {record.event} of #{change.id}, after {before or 'nothing'}"
    if record.event == "done" and change.id not in intended:
        yield f"{where} says that #{change.id} is done, which was never about to be sent"
    early = [n for n in change.needs if last.get(n) not in SETTLED]
    if record.event == "intent" and early:
        yield f"{where} is about to send #{change.id}, which needs #{early[0]}"
