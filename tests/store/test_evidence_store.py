"""The evidence store: what is kept comes back, a crash leaves what was, what is not as it was written is refused."""

import gzip
import json
import os
import resource
import shutil
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.cloudtrail import ACCOUNT

from remediate.errors import BadInput, Refused
from remediate.evidence.logs import marked
from remediate.evidence.summary import Count, Summary, Use, add
from remediate.store.evidence import KEPT, UNREAD, Store, accounts
from remediate.store.logs import content_of, logs_in

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
USE = Use("iam.amazonaws.com/GetUser", "", "", "eu-west-1", "203.0.113.7", "aws-cli/2", "AKIA", "")
A, B, C = (marked(name) for name in (b"a", b"b", b"c"))
WEEKS = (date(2026, 11, 9), date(2026, 11, 16))


def summary(calls: int = 1) -> Summary:
    found = Summary()
    add(found.uses(ALICE), USE, Count(calls, 1, 2, 1 << 100))
    return found


def known(store: Store) -> list[str]:
    marks = store.marks()
    return [mark for mark in (A, B, C) if mark in marks]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path, ACCOUNT)
    with made.writing():
        made.keep({WEEKS[0]: (summary(2), frozenset((A, B)))})
        made.keep({WEEKS[1]: (summary(3), frozenset((C,)))})
    return made


def test_what_is_kept_comes_back(store: Store, tmp_path: Path) -> None:
    again = Store(tmp_path, ACCOUNT)
    assert again.weeks() == list(WEEKS)
    assert again.load(WEEKS[0]) == (summary(2), frozenset((A, B)))
    assert again.load(date(2026, 11, 2)) == (Summary(), frozenset())
    assert known(again) == [A, B, C]
    assert accounts(tmp_path) == [ACCOUNT]
    assert {path.stat().st_mode & 0o777 for path in again.folder.iterdir()} == {0o600}


def test_what_could_not_be_read_is_known_until_it_is_read(store: Store, tmp_path: Path) -> None:
    with store.writing():
        store.keep({}, {"b": WEEKS[1], "a": WEEKS[0], "c": None})
    again = Store(tmp_path, ACCOUNT)
    assert list(again.unread.items()) == [("a", WEEKS[0]), ("b", WEEKS[1])]
    with again.writing():
        again.keep({})
        again.keep({}, {"a": None})
        again.keep({}, {"d": date(2026, 1, 5)})
    assert list(Store(tmp_path, ACCOUNT).unread) == ["d", "b"]
    with store.writing():
        assert list(store.unread) == ["d", "b"]
        store.keep({}, {f"{n:04}": WEEKS[1] for n in range(UNREAD - 1)})
    assert (len(store.unread), "d" in store.unread, "b" in store.unread) == (UNREAD, False, True)


def test_what_is_known_of_the_last_weeks(store: Store) -> None:
    assert store.whole().of(ALICE, ACCOUNT)[USE].calls == 5
    assert store.whole(WEEKS[1]).of(ALICE, ACCOUNT)[USE].calls == 3


def test_a_week_takes_the_place_of_what_was_known_of_it(store: Store) -> None:
    store.keep({WEEKS[0]: (summary(9), frozenset((A,)))})
    assert (store.load(WEEKS[0])[0], known(store)) == (summary(9), [A, C])
    assert len(list(store.folder.glob("*.json.gz"))) == 2


def test_what_a_crash_left_is_not_in_force(store: Store, tmp_path: Path) -> None:
    (store.folder / f"{WEEKS[0]}.{'0' * 32}.json.gz").write_bytes(b"half")
    assert Store(tmp_path, ACCOUNT).load(WEEKS[0]) == (summary(2), frozenset((A, B)))


def _edited(path: Path, edit: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(path.read_bytes())
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda f: next(f.glob("*.gz")).unlink(), "No such file"),
        (lambda f: next(f.glob("*.gz")).write_bytes(b"{}"), "Not a gzipped file"),
        (lambda f: next(f.glob("*.gz")).write_bytes(gzip.compress(b"{}")), "it is not as it was written"),
        (lambda f: (f / KEPT).write_bytes(b"{"), "truncated"),
        (lambda f: (f / KEPT).write_bytes(b"[" * 10**5), "cannot be used"),
        (lambda f: _edited(f / KEPT, lambda kept: kept.update(weeks={"2026-11-16": "../x"})), "somewhere else"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused(store: Store, harm: Callable[[Path], object], why: str) -> None:
    for week in WEEKS[1:]:  # one file is left, which is then harmed
        store.keep({week: (summary(), frozenset())})
    harm(store.folder)
    with pytest.raises(BadInput, match=why) as stop:
        again = Store(store.folder.parent, ACCOUNT)
        for week in again.weeks():
            again.load(week)
    assert "read the log files again" in stop.value.remedy


def test_what_another_version_wrote_is_left_as_it_is(store: Store) -> None:
    """Whatever else it has, and wherever."""
    _edited(store.folder / KEPT, lambda kept: kept.update(format=2, weeks=["2026-11-16"], more={}))
    with pytest.raises(BadInput, match="another version of remediate: it is of format 2, and not 1") as stop:
        Store(store.folder.parent, ACCOUNT)
    assert "remove" not in stop.value.remedy


def test_whatever_byte_of_a_summary_changes_it_is_refused(store: Store) -> None:
    path = next(store.folder.glob(f"{WEEKS[0]}*"))
    content = path.read_bytes()
    for n in range(len(content)):
        path.write_bytes(content[:n] + bytes([content[n] ^ 0xFF]) + content[n + 1 :])
        try:
            found = store.load(WEEKS[0])
        except BadInput:
            continue
        assert (n in range(3, 10), found[0]) == (True, summary(2)), "of gzip's head nothing depends on some bytes"


def test_what_is_read_while_somebody_writes_is_what_was_or_what_is(store: Store, tmp_path: Path) -> None:
    """A summary goes once another is in its place: whoever knew its name finds the other."""
    reader = Store(tmp_path, ACCOUNT)
    found = reader.by_week()
    assert next(found)[1] == summary(2)
    with store.writing():
        store.keep({week: (summary(7), frozenset((A, C))) for week in WEEKS})
    assert next(found)[1] == summary(7)
    assert (reader.whole().of(ALICE, ACCOUNT)[USE].calls, known(reader)) == (14, [A, C])


def test_a_full_disk_leaves_what_was_and_says_so(store: Store, tmp_path: Path) -> None:
    """As for any file that cannot grow: this process may write none that is larger than a byte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        with pytest.raises(BadInput, match="cannot be written: File too large") as stop, store.writing():
            store.keep({WEEKS[1]: (summary(9), frozenset((A,)))})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Is there room on the disk?" in stop.value.remedy
    again = Store(tmp_path, ACCOUNT)
    assert (again.load(WEEKS[1]), len(list(again.folder.glob("*.gz*")))) == ((summary(3), frozenset((C,))), 2)


BEGUN = ["role", "name/key", "alice", "AKIA", 1, 1, 2]
ROW = ["iam/GetUser", "", "", 1, 1, 1, 2, "1"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"files": 1, "people": {}, "links": []},
        {"files": [], "people": {}, "links": [[*BEGUN, "not hexadecimal"]]},
        {"files": [], "people": {"alice": {"places": [["", "", "", "", ""]], "uses": [ROW]}}, "links": []},
    ],
)
def test_a_summary_of_another_shape_is_refused(store: Store, content: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.store.evidence.encode", lambda *_: json.dumps(content).encode())
    store.keep({WEEKS[0]: (summary(), frozenset())})
    with pytest.raises(BadInput, match="cannot be used"):
        store.load(WEEKS[0])


@pytest.mark.parametrize("content", [b"{}", b"[", b"\xff"])
def test_marks_of_another_shape_are_refused(store: Store, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.store.evidence.encode", lambda *_: content)
    store.keep({WEEKS[0]: (summary(), frozenset())})
    with pytest.raises(BadInput, match="cannot be used"):
        store.marks()


def test_a_store_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / ACCOUNT / KEPT).mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot be read"):
        Store(tmp_path, ACCOUNT)
    (tmp_path / "away").mkdir()
    away = Store(tmp_path / "away", ACCOUNT)
    (tmp_path / "away" / ACCOUNT / ".lock").mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot be written"), away.writing():
        pass


def test_one_run_at_a_time(store: Store, tmp_path: Path) -> None:
    begun, end = threading.Event(), threading.Event()

    def other() -> None:
        with Store(tmp_path, ACCOUNT).writing():
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert begun.wait(10)
        with pytest.raises(Refused, match="another run"), store.writing():
            pass
    finally:
        end.set()
        thread.join()
    with store.writing():
        assert store.weeks() == list(WEEKS)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        list(logs_in(tmp_path / "none"))
    (tmp_path / "a.json.gz").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b.txt").touch()
    [found] = logs_in(tmp_path)
    with pytest.raises(FileNotFoundError):
        content_of(found.where)


def test_a_folder_within_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    listed = os.scandir

    def scandir(place: str) -> Any:
        if place == str(tmp_path / "in"):
            raise PermissionError(13, "Permission denied", place)
        return listed(place)

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(BadInput, match="in cannot be read: Permission denied"):
        list(logs_in(tmp_path))


def test_what_was_read_from_elsewhere_is_not_added_to(store: Store) -> None:
    store.keep({WEEKS[0]: (summary(), frozenset())})
    with pytest.raises(Refused, match="would count twice") as refusal, store.writing("s3://logs"):
        raise AssertionError
    assert "--folder" in refusal.value.remedy
    with store.writing():
        pass


def test_a_file_and_a_folder_that_go_while_they_are_read(tmp_path: Path) -> None:
    """The file is told all the same: whoever reads it says that it went."""
    for name in ("a/1", "a/2", "b/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.json.gz").touch()
    found = logs_in(tmp_path)
    next(found)
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    next(found)
    shutil.rmtree(tmp_path / "b")
    with pytest.raises(BadInput, match="b cannot be read: No such file or directory"):
        next(found)
