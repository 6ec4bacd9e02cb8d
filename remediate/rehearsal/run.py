"""The rehearsal itself: on a stage that somebody else has built."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from remediate import __version__, planner, proof, rollback
from remediate.account import Account, differences
from remediate.errors import BadInput, Refused, RemediateError, Unreadable
from remediate.executor import Executor, Result
from remediate.model import SETTLED, Address, Change, Plan, Struct, Value, brief
from remediate.planner import Chosen
from remediate.playbook.scope import Scope
from remediate.protocols import Clock, Live, Resources
from remediate.rehearsal import twins
from remediate.rehearsal.memory import Notes, Unhurried
from remediate.trial import Call, Rehearsal
from remediate.words import many

PARALLEL = 4
FEW = 20
"""Failures that are told; a plan that fails as a whole fails the same way many times."""


class Stage(Protocol):
    """An emulator with the account's twin in it."""

    emulator: str
    """Its name and version."""
    gaps: Mapping[str, str]
    """What could not be carried over, and why."""

    @property
    def live(self) -> Live: ...

    def look(self, asked: Iterable[Address] = ()) -> Account:
        """The twin as it is now, with what is asked here, and with all that the controls ask."""
        ...

    def more(self, account: Account, asked: Iterable[Address]) -> Account:
        """That account, with what is asked besides."""
        ...

    def look_back(self, made: Iterable[Address]) -> Account:
        """The twin as a rollback looks at it: with whatever may have come to depend on these new entries."""
        ...

    def calls(self) -> Sequence[tuple[Address, Value, Value, Call]]:
        """The changing calls so far, each with the transition that it was sent for."""
        ...


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What is kept of a rehearsal, and each call by its change."""

    result: Rehearsal
    calls: tuple[tuple[int, Call], ...]


def rehearse(
    plan: Plan, real: Account, stage: Stage, chosen: Chosen, scope: Scope, resources: Resources, clock: Clock
) -> Rehearsed:
    """Applies the plan to the twin of that account, plans again, takes everything back, and compares.

    `chosen` are the controls that made the plan; none for a rollback, after which nothing is planned.
    """
    unhurried = Unhurried(clock)
    before = stage.look(real.asked)
    gaps = {**stage.gaps, **twins.differences(real, before), **_not_as_planned(plan.changes, stage.live)}
    blind = sorted({control for unknown in plan.unknowns for control in unknown.controls})
    missing = twins.uncovered(plan, gaps, _asking(real, chosen, scope), blind, resources)
    part = _without(plan, {change for gap in missing for change in gap.changes})
    result = _execute(part, stage, resources, unhurried)
    calls = tuple(_by_change(part, stage.calls()))
    failures = list(_failed(part, result, calls))
    left, kept, restored = None, 0, None
    if not failures:
        if chosen:
            seeing = [(control, settings) for control, settings in chosen if control.id not in blind]
            left, why = _planned_again(plan, part, stage, seeing, scope, resources)
            failures += why
        kept, wrong = _taken_back(part, result, before, stage, resources, unhurried)
        failures, restored = failures + wrong, not wrong
    told = Rehearsal(
        at=clock.now(),
        tool=__version__,
        emulator=stage.emulator,
        changes=result.count(*SETTLED),
        calls=len(calls),
        left=left,
        kept=kept,
        restored=restored,
        uncovered=missing,
        failures=tuple(failures),
    )
    return Rehearsed(result=told, calls=calls)


def _not_as_planned(changes: Sequence[Change], live: Live) -> dict[str, str]:
    """Entries that are not in the twin as a change of them starts."""
    first: dict[Address, Change] = {}
    for change in changes:
        first.setdefault(change.address, change)
    found: dict[str, str] = {}
    for address, value in live.read(first).items():
        if isinstance(value, Exception) or value != first[address].before:
            found[address] = f"planned from {brief(first[address].before, 80)}, {brief(value, 80)} in the emulator"
    return found


def _asking(real: Account, chosen: Chosen, scope: Scope) -> dict[str, frozenset[Address]]:
    found: dict[str, frozenset[Address]] = {}
    for control, settings in chosen:
        try:
            found[control.id] = frozenset(control.asks(real, settings, scope))
        except Unreadable:
            found[control.id] = frozenset()  # it is blind, and none of its changes is rehearsed
    return found


def _without(plan: Plan, skipped: set[int]) -> Plan:
    """The rest of a plan; what needs one that is left out is left out as well."""
    kept = [c for c in plan.changes if c.id not in skipped]
    return msgspec.structs.replace(plan, changes=tuple(kept))


def _execute(plan: Plan, stage: Stage, resources: Resources, clock: Clock) -> Result:
    return Executor(plan, stage.live, resources, Notes(clock), clock, parallel=PARALLEL).run()


def _by_change(plan: Plan, calls: Iterable[tuple[Address, Value, Value, Call]]) -> Iterator[tuple[int, Call]]:
    """Each call with the number of its change, in the plan's order."""
    found: dict[int, list[Call]] = {change.id: [] for change in plan.changes}
    by_address: dict[Address, list[Change]] = {}
    for change in plan.changes:
        by_address.setdefault(change.address, []).append(change)
    for address, before, after, call in calls:
        number = next(c.id for c in by_address[address] if (c.before, c.after) == (before, after))
        found[number].append(call)
    return ((number, call) for number, held in found.items() for call in held)


def _failed(plan: Plan, result: Result, calls: Sequence[tuple[int, Call]]) -> Iterator[str]:
    """The changes that were refused, each with the call; those that only waited for them are counted."""
    open_ended = [c for c in plan.changes if result.outcomes.get(c.id) not in SETTLED]
    tried = [c for c in open_ended if c.id in result.outcomes]
    for change in tried[:FEW]:
        sent = [f"{call.service} {call.operation}" for number, call in calls if number == change.id]
        how = f" ({sent[-1]})" if sent else ""
        yield f"#{change.id} {change.sign} {change.address}{how}: {result.details.get(change.id, 'no outcome')}"
    if len(tried) > FEW:
        yield f"and {len(tried) - FEW} more changes failed"
    if waiting := len(open_ended) - len(tried):
        why = "they need these" if tried else result.stopped
        yield f"{many(waiting, 'change')} not tried: {why}"


def _planned_again(
    plan: Plan, part: Plan, stage: Stage, chosen: Chosen, scope: Scope, resources: Resources
) -> tuple[int | None, list[str]]:
    """How many changes the next plan would have, but for those of what was not rehearsed; and each of them."""
    after = stage.look()
    try:
        draft = planner.propose(after, chosen, scope, resources)
        planner.judged(draft, stage.more(after, proof.asks(after, draft.changes)), scope, resources)
    except RemediateError as error:
        return None, [f"planned again: {' '.join((error.what, *error.details))}"]
    done = {c.id for c in part.changes}
    skipped = [c for c in plan.changes if c.id not in done]
    spared = {c.address for c in skipped}
    waiting = {r.control for c in skipped for r in c.reasons}
    left = [c for c in draft.changes if c.address not in spared and not {r.control for r in c.reasons} & waiting]
    told = [f"planned again: {c.sign} {c.address}: {'; '.join(r.why for r in c.reasons)}" for c in left[:FEW]]
    return len(left), told


def _taken_back(
    plan: Plan, result: Result, before: Account, stage: Stage, resources: Resources, clock: Clock
) -> tuple[int, list[str]]:
    """How many entries stay as the plan made them, and everything that is not as it was."""
    if not result.count("done"):
        return 0, []
    seen = stage.look_back(c.address for c in plan.changes if c.before is None)
    seen = stage.more(seen, proof.asks(seen, rollback.most(plan, result.outcomes)))
    try:
        back = rollback.inverse(plan, result.outcomes, seen, resources, clock.now())
    except (BadInput, Refused) as error:
        return 0, [f"taking back: {' '.join((error.what, *error.details))}"]
    again = _execute(back, stage, resources, clock)
    failed = [f"taking back: {why}" for why in _failed(back, again, ())]
    if failed:
        return len(back.kept), failed
    kept = {item.address for item in back.kept}
    now = stage.look(before.asked)
    different = [a for a in differences(before.state, now.state) if a not in kept]
    told = [
        f"after taking back: {a}: {brief(before.state.get(a), 80)} before, now {brief(now.state.get(a), 80)}"
        for a in different[:FEW]
    ]
    return len(kept), told
