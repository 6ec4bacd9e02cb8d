"""A run as a whole: its waves, who is asked before them, and all that ends it early."""

import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.engine import ACCOUNT, step
from support.in_memory import ME, failed
from support.trials import ENDED, GROUPED, HELD, NEVER, PUT_OFF, trial_of

CHAIN = (HELD, step("iam.user_tag", "bob", "team", to="x"), step("iam.user_tag", "bob", "role", to="y", needs=(1,)))
OTHER = ("999988887777", "arn:aws:iam::999988887777:user/eve")
NEXT = step("iam.group_member", "ops", "bob", to="member", needs=(1, 2))
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
            (("missing",) * 9, "intent failed", NEVER),
        ]
    ):
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
