"""`remediate runs`: past runs listed, one of them told, and all of them verified."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from support.aws import Aws
from support.cli import run
from support.engine import plan_of, step
from support.mutations import everything

from remediate.store.files import journal_path
from remediate.store.plans import save


@pytest.fixture
def applied(aws: Aws, tmp_path: Path) -> Path:
    """A folder in which one plan was applied and another was not; the first one's file."""
    everything(aws.client("iam"))
    plan = plan_of(
        step("iam.group", "ops", to={"path": "/"}), step("iam.group_member", "ops", "alice", to="member", needs=(1,))
    )
    first = tmp_path / "plans" / "a.plan.json"
    save(plan, first)
    save(plan_of(step("iam.group", "dev", to={"path": "/"})), tmp_path / "plans" / "b.plan.json")
    assert run("apply", str(first), "--yes", cwd=tmp_path).returncode == 0
    return first


def test_one_run_is_told(applied: Path, tmp_path: Path) -> None:
    told = run("runs", str(applied), cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    for line in (
        "Plan: 2 changes to 123456789012",
        "Run 1 of 1, by arn:aws:",
        ": complete",
        "+ iam.group/ops",
        '+ "member"',
    ):
        assert line in told.stdout
    assert told.stdout.count("AWS request ") == 2
    one = run("runs", str(applied), "--address", "#2", cwd=tmp_path).stdout
    assert "iam.group_member/ops/alice" in one
    assert "iam.group/ops" not in one
    data = json.loads(run("runs", str(applied), "--json", cwd=tmp_path).stdout)
    (only,) = data["runs"]
    assert [s["outcome"] for s in only["steps"]] == ["done", "done"]
    assert only["steps"][0]["change"]["after"] == {"path": "/"}
    assert only["steps"][0]["request_ids"][0]


def test_how_far_each_plan_got_is_listed(applied: Path, tmp_path: Path) -> None:
    """Of a run that was killed, `1/2 1?`; its rollback finds out what was done, and is taken back itself."""
    journal = journal_path(applied)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines[:-1] if b"iam.group_member" not in line or b"intent" in line))
    rewritten(journal)

    def listed() -> dict[str, tuple[str, str]]:
        rows = run("runs", cwd=tmp_path, COLUMNS="200").stdout.splitlines()[1:]
        cells = [re.split(r" {2,}", row) for row in rows]
        return {Path(row[-1]).name: (row[1], row[2]) for row in cells}

    assert listed() == {"a.plan.json": ("partly applied", "1/2 1?"), "b.plan.json": ("planned", "0/1")}
    back = run("rollback", "plans/a.plan.json", "--yes", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert "An earlier run ended with 1 change in hand: iam.group_member/ops/alice." in back.stderr
    assert listed()["a.plan.json"] == ("rolled back", "2/2")
    assert listed()["a.rollback.plan.json"] == ("applied", "2/2")
    again = run("rollback", "plans/a.rollback.plan.json", "--yes", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "An earlier run" not in again.stderr
    states = [state for state, _ in listed().values()]
    assert states == ["applied", "rolled back", "planned", "applied"]


def test_a_plan_that_was_never_applied_says_what_next(applied: Path, tmp_path: Path) -> None:
    told = run("runs", "plans/b.plan.json", cwd=tmp_path)
    assert told.returncode == 0
    assert "Never applied. Next: remediate apply plans/b.plan.json" in told.stderr


def test_what_is_as_it_was_written_is_verified(applied: Path, tmp_path: Path) -> None:
    told = run("runs", "--verify", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert [line.split()[:2] for line in told.stdout.splitlines()[1:]] == [["as", "written"], ["not", "applied"]]
    journal = journal_path(applied)
    journal.write_bytes(journal.read_bytes() + b'{"seq": 99')
    torn = run("runs", str(applied), "--verify", cwd=tmp_path)
    assert torn.returncode == 0
    assert "10 bytes of a record that a crash cut short" in torn.stdout


def rewritten(journal: Path) -> None:
    """The hashes recomputed, and what this machine knows taken away."""
    shutil.rmtree(journal.parents[1] / ".state" / "heads")
    lines, previous = [], ""
    for n, line in enumerate(journal.read_text().splitlines(), start=1):
        text = json.dumps({**json.loads(line), "seq": n, "previous": previous}, separators=(",", ":")) + "\n"
        lines.append(text)
        previous = hashlib.sha256(text.encode()).hexdigest()
    journal.write_text("".join(lines))


def forged(journal: Path) -> None:
    """By somebody who can do that: the story does not hold."""
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if '"sent"' not in line and '"intent"' not in line))
    rewritten(journal)


def changed(journal: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([*lines[:2], lines[2].replace("sent", "done"), *lines[3:]]))


def changed_at_its_end(journal: Path) -> None:
    journal.write_text(journal.read_text().replace("complete", "partial!"))


def cut_at_its_end(journal: Path) -> None:
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))


def dropped(journal: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3] + lines[4:]))


def without_its_plan(journal: Path) -> None:
    journal.rename(journal.with_name("c.journal.jsonl"))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (forged, "is done, which was never about to be sent"),
        (changed, "line 4 does not follow"),
        (changed_at_its_end, "this machine has seen 8 records of it"),
        (cut_at_its_end, "this machine has seen 8 records of it"),
        (dropped, "line 4 does not follow"),
        (without_its_plan, "c.journal.jsonl: its plan is missing"),
    ],
)
def test_what_is_not_as_it_was_written_is_named(edit, told: str, applied: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    edit(journal_path(applied))
    result = run("runs", "--verify", cwd=tmp_path)
    assert result.returncode == 3
    assert told in " ".join((result.stdout + result.stderr).split())
    assert "version control" in result.stderr
    assert json.loads(run("runs", "--verify", "--json", cwd=tmp_path).stdout)["plans"]


def test_a_plan_that_was_altered_is_named(applied: Path, tmp_path: Path) -> None:
    applied.write_bytes(applied.read_bytes().replace(b"alice", b"mally"))
    listed = run("runs", cwd=tmp_path)
    assert "plans/b.plan.json" in listed.stdout  # and of the other one it is said why it is not there
    assert "plans/a.plan.json was altered" in " ".join(listed.stderr.split())
    result = run("runs", "--verify", cwd=tmp_path)
    assert result.returncode == 3
    assert "was altered after it was written" in " ".join(result.stdout.split())
