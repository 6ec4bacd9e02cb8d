"""What the executor does after each answer that AWS can give: what it records, how often it sends, how long it waits.

Against an account in memory, so that each case takes milliseconds: every case of a table is compared in full.
"""

import re
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.engine import ACCOUNT, MADE, Step, plan_of, step
from support.in_memory import ME, InMemory, Shown, Trial, failed
from support.mutations import OWN, READ_ONLY, document

from remediate.executor import doubtful, made
from remediate.model import Event, Record

HELD = step("iam.user_policy", "alice", READ_ONLY, to="attached")
"""There or not."""
GONE = step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None)
TAG = step("iam.user_tag", "alice", "team", was="red", to="blue")
"""Of more than two values, so that it is read right before its call."""
TWICE = step(
    "iam.policy", OWN, was={"path": "/", "document": document()}, to={"path": "/", "document": document("s3:*")}
)
"""A call that makes a second version if it is sent twice."""
KEY = replace(GONE, evidence={"last_used": None})
LATE = [0.2, 0.5, 1.0, 2.0, 4.0, *[8.0] * 14, 0.3]
"""Every look at what is never seen: 120 s."""
SLOW = [0.3, 0.6, 1.2, 2.4, 4.8, 9.6, *[10.0] * 11]
"""Between the tries of a call that AWS puts off, where chance waits longest: 120 s are over."""
PUT_OFF = ["Throttling"] * 99


@pytest.fixture(autouse=True)
def _no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _low, high: high)


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


LOST = "outcome unknown: Call: Timeout: said the test"
ENDED = "Call: ExpiredToken: said the test"
NEVER = r"sent, and not seen after 120 s: now \(absent\)"
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
        answers=("Throttling",) * 99,
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


def trial_of(*steps: Step, folder: Path, live: InMemory | None = None) -> Trial:
    return Trial(plan_of(*steps), folder, live)


# --- the run and its stops ------------------------------------------------------------------------------------------

CHAIN = (HELD, step("iam.user_tag", "bob", "team", to="x"), step("iam.user_tag", "bob", "role", to="y", needs=(1,)))
OTHER = ("999988887777", "arn:aws:iam::999988887777:user/eve")
FOREIGN = f"the credentials now belong to account {OTHER[0]} ({OTHER[1]}), the plan to {ACCOUNT}"


def test_a_run_says_where_it_begins_and_ends(tmp_path: Path) -> None:
    trial = trial_of(*CHAIN, folder=tmp_path)
    trial.live.answers[HELD.address] = ["AccessDenied"]
    assert trial.run().outcomes == {1: "failed", 2: "done"}
    assert trial.run().outcomes == {1: "done", 2: "done", 3: "done"}
    ends = [(r.event, r.plan, r.detail) for r in trial.records if not r.change]
    digest = trial.plan.digest
    assert ends == [
        ("start", digest, ""),
        ("end", digest, "partial"),
        ("start", digest, ""),
        ("end", digest, "complete"),
    ]
    assert {r.change: r.address for r in trial.records if r.change} == {c.id: c.address for c in trial.plan.changes}
    assert [r.request_ids for r in trial.records if r.event == "failed"] == [("r-no",)]
    assert [bool(r.request_ids) for r in trial.records if r.event == "sent"] == [True] * 3


def test_a_wave_is_read_together_and_what_rests_on_it_comes_after(tmp_path: Path) -> None:
    trial = trial_of(HELD, GROUPED, NEXT, folder=tmp_path)
    trial.run(parallel=1)
    first = f"read {HELD.address} {GROUPED.address}"
    second = f"read {NEXT.address}"
    assert trial.live.calls == [
        *(first, f"write {HELD.address}", f"write {GROUPED.address}", first),
        *(second, f"write {NEXT.address}", second),
    ]


GROUPED = step("iam.group_member", "ops", "alice", to="member")
NEXT = step("iam.group_member", "ops", "bob", to="member", needs=(1, 2))


def test_only_what_is_not_seen_is_looked_at_again(tmp_path: Path) -> None:
    """And sent again, where both were lost and one of them was carried out."""
    trial = trial_of(HELD, GROUPED, folder=tmp_path)
    trial.live.answers.update({HELD.address: ["missing"], GROUPED.address: ["lost"]})
    trial.live.shows[GROUPED.address] = [None, None, ...]
    assert trial.run(parallel=1).count("done") == 2
    both, one = f"read {HELD.address} {GROUPED.address}", f"read {HELD.address}"
    assert [c for c in trial.live.calls if c.startswith("read")] == [both, both, both, one, one, one]
    assert trial.live.writes == 3


@pytest.mark.parametrize(
    ("who", "why", "writes"),
    [
        ([OTHER], FOREIGN, 0),
        ([ME, OTHER], FOREIGN, 0),
        ([ME, ME, ME, OTHER], FOREIGN, 2),
        ([failed("ExpiredToken")], ENDED, 0),
        ([ME, failed("AccessDenied")], "Call: AccessDenied: said the test", 0),
        ([failed("Throttling"), failed("Timeout"), ME], "", 3),
    ],
)
def test_the_account_is_asked_before_each_wave_and_each_call(
    who: list[Any], why: str, writes: int, tmp_path: Path
) -> None:
    trial = trial_of(*CHAIN, folder=tmp_path)
    trial.live.who = list(who)
    result = trial.run(parallel=1)
    assert (result.stopped, trial.live.writes, trial.live.who) == (why, writes, [])
    assert trial.records[-1].detail == (why or "complete")


def test_the_first_reason_to_stop_is_told_and_nothing_more_is_begun(tmp_path: Path) -> None:
    trial = trial_of(*CHAIN, folder=tmp_path)
    executor = trial.executor()
    executor.stop("Ctrl-C")
    executor.stop("again")
    assert executor.run().stopped == "Ctrl-C"
    assert trial.live.calls == []
    assert [(r.event, r.detail) for r in trial.records] == [("start", ""), ("end", "Ctrl-C")]


@pytest.mark.parametrize("answer", ["AccessDenied", "conflict"])
def test_fail_fast(answer: str, tmp_path: Path) -> None:
    for fail_fast in (True, False):
        (tmp_path / str(fail_fast)).mkdir()
        trial = trial_of(*CHAIN[:2], folder=tmp_path / str(fail_fast))
        if answer == "conflict":
            trial.live.shows[HELD.address] = ["other"]
        else:
            trial.live.answers[HELD.address] = [answer]
        result = trial.run(parallel=1, **({"fail_fast": True} if fail_fast else {}))
        assert (2 in result.outcomes) is not fail_fast
        assert result.stopped == ("a change failed (--fail-fast)" if fail_fast else "")


@pytest.mark.parametrize(("how", "together"), [({}, 8), ({"parallel": 3}, 3)])
def test_so_many_calls_at_a_time(
    how: dict[str, int], together: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(*(step("iam.group_member", "ops", f"user{n}", to="member") for n in range(24)), folder=tmp_path)
    all_in, lock, now, most = threading.Barrier(together), threading.Lock(), [0], [0]
    write = trial.live.write

    def counted(*what: Any) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        all_in.wait(10)
        time.sleep(0.02)  # for one too many to come
        with lock:
            now[0] -= 1
            return write(*what)

    monkeypatch.setattr(trial.live, "write", counted)
    assert trial.run(**how).count("done") == 24
    assert most == [together]


def test_an_error_of_our_own_is_raised_and_stops(tmp_path: Path) -> None:
    trial = trial_of(*CHAIN, folder=tmp_path)
    trial.live.answers[HELD.address] = ["yes"]
    trial.live.who = [ME, RuntimeError("ours")]
    executor = trial.executor(parallel=1)
    with pytest.raises(RuntimeError, match="ours"):
        executor.run()
    assert executor.result.stopped == "an error of this program or this machine"
    assert trial.live.writes == 0


def test_a_stop_lets_aws_say_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is put off is not made again, nor is a lost one, once the run is to stop."""
    for n, (answers, events, detail) in enumerate(
        [
            (PUT_OFF, "intent failed", "Call: Throttling: said the test"),
            (["missing"] * 9, "intent failed", NEVER),
        ]
    ):
        (tmp_path / str(n)).mkdir()
        trial = trial_of(HELD, folder=tmp_path / str(n))
        executor = trial.executor()
        trial.live.answers[HELD.address] = list(answers)
        write = trial.live.write

        def stopping(*what: Any, write: Any = write, executor: Any = executor) -> Any:
            executor.stop("Ctrl-C")
            return write(*what)

        monkeypatch.setattr(trial.live, "write", stopping)
        assert re.fullmatch(detail, executor.run().details[1])
        assert (trial.events(), trial.live.writes) == (events, 1)


# --- secrets --------------------------------------------------------------------------------------------------------

PASSWORD = step("iam.login_profile", "alice", to="password")


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (["yes"], [2]),
        (["lost"], [2]),
        (["missing", "yes"], [7]),
        (["missing", "lost"], [2, 7]),
        (["AccessDenied"], []),
    ],
)
def test_one_time_passwords_that_may_count_are_kept(answers: list[str], kept: list[int], tmp_path: Path) -> None:
    """A call that was answered says which; before that, each that was sent may be it."""
    trial = trial_of(PASSWORD, step("iam.login_profile", "bob", to="password", needs=(1,)), folder=tmp_path)
    trial.live.answers[PASSWORD.address] = list(answers)
    trial.live.secret = "p"
    found = trial.run(parallel=1).secrets
    assert [s for a, s in found if a == PASSWORD.address] == [f"p{call}" for call in kept]
    assert sum(a != PASSWORD.address for a, _ in found) == (answers != ["AccessDenied"])
    assert not any(secret in trial.path.read_text() for _, secret in found)


@pytest.mark.parametrize("answer", ["yes", "lost"])
def test_no_secret_is_kept_of_what_makes_none(answer: str, tmp_path: Path) -> None:
    trial = trial_of(HELD, folder=tmp_path)
    trial.live.answers[HELD.address] = [answer]
    assert trial.run().secrets == []


def test_a_refusal_without_a_request_id_is_one_all_the_same(tmp_path: Path) -> None:
    trial = trial_of(HELD, folder=tmp_path)
    trial.live.answers[HELD.address] = ["without id"]
    assert trial.run().outcomes == {1: "failed"}
    assert next(r for r in trial.records if r.event == "failed").request_ids == ("none",)
    assert doubtful(trial.records) == set()


# --- what was replaced a moment ago ---------------------------------------------------------------------------------


def test_what_a_change_replaced_is_not_believed_at_first(tmp_path: Path) -> None:
    """Of a plan that takes a tag back, while AWS still shows what was there before."""
    first = plan_of(TAG).changes[0]
    for seconds, writes, naps in ((0, 1, [1.0]), (119, 1, [1.0]), (120, 0, []), (-1, 0, [])):
        (tmp_path / str(seconds)).mkdir()
        back = step("iam.user_tag", "alice", "team", was="blue", to="red")
        trial = trial_of(back, folder=tmp_path / str(seconds))
        trial.live.shows[TAG.address] = ["red", ...]
        result = trial.run(before={TAG.address: (first, MADE - timedelta(seconds=seconds))})
        assert result.outcomes == {1: "done" if writes else "already"}, seconds
        assert (trial.live.writes, trial.clock.naps) == (writes, naps), seconds


def test_what_was_not_replaced_by_us_is_not_waited_for(tmp_path: Path) -> None:
    first = plan_of(TAG).changes[0]
    back = step("iam.user_tag", "alice", "team", was="blue", to="red")
    trial = trial_of(back, folder=tmp_path)
    trial.live.shows[TAG.address] = ["green"]
    assert trial.run(before={TAG.address: (first, MADE)}).outcomes == {1: "conflict"}
    assert trial.clock.naps == []


def test_a_plan_that_changes_an_entry_twice_waits_for_its_first(tmp_path: Path) -> None:
    """The journal tells it of an earlier run, too."""
    steps = (TAG, step("iam.user_tag", "alice", "team", was="blue", to="red", needs=(1,)))
    trial = trial_of(*steps, folder=tmp_path)
    trial.live.shows[TAG.address] = ["red", "red", "blue", "red", "red", ...]
    assert trial.run().count("done") == 2
    assert (trial.live.writes, trial.clock.naps) == (2, [1.0, 1.0])
    (tmp_path / "b").mkdir()
    trial = trial_of(*steps, folder=tmp_path / "b")
    trial.noted([("start", 0), ("intent", 1), ("sent", 1), ("done", 1), ("end", 0)], ago=30)
    trial.live.state[TAG.address] = "blue"
    trial.live.shows[TAG.address] = ["red", ...]
    assert trial.run().count("done") == 2
    assert (trial.live.writes, trial.clock.naps) == (1, [1.0])


def test_a_stop_ends_the_wait_for_what_was_replaced_and_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plan_of(TAG).changes[0]
    trial = trial_of(step("iam.user_tag", "alice", "team", was="blue", to="red"), folder=tmp_path)
    trial.live.shows[TAG.address] = ["red"]
    executor = trial.executor(before={TAG.address: (first, MADE)})
    monkeypatch.setattr(trial.clock, "sleep", lambda _seconds: executor.stop("Ctrl-C"))
    assert executor.run().outcomes == {}
    assert (trial.events(), trial.live.writes) == ("", 0)


# --- what AWS does not know yet -------------------------------------------------------------------------------------

OPS = step("iam.group", "ops", to={"path": "/"})
MEMBER = replace(GROUPED, needs=(1,))


def test_a_use_of_what_was_made_a_moment_ago_is_put_off(tmp_path: Path) -> None:
    trial = trial_of(OPS, MEMBER, folder=tmp_path)
    trial.live.answers[MEMBER.address] = ["NoSuchEntity"] * 2
    assert trial.run().count("done") == 2
    assert (trial.clock.naps, trial.events(2)) == ([0.3, 0.6], "intent sent done")
    (tmp_path / "b").mkdir()
    trial = trial_of(OPS, MEMBER, folder=tmp_path / "b")
    trial.live.answers[MEMBER.address] = ["NoSuchEntity"] * 99
    result = trial.run()
    assert result.details[2] == "Call: NoSuchEntity: said the test"
    assert trial.records[-2].request_ids == ("r-no",)
    assert trial.clock.naps == pytest.approx(SLOW)


def test_a_removal_is_put_off_only_of_what_was_changed_a_moment_ago(tmp_path: Path) -> None:
    removed = step("iam.user_tag", "alice", "team", was="blue", to=None, needs=(1,))
    trial = trial_of(TAG, removed, folder=tmp_path)
    trial.live.answers[TAG.address] = ["yes", "NoSuchEntity"]
    assert trial.run().count("done") == 2
    assert trial.clock.naps == [0.3]
    (tmp_path / "b").mkdir()
    trial = trial_of(OPS, replace(GONE, needs=(1,)), folder=tmp_path / "b")
    trial.live.answers[GONE.address] = ["NoSuchEntity"]
    assert trial.run().outcomes == {1: "done", 2: "failed"}
    assert trial.clock.naps == []


# --- going on where an earlier run ended ----------------------------------------------------------------------------


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
    "by a clock that is ahead": Resumed("intent sent", -5, events="intent sent done", writes=1),
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


# --- what a journal says --------------------------------------------------------------------------------------------


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
    plan = plan_of(TAG, HELD, step("iam.user_tag", "alice", "team", was="blue", to="red"))
    one, two, three = plan.changes
    events = [record("done", 1, seconds=1), record("already", 2, seconds=2), record("done", 3, seconds=3)]
    assert made(plan, events) == {one.address: (three, MADE + timedelta(seconds=3))}
    assert made(plan, events[:2]) == {one.address: (one, MADE + timedelta(seconds=1))}
    assert made(plan, [record("sent", 2)]) == {}
    assert two.address not in made(plan, events)
