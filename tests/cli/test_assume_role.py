"""`--assume-role`: the role may do what the phase needs and nothing more, however much its own policies allow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.bound import NAME, ROLE, TRUST, make_role
from support.cli import plan_file, run
from support.engine import ACCOUNT, plan_of, step
from support.mutations import READ_ONLY, everything
from support.snapshot import snapshot

from remediate.aws import assumed_role
from remediate.aws.assumed_role import AssumedRole
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account
from remediate.cli import applying, assuming
from remediate.errors import CallFailed, Denied, Partial, RemediateError
from remediate.model import Plan, at
from remediate.sandbox import fill
from remediate.sandbox.strict import settings
from remediate.session_policy import LONGEST, PATTERNS
from remediate.store.files import journal_path
from remediate.store.journal import read
from remediate.store.plans import save

OTHER = "999999999999"
Triple = tuple[str, str, str]


@pytest.fixture
def plan(aws: Aws) -> Plan:
    """Three changes of three kinds, in an account with a role to work as."""
    everything(aws.client("iam"))
    make_role(aws)
    return plan_of(
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_member", "ops", "alice", to="member", needs=(1,)),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
        step("s3.bucket", "remediate-logs", to={"region": "us-east-1"}),
    )


@pytest.fixture
def file(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / ".state"))
    path = tmp_path / "a.plan.json"
    save(plan, path)
    return path


def sessions(account: str = ACCOUNT) -> list[Any]:
    """Every session of a role that there was, as AWS knows it."""
    from moto.sts.models import sts_backends

    return list(sts_backends[account]["aws"].assumed_roles)


def triples(policies: list[Any]) -> set[Triple]:
    """What policies allow: action, resource, condition."""
    return {
        (action, resource, json.dumps(one.get("Condition")))
        for policy in policies
        for one in policy["Statement"]
        for action in listed(one["Action"])
        for resource in listed(one["Resource"])
    }


def listed(value: Any) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value


def connected(plan: Plan | None) -> AssumedRole:
    session = assuming.connect(None, None, None, ROLE, plan)
    assert isinstance(session, AssumedRole)
    return session


def test_a_plan_is_made_applied_and_taken_back_as_a_role(aws: Aws, tmp_path: Path) -> None:
    fill()
    make_role(aws)
    before = snapshot(aws.client)
    for words in (("plan", "-p", "acme", "--control", "password-policy"), ("apply", "--yes"), ("rollback", "--yes")):
        named = () if words[0] == "plan" else (str(plan_file(tmp_path)),)
        done = run(*words, *named, "--assume-role", ROLE, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert snapshot(aws.client) == before
    (start, *_), digest = read(journal_path(plan_file(tmp_path))).records, json.loads(plan_file(tmp_path).read_text())
    name = f"remediate-{digest['digest'].rpartition(':')[2][:12]}"
    assert start.caller == f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAME}/{name}"
    assert {one.session_name for one in sessions()} == {"remediate-plan", name}


def test_the_session_policies_that_aws_gets_are_what_permissions_prints(plan: Plan, file: Path, tmp_path: Path) -> None:
    printed = json.loads(run("permissions", str(file), cwd=tmp_path).stdout)
    connected(plan)
    policies = [json.loads(one.policy) for one in sessions()]
    assert len(policies) == 3, "one reads, one writes to IAM, one to S3"
    assert triples(policies) == triples([printed])
    assert all(len(one.policy) <= LONGEST for one in sessions())


def test_who_plans_as_a_role_can_change_nothing(plan: Plan) -> None:
    with pytest.raises(Denied):
        connected(None).write("iam", "create_user", UserName="eve")


def test_a_run_can_change_nothing_that_is_not_in_its_plan(plan: Plan, aws: Aws) -> None:
    session = connected(plan)
    session.write("iam", "create_group", GroupName="ops")
    for operation, parameters in (
        ("create_group", {"GroupName": "other"}),
        ("create_user", {"UserName": "eve"}),
        ("attach_user_policy", {"UserName": "alice", "PolicyArn": READ_ONLY}),
    ):
        with pytest.raises(Denied):
            session.write("iam", operation, **parameters)
    with pytest.raises(Denied):
        session.write("sns", "create_topic", Name="t")
    assert {group["GroupName"] for group in aws.client("iam").list_groups()["Groups"]} == {"ops", "team"}


@pytest.mark.parametrize(
    ("role", "code", "words"),
    [
        (f"arn:aws:iam::{OTHER}:role/{NAME}", 3, f"the credentials belong to {OTHER}"),
        (f"arn:aws:iam::{ACCOUNT}:role/nobody", 1, "does not let you work as"),
        ("remediate-run", 1, "is not the ARN of a role"),
    ],
)
def test_a_role_that_will_not_do(role: str, code: int, words: str, file: Path, aws: Aws, tmp_path: Path) -> None:
    from moto.iam.models import iam_backends

    iam_backends[OTHER]["aws"].create_role(NAME, json.dumps(TRUST), "/", None, "", [], "3600")
    before = snapshot(aws.client)
    done = run("apply", str(file), "--yes", "--assume-role", role, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(aws.client) == before


def test_the_answer_of_sts_must_be_of_the_role_s_account(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.sts.models import AssumedRole as Known

    monkeypatch.setattr(Known, "arn", f"arn:aws:sts::{OTHER}:assumed-role/{NAME}/x")
    with pytest.raises(RemediateError, match="OtherAccount"):
        connected(plan)


def test_sessions_are_made_anew_before_they_end(plan: Plan, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumed_role, "SECONDS", 900)  # the SDK makes anew what ends within 15 minutes
    session = connected(plan)
    first = {one.access_key_id for one in sessions()}
    known = LiveAccount(session, 1).identity()
    applying.finish(plan, file, session, parallel=2, fail_fast=False, as_json=True)
    assert {one.access_key_id for one in sessions()} > first
    assert LiveAccount(session, 1).identity() == known
    assert len({one.policy for one in sessions()}) == 3


def test_a_role_that_may_not_be_assumed_again_stops_the_run(plan: Plan, file: Path, aws: Aws) -> None:
    session = connected(plan)
    aws.client("iam").delete_role(RoleName=NAME)
    for part in session._parts.values():
        credentials: Any = part.load_credentials()
        credentials._expiry_time = credentials._time_fetcher()
    with pytest.raises((CallFailed, Partial)):
        applying.finish(plan, file, session, parallel=2, fail_fast=False, as_json=True)
    assert [group["GroupName"] for group in aws.client("iam").list_groups()["Groups"]] == ["team"]


def test_what_is_too_large_once_packed_is_said_less_exactly(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything(aws.client("iam"))
    make_role(aws)
    plan = plan_of(*(step("iam.group", f"a-group-with-a-long-name-{n}", to={"path": "/"}) for n in range(8)))
    connected(plan)
    assert capsys.readouterr().err == ""
    settings.packed_policy = 600
    before = len(sessions())
    connected(plan)
    assert all(len(one.policy) <= 600 for one in sessions()[before:])
    said = capsys.readouterr().err
    assert (
        "for writing to iam is too large for a session once AWS has packed it: it allows every group/* as well" in said
    )
    settings.packed_policy = 10
    with pytest.raises(RemediateError, match="PackedPolicyTooLarge"):
        connected(plan)


def test_a_policy_that_fits_in_no_session_is_refused_before_anything(plan: Plan, file: Path, tmp_path: Path) -> None:
    roles = [
        step("iam.instance_profile_role", f"profile-{n}", f"role-{n}-{'x' * 40}", to="attached") for n in range(60)
    ]
    path = tmp_path / "b.plan.json"
    save(plan_of(*roles), path)
    done = run("apply", str(path), "--yes", "--assume-role", ROLE, cwd=tmp_path)
    assert done.returncode == 1
    assert "too long for a session: iam" in done.stderr
    assert sessions() == []


def test_a_policy_that_iam_takes_is_printed_as_it_is(file: Path, tmp_path: Path) -> None:
    done = run("permissions", str(file), cwd=tmp_path)
    assert json.loads(done.stdout)["Version"] == "2012-10-17"
    assert done.stderr == ""


def test_a_policy_too_long_for_iam_is_printed_as_several(aws: Aws, tmp_path: Path) -> None:
    path = tmp_path / "b.plan.json"
    save(plan_of(*(step("iam.group", f"a-group-with-a-long-name-{n}", to={"path": "/"}) for n in range(300))), path)
    done = run("permissions", str(path), cwd=tmp_path)
    policies = json.loads(done.stdout)
    assert len(policies) > 1
    assert f"{len(policies)} policies" in done.stderr
    written = run("permissions", str(path), "-o", "policies", cwd=tmp_path).stdout.split()
    assert [json.loads((tmp_path / name).read_text()) for name in written] == policies
    for n, policy in enumerate(policies):
        aws.client("iam").create_policy(PolicyName=f"p{n}", PolicyDocument=json.dumps(policy))


def test_a_policy_too_long_for_a_role_names_less(aws: Aws, tmp_path: Path) -> None:
    path = tmp_path / "b.plan.json"
    save(plan_of(*(step("iam.group", f"a-group-with-a-long-name-{n}", to={"path": "/"}) for n in range(1500))), path)
    done = run("permissions", str(path), cwd=tmp_path)
    assert "every group/* as well. Writing actions are exact." in done.stderr
    actions = {action for action, _, _ in triples([json.loads(done.stdout)])}
    assert {"iam:CreateGroup", "iam:DeleteGroup"} <= actions
    assert {action for action in actions if "*" in action} <= set(PATTERNS)


def test_the_account_says_who_assumed_the_role(plan: Plan) -> None:
    """So that the guard can see whether they could do it again."""
    aws = assuming.connect(None, None, None, ROLE, plan)
    assert isinstance(aws, AssumedRole)
    found, own = read_account(aws), read_account(aws.caller)
    assert (found.assumed_by, found.assumer_key) == (own.caller, own.caller_key)
    assert found.caller_principal == at("iam.role", NAME)
    assert (own.assumed_by, own.assumer_key) == ("", "")
