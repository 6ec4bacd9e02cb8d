"""The right account, and the values that were planned from: what somebody else did meanwhile stays, and is not ours."""

from pathlib import Path
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import Runs, Wire, outcomes, plan_of, step
from support.faults import Faults
from support.make import role_in
from support.mutations import everything
from support.team import DONE, again, clean_calls, team

from remediate.aws.session import Session
from remediate.model import Change, Event


def other_account(aws: Aws) -> dict[str, str]:
    """Credentials of another account."""
    role = role_in("999988887777", "other")
    found: dict[str, str] = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="tester")["Credentials"]
    return found


def swap(session: Session, keys: dict[str, str]) -> None:
    """The credentials of a running session become others, as when a profile is signed in to anew."""
    credentials: Any = session._boto.get_credentials()
    credentials.access_key, credentials.secret_key = keys["AccessKeyId"], keys["SecretAccessKey"]
    credentials.token = keys["SessionToken"]


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_swapped_credentials_write_nothing(after: int, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    plan = plan_of(*team(aws))
    keys = other_account(aws)
    wire_of_its_own = Wire()
    runs = Runs(plan, tmp_path, wire_of_its_own, parallel=1)
    executor = runs.executor()
    done: list[int] = []

    def progress(change: Change, event: Event) -> None:
        if event == "sent":
            done.append(change.id)
        if len(done) == after:
            swap(wire_of_its_own.session, keys)

    executor.ledger.progress = progress
    if after == 0:
        swap(wire_of_its_own.session, keys)
    result = executor.run()
    assert "999988887777" in result.stopped
    assert len(wire_of_its_own.faults.writes) == after
    runs.wire = wire
    assert outcomes(runs.run()) == DONE


def test_an_edit_between_any_two_calls_is_never_overwritten(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Somebody gives one address a third value right before the n-th call: it stays, and all three values are shown."""
    iam = aws.client("iam")
    count = clean_calls(aws, wire, tmp_path)
    conflicts = 0
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        faults = Faults()
        begun: list[int] = []

        def edit(call: f.Call, n: int = index, faults: Faults = faults, begun: list[int] = begun) -> None:
            if call.index == n:
                iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "theirs"}])
                begun.append(max(c.index for c in faults.calls))  # by other threads meanwhile

        faults.before = edit
        result = runs.run(faults)
        now = {t["Key"]: t["Value"] for t in iam.list_user_tags(UserName="bob")["Tags"]}["team"]
        written = [c.index for c in faults.calls if c.operation == "TagUser" and "UserName=bob" in c.body]
        if result.outcomes[6] == "conflict":
            conflicts += 1
            assert not written
            assert now == "theirs"
            assert '"theirs"' in result.details[6]
            assert '"red"' in result.details[6]
        else:
            assert written
            looks = [c for c in faults.calls if c.operation == "ListUserTags" and "UserName=bob" in c.body]
            looked = [c.index for c in looks if c.index < written[0]]
            assert begun[0] >= looked[-1]  # only between the last look and the call itself is there no defence
    assert conflicts > 3


def test_an_entry_that_somebody_else_makes_right_before_the_call_stays(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Of the same name, and with another value or the same."""
    iam = aws.client("iam")
    for path, came in (("/theirs/", "failed"), ("/", "already")):
        aws.sandbox.reset()
        (tmp_path / came).mkdir()
        runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path / came, wire)
        faults = Faults()

        def rival(call: f.Call, path: str = path) -> None:
            if call.operation == "CreateGroup":
                iam.create_group(GroupName="ops", Path=path)

        faults.before = rival
        result = runs.run(faults)
        assert outcomes(result) == [came]
        assert "EntityAlreadyExists" in runs.records[-2].detail
        assert iam.get_group(GroupName="ops")["Group"]["Path"] == path


def test_waiting_for_aws_looks_again(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """A change that was throttled for a while has not been looked at for as long."""
    iam = aws.client("iam")
    everything(iam)
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    runs = Runs(plan_of(step("iam.user_tag", "alice", "team", was="red", to="blue")), tmp_path, wire)
    faults = Faults().nth("TagUser", 1, f.throttled)
    theirs = [{"Key": "team", "Value": "theirs"}]
    faults.before = lambda call: iam.tag_user(UserName="alice", Tags=theirs) if call.operation == "TagUser" else None
    assert outcomes(runs.run(faults)) == ["conflict"]
    assert faults.sends("TagUser") == 1


def test_a_failed_change_that_somebody_else_made_is_not_ours(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path, wire)
    assert outcomes(runs.run(Faults().nth("CreateGroup", 1, f.denied))) == ["failed"]
    aws.client("iam").create_group(GroupName="ops")
    assert outcomes(runs.run()) == ["already"]


def test_somebody_was_faster(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Between the last look and the call, somebody did the same: that is no failure, and it is theirs."""
    iam = aws.client("iam")
    everything(iam)
    runs = Runs(plan_of(step("iam.login_profile", "alice", to="password")), tmp_path, wire)
    faults = Faults()

    def edit(call: f.Call) -> None:
        if call.operation == "CreateLoginProfile":
            iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")

    faults.before = edit
    result = runs.run(faults)
    assert outcomes(result) == ["already"]
    assert result.secrets == []
