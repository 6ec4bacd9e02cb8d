"""What every control owes, on the messy account: found, planned, applied, verified, taken back."""

from pathlib import Path

import pytest
from support.aws import Aws
from support.snapshot import Snapshot, snapshot

from remediate.aws.live import LiveAccount
from remediate.aws.session import Session
from remediate.cli import applying, work
from remediate.controls import CONTROLS
from remediate.model import Plan, kind_of
from remediate.sandbox import fill
from remediate.store.plans import save

PLAYBOOK = "acme"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    return tmp_path


def planned(control: str) -> Plan:
    return work.make_plan(Session(), work.playbook_named(PLAYBOOK), (control,))[0]


def applied(plan: Plan, name: str) -> Path:
    path = Path(f"{name}.plan.json")
    save(plan, path)
    applying.finish(plan, path, Session(), parallel=4, fail_fast=False, as_json=True)
    return path


def seen(aws: Aws) -> Snapshot:
    return snapshot(aws.client)


@pytest.mark.parametrize("control", CONTROLS)
def test_found_repaired_and_taken_back(control: str, aws: Aws, folder: Path) -> None:
    fill()
    before = seen(aws)
    plan = planned(control)
    assert plan.findings, "the sandbox has no fault for it"
    assert not plan.unknowns
    assert plan.changes or plan.manual
    assert {kind_of(change.address) for change in plan.changes} <= set(CONTROLS[control].kinds)
    assert seen(aws) == before, "planning changed something"
    if not plan.changes:
        return
    path = applied(plan, "forward")
    after = planned(control)
    assert after.changes == ()
    back, back_path = applying.inverse_of(plan, path, None, Session(), 4)
    assert {kept.address for kept in back.kept} <= {c.address for c in plan.changes if c.reversal == "impossible"}
    if back.changes:
        applying.finish(back, back_path, Session(), parallel=4, fail_fast=False, as_json=True)
    kept = {kept.address for kept in back.kept}
    first = {change.address: change for change in reversed(plan.changes)}
    exact = {a: c.before for a, c in first.items() if c.reversal == "exact" and a not in kept}
    assert LiveAccount(Session(), 4).read(exact) == exact
    if len(exact) == len(first):
        assert seen(aws) == before
