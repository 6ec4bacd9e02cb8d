"""AWS may not know yet what changed a moment ago: what was replaced is not believed, what was made is waited for."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.engine import MADE, plan_of, step
from support.trials import BACK, GONE, GROUPED, SLOW, TAG, trial_of

from remediate.executor.ledger import PATIENCE

OPS = step("iam.group", "ops", to={"path": "/"})
MEMBER = replace(GROUPED, needs=(1,))
FIRST = plan_of(TAG).changes[0]
"""What an earlier plan did, which this one takes back."""


def test_what_a_change_replaced_is_not_believed_at_first(tmp_path: Path) -> None:
    """Of a plan that takes a tag back, while AWS still shows what was there before."""
    for seconds, writes, naps in ((0, 1, [1.0]), (119, 1, [1.0]), (120, 0, []), (-1, 1, [1.0])):
        trial = trial_of(BACK, folder=tmp_path / str(seconds))
        trial.live.shows[TAG.address] = ["red", ...]
        result = trial.run(before={TAG.address: (FIRST, MADE - timedelta(seconds=seconds))})
        assert result.outcomes == {1: "done" if writes else "already"}, seconds
        assert (trial.live.writes, trial.clock.naps) == (writes, naps), seconds


def test_a_clock_that_was_ahead_makes_nobody_wait_longer(tmp_path: Path) -> None:
    """What was made in an hour, by a clock that was set back since, counts as just made."""
    trial = trial_of(BACK, folder=tmp_path)
    trial.live.shows[TAG.address] = ["red"]
    assert trial.run(before={TAG.address: (FIRST, MADE + timedelta(hours=1))}).outcomes == {1: "already"}
    assert sum(trial.clock.naps) == PATIENCE


def test_what_was_not_replaced_by_us_is_not_waited_for(tmp_path: Path) -> None:
    trial = trial_of(BACK, folder=tmp_path)
    trial.live.shows[TAG.address] = ["green"]
    assert trial.run(before={TAG.address: (FIRST, MADE)}).outcomes == {1: "conflict"}
    assert trial.clock.naps == []


def test_a_plan_that_changes_an_entry_twice_waits_for_its_first(tmp_path: Path) -> None:
    """The journal tells it of an earlier run, too."""
    steps = (TAG, replace(BACK, needs=(1,)))
    trial = trial_of(*steps, folder=tmp_path)
    trial.live.shows[TAG.address] = ["red", "red", "blue", "red", "red", ...]
    assert trial.run().count("done") == 2
    assert (trial.live.writes, trial.clock.naps) == (2, [1.0, 1.0])
    trial = trial_of(*steps, folder=tmp_path / "b")
    trial.noted([("start", 0), ("intent", 1), ("sent", 1), ("done", 1), ("end", 0)], ago=30)
    trial.live.state[TAG.address] = "blue"
    trial.live.shows[TAG.address] = ["red", ...]
    assert trial.run().count("done") == 2
    assert (trial.live.writes, trial.clock.naps) == (1, [1.0])


def test_a_stop_ends_the_wait_for_what_was_replaced_and_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(BACK, folder=tmp_path)
    trial.live.shows[TAG.address] = ["red"]
    executor = trial.executor(before={TAG.address: (FIRST, MADE)})
    monkeypatch.setattr(trial.clock, "sleep", lambda _seconds: executor.stop("Ctrl-C"))
    assert executor.run().outcomes == {}
    assert (trial.events(), trial.live.writes) == ("", 0)


def test_a_use_of_what_was_made_a_moment_ago_is_put_off(tmp_path: Path) -> None:
    trial = trial_of(OPS, MEMBER, folder=tmp_path)
    trial.live.answers[MEMBER.address] = ["NoSuchEntity"] * 2
    assert trial.run().count("done") == 2
    assert (trial.clock.naps, trial.events(2)) == ([0.3, 0.6], "intent sent done")
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
    trial = trial_of(OPS, replace(GONE, needs=(1,)), folder=tmp_path / "b")
    trial.live.answers[GONE.address] = ["NoSuchEntity"]
    assert trial.run().outcomes == {1: "done", 2: "failed"}
    assert trial.clock.naps == []
