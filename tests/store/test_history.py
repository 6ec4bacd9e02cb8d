"""What a folder of plans and journals tells."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.engine import plan_of, step

from remediate.errors import BadInput, Refused
from remediate.model import Plan
from remediate.store import history
from remediate.store.files import journal_path, read_whole
from remediate.store.journal import Journal
from remediate.store.plans import save

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PLAN = plan_of(step("iam.group", "ops", to={"path": "/"}))


def kept(path: Path, plan: Plan) -> None:
    """A plan that was begun."""
    save(plan, path)
    journal = Journal(journal_path(path), lambda: NOW, "arn:aws:iam::1:user/ana")
    journal.add("start", plan=plan.digest)
    journal.close()


def test_the_oldest_plan_comes_first_with_what_its_journal_says(tmp_path: Path) -> None:
    newer = plan_of(step("iam.group", "dev", to={"path": "/"}), created=NOW + timedelta(days=1))
    kept(tmp_path / "a.plan.json", newer)
    kept(tmp_path / "b.plan.json", plan_of(step("iam.group", "ops", to={"path": "/"}), created=NOW))
    found, broken = history.history(tmp_path)
    assert [Path(past.path).name for past in found] == ["b.plan.json", "a.plan.json"]
    assert [[record.event for record in past.records] for past in found] == [["start"], ["start"]]
    assert broken == []


def test_what_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    kept(tmp_path / "a.plan.json", PLAN)
    save(PLAN, tmp_path / "b.plan.json")
    kept(tmp_path / "other.plan.json", plan_of(step("iam.group", "dev", to={"path": "/"}), created=NOW))
    journal_path(tmp_path / "other.plan.json").rename(journal_path(tmp_path / "b.plan.json"))
    (tmp_path / "c.plan.json").write_text("{")
    (tmp_path / "other.plan.json").unlink()
    found, broken = history.history(tmp_path)
    assert [Path(past.path).name for past in found] == ["a.plan.json"]
    assert [type(error) for error in broken] == [Refused, BadInput]
    assert "b.plan.json" in broken[0].what
    assert "c.plan.json" in broken[1].what


def test_plans_by_name_and_journals_that_are_alone(tmp_path: Path) -> None:
    kept, gone = tmp_path / "b.plan.json", tmp_path / "a.plan.json"
    for path in (kept, gone):
        save(PLAN, path)
        journal_path(path).touch()
    (tmp_path / "notes.txt").touch()
    assert history.plan_files(tmp_path) == [gone, kept]
    assert history.stray_journals(tmp_path) == []
    gone.unlink()
    assert history.plan_files(tmp_path) == [kept]
    assert history.stray_journals(tmp_path) == [journal_path(gone)]


def test_what_is_read_is_a_file_and_no_larger_than_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IsADirectoryError):
        read_whole(tmp_path, 1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file") as error:
        read_whole(tmp_path / "pipe", 1)
    assert error.value.errno == errno.EINVAL
    (tmp_path / "file").write_bytes(b"12345")
    assert read_whole(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="it is larger than 4 bytes") as error:
        read_whole(tmp_path / "file", 4)
    assert error.value.errno == errno.EFBIG
    before = (tmp_path / "file").stat()
    (tmp_path / "file").write_bytes(b"1234567")
    monkeypatch.setattr("os.fstat", lambda _: before)  # it grows between the two
    assert read_whole(tmp_path / "file", 5) == b"12345"


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_without_a_folder_there_is_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert history.plan_files(tmp_path / name) == []
    assert history.stray_journals(tmp_path / name) == []
