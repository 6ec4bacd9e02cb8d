"""One run an account at a time, on this machine."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from remediate.errors import BadInput, Refused
from remediate.store.lock import locked, state_folder

HOLDER = """
import sys
from remediate.store.lock import locked
with locked("123456789012"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))


def holder() -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_of_two_processes_one_is_refused() -> None:
    process = holder()
    with (
        pytest.raises(Refused, match="another run is changing account 123456789012") as refusal,
        locked("123456789012"),
    ):
        raise AssertionError
    assert refusal.value.remedy
    with locked("999988887777"):
        pass  # another account
    process.communicate("")
    with locked("123456789012"):
        pass


def test_a_process_that_was_killed_holds_nothing() -> None:
    process = holder()
    process.kill()
    process.communicate()
    with locked("123456789012"):
        pass


def test_it_is_let_go_of_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), locked("123456789012"):
        raise ValueError("x")
    with locked("123456789012"):
        pass


def test_only_the_owner_can_read() -> None:
    with locked("123456789012"):
        assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700
        assert stat.S_IMODE((state_folder() / "123456789012.lock").stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "123456789012.lock").mkdir(parents=True)
    for place in ("file", "file/below", "taken"):
        monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / place))
        with pytest.raises(BadInput) as error, locked("123456789012"):
            raise AssertionError
        assert "REMEDIATE_STATE_DIR" in error.value.remedy


def test_where_locks_live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REMEDIATE_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "remediate"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "remediate"
