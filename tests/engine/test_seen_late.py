"""AWS shows what was made only after a while: it is waited for, and nothing is made twice."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import FakeClock, Runs, Wire, outcomes, plan_of, step
from support.faults import Faults
from support.mutations import READ_ONLY
from support.team import DONE

from remediate import rollback
from remediate.aws.live import LiveAccount


def hidden(clock: FakeClock, seconds: float, created: str, *operations: str) -> Faults:
    """A created thing is not there for that long, whoever asks."""
    made: list[float] = []
    faults = Faults()

    def note(call: f.Call) -> None:
        if call.operation == created:
            made.append(clock.slept)

    faults.before = note
    invisible = lambda call: call.operation in operations and bool(made) and clock.slept < made[0] + seconds  # noqa: E731
    return faults.when(invisible, f.absent)


@pytest.mark.parametrize(("seconds", "seen"), [(0, True), (5, True), (60, True), (119, True), (121, False)])
def test_what_was_created_is_waited_for(seconds: float, seen: bool, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clock = FakeClock()
    steps = (
        step("iam.user", "new", to={"path": "/"}),
        step("iam.user_policy", "new", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group", "ops", to={"path": "/"}),
    )
    runs = Runs(plan_of(*steps), tmp_path, wire, clock)
    uses = ("GetUser", "AttachUserPolicy", "ListAttachedUserPolicies")
    result = runs.run(hidden(clock, seconds, "CreateUser", *uses))
    assert result.outcomes[3] == "done"
    assert wire.faults.sends("CreateUser") == 1
    if seen:
        assert outcomes(result) == ["done"] * 3
    else:
        assert result.outcomes == {1: "failed", 3: "done"}
        assert "not seen after 120 s" in result.details[1]
        assert outcomes(runs.run()) == ["done"] * 3
        assert wire.faults.sends("CreateUser") == 0  # it is there by now
        assert runs.events(1)[-1] == "done"  # and it is ours


@pytest.mark.parametrize("seconds", [5, 60, 119])
def test_a_use_of_what_is_not_visible_yet_is_tried_again(seconds: float, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clock = FakeClock()
    steps = (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
    )
    runs = Runs(plan_of(*steps), tmp_path, wire, clock)
    result = runs.run(hidden(clock, seconds, "CreateGroup", "AttachGroupPolicy"))
    assert outcomes(result) == ["done", "done"]


def test_a_lost_answer_while_the_account_lags(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """The second send finds that the first was carried out; nothing failed."""
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.user", "new", to={"path": "/"})), tmp_path, wire, clock)
    faults = hidden(clock, 60, "CreateUser", "GetUser").nth("CreateUser", 1, f.answer_lost)
    assert outcomes(runs.run(faults)) == ["done"]
    assert faults.sends("CreateUser") == 2


def test_a_lost_password_is_shown(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """The call that made it was answered by nobody, and the one after it was refused: the first one counts."""
    aws.client("iam").create_user(UserName="alice")
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.login_profile", "alice", to="password")), tmp_path, wire, clock)
    faults = hidden(clock, 60, "CreateLoginProfile", "GetLoginProfile").nth("CreateLoginProfile", 1, f.answer_lost)
    result = runs.run(faults)
    assert outcomes(result) == ["done"]
    first = parse_qs(str(next(c for c in faults.calls if c.operation == "CreateLoginProfile").request.body))
    assert result.secrets == [("iam.login_profile/alice", first["Password"][0])]


@pytest.mark.parametrize("back", [0, 3600])
def test_a_run_that_ended_with_an_answer_in_hand_waits_before_it_sends_again(
    back: int, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    """Also where the clock was set back in between; and so does a rollback, which would leave the user behind."""
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.user", "new", to={"path": "/"})), tmp_path, wire, clock)
    faults = hidden(clock, 30, "CreateUser", "GetUser")
    executor = runs.executor(faults)
    executor.ledger.progress = lambda _change, event: raise_(Crash()) if event == "sent" else None
    with pytest.raises(Crash):
        executor.run()
    clock.sleep(-back)
    started = clock.time
    wire.faults = hidden_still(clock, 30 - back, faults)
    assert rollback.settled(runs.plan, runs.records, LiveAccount(wire.session, 1), clock) == {1: "done"}
    clock.time = started
    assert outcomes(runs.run(hidden_still(clock, 30 - back, faults))) == ["done"]
    assert wire.faults.sends("CreateUser") == 0


def hidden_still(clock: FakeClock, seconds: float, before: Faults) -> Faults:
    return Faults().when(lambda call: call.operation == "GetUser" and clock.slept < seconds, f.absent)


class Crash(Exception):
    """The program ends here."""


def raise_(error: Exception) -> None:
    raise error


def test_reads_that_are_denied_after_a_write_are_not_asked_for_two_minutes(runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.operation == "GetGroup" and call.n > 2, f.denied))
    assert result.outcomes[1] == "failed"
    assert "could not be read back" in result.details[1]
    assert runs.clock.slept < 10
    assert outcomes(runs.run()) == DONE
