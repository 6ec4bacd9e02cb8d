"""sts:AssumeRoot is never allowed without the task that it is for: that would be every member's root user."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.cli import plan_file, run

from remediate.sandbox import fill
from remediate.sandbox.estate.root import MEMBER

TASKS = "iam::aws:policy/root-task/"


def assuming(policy: Any) -> list[Any]:
    """The statements that allow sts:AssumeRoot, in whatever way."""
    return [
        statement
        for document in (policy if isinstance(policy, list) else [policy])
        for statement in document["Statement"]
        if any(action in ("*", "sts:*") or action.startswith("sts:AssumeR") for action in statement["Action"])
    ]


def test_the_plan_role_looks_and_deletes_nothing(tmp_path: Path) -> None:
    done = run("permissions", "--plan-role", cwd=tmp_path)
    (statement,) = assuming(json.loads(done.stdout))
    assert statement["Action"] == ["sts:AssumeRoot"]
    assert statement["Resource"] == ["*"]
    assert statement["Condition"] == {"ArnLike": {"sts:TaskPolicyArn": f"arn:*:{TASKS}IAMAuditRootUserCredentials"}}


def test_a_plan_reaches_the_members_whose_keys_it_deletes(aws: Aws, tmp_path: Path) -> None:
    fill()
    run("plan", "-p", "acme", "--control", "root-access-keys", cwd=tmp_path)
    done = run("permissions", str(plan_file(tmp_path)), cwd=tmp_path)
    statements = assuming(json.loads(done.stdout))
    assert {tuple(s["Resource"]) for s in statements} == {(f"arn:aws:iam::{MEMBER}:root",)}
    conditions = [s["Condition"]["ArnLike"]["sts:TaskPolicyArn"] for s in statements]
    assert sorted(conditions) == [f"arn:aws:{TASKS}IAM{verb}RootUserCredentials" for verb in ("Audit", "Delete")]


@pytest.mark.parametrize("control", ["trail", "groups", "central-root-access"])
def test_no_other_plan_may_be_anybodys_root(aws: Aws, tmp_path: Path, control: str) -> None:
    fill()
    run("plan", "-p", "acme", "--control", control, cwd=tmp_path)
    done = run("permissions", str(plan_file(tmp_path)), cwd=tmp_path)
    assert assuming(json.loads(done.stdout)) == []
