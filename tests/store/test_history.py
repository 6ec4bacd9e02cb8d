"""What a folder of plans and journals tells."""

from pathlib import Path

import pytest
from support.engine import plan_of, step

from remediate.store import history
from remediate.store.files import journal_path, read_whole
from remediate.store.plans import save

PLAN = plan_of(step("iam.group", "ops", to={"path": "/"}))


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


def test_a_folder_is_not_read_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_whole(tmp_path, 1)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_without_a_folder_there_is_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert history.plan_files(tmp_path / name) == []
    assert history.stray_journals(tmp_path / name) == []
