"""Where an earlier run ended, the next one goes on by the journal."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.engine import MADE, plan_of
from support.in_memory import Shown
from support.trials import BACK, HELD, PUT_OFF, TAG, trial_of

from remediate.executor import doubtful, made
from remediate.model import Event, Record


@dataclass(frozen=True)
class Resumed:
    before: str
    """What the journal has of the one change."""
    ago: float
    there: bool = False
    shows: tuple[Shown, ...] = ()
    events: str = ""
    """What this run adds."""
    naps: list[float] = field(default_factory=list)
    writes: int = 0


RESUMED = {
    "in hand, and seen": Resumed("intent sent", 5, there=True, events="done"),
    "in hand, and seen late": Resumed("intent sent", 5, there=True, shows=(None, None, ...), events="done", naps=[0.2]),
    "in hand, and never seen": Resumed("intent sent", 118, events="failed", naps=[0.2, 0.5, 1.0, 0.3]),
    "in hand too long ago": Resumed("intent sent", 120, events="intent sent done", writes=1),
    "begun, and seen": Resumed("intent", 5, there=True, events="done"),
    "begun, and never arrived": Resumed("intent", 0, events="intent sent done", naps=[0.2, 0.5, 1.0], writes=1),
    "begun a while ago": Resumed("intent", 1.7, events="intent sent done", writes=1),
    "begun too long ago": Resumed("intent", 121, events="intent sent done", writes=1),
    "refused, and there now": Resumed("intent failed", 5, there=True, events="already"),
    "refused": Resumed("intent failed", 5, events="intent sent done", writes=1),
    "done": Resumed("intent sent done", 5, there=True),
    "by a clock that was ahead, and seen late": Resumed(
        "intent sent", -3600, there=True, shows=(None, None, ...), events="done", naps=[0.2]
    ),
    "begun by a clock that was ahead": Resumed("intent", -5, events="intent sent done", naps=[0.2, 0.5, 1.0], writes=1),
}


@pytest.mark.parametrize("case", RESUMED.values(), ids=RESUMED)
def test_going_on(case: Resumed, tmp_path: Path) -> None:
    trial = trial_of(HELD, folder=tmp_path)
    events: list[Any] = case.before.split()
    trial.noted([(event, 1) for event in events], case.ago)
    trial.live.shows[HELD.address] = list(case.shows)
    if case.there:
        trial.live.state[HELD.address] = "attached"
    trial.run()
    assert trial.events() == f"{case.before} {case.events}".strip()
    assert trial.clock.naps == pytest.approx(case.naps)
    assert trial.live.writes == case.writes


def test_what_was_sent_is_waited_for_from_its_answer_on(tmp_path: Path) -> None:
    """And not from the moment when it was begun: AWS may have put it off for long."""
    trial = trial_of(HELD, folder=tmp_path)
    trial.noted([("intent", 1)], ago=60)
    trial.noted([("sent", 1)], ago=119)
    trial.live.state[HELD.address] = "attached"
    trial.live.shows[HELD.address] = [None, None, ...]
    trial.run()
    assert (trial.events(), trial.live.writes) == ("intent sent done", 0)


def test_a_call_is_put_off_for_two_minutes_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _low, _high: 10.0)
    trial = trial_of(HELD, folder=tmp_path)
    trial.live.answers[HELD.address] = list(PUT_OFF)
    assert trial.run().outcomes == {1: "failed"}
    assert trial.clock.naps == [10.0] * 12


def record(event: Event, change: int, *ids: str, seconds: int = 0) -> Record:
    return Record(seq=1, previous="", at=MADE + timedelta(seconds=seconds), event=event, change=change, request_ids=ids)


@pytest.mark.parametrize(
    ("records", "maybe"),
    [
        ([], set()),
        ([record("intent", 1)], {1}),
        ([record("intent", 1), record("failed", 1, "r")], set()),
        ([record("intent", 1), record("failed", 1)], {1}),
        ([record("intent", 1), record("intent", 1), record("failed", 1, "r")], {1}),
        ([record("intent", 1), record("failed", 1, "r"), record("intent", 1), record("failed", 1, "r")], set()),
        ([record("failed", 1, "r"), record("intent", 2), record("sent", 2, "r")], {2}),
        ([record("conflict", 1, "r"), record("intent", 1), record("intent", 2), record("failed", 2, "r")], {1}),
    ],
)
def test_what_may_have_been_carried_out(records: list[Record], maybe: set[int]) -> None:
    assert doubtful(records) == maybe


def test_what_was_made_and_when() -> None:
    plan = plan_of(TAG, HELD, BACK)
    one, two, three = plan.changes
    events = [record("done", 1, seconds=1), record("already", 2, seconds=2), record("done", 3, seconds=3)]
    assert made(plan, events) == {one.address: (three, MADE + timedelta(seconds=3))}
    assert made(plan, events[:2]) == {one.address: (one, MADE + timedelta(seconds=1))}
    assert made(plan, [record("sent", 2)]) == {}
    assert two.address not in made(plan, events)
