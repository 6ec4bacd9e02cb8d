"""A journal that was cut at its end, or put back from an older copy, is not taken for the whole."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.engine import plan_of, step

from remediate.errors import Refused
from remediate.store import heads
from remediate.store.files import journal_path
from remediate.store.journal import Journal, of_plan
from remediate.store.lock import state_folder
from remediate.store.plans import save

PLAN = plan_of(step("iam.group", "ops", to={"path": "/"}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plan with a journal of five records that was closed."""
    path = tmp_path / "a.plan.json"
    save(PLAN, path)
    run(path, "start", "intent", "sent", "done", "end")
    return path


def run(file: Path, *events: str, close: bool = True) -> None:
    journal = Journal(journal_path(file), lambda: datetime(2030, 1, 1, tzinfo=UTC), "arn:aws:iam::1:user/ana")
    for event in events:
        of_run = event in ("start", "end")
        journal.add(event, 0 if of_run else 1, plan=PLAN.digest if of_run else "")  # type: ignore[arg-type]
    if close:
        journal.close()


def test_the_whole_journal_is_taken(file: Path) -> None:
    assert len(of_plan(file, PLAN.digest).records) == 5
    assert heads.known(PLAN.digest) == heads.Head(seq=5, hash=of_plan(file, PLAN.digest).head)


def test_every_cut_at_a_record_and_a_changed_last_record_are_refused(file: Path) -> None:
    lines = journal_path(file).read_bytes().splitlines(keepends=True)
    changed = lines[-1].replace(b'"detail":""', b'"detail":"x"')
    assert changed != lines[-1]
    for left in (lines[:0], lines[:1], lines[:4], [*lines[:4], changed]):
        journal_path(file).write_bytes(b"".join(left))
        with pytest.raises(Refused, match="this machine has seen 5 records of it"):
            of_plan(file, PLAN.digest)
    journal_path(file).unlink()
    with pytest.raises(Refused, match="this machine has seen 5 records of it"):
        of_plan(file, PLAN.digest)


def test_a_plan_that_was_renamed_without_its_journal_says_so_and_goes_on_with_it(file: Path) -> None:
    renamed, known = file.with_name("renamed.plan.json"), heads.known(PLAN.digest)
    assert known
    file.rename(renamed)
    with pytest.raises(Refused) as alone:
        of_plan(renamed, PLAN.digest)
    assert alone.value.what == (
        f"there is no journal {journal_path(renamed)}: this machine has seen 5 records of it, so the plan was applied"
    )
    assert list(alone.value.details) == [f"record 5 had the hash {known.hash}"]
    assert alone.value.remedy == (
        "If the plan was moved, copied or renamed: give the one that its journal stands beside, or move both. "
        "If the journal is lost: put it back from your version control or backup, or make a new plan."
    )
    journal_path(file).rename(journal_path(renamed))
    assert len(of_plan(renamed, PLAN.digest).records) == 5


def test_what_a_killed_run_wrote_since_is_taken(file: Path) -> None:
    run(file, "start", "intent", close=False)
    assert len(of_plan(file, PLAN.digest).records) == 7
    run(file, "end")
    known = heads.known(PLAN.digest)
    assert known
    assert known.seq == 8


def test_another_machine_takes_what_is_there(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "elsewhere"))
    journal_path(file).write_bytes(b"".join(journal_path(file).read_bytes().splitlines(keepends=True)[:2]))
    assert len(of_plan(file, PLAN.digest).records) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"seq": "5"}', b'{"seq": 5, "hash": "\xff"}'])
def test_a_note_that_cannot_be_read_is_none(content: bytes, file: Path) -> None:
    (state_folder() / "heads" / f"{PLAN.digest}.json").write_bytes(content)
    assert heads.known(PLAN.digest) is None
    assert len(of_plan(file, PLAN.digest).records) == 5


def test_a_full_disk_keeps_no_run_from_ending(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "taken"))
    run(file, "start", "end")
    assert len(of_plan(file, PLAN.digest).records) == 7


def test_a_cut_journal_is_said_in_full(file: Path) -> None:
    known = heads.known(PLAN.digest)
    assert known
    path = journal_path(file)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(Refused) as cut:
        of_plan(file, PLAN.digest)
    assert cut.value.what.startswith(f"the journal {path} does not end as it was written")
    assert list(cut.value.details) == ["now 2 records", f"record 5 had the hash {known.hash}"]
    assert (
        cut.value.remedy
        == "Put the whole journal back from your version control or backup; without it, make a new plan."
    )


def test_a_journal_of_another_plan_is_said_in_full(file: Path) -> None:
    with pytest.raises(Refused) as other:
        of_plan(file, "0" * 64)
    assert other.value.what == f"the journal {journal_path(file)} tells of another plan than {file}"
    assert other.value.remedy == f"Put back the plan it belongs to, or give {file} another name."
