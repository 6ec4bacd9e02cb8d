"""What every control owes, on the messy account: found, planned, applied, verified, taken back.

And the same on an account that shows every change of IAM seconds later, and takes no two changes of an entity at once:
all controls together, and under stress each for itself.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import Wire
from support.snapshot import Snapshot, snapshot
from support.stress import STRESS

from remediate.aws.live import LiveAccount
from remediate.aws.session import Session
from remediate.cli import applying, work
from remediate.controls import CONTROLS
from remediate.model import Plan, kind_of
from remediate.sandbox import fill
from remediate.sandbox.strict import settings
from remediate.store.plans import save

PLAYBOOK = "acme"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    return tmp_path


def planned(aws: Session, *controls: str) -> Plan:
    return work.make_plan(aws, work.playbook_named(PLAYBOOK), controls)[0]


def applied(aws: Session, plan: Plan, name: str) -> Path:
    path = Path(f"{name}.plan.json")
    save(plan, path)
    applying.finish(plan, path, aws, parallel=4, fail_fast=False, as_json=True)
    return path


def seen(aws: Aws) -> Snapshot:
    return snapshot(aws.client)


class Hasty(work.SystemClock):
    """The real clock, but that nobody waits: a sleep only moves it on."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def seconds(self) -> float:
        return time.monotonic() + self.slept


@pytest.fixture
def unsteady(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Hasty:
    """IAM as it is on a bad day."""
    clock = Hasty()
    monkeypatch.setattr(applying, "SystemClock", lambda: clock)
    settings.clock = clock.seconds
    settings.lag, settings.collisions, settings.unsettled = 5, 0.5, 0.5
    return clock


def repaired_and_taken_back(
    plan: Plan, before: Snapshot, controls: tuple[str, ...], aws: Aws, session: Session
) -> None:
    path = applied(session, plan, "forward")
    after = planned(session, *controls)
    assert after.changes == ()
    back, back_path = applying.inverse_of(plan, path, None, session, 4)
    assert {kept.address for kept in back.kept} <= {c.address for c in plan.changes if c.reversal == "impossible"}
    if back.changes:
        applying.finish(back, back_path, session, parallel=4, fail_fast=False, as_json=True)
    kept = {kept.address for kept in back.kept}
    first = {change.address: change for change in reversed(plan.changes)}
    exact = {a: c.before for a, c in first.items() if c.reversal == "exact" and a not in kept}
    assert LiveAccount(session, 4).read(exact) == exact
    if len(exact) == len(first):
        assert seen(aws) == before


@pytest.mark.parametrize("control", CONTROLS)
def test_found_repaired_and_taken_back(control: str, aws: Aws, wire: Wire, folder: Path) -> None:
    fill()
    plan = planned(wire.session, control)
    assert {*wire.faults.writes} <= {"AssumeRoot"}, "planning changed something"  # that one opens a session
    assert plan.findings, "the sandbox has no fault for it"
    assert not plan.unknowns
    assert plan.changes or plan.manual
    assert {kind_of(change.address) for change in plan.changes} <= set(CONTROLS[control].kinds)
    if plan.changes:
        repaired_and_taken_back(plan, seen(aws), (control,), aws, wire.session)


def test_all_together_while_the_account_lags(unsteady: Hasty, aws: Aws, wire: Wire, folder: Path) -> None:
    fill()
    before = seen(aws)
    plan = planned(wire.session, *CONTROLS)
    assert len(plan.changes) > 200
    repaired_and_taken_back(plan, before, tuple(CONTROLS), aws, wire.session)
    assert unsteady.slept > 2 * settings.lag


@pytest.mark.skipif(not STRESS, reason="together they are in the default run")
@pytest.mark.parametrize("lag", [5, 60])
@pytest.mark.parametrize("control", CONTROLS)
def test_each_while_the_account_lags(
    control: str, lag: float, unsteady: Hasty, aws: Aws, wire: Wire, folder: Path
) -> None:
    settings.lag = lag
    fill()
    before = seen(aws)
    plan = planned(wire.session, control)
    if plan.changes:
        repaired_and_taken_back(plan, before, (control,), aws, wire.session)
