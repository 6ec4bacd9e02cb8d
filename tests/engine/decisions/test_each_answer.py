"""What comes of one change, by what AWS answers and shows: events, calls, waits, in full."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.engine import Step, step
from support.in_memory import Shown, failed
from support.mutations import OWN, document
from support.trials import ENDED, GONE, HELD, NEVER, PUT_OFF, SLOW, TAG, trial_of

TWICE = step(
    "iam.policy", OWN, was={"path": "/", "document": document()}, to={"path": "/", "document": document("s3:*")}
)
"""A call that makes a second version if it is sent twice."""
KEY = replace(GONE, evidence={"last_used": None})
LATE = [0.2, 0.5, 1.0, 2.0, 4.0, *[8.0] * 14, 0.3]
"""Every look at what is never seen: 120 s."""
LOST = "outcome unknown: Call: Timeout: said the test"


@dataclass(frozen=True)
class Case:
    """One change: what AWS answers and shows, and what comes of it."""

    change: Step = HELD
    answers: tuple[str, ...] = ()
    shows: tuple[Shown, ...] = ()
    facts: tuple[Any, ...] = ()
    events: str = "intent sent done"
    naps: list[float] = field(default_factory=list)
    writes: int = 1
    reads: int = 2
    detail: str = ""
    """Of the change, in the end: the whole of it, as a regular expression."""
    stopped: str = ""


CASES = {
    "done": Case(),
    "done, of more values": Case(change=TAG, reads=3),
    "seen late": Case(shows=(None, None, None, ...), naps=[0.2, 0.5], reads=4),
    "never seen": Case(shows=(None,), events="intent sent failed", naps=LATE, reads=22, detail=NEVER),
    "another value afterwards": Case(
        change=TAG,
        shows=("red", "red", "green"),
        events="intent sent failed",
        naps=LATE,
        reads=23,
        detail='sent, and not seen after 120 s: now "green"',
    ),
    "answer lost": Case(answers=("lost",), events="intent done"),
    "answer lost, seen late": Case(
        answers=("lost",), shows=(None, None, ...), events="intent done", naps=[0.2], reads=3
    ),
    "never arrived": Case(
        answers=("missing",), events="intent intent sent done", naps=[0.2, 0.5, 1.0], writes=2, reads=6
    ),
    "never arrived, never to be seen": Case(
        answers=("missing",) * 9,
        events="intent intent intent intent intent failed",
        naps=[0.2, 0.5, 1.0, 4.0, 8.0, 8.0, *[8.0] * 15],
        writes=5,
        reads=27,
        detail=NEVER,
    ),
    "never arrived, and would make a second": Case(
        change=TWICE, answers=("missing",), events="intent intent sent done", naps=LATE, writes=2, reads=25
    ),
    "lost, and somebody else's value since": Case(
        change=TAG,
        answers=("missing",),
        shows=("red", "red", "green"),
        events="intent failed",
        naps=LATE,
        reads=23,
        detail='sent, and not seen after 120 s: now "green"',
    ),
    "put off": Case(answers=("Throttling",) * 3, naps=[0.3, 0.6, 1.2], writes=4),
    "put off, of more values": Case(change=TAG, answers=("Throttling",), naps=[0.3], writes=2, reads=4),
    "put off for ever": Case(
        answers=PUT_OFF,
        events="intent failed",
        naps=SLOW,
        writes=18,
        reads=1,
        detail="Call: Throttling: said the test",
    ),
    "moved while it was put off": Case(
        change=TAG,
        answers=("Throttling",),
        shows=("red", "red", "green"),
        events="intent conflict",
        naps=[0.3],
        reads=3,
        detail='now "green", planned from "red"',
    ),
    "done by somebody else while it was put off": Case(
        change=TAG, answers=("Throttling",), shows=("red", "red", "blue"), events="intent already", naps=[0.3], reads=3
    ),
    "refused": Case(
        answers=("AccessDenied",), events="intent failed", reads=1, detail="Call: AccessDenied: said the test"
    ),
    "there already, and not so": Case(
        answers=("EntityAlreadyExists",), events="intent failed", detail="Call: EntityAlreadyExists: said the test"
    ),
    "there already": Case(
        answers=("EntityAlreadyExists",),
        shows=(None, "attached"),
        events="intent already",
        detail="Call: EntityAlreadyExists: said the test",
    ),
    "gone already": Case(
        change=GONE,
        answers=("NoSuchEntity",),
        shows=("attached", None),
        events="intent already",
        detail="Call: NoSuchEntity: said the test",
    ),
    "nothing to put it on": Case(
        answers=("NoSuchEntity",), events="intent failed", detail="Call: NoSuchEntity: said the test"
    ),
    "sent again, and there already": Case(
        answers=("missing", "EntityAlreadyExists"),
        shows=(None, None, None, None, None, None, "attached"),
        events="intent intent done",
        naps=[0.2, 0.5, 1.0, 4.0],
        writes=2,
        reads=7,
    ),
    "sent again, there already, and never seen": Case(
        answers=("missing", "EntityAlreadyExists"),
        events="intent intent failed",
        shows=(None,),
        naps=[0.2, 0.5, 1.0, 4.0, *[8.0] * 14, 4.0],
        writes=2,
        reads=22,
        detail=NEVER,
    ),
    "credentials end at the call": Case(
        answers=("ExpiredToken",), events="intent failed", reads=1, detail=ENDED, stopped=ENDED
    ),
    "credentials end before": Case(shows=(failed("ExpiredToken"),), events="", writes=0, reads=1, stopped=ENDED),
    "credentials end at the last look": Case(
        change=TAG, shows=("red", failed("ExpiredToken")), events="", writes=0, reads=2, stopped=ENDED
    ),
    "credentials end afterwards": Case(
        shows=(None, failed("ExpiredToken")), events="intent sent", reads=2, stopped=ENDED
    ),
    "credentials end after a lost answer": Case(
        answers=("lost",),
        shows=(None, failed("ExpiredToken")),
        events="intent",
        reads=2,
        detail=LOST,
        stopped=ENDED,
    ),
    "cannot be read": Case(
        shows=(failed("AccessDenied"),),
        events="failed",
        writes=0,
        reads=1,
        detail="could not be read: Call: AccessDenied: said the test",
    ),
    "cannot be read back": Case(
        shows=(None, failed("AccessDenied")),
        events="intent sent failed",
        reads=2,
        detail="sent, and could not be read back: Call: AccessDenied: said the test",
    ),
    "cannot be read for now": Case(
        shows=(failed("Throttling"), failed("Timeout"), None, ...), naps=[1.0, 1.0], reads=4
    ),
    "cannot be read for ever": Case(
        shows=(failed("Throttling"),),
        events="failed",
        naps=[1.0] * 120,
        writes=0,
        reads=121,
        detail="could not be read: Call: Throttling: said the test",
    ),
    "cannot be read back for ever": Case(
        shows=(None, failed("Timeout")),
        events="intent sent failed",
        naps=[1.0] * 120,
        reads=122,
        detail="sent, and not seen after 120 s: now cannot be read: Call: Timeout: said the test",
    ),
    "another value": Case(
        shows=("other",), events="conflict", writes=0, reads=1, detail=r'now "other", planned from \(absent\)'
    ),
    "there before": Case(shows=("attached",), events="already", writes=0, reads=1),
    "another value at the last look": Case(
        change=TAG, shows=("red", "green"), events="conflict", writes=0, detail='now "green", planned from "red"'
    ),
    "evidence as planned": Case(change=KEY, facts=({"last_used": None},)),
    "evidence put off": Case(
        change=KEY, facts=(failed("Throttling"), failed("Timeout"), {"last_used": None}), naps=[0.3, 0.6]
    ),
    "evidence not to be had": Case(
        change=KEY,
        facts=(failed("AccessDenied"),),
        events="failed",
        writes=0,
        reads=1,
        detail="the evidence could not be read again: Call: AccessDenied: said the test",
    ),
    "evidence of use": Case(
        change=KEY,
        facts=({"last_used": "today"},),
        events="conflict",
        writes=0,
        reads=1,
        detail=r'the evidence has changed: planned on {"last_used":null}, now {"last_used":"today"}',
    ),
    "evidence of use while it was put off": Case(
        change=KEY,
        answers=("Throttling",),
        facts=({"last_used": None}, {"last_used": "today"}),
        events="intent conflict",
        naps=[0.3],
        reads=1,
        detail="the evidence has changed: .*",
    ),
    "credentials end at the evidence": Case(
        change=KEY,
        facts=(failed("ExpiredToken"),),
        events="failed",
        writes=0,
        reads=1,
        detail=f"the evidence could not be read again: {ENDED}",
        stopped=ENDED,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_answer(case: Case, tmp_path: Path) -> None:
    trial = trial_of(case.change, folder=tmp_path)
    address = case.change.address
    trial.live.answers[address] = list(case.answers)
    trial.live.shows[address] = list(case.shows)
    trial.live.facts = list(case.facts)
    result = trial.run()
    assert trial.events() == case.events
    assert trial.clock.naps == pytest.approx(case.naps)
    asked = [call for call in trial.live.calls if call == f"read {address}"]
    assert (trial.live.sent, len(asked)) == ([(case.change.before, case.change.after)] * case.writes, case.reads)
    assert {call.partition(" ")[2] for call in trial.live.calls} == {address}
    assert re.fullmatch(case.detail, result.details.get(1, ""))
    assert result.stopped == case.stopped
    kept = next((r.detail for r in reversed(trial.records) if r.change), "")
    assert kept == result.details.get(1, "").replace(LOST, "")
    assert " ".join(event for _, event in trial.told) == case.events
