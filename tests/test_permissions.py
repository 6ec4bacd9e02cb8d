"""The least policy of each phase: it names every call that the phase makes, and nothing that changes the account."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from support.actions import action_of
from support.aws import Aws
from support.engine import plan_of, step
from support.mutations import READ_ONLY

from remediate.aws.reader.actions import ACCOUNT_ACTIONS, PLAN_ACTIONS
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.cli import applying, work
from remediate.permissions import plan_policy, policy_for
from remediate.sandbox import fill

READS = re.compile(r"(Get|List|Describe|Generate|Lookup|Head|View)")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The IAM actions of all calls that are made meanwhile."""
    made: list[str] = []
    client = Session._client

    def listening(self: Session, service: str, region: str, *, once: bool) -> object:
        found = client(self, service, region, once=once)
        name = found.meta.service_model.service_name

        def record(model: object, **_: object) -> None:
            operation = getattr(model, "name", "")
            made.append(action_of(name, operation))

        found.meta.events.register("before-call", record, unique_id="calls")
        return found

    monkeypatch.setattr(Session, "_client", listening)
    yield made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("playbook", ["guidelines", "cis-7.0"])
def test_planning_only_reads_and_its_policy_is_enough(aws: Aws, calls: list[str], folder: Path, playbook: str) -> None:
    fill()
    plan, _ = work.make_plan(work.connect(None, None, None), work.playbook_named(playbook), ())
    assert plan.changes
    assert set(calls) - {"sts:GetCallerIdentity"} <= set(PLAN_ACTIONS), set(calls) - set(PLAN_ACTIONS)
    assert all(READS.match(call.partition(":")[2]) for call in calls)


def test_the_plan_policy_reads_alone() -> None:
    statement = plan_policy(PLAN_ACTIONS)["Statement"]
    assert isinstance(statement, list)
    assert all(READS.match(action.partition(":")[2]) for action in statement[0]["Action"])


@pytest.mark.parametrize("playbook", ["guidelines", "cis-7.0"])
def test_the_policy_of_a_plan_is_enough_to_apply_it_and_take_it_back(
    aws: Aws, calls: list[str], folder: Path, playbook: str
) -> None:
    from remediate.store.plans import save

    fill()
    session = work.connect(None, None, None)
    plan, _ = work.make_plan(session, work.playbook_named(playbook), ())
    path = work.plan_path(plan, None)
    save(plan, path)
    calls.clear()
    statements = policy_for(plan, RESOURCES, ACCOUNT_ACTIONS)["Statement"]
    assert isinstance(statements, list)
    allowed = {action for statement in statements for action in statement["Action"]}
    applying.check(plan, plan.changes, session, 4)
    applying.finish(plan, path, session, parallel=4, fail_fast=False, as_json=True)
    back, back_path = applying.inverse_of(plan, path, None, session, 4)
    applying.check(back, back.changes, session, 4)
    applying.finish(back, back_path, session, parallel=4, fail_fast=False, as_json=True)
    missing = {call for call in calls if not any(fnmatchcase(call, action) for action in allowed)}
    assert not missing
    assert "iam:GetPolicyVersion" in calls, "the guard did not look into AWS's policies"


def test_what_it_may_change_is_what_the_plan_changes_and_its_way_back() -> None:
    plan = plan_of(
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_member", "ops", "ana", to="member", needs=(1,)),
        step("iam.user_policy", "bob", READ_ONLY, was="attached", to=None),
    )
    statements = policy_for(plan, RESOURCES, ACCOUNT_ACTIONS)["Statement"]
    writing = {
        (action, resource, *s.get("Condition", ()))
        for s in statements
        for action in s["Action"]
        for resource in s["Resource"]
        if not READS.match(action.partition(":")[2])
    }
    deeds = {
        ("group", "ops"): ("CreateGroup", "DeleteGroup", "AddUserToGroup", "RemoveUserFromGroup"),
        ("user", "bob"): ("AttachUserPolicy", "DetachUserPolicy"),
    }
    assert writing == {
        (f"iam:{deed}", f"arn:aws:iam::123456789012:{kind}/{path}{name}")
        for (kind, name), found in deeds.items()
        for deed in found
        for path in ("", "*/")  # a plan's addresses know no paths
    }
