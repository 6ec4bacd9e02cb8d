"""Log files in a folder: which of them are told, in which order, of which size; what is no folder is said."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from remediate.errors import BadInput
from remediate.store.logs import MAX_BYTES, content_of, logs_in

IN_ORDER = ("", "b/2026/11/16/more", "z", "b/2025/12/31", "a/2026/11/16", "b/2026/11/16", "a/2026/11/17")
"""Those of no day first, by name: there is no saying of which weeks they are."""


def test_files_come_day_after_day_each_with_its_size(tmp_path: Path) -> None:
    for n, place in enumerate(IN_ORDER):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "one.json.gz").write_bytes(b"x" * n)
        (tmp_path / place / "note.txt").touch()
    found = [(one.where, one.size) for one in logs_in(tmp_path)]
    assert found == [(str(tmp_path / place / "one.json.gz"), n) for n, place in enumerate(IN_ORDER)]


def test_a_link_to_a_file_is_that_file_and_a_link_to_a_folder_is_not_gone_through(tmp_path: Path) -> None:
    within = tmp_path / "in"
    (within / "folder.json.gz").mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"four")
    (within / "file.json.gz").symlink_to(tmp_path / "elsewhere")
    (within / "gone.json.gz").symlink_to(tmp_path / "nowhere")
    (within / "loop.json.gz").symlink_to(within)
    sizes = {Path(one.where).name: one.size for one in logs_in(within)}
    assert len(list(logs_in(within))) == 3
    assert sizes == {"file.json.gz": 4, "gone.json.gz": 0, "loop.json.gz": within.stat().st_size}
    assert content_of(str(within / "file.json.gz")) == b"four"
    with pytest.raises(FileNotFoundError):
        content_of(str(within / "gone.json.gz"))
    with pytest.raises(OSError, match="Is a directory"):
        content_of(str(within / "loop.json.gz"))


def test_a_file_that_no_log_is_as_large_as(tmp_path: Path) -> None:
    with (tmp_path / "a.json.gz").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(OSError, match="it is larger than") as error:
        content_of(str(tmp_path / "a.json.gz"))
    assert error.value.errno == errno.EFBIG


def test_what_is_no_folder_is_said_in_full(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        list(logs_in(tmp_path / "none"))
    assert error.value.what == f"{tmp_path / 'none'} is no folder"
    assert error.value.remedy == "Give a folder of CloudTrail's log files, or s3://BUCKET/PREFIX."


def test_a_folder_within_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    listed = os.scandir

    def scandir(place: str) -> Any:
        if place == str(tmp_path / "in"):
            raise PermissionError(13, "Permission denied", place)
        return listed(place)

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(BadInput) as error:
        list(logs_in(tmp_path))
    assert error.value.what == f"{tmp_path / 'in'} cannot be read: Permission denied"
    assert error.value.remedy == "Check the folder's permissions."


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
