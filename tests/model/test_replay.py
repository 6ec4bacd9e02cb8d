"""The model and the program do the same: traces of the model, step by step, on the real executor, journal and lock."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import Wire
from support.invariants import broken
from support.story import Book, Recorded
from support.stress import STRESS

from model.actor import told
from model.explore import Explored, explore
from model.replay import RealAccount
from model.state import Budget, Move, State, start
from model.steps import Call, Step, Wait
from model.world import LATE, RIGHT, World
from remediate.rollback import POLL

EACH = 400 if STRESS else 8
"""Traces of each group; they are spread over all that the model can end in."""
GROUPS = {
    "crash": Budget(crashes=1),
    "fault": Budget(faults=1),
    "edit": Budget(edits=1),
    "rival": Budget(robberies=1),
    "crash and fault": Budget(crashes=1, faults=1),
    "crash and edit": Budget(crashes=1, edits=1),
    "fault and edit": Budget(faults=1, edits=1),
}


@pytest.fixture(scope="module")
def wires(_clients: Aws) -> list[Wire]:
    """Two runs may be at work at once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        return [Wire(), Wire()]


def kind_of_trace(budget: Budget, trace: Sequence[Move]) -> tuple[object, ...]:
    """What went wrong, and right before which step: traces that are equal in this differ in nothing of interest."""
    world, state = World(RIGHT), start(budget)
    found: list[object] = []
    for move in trace:
        if move.kind != "step":
            about = [(w.book, told(step)) for w in state.workers if (step := world.step(w)) is not None]
            found += [move.kind, move.book, move.late, move.address, move.value, *about]
        state = world.after(state, move)
    return tuple(found)


def chosen(budget: Budget) -> list[list[Move]]:
    """One trace of each kind, or as many as there is time for, spread evenly."""
    explored: Explored = explore(budget)
    step = 1 if STRESS else max(1, len(explored.ended) // (4 * EACH))
    traces = {kind_of_trace(budget, t): t for t in map(explored.trace, explored.ended[::step])}
    found = list(traces.values())
    return [found[n * len(found) // EACH] for n in range(EACH)] if len(found) > EACH else found


@pytest.mark.parametrize("group", GROUPS)
def test_the_program_does_what_the_model_does(
    group: str, aws: Aws, wires: list[Wire], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = chosen(GROUPS[group])
    for n, trace in enumerate(traces):
        folder = tmp_path / str(n)
        monkeypatch.setenv("REMEDIATE_STATE_DIR", str(folder / "state"))
        replayed(GROUPS[group], trace, RealAccount(aws, wires, folder))
    assert len(traces) >= 8
    if STRESS:
        print(f"{group}: {len(traces)} traces of the model replayed")


def replayed(budget: Budget, trace: Sequence[Move], real: RealAccount) -> None:
    """Each step is what the model says, and so are the account after it, and the journals in the end."""
    world, state = World(RIGHT), start(budget)
    for n, move in enumerate(trace):
        where = "\n".join(map(_short, trace[: n + 1]))
        for worker in state.workers:
            step = world.step(worker)
            assert step is not None
            actor = real.actors[worker.id]
            same = actor.about == told(step) or (isinstance(step, Wait) and actor.about == ("wait", POLL))
            assert same, f"{where}\n{actor.about} {actor.error!r}, and the model: {told(step)}"
        before, state = state, world.after(state, move)
        step = next((world.step(w) for w in before.workers if w.id == move.worker), None)
        act(real, before, state, move, step)
        for worker in before.workers:
            if worker not in state.workers and worker.id not in {w.id for w in state.workers}:
                real.leave(worker.id)
        if move.kind == "start" and not state.workers:
            real.leave(max(real.actors))
        if move.kind != "step" or any(isinstance(world.step(w), Call) for w in before.workers):
            assert real.values() == state.values, where
    story = world.story(state)
    assert not broken(story)
    books: tuple[Book, ...] = ("apply", "rollback")
    for book in books:
        records = [(e.event, e.change, e.refused) for e in story if isinstance(e, Recorded) and e.book == book]
        assert real.journals()[book] == records


def act(real: RealAccount, before: State, after: State, move: Move, step: Step | None) -> None:
    if move.kind == "start":
        real.seconds += LATE if move.late else 0.0
        new = [w.id for w in after.workers if w not in before.workers]
        real.begin(new[0] if new else -1, move.book)
    elif move.kind == "edit":
        real.edit(move.address, move.value)
    elif move.kind == "rob":
        real.rob()
    elif isinstance(step, Wait):
        real.actors[move.worker].wait(step.seconds)
    else:
        real.actors[move.worker].order(move.kind)


def _short(move: Move) -> str:
    return " ".join(map(str, move))
