"""The journal: what is written stays, what was altered shows, and what a crash tore off is dropped."""

import errno
import json
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from remediate.errors import BadInput, Partial, Refused
from remediate.model import Event, Record
from remediate.store import heads
from remediate.store.journal import Journal, read

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def opened(path: Path) -> Journal:
    return Journal(path, lambda: NOW, "arn:aws:iam::123456789012:user/tester")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of four records."""
    path = tmp_path / "a.journal.jsonl"
    journal = opened(path)
    journal.add("start", plan="digest")
    journal.add("intent", 1, "iam.group/ops")
    journal.add("sent", 1, "iam.group/ops", request_ids=("r-1",))
    journal.add("done", 1, "iam.group/ops", detail="zoë\n\x1b[31m\u2028")
    journal.close()
    return path


def test_what_is_written_is_read(path: Path) -> None:
    records, size, _, _ = read(path)
    assert [r.event for r in records] == ["start", "intent", "sent", "done"]
    assert [r.seq for r in records] == [1, 2, 3, 4]
    assert records[2].request_ids == ("r-1",)
    assert records[3].detail == "zoë\n\x1b[31m\u2028"
    assert size == path.stat().st_size
    assert path.read_bytes().count(b"\n") == 4
    assert b"\x1b" not in path.read_bytes()


def test_it_goes_on_where_it_ended(path: Path) -> None:
    journal = opened(path)
    journal.add("end")
    journal.close()
    assert [r.event for r in read(path).records] == ["start", "intent", "sent", "done", "end"]


def test_the_last_record_torn_at_every_byte(path: Path) -> None:
    content = path.read_bytes()
    begin = content[:-1].rindex(b"\n") + 1
    for length in range(begin, len(content)):
        path.write_bytes(content[:length])
        assert [r.event for r in read(path).records] == ["start", "intent", "sent"]
        journal = opened(path)
        journal.add("done", 1, "iam.group/ops")
        journal.close()
        assert [r.event for r in read(path).records] == ["start", "intent", "sent", "done"]


@pytest.mark.parametrize("tail", [b"\0" * 512, b"\xff\xfe", b"{", b'\0\0"}\n'])
def test_what_is_no_record_at_the_end_is_dropped(path: Path, tail: bytes) -> None:
    content = path.read_bytes()
    path.write_bytes(content + tail)
    opened(path).close()
    assert path.read_bytes() == content


def test_every_changed_byte_shows(path: Path) -> None:
    content = path.read_bytes()
    last = content[:-1].rindex(b"\n") + 1
    for offset in range(last):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 0x01]) + content[offset + 1 :])
        with pytest.raises(Refused, match="not as it was written") as refusal:
            opened(path)
        assert refusal.value.remedy


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [*lines, lines[3]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[0], b"\n", *lines[1:]],
        lambda lines: [*lines[:2], lines[2][:-20], lines[3]],
        lambda lines: [*lines, b"{}\n"],
        lambda lines: [*lines, b"\n"],
    ],
    ids=[
        "first gone",
        "one gone",
        "swapped",
        "swapped later",
        "repeated",
        "first repeated",
        "blank",
        "torn within",
        "no record",
        "blank end",
    ],
)
def test_lines_that_were_moved_show(path: Path, edit: Any) -> None:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(Refused, match="line"):
        read(path)


@pytest.mark.parametrize("place", [b'"address":"', b'{"', b'"event":"'])
def test_text_that_is_no_utf_8_shows(path: Path, place: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(place, place + b"\xff", 1))
    with pytest.raises(Refused, match="line 1 is not a record"):
        read(path)


def test_a_forged_record_shows(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    forged = {**json.loads(lines[1]), "event": "done"}
    path.write_bytes(b"".join([lines[0], json.dumps(forged).encode() + b"\n", *lines[2:]]))
    with pytest.raises(Refused):
        read(path)


def test_only_the_owner_can_read(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link.journal.jsonl").symlink_to(tmp_path / "file2")
    (tmp_path / "folder.journal.jsonl").mkdir()
    for name in ("file/a.journal.jsonl", "link.journal.jsonl", "folder.journal.jsonl"):
        with pytest.raises(BadInput):
            opened(tmp_path / name)
    assert not (tmp_path / "file2").exists()
    with pytest.raises(BadInput) as error:
        opened(tmp_path / "link.journal.jsonl")
    why = os.strerror(errno.ELOOP)
    assert error.value.what == f"the journal {tmp_path / 'link.journal.jsonl'} cannot be written: {why}"
    assert error.value.remedy == "Nothing was sent. Check the folder's permissions and room."


def test_what_is_about_to_happen_is_on_disk_before_add_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with it everything before it; an outcome waits for no disk of its own, for the account can be asked."""
    journal = opened(path)
    synced: list[int] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(path.stat().st_size)
        sync(descriptor)

    monkeypatch.setattr("remediate.store.journal.os.fsync", noted)
    events: list[Event] = ["start", "intent", "sent", "done", "already", "intent", "failed", "conflict", "end"]
    expected = []
    for event in events:
        journal.add(event, 2)
        if event not in ("sent", "done", "already"):
            expected.append(path.stat().st_size)
        assert synced == expected, event
    journal.close()


def test_threads_share_it(path: Path) -> None:
    journal = opened(path)

    def add(change: int) -> None:
        for _ in range(40):
            journal.add("intent", change)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    records = read(path).records
    assert records == journal.records
    assert len(records) == 4 + 8 * 40


def test_after_one_failure_nothing_is_ever_written_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(Partial, match="No space left") as error:
        patch.setattr("remediate.store.journal.os.fsync", full)
        journal.add("intent", 2)
    assert error.value.remedy
    size = path.stat().st_size
    for _ in range(2):
        with pytest.raises(Partial):
            journal.add("intent", 3)
    assert path.stat().st_size == size
    journal.close()
    journal = opened(path)
    journal.add("intent", 3)
    assert journal.records[-1].change == 3


@pytest.mark.parametrize("torn", [True, False], ids=["half a line", "no room at all"])
def test_a_line_that_was_not_written_whole_is_the_last(path: Path, torn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(path)
    write = journal._file.write

    def full(line: bytes) -> int:
        if not torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(line[: len(line) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_file", SimpleNamespace(write=full))
        with pytest.raises(Partial, match="No space left on device"):
            journal.add("intent", 2)
    with pytest.raises(Partial, match="No space left on device"):
        journal.add("intent", 3)
    journal.close()
    assert [r.event for r in read(path).records] == ["start", "intent", "sent", "done"]


def test_a_journal_that_somebody_took_away_is_not_written_again(path: Path) -> None:
    journal = opened(path)
    path.unlink()
    with pytest.raises(Partial, match="No such file"):
        journal.add("intent", 2)
    assert not path.exists()


@pytest.mark.parametrize("torn", [b"", b'{"seq":'])
def test_what_a_rival_writes_while_a_journal_is_opened_is_kept(
    torn: bytes, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two state folders keep two locks: one run reads the journal, and the other writes on before it is opened."""
    journal = opened(path)
    journal.add("start")
    with path.open("ab") as file:
        file.write(torn)
    real = os.open

    def slow(name: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_CREAT:
            with path.open("ab") as file:
                file.write(b"the rival's\n")
        return real(name, flags, *rest)

    monkeypatch.setattr(os, "open", slow)
    with pytest.raises(Partial, match="somebody else has written it") as late:
        opened(path)
    assert "REMEDIATE_STATE_DIR" in late.value.remedy
    assert path.read_bytes().endswith(torn + b"the rival's\n")


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == ([], 0, "", 0)
    with pytest.raises(BadInput) as error:
        read(tmp_path)
    assert error.value.what == f"the journal {tmp_path} cannot be read: {os.strerror(errno.EISDIR)}"


def test_records_carry_who_and_when(path: Path) -> None:
    record: Record = read(path).records[1]
    assert (record.at, record.caller) == (NOW, "arn:aws:iam::123456789012:user/tester")
    assert (record.change, record.address) == (1, "iam.group/ops")


def test_how_far_a_journal_came_is_kept_unless_it_broke(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))
    opened(tmp_path / "empty.journal.jsonl").close()
    assert not (tmp_path / "state").exists()
    opened(path).close()
    head = heads.known("digest")
    assert head
    assert head.seq == 4
    journal = opened(path)
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(Partial):
        journal.add("intent", 2)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "other"))
    journal.close()
    assert heads.known("digest") is None


def test_what_is_on_disk_is_not_brought_there_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that another's turn has covered."""
    journal = opened(path)
    journal.add("intent", 2)
    with monkeypatch.context() as patch:
        patch.setattr("remediate.store.journal.os.fsync", lambda _: pytest.fail("once was enough"))
        journal._to_disk(journal.records[-1].seq)
    journal.close()


def test_a_disk_that_fails_fails_everybody_who_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(tmp_path / "a.journal.jsonl")
    asked: list[int] = []
    waiting, release = threading.Event(), threading.Event()

    def failing(descriptor: int) -> None:
        asked.append(descriptor)
        waiting.set()
        release.wait(10)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("remediate.store.journal.os.fsync", failing)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(journal.add, "intent", 1, "iam.group/ops")
        assert waiting.wait(10)
        second = pool.submit(journal.add, "intent", 2, "iam.group/dev")
        while len(journal.records) < 2:
            time.sleep(0.001)
        release.set()
    for told in (first, second):
        with pytest.raises(Partial, match="Input/output error") as error:
            told.result()
        said = "Nothing more was sent. What was in hand is asked of the account when you go on."
        assert list(error.value.details) == [said]
    assert len(asked) == 1
