"""Which secrets of a run count, and that no other is kept."""

from pathlib import Path

import pytest
from support.engine import step
from support.trials import HELD, trial_of

from remediate.executor import doubtful

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
