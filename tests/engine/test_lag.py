"""The executor on an account that shows every change late, as IAM does: waited for, never sent twice, never lost.

The delay is the strict layer's, on the clock that the executor sleeps by: see `remediate/sandbox/strict/lag.py`.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from support.aws import Aws
from support.engine import FakeClock, Runs, Step, Wire, outcomes, plan_of, step
from support.faults import Call, Faults
from support.make import code, details
from support.mutations import MUTATIONS, OWN, READ_ONLY, TRUST, Document, Mutation, document, everything
from support.stress import STRESS

from remediate import rollback
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account
from remediate.aws.resources import RESOURCES
from remediate.executor import made
from remediate.model import Change, Event, Value
from remediate.sandbox.strict import settings

IN_TIME, TOO_LATE = (0, 5, 60, 119), 121
PIECEMEAL = "delete-old-policy"
"""One write of several calls, of which the last is refused until the ones before it are seen."""
WHOLE = [mutation for mutation in MUTATIONS if mutation.id != PIECEMEAL]


def lagging(clock: FakeClock, seconds: float, *, skips: int = 0) -> None:
    """From now on changes are seen so much later; the sandbox's next reset ends it."""
    settings.clock = lambda: clock.slept
    settings.lag, settings.lag_skips = seconds, skips


def delays(mutation: Mutation) -> tuple[int, ...]:
    """All of them under stress; else one, and each of them is met by every fourth mutation."""
    return IN_TIME if STRESS else (IN_TIME[MUTATIONS.index(mutation) % 4],)


def inside(aws: Aws) -> dict[str, Any]:
    """All of IAM but ids and dates: policies with every version, users with keys and passwords."""
    iam = aws.client("iam")
    [page] = details(iam, Filter=["User", "Group", "Role", "LocalManagedPolicy"])
    names = [user["UserName"] for user in page["UserDetailList"]]
    keys = {name: [key["Status"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]] for name in names}
    return {
        "account": [_plain(page[kind]) for kind in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")],
        "keys": keys,
        "passwords": [name for name in names if not code(partial(iam.get_login_profile, UserName=name))],
        "rules": code(iam.get_account_password_policy) or iam.get_account_password_policy()["PasswordPolicy"],
    }


def _plain(value: Any) -> Any:
    """The order of a listing is no part of the account, nor are ids of versions."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if not k.endswith(("Date", "Id", "LastUsed"))}
    return sorted(map(_plain, value), key=repr) if isinstance(value, list) else value


def one_change(mutation: Mutation, aws: Aws, wire: Wire, folder: Path) -> Runs:
    folder.mkdir()
    aws.sandbox.reset()
    iam = aws.client("iam")
    mutation.setup(iam)
    return Runs(plan_of(mutation.step(iam)), folder, wire)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.id)
def test_a_change_is_seen_within_two_minutes(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    for seconds in delays(mutation):
        runs = one_change(mutation, aws, wire, tmp_path / str(seconds))
        lagging(runs.clock, seconds)
        assert outcomes(runs.run()) == ["done"]
        assert runs.events() == ["intent", "sent", "done"]
        assert runs.clock.slept >= seconds
        if mutation.id != PIECEMEAL:
            assert tuple(wire.faults.writes) == mutation.calls


@pytest.mark.parametrize("mutation", WHOLE if STRESS else WHOLE[::6], ids=lambda m: m.id)
def test_a_change_that_is_seen_later_fails_and_is_ours_when_it_shows(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = one_change(mutation, aws, wire, tmp_path / "late")
    lagging(runs.clock, TOO_LATE)
    result = runs.run()
    assert outcomes(result) == ["failed"]
    assert "not seen after 120 s" in result.details[1]
    runs.clock.sleep(TOO_LATE)
    settings.lag = 0
    assert outcomes(runs.run()) == ["done"]
    assert wire.faults.writes == []


def lost_when_done(operation: str, times: int = 1) -> Faults:
    """The answers of the first calls that AWS carries out never come back; those that it refuses do."""
    left = [times]

    def fault(call: Call) -> AWSResponse | None:
        answer = URLLib3Session().send(call.request)
        if answer.status_code >= 400:
            return answer
        left[0] -= 1
        raise ReadTimeoutError(endpoint_url=call.request.url)

    return Faults().when(lambda call: call.operation == operation and left[0] > 0, fault)


SENT_ONCE = ("change-policy", "change-full-policy")
"""Where a second call would make a second version."""
EACH_ANSWER = (*SENT_ONCE, PIECEMEAL, "create-user", "give-password", "attach-user", "tag", "delete-user", "leave")
"""One for each answer to a second call, and those of several calls."""


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if STRESS or m.id in EACH_ANSWER], ids=lambda m: m.id)
def test_a_lost_answer_makes_no_duplicate_while_the_account_lags(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    clean = one_change(mutation, aws, wire, tmp_path / "clean")
    assert outcomes(clean.run()) == ["done"]
    after = inside(aws)
    for seconds in IN_TIME[1:] if STRESS else IN_TIME[-1:]:
        runs = one_change(mutation, aws, wire, tmp_path / str(seconds))
        lagging(runs.clock, seconds)
        result = runs.run(lost_when_done(mutation.calls[-1]))
        assert outcomes(result) == ["done"]
        assert len(result.secrets) == (mutation.id == "give-password")
        if mutation.id in SENT_ONCE:
            assert tuple(wire.faults.writes) == mutation.calls
        settings.lag = 0
        assert inside(aws) == after


# --- plans of several changes ---------------------------------------------------------------------------------------

WORKER = "arn:aws:iam::123456789012:user/worker"
NEW = "arn:aws:iam::123456789012:policy/new"


def trusts(principal: str) -> Document:
    statement: Value = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def estate(aws: Aws) -> tuple[Step, ...]:
    """Whatever may refer to what was made, or taken away, a moment ago; and one entry that changes twice."""
    iam = aws.client("iam")
    everything(iam)
    iam.add_user_to_group(UserName="alice", GroupName="team")
    iam.attach_group_policy(GroupName="team", PolicyArn=OWN)
    iam.attach_role_policy(RoleName="job", PolicyArn=READ_ONLY)
    iam.put_role_policy(RoleName="job", PolicyName="in", PolicyDocument=json.dumps(document()))
    iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")
    body: Value = {"path": "/", "document": document()}
    return (
        step("iam.user", "worker", to={"path": "/"}),
        step("iam.role", "for-worker", to={"path": "/", "trust": trusts(WORKER)}, needs=(1,)),
        step("iam.policy", NEW, to=body),
        step("iam.role_policy", "for-worker", NEW, to="attached", needs=(2, 3)),
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", NEW, to="attached", needs=(3, 5)),
        step("iam.group_member", "ops", "worker", to="member", needs=(1, 6)),
        step("iam.user_tag", "worker", "team", to="red", needs=(1,)),
        step("iam.user_tag", "worker", "team", was="red", to=None, needs=(8,)),
        step("iam.group_member", "team", "alice", was="member", to=None),
        step("iam.group_policy", "team", OWN, was="attached", to=None),
        step("iam.group", "team", was={"path": "/"}, to=None, needs=(10, 11)),
        step("iam.policy", OWN, was=body, to=None, needs=(11,)),
        step("iam.login_profile", "alice", was="password", to=None, needs=(10,)),
        step("iam.user", "alice", was={"path": "/"}, to=None, needs=(14,)),
        step("iam.role_policy", "job", READ_ONLY, was="attached", to=None),
        step("iam.role_inline", "job", "in", was=document(), to=None),
        step("iam.role", "job", was={"path": "/", "trust": TRUST}, to=None, needs=(16, 17)),
    )


def again(aws: Aws, wire: Wire, folder: Path, parallel: int = 2) -> Runs:
    folder.mkdir(exist_ok=True)
    aws.sandbox.reset()
    return Runs(plan_of(*estate(aws)), folder, wire, parallel=parallel)


FINISHED: list[dict[str, Any]] = []


@pytest.fixture
def finished(aws: Aws, wire: Wire, tmp_path: Path) -> dict[str, Any]:
    """The account after the plan, without any lag; found out once."""
    if not FINISHED:
        runs = again(aws, wire, tmp_path / "clean")
        assert set(outcomes(runs.run())) == {"done"}
        FINISHED.append(inside(aws))
    return FINISHED[0]


LAGS = [(seconds, skips) for seconds in IN_TIME for skips in (0, 2, 3)]
"""Uniform, and with a look at the newest state every second or third call."""


@pytest.mark.parametrize(("seconds", "skips"), LAGS if STRESS else [(119, 0), (60, 2)])
def test_a_plan_meets_no_lag_that_it_does_not_wait_for(
    seconds: int, skips: int, finished: dict[str, Any], aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = again(aws, wire, tmp_path)
    lagging(runs.clock, seconds, skips=skips)
    result = runs.run()
    assert outcomes(result) == ["done"] * len(runs.plan.changes), result.details
    settings.lag = 0
    assert inside(aws) == finished


def test_a_plan_goes_on_after_a_lag_that_was_too_long(
    finished: dict[str, Any], aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = again(aws, wire, tmp_path)
    lagging(runs.clock, TOO_LATE)
    result = runs.run()
    assert set(result.outcomes.values()) == {"failed"}
    assert runs.records[-1].detail == "partial"
    runs.clock.sleep(TOO_LATE)
    settings.lag = 5
    assert set(outcomes(runs.run())) == {"done"}
    settings.lag = 0
    assert inside(aws) == finished


@pytest.mark.parametrize("seconds", [0.5, 3])
def test_changes_that_collide_are_all_made(
    seconds: float, finished: dict[str, Any], aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = again(aws, wire, tmp_path)
    lagging(runs.clock, 5)
    settings.collisions, settings.unsettled = seconds, 30
    aws.client("iam").update_login_profile(UserName="alice", Password="Correct-Horse-2")  # which the plan takes away
    assert set(outcomes(runs.run())) == {"done"}
    settings.lag = settings.collisions = settings.unsettled = 0
    assert inside(aws) == finished


# --- runs that end while the account lags ----------------------------------------------------------------------------


class Crash(Exception):
    """The program ends here."""


def crashing(at: Event, change: int) -> Callable[[Change, Event], None]:
    def progress(changed: Change, event: Event) -> None:
        if (event, changed.id) == (at, change):
            raise Crash

    return progress


def killed(runs: Runs, at: Event, change: int) -> None:
    executor = runs.executor()
    executor.ledger.progress = crashing(at, change)
    with pytest.raises(Crash):
        executor.run()


CRASHES = [(event, n) for n in range(1, 19) for event in ("intent", "sent", "done")]
SENT = CRASHES[1:]
"""Before that, there is nothing to take back."""


@pytest.mark.parametrize(("event", "change"), CRASHES if STRESS else CRASHES[1::19])
def test_a_run_goes_on_in_the_middle_of_a_lag(
    event: Event, change: int, finished: dict[str, Any], aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = again(aws, wire, tmp_path, parallel=1)
    lagging(runs.clock, 60)
    killed(runs, event, change)
    result = runs.run()
    assert set(outcomes(result)) == {"done"}, result.details
    settings.lag = 0
    assert inside(aws) == finished


@pytest.mark.parametrize(("event", "change"), SENT if STRESS else SENT[::19])
def test_a_rollback_in_the_middle_of_a_lag_leaves_nothing_behind(
    event: Event, change: int, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    """What was sent and is not seen yet is waited for: left out of the rollback, it would come to light after it."""
    runs = again(aws, wire, tmp_path, parallel=1)
    before = inside(aws)
    lagging(runs.clock, 60)
    killed(runs, event, change)
    wire.faults = Faults()
    done = rollback.settled(runs.plan, runs.records, LiveAccount(wire.session, 1), runs.clock)
    back = rollback.inverse(runs.plan, done, read_account(wire.session), RESOURCES, runs.clock.now())
    kept = [k.address for k in back.kept]
    place = tmp_path / "back"
    place.mkdir()
    result = Runs(back, place, wire, runs.clock).run()
    assert set(outcomes(result)) <= {"done"}, result.details
    settings.lag = 0
    runs.clock.sleep(120)
    assert (inside(aws) == before) or kept


def test_a_rollback_that_looks_where_the_plan_is_not_seen_yet(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """The plan saw its change; a minute on, another part of AWS does not, and the rollback waits for it."""
    everything(aws.client("iam"))
    before = inside(aws)
    runs = Runs(plan_of(step("iam.user_tag", "alice", "team", to="red")), tmp_path, wire)
    lagging(runs.clock, 60, skips=1)
    assert outcomes(runs.run()) == ["done"]
    settings.lag_skips = 0
    done = rollback.settled(runs.plan, runs.records, LiveAccount(wire.session, 1), runs.clock)
    back = rollback.inverse(runs.plan, done, read_account(wire.session), RESOURCES, runs.clock.now())
    place = tmp_path / "back"
    place.mkdir()
    again = Runs(back, place, wire, runs.clock)
    assert outcomes(again.run(before=made(runs.plan, runs.records))) == ["done"]
    settings.lag = 0
    assert inside(aws) == before


def test_a_rollback_that_is_stopped_while_it_waits_decides_nothing(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """What AWS still shows of before the plan is not taken for gone back."""
    everything(aws.client("iam"))
    before = inside(aws)
    runs = Runs(plan_of(step("iam.user_tag", "alice", "team", to="red")), tmp_path, wire)
    assert outcomes(runs.run()) == ["done"]
    after = inside(aws)
    back = rollback.inverse(runs.plan, {1: "done"}, read_account(wire.session), RESOURCES, runs.clock.now())
    place = tmp_path / "back"
    place.mkdir()
    again = Runs(back, place, wire, runs.clock)
    aws.client("iam").untag_user(UserName="alice", TagKeys=["team"])  # as another part of AWS still shows it
    executor = again.executor(before=made(runs.plan, runs.records))
    wire.faults.before = lambda call: executor.stop("Ctrl-C") if call.operation == "ListUserTags" else None
    result = executor.run()
    assert (result.stopped, outcomes(result), wire.faults.writes) == ("Ctrl-C", [], [])
    aws.client("iam").tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    assert inside(aws) == after
    assert outcomes(again.run(before=made(runs.plan, runs.records))) == ["done"]
    assert inside(aws) == before
