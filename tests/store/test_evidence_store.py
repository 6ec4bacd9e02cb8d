"""The evidence store: what is kept comes back, a crash leaves what was, what is not as it was written is refused."""

import errno
import fcntl
import gzip
import json
import os
import resource
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.cloudtrail import ACCOUNT

from remediate.errors import BadInput, Refused
from remediate.evidence.logs import marked
from remediate.evidence.summary import SESSIONS, Count, Summary, Use, add
from remediate.store.evidence import FILES, KEPT, LAKE, UNREAD, Store, accounts

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
        store.keep({}, {f"{n:04}": WEEKS[1] for n in reversed(range(UNREAD - 1))})
    assert list(store.unread) == [*(f"{n:04}" for n in range(UNREAD - 1)), "b"]  # of one day by name: "d" was earlier


def test_what_is_known_of_the_last_weeks(store: Store) -> None:
    assert store.whole().of(ALICE, ACCOUNT)[USE].calls == 5
    assert store.whole(WEEKS[1]).of(ALICE, ACCOUNT)[USE].calls == 3


def test_a_week_takes_the_place_of_what_was_known_of_it(store: Store) -> None:
    store.keep({WEEKS[0]: (summary(9), frozenset((A,)))})
    assert (store.load(WEEKS[0])[0], known(store)) == (summary(9), [A, C])
    assert len(list(store.folder.glob("*.json.gz"))) == 2


def test_what_a_crash_left_is_not_in_force(store: Store, tmp_path: Path) -> None:
    inside = set(store.folder.iterdir())
    left = (f"{WEEKS[0]}.{'0' * 32}.json.gz", f".{WEEKS[0]}.{'0' * 32}.json.gz.7.new", f".{KEPT}.7.new")
    for name in left:
        (store.folder / name).write_bytes(b"half")
    again = Store(tmp_path, ACCOUNT)
    assert again.load(WEEKS[0]) == (summary(2), frozenset((A, B)))
    again.keep({})
    assert set(store.folder.iterdir()) == inside


def test_the_same_evidence_is_the_same_bytes_whenever_it_is_written(store: Store) -> None:
    assert {path.read_bytes()[4:8] for path in store.folder.glob("*.gz")} == {bytes(4)}, "gzip's time"


def _edited(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
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
    assert stop.value.remedy == "Use that version or a later one. What is kept is as it was."


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


@pytest.mark.parametrize("changed", [{}, {WEEKS[1]: (summary(9), frozenset((A,)))}], ids=["no week", "a week"])
def test_a_full_disk_leaves_what_was_and_says_so(store: Store, tmp_path: Path, changed: Any) -> None:
    """As for any file that cannot grow: this process may write none that is larger than a byte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        with pytest.raises(BadInput, match="cannot be written: File too large") as stop, store.writing():
            store.keep(changed)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Is there room on the disk?" in stop.value.remedy
    again = Store(tmp_path, ACCOUNT)
    assert (again.load(WEEKS[1]), len(list(again.folder.glob("*.gz*")))) == ((summary(3), frozenset((C,))), 2)


BEGUN = ["role", "name/key", "alice", "AKIA", 1, 1, 2]
PERSON = {"places": [["", "", "", "", ""]], "uses": [["iam/GetUser", "", "", 1, 1, 1, 2, "1"]]}


DEEP = b'{"more": ' + b"[" * 10**5
SHAPES: list[tuple[bytes, str, str]] = [
    (b"{}", "Object missing required field `files`", "Object missing required field `files`"),
    (b'{"files": 1}', "Expected `array`, got `int` - at `$.files`", "Expected `array`, got `int` - at `$.files`"),
    (b'{"files": ["ab"], "people": {}, "links": []}', "", "ab is no mark"),
    (b'{"files": ["zzzzzzzzzzzzzzzz"], "people": {}, "links": []}', "", "invalid literal for int() with base 16"),
    (json.dumps({"files": [], "people": {}, "links": [[*BEGUN, "not hexadecimal"]]}).encode(), "not hexadecimal", ""),
    (json.dumps({"files": [], "people": {"alice": PERSON}, "links": []}).encode(), "place 1 of 1", ""),
    (b"[", "Expected `object`, got `array`", "Expected `object`, got `array`"),
    (b"\xff", "JSON is malformed", "JSON is malformed"),
    (b'{"files": ["\xff"]}', "can't decode byte 0xff", "can't decode byte 0xff"),
    (DEEP, "unknown field `more`", "recursion"),
]
"""What a file says that is its own digest's, and what is wrong with it as a summary, and as marks."""


@pytest.mark.parametrize(("content", "summed", "marks"), SHAPES, ids=range(len(SHAPES)))
def test_a_week_of_another_shape_is_refused_by_its_name(
    store: Store, content: bytes, summed: str, marks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remediate.store.evidence.encode", lambda *_: content)
    store.keep({WEEKS[0]: (summary(), frozenset())})
    [path] = store.folder.glob(f"{WEEKS[0]}.*")
    for why, read in ((summed, lambda: store.load(WEEKS[0])), (marks, store.marks)):
        with pytest.raises(BadInput) if why else nullcontext() as error:
            read()
        if error:
            assert error.value.what.startswith(f"{path} cannot be used: ")
            assert why in error.value.what


def test_a_week_that_went_with_its_name_is_missed(store: Store) -> None:
    """Nobody takes one away while it is read: it does not count as none."""
    [path] = store.folder.glob(f"{WEEKS[0]}.*")
    path.unlink()
    _edited(store.folder / KEPT, lambda kept: kept["weeks"].pop(str(WEEKS[0])))
    with pytest.raises(BadInput, match=f"{path.name} cannot be used: .*No such file"):
        store.load(WEEKS[0])


def test_the_whole_keeps_more_of_the_account_s_own_apart_than_of_strangers(store: Store) -> None:
    own, strange = ([f"arn:aws:iam::{of}:user/{n}" for n in range(SESSIONS + 1)] for of in (ACCOUNT, "9" * 12))
    for week, part in zip(WEEKS, (slice(600), slice(600, None)), strict=True):
        found = Summary()
        for one in (*own[part], *strange[part]):
            add(found.uses(one), USE, Count(1, 1, 2, 1))
        store.keep({week: (found, frozenset())})
    assert set(store.whole().people) == {*own, f"arn:aws:iam::{'9' * 12}:*"}


def test_a_store_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / ACCOUNT / KEPT).mkdir(parents=True)
    with pytest.raises(BadInput, match=f"{KEPT} cannot be read: Is a directory") as unread:
        Store(tmp_path, ACCOUNT)
    assert unread.value.remedy == "Check its permissions."
    (tmp_path / "away").mkdir()
    away = Store(tmp_path / "away", ACCOUNT)
    (tmp_path / "away" / ACCOUNT / ".lock").mkdir(parents=True)
    with pytest.raises(BadInput, match=f"{ACCOUNT} cannot be written: Is a directory") as unwritten, away.writing():
        pass
    assert unwritten.value.remedy == "Is there room on the disk? Give another place with --folder."


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
        with pytest.raises(Refused) as refusal, store.writing():
            pass
    finally:
        end.set()
        thread.join()
    assert refusal.value.what == f"another run is reading log files of account {ACCOUNT}"
    assert list(refusal.value.details) == [f"lock: {store.folder / '.lock'}"]
    assert refusal.value.remedy == "Wait until it has ended: what it has read, this one need not read."
    with store.writing():
        assert store.weeks() == list(WEEKS)


def test_a_folder_that_keeps_no_locks_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark in the place of a lock would stay when a run is killed, and refuse all that follow."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(BadInput, match="cannot be written: Function not implemented") as error, store.writing():
        raise AssertionError
    assert "--folder" in error.value.remedy


def test_where_it_was_read_from_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path, ACCOUNT)
    with store.writing(LAKE):
        store.keep({WEEKS[0]: (summary(), frozenset())})
    again = Store(tmp_path, ACCOUNT)
    assert again.source == LAKE
    with pytest.raises(Refused) as refusal, again.writing():
        raise AssertionError
    said = f"{store.folder} was read from {LAKE}, and calls that are also in {FILES} would count twice"
    assert refusal.value.what == said


def test_what_was_read_from_elsewhere_is_not_added_to(store: Store) -> None:
    store.keep({WEEKS[0]: (summary(), frozenset())})
    with pytest.raises(Refused, match="would count twice") as refusal, store.writing("s3://logs"):
        raise AssertionError
    assert "--folder" in refusal.value.remedy
    with store.writing():
        pass
