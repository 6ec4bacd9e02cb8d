"""What AWS may not show yet is waited for: what a killed run had in hand, which is said, and what a rollback takes
back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import FakeClock, plan_of, step

from remediate.cli import applying
from remediate.cli.apply import apply
from remediate.cli.rollback import rollback
from remediate.cli.work import connect
from remediate.model import outcomes
from remediate.sandbox.strict import settings
from remediate.store.files import journal_path
from remediate.store.journal import Journal, read
from remediate.store.plans import load, save

FILE = Path("a.plan.json")
GROUPS = ("ops", "dev")


class Listening(FakeClock):
    """Whenever somebody waits, it notes what stands on the screen."""

    def __init__(self, screen: pytest.CaptureFixture[str]) -> None:
        super().__init__()
        self.time = datetime.now(UTC)
        self.screen = screen
        self.heard: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.heard.append(self.screen.readouterr().err)
        super().sleep(seconds)


@pytest.fixture
def clock(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Listening:
    """Of a run that has just died with two changes in hand: one was carried out, the other one never arrived."""
    monkeypatch.chdir(tmp_path)
    clock = Listening(capsys)
    monkeypatch.setattr(applying, "SystemClock", lambda: clock)
    plan = plan_of(*(step("iam.group", name, to={"path": "/"}) for name in GROUPS))
    save(plan, FILE)
    journal = Journal(journal_path(FILE), clock.now, plan.header.caller)
    journal.add("start", plan=plan.digest)
    for change in plan.changes:
        journal.add("intent", change.id, change.address)
    aws.client("iam").create_group(GroupName="ops")
    return clock


@pytest.mark.parametrize(("command", "left"), [(apply, {*GROUPS}), (rollback, set())], ids=["apply", "rollback"])
def test_it_is_said_before_anybody_waits(
    command: Callable[..., None], left: set[str], aws: Aws, clock: Listening
) -> None:
    command(FILE, yes=True)
    assert " ".join(clock.heard[0].split()).startswith(
        "An earlier run ended with 2 changes in hand: iam.group/ops and 1 more. AWS may take two minutes to show what "
        "came of them; what it does not show yet is waited for, up to 2 min 0 s."
    )
    assert max(map(len, clock.heard[0].splitlines())) <= 80
    assert {group["GroupName"] for group in aws.client("iam").list_groups()["Groups"]} == left


def test_a_rollback_that_is_applied_as_a_plan_waits_for_what_it_takes_back(
    clock: Listening, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it waits for its approver. AWS shows for a while what was there before the plan, and that is no sign of
    somebody having taken it back."""
    monkeypatch.setattr(settings, "clock", lambda: clock.slept)
    monkeypatch.setattr(settings, "lag", 100)
    monkeypatch.setattr(settings, "lag_skips", 1)  # every look sees everything
    apply(FILE, yes=True)
    _, back = applying.inverse_of(load(FILE), FILE, None, connect(None, None, None), 4)
    monkeypatch.setattr(settings, "lag_skips", 0)  # and from now on none does
    apply(back, yes=True)
    assert set(outcomes(read(journal_path(back)).records).values()) == {"done"}
    monkeypatch.setattr(settings, "lag", 0)
    assert aws.client("iam").list_groups()["Groups"] == []


def test_a_run_that_ended_leaves_nothing_to_wait_for(clock: Listening, capsys: pytest.CaptureFixture[str]) -> None:
    apply(FILE, yes=True)
    capsys.readouterr()
    rollback(FILE, yes=True)
    assert "in hand" not in capsys.readouterr().err
