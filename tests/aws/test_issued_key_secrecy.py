"""The secret of a new access key is in AWS Secrets Manager and nowhere else."""

import os
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.contract.secrets import FIRST
from support.engine import Step, Wire, plan_of
from support.faults import Faults
from support.issued import ISSUED_HERE, NEXT, Rotation, assert_rotated, cut_short, keys_of

from remediate.aws.resources import RESOURCES
from remediate.cli import applying
from remediate.cli.main import main
from remediate.errors import OutcomeUnknown
from remediate.executor.ledger import PATIENCE
from remediate.store.plans import save


@pytest.fixture(scope="session")
def wire(_clients: Aws) -> Wire:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        return Wire()


def holding(folder: Path, text: str) -> list[Path]:
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return [file for file in files if text.encode() in file.read_bytes()]


class Hurried:
    """The program's clock, which does not wait."""

    passed = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + Hurried.passed

    def sleep(self, seconds: float) -> None:
        Hurried.passed += timedelta(seconds=seconds)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> type[Hurried]:
    """A key whose answer was lost is looked for as long as AWS may take to show it: two minutes."""
    monkeypatch.setattr(Hurried, "passed", timedelta())
    monkeypatch.setattr(applying, "SystemClock", Hurried)
    return Hurried


def told_by(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Everything that the command says, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["remediate", *arguments])
        with pytest.raises(SystemExit):
            main()
    return "".join(capfd.readouterr())


def everywhere(aws: Aws) -> list[str]:
    """The secret of each key of the user, as a text that must be nowhere."""
    return [key.secret_access_key for key in keys_of().values()]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize("operation", [None, "CreateAccessKey", "PutSecretValue"])
def test_the_secret_of_a_new_key_is_shown_to_nobody(
    operation: str | None,
    arguments: tuple[str, ...],
    aws: Aws,
    wire: Wire,
    tmp_path: Path,
    hurried: type[Hurried],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not on the terminal, not in a plan, a journal or a lock, and not when an answer that holds it is cut short."""
    Rotation(aws, wire, tmp_path / "unused")
    save(plan_of(Step(ISSUED_HERE, None, NEXT)), tmp_path / "a.plan.json")
    told: list[str] = []
    inner, cut = aws.sandbox.application, [0]

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = b"".join(inner(environ, start_response))
        told.extend(everywhere(aws))
        if operation and operation.encode() in answer[:200] and not cut[0]:
            cut[0] += 1
            return [answer[:-40].ljust(len(answer))]
        return [answer]

    aws.sandbox.application = application
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / ".state"))
    try:
        shown = [told_by(capfd, "apply", "a.plan.json", "--yes", *arguments) for _ in range(2)]
        shown += [told_by(capfd, "show", "a.plan.json"), told_by(capfd, "runs")]
    finally:
        aws.sandbox.application = inner
    assert_rotated(aws)
    assert all(shown)
    assert bool(cut[0]) == (operation == "CreateAccessKey")
    assert (hurried.passed.total_seconds() > PATIENCE / 2) == (operation == "CreateAccessKey")
    for text in {*told, *everywhere(aws)}:
        assert holding(tmp_path, text) == []
        assert not any(text in said for said in shown)


def test_an_answer_that_is_cut_short_is_not_quoted(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    Rotation(aws, wire, tmp_path)
    wire.faults = Faults().when(lambda call: call.operation == "CreateAccessKey", cut_short)
    with pytest.raises(OutcomeUnknown, match="the answer was lost, or could not be read") as caught:
        RESOURCES["iam.issued_key"].write(wire.session, ISSUED_HERE, None, NEXT)
    [lost] = keys_of().keys() - {FIRST}
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert keys_of()[lost].secret_access_key not in text
