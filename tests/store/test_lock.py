"""One run an account at a time, on this machine."""

import errno
import fcntl
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.rival import rival

from remediate.errors import BadInput, Partial, Refused
from remediate.store.lock import holder, locked, state_folder


@pytest.fixture
def other(_folder: None) -> "Iterator[subprocess.Popen[str]]":
    with rival("123456789012") as process:
        yield process


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))


def test_of_two_processes_one_is_refused(other: "subprocess.Popen[str]") -> None:
    with (
        pytest.raises(Refused, match="another run is changing account 123456789012") as refusal,
        locked("123456789012", "apply a.plan.json"),
    ):
        raise AssertionError
    assert refusal.value.remedy
    assert any(f"process {other.pid} on" in line and line.endswith("the rival") for line in refusal.value.details)
    with locked("999988887777", "apply b.plan.json"):
        pass  # another account
    other.communicate("")
    with locked("123456789012", "apply a.plan.json"):
        pass


def test_a_process_that_was_killed_holds_nothing(other: "subprocess.Popen[str]") -> None:
    other.kill()
    other.communicate()
    with locked("123456789012", "apply a.plan.json"):
        pass


def test_it_is_let_go_of_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), locked("123456789012", "apply a.plan.json"):
        raise ValueError("x")
    with locked("123456789012", "apply a.plan.json"):
        pass


def test_only_the_owner_can_read() -> None:
    with locked("123456789012", "apply a.plan.json"):
        assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700
        for name in ("123456789012.lock", "123456789012.holder.json"):
            assert stat.S_IMODE((state_folder() / name).stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "123456789012.lock").mkdir(parents=True)
    for place in ("file", "file/below", "taken"):
        monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / place))
        with pytest.raises(BadInput) as error, locked("123456789012", "apply a.plan.json"):
            raise AssertionError
        assert "REMEDIATE_STATE_DIR" in error.value.remedy


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EIO])
def test_a_shared_folder_that_keeps_no_locks_is_refused(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some network and FUSE file systems do: a mark in their place would stay when a run is killed."""

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(BadInput, match=f"cannot be taken: {os.strerror(number)}") as error, locked("1" * 12, "apply"):
        raise AssertionError
    assert "REMEDIATE_STATE_DIR" in error.value.remedy
    assert not list(state_folder().glob("*.holder.json"))


def test_a_full_disk_is_said_with_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BadInput, match="No space left on device") as error, locked("1" * 12, "apply"):
            raise AssertionError
    assert "room" in error.value.remedy
    assert "REMEDIATE_STATE_DIR" in error.value.remedy
    with locked("1" * 12, "apply"):
        pass


def test_where_locks_live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REMEDIATE_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "remediate"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "remediate"


def test_a_name_left_by_a_killed_run_is_nobodys(other: "subprocess.Popen[str]") -> None:
    other.kill()
    other.communicate()
    place = state_folder() / "123456789012.lock"
    left = holder(place)
    assert left
    assert left.process == other.pid
    with locked("123456789012", "apply a.plan.json") as lock:
        lock.check()
        mine = holder(place)
        assert mine
        assert (mine.doing, mine.token == left.token) == ("apply a.plan.json", False)
        assert (mine.since.tzinfo is not None, mine.since.microsecond) == (True, 0)  # it is told to others
    assert holder(place) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"token": 1}', b'{"token": "\xff"}'])
def test_a_name_that_cannot_be_read_is_left_out(other: "subprocess.Popen[str]", content: bytes) -> None:
    (state_folder() / "123456789012.holder.json").write_bytes(content)
    with pytest.raises(Refused) as refusal, locked("123456789012", "apply a.plan.json"):
        raise AssertionError
    assert [line for line in refusal.value.details if "held by" in line] == []
    other.communicate("")


def taken_by_another(lock: Path) -> None:
    beside = lock.with_name("123456789012.holder.json")
    mine = json.loads(beside.read_bytes())
    beside.write_text(
        json.dumps({**mine, "token": "another", "process": 7, "host": "h", "since": "2030-01-01T00:00:00Z"})
    )


def name_taken_away(lock: Path) -> None:
    lock.with_name("123456789012.holder.json").unlink()


def file_replaced(lock: Path) -> None:
    lock.rename(lock.with_name("moved"))
    lock.touch()


@pytest.mark.parametrize(
    ("accident", "held_by"),
    [
        (taken_by_another, ["now held by process 7 on h since 2030-01-01 00:00:00 UTC: apply a.plan.json"]),
        (name_taken_away, []),
        (file_replaced, None),
    ],
)
def test_a_lost_lock_is_said_in_full(accident: Callable[[Path], None], held_by: list[str] | None) -> None:
    path = state_folder() / "123456789012.lock"
    with locked("123456789012", "apply a.plan.json") as lock:
        lock.check()
        mine = [f"now held by {holder(path)}"]
        accident(path)
        with pytest.raises(Partial) as lost:
            lock.check()
    assert lost.value.what == "this run lost the lock of account 123456789012"
    assert list(lost.value.details) == [
        f"lock: {path}",
        *(mine if held_by is None else held_by),
        "Nothing more was sent.",
    ]
    assert lost.value.remedy == "Make sure that no other run is at work; then run the same command again."
