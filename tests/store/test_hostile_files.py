"""Whatever stands in a plan or a journal: it is read as it was written, or refused in one sentence that names the file.

R10's other half: what is not as it was written is never half believed, never a traceback, and never a wait.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.engine import plan_of, step
from support.hostile import Damage, damage, json_values, paths_in, put, within
from support.stress import STRESS

from remediate.cli.main import main
from remediate.errors import BadInput, Refused
from remediate.model import Plan, Value
from remediate.render.error_text import error as screen
from remediate.store.files import journal_path, signature_path
from remediate.store.history import history
from remediate.store.journal import Journal, read
from remediate.store.plans import encode, load, save, sealed
from remediate.store.signatures import beside

FEW = 4000 if STRESS else 60
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECONDS = 20
"""More than any of these files may take, on a busy machine."""
LINES = 24
"""A screen."""
easy = settings(max_examples=FEW, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

DOCUMENT: Value = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}
PLAN = plan_of(
    step("iam.group", "g", to={"path": "/"}),
    step("iam.user_inline", "alice", "own", was=DOCUMENT, to=None),
    step("iam.group_member", "g", "alice", to="member", needs=(1,)),
    created=NOW,
)
CONTENT = encode(PLAN)
VALUE: Any = json.loads(CONTENT)
SEALS = ("format", "digest")
"""Parts of a plan of which only one value is read, whatever else it says."""


def written_journal(folder: Path) -> bytes:
    path = folder / "written.journal.jsonl"
    journal = Journal(path, lambda: NOW, "arn:aws:iam::123456789012:user/tester")
    journal.add("start", plan=PLAN.digest)
    for change in PLAN.changes:
        journal.add("intent", change.id, change.address)
        journal.add("done", change.id, change.address, request_ids=("r-1",))
    journal.add("end", detail="complete")
    journal.close()
    return path.read_bytes()


@pytest.fixture(scope="session")
def lines(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written_journal(tmp_path_factory.mktemp("journal"))


def refused(act: Callable[[], object], *names: str) -> object:
    """What came of it: the object, or one error on one screen that names the file. Anything else is a bug."""
    try:
        with within(SECONDS):
            return act()
    except (BadInput, Refused) as error:
        shown = screen(error, colour=False)
        assert all(name in error.what for name in names), error.what
        assert len(shown.split("\n")) <= LINES
        assert all(line.isprintable() for line in shown.split("\n"))
        return None


def plan_in(tmp_path: Path, content: bytes) -> Plan | None:
    path = tmp_path / "a.plan.json"
    path.write_bytes(content)
    found = refused(lambda: load(path), "a.plan.json")
    assert found is None or isinstance(found, Plan)
    return found


# --- plans ----------------------------------------------------------------------------------------------------------


@easy
@given(content=st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode("utf-8", "surrogatepass")))
@example(content=b"[" * 10_000_000)
@example(content=b'{"format":1,"a":' + b"[" * 1_000_000)
@example(content=b'{"format":1,"digest":"' + b"x" * 10_000_000 + b'"}')
@example(content=b'{"format":' + b"9" * 1_000_000 + b"}")
@example(content=b'{"format":1e999}')
@example(content=b'{"format":1,"format":2}')
@example(content=b"\xef\xbb\xbf{}")
@example(content='{"format":1}'.encode("utf-16"))
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    assert plan_in(tmp_path, content) is None


@easy
@given(hurt=damage())
def test_a_damaged_plan_is_refused(tmp_path: Path, hurt: Damage) -> None:
    """Byte by byte: the plan as it was written, or nothing at all."""
    content = hurt(CONTENT)
    found = plan_in(tmp_path, content)
    assert (found == PLAN) == (content == CONTENT)
    assert found is None or content == CONTENT


@easy
@given(at=st.sampled_from(list(paths_in(VALUE))), new=json_values)
@example(at=("changes", 1, "before"), new=10**30)
@example(at=("changes", 1, "before"), new={"a": [2**64, -(2**63) - 1]})
def test_another_value_somewhere_in_a_plan_is_refused(tmp_path: Path, at: tuple[str | int, ...], new: Any) -> None:
    """In the program's own way of writing, so that nothing but the value differs."""
    plan_in(tmp_path, as_written(put(VALUE, at, new)))


@easy
@given(at=st.sampled_from([path for path in paths_in(VALUE) if path and path[0] not in SEALS]), new=json_values)
def test_whatever_a_sealed_plan_says_it_is_read_or_refused(tmp_path: Path, at: tuple[str | int, ...], new: Any) -> None:
    """Somebody who can seal can write any value: the types are still the plan's."""
    try:
        plan = sealed(msgspec.convert(put(VALUE, at, new), Plan, strict=False))
        content = encode(plan)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError, RecursionError):
        return  # no such plan can be written
    assert plan_in(tmp_path, content) == plan


def as_written(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


# --- journals -------------------------------------------------------------------------------------------------------


def journal_in(tmp_path: Path, content: bytes) -> Any:
    path = tmp_path / "a.journal.jsonl"
    path.write_bytes(content)
    return refused(lambda: read(path), "a.journal.jsonl")


@easy
@given(content=st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode("utf-8", "surrogatepass")))
@example(content=b"[" * 10_000_000 + b"\n")
@example(content=b'{"seq":' + b"9" * 100_000 + b"}\n")
@example(content=b'{"detail":' + b"[" * 1_000_000 + b"\n")
@example(content=b"{}\n" * 1_000_000)
@example(content=b"\r" * 1_000_000)
def test_what_is_no_journal_is_refused_or_torn(tmp_path: Path, content: bytes) -> None:
    found = journal_in(tmp_path, content)
    assert found is None or found.records == []


@easy
@given(hurt=damage())
def test_a_damaged_journal_tells_its_beginning_or_nothing(tmp_path: Path, lines: bytes, hurt: Damage) -> None:
    """All but the last record, whose hash stands in no other: that one is kept beside the locks, see test_heads."""
    whole = journal_in(tmp_path, lines).records
    found = journal_in(tmp_path, hurt(lines))
    assert found is None or found.records[:-1] == whole[: max(0, len(found.records) - 1)]
    assert found is None or len(found.records) <= len(whole)


@easy
@given(n=st.integers(0, 7), key=st.sampled_from(("seq", "previous", "at", "event", "change", "plan")), new=json_values)
def test_another_value_in_a_journal_is_refused(tmp_path: Path, lines: bytes, n: int, key: str, new: Any) -> None:
    parts = lines.splitlines(keepends=True)
    record = json.loads(parts[n])
    same = record.get(key, None) == new and type(record.get(key)) is type(new)
    parts[n] = json.dumps({**record, key: new}).encode("utf-8", "surrogatepass") + b"\n"
    found = journal_in(tmp_path, b"".join(parts))
    assert found is None or same or len(parts) - n == 1


# --- what is no file at all, and the command line -------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path)


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * 1024**3)


NO_FILES: Mapping[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a pipe that nobody writes to": pipe,
    "a device without end": endless,
    "a link to itself": circle,
    "64 GB of nothing": large,
}


@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_neither_waited_for_nor_swallowed(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does it hide the other plans of its folder."""
    save(PLAN, tmp_path / "good.plan.json")
    make(tmp_path / "a.plan.json")
    assert refused(lambda: load(tmp_path / "a.plan.json"), "a.plan.json") is None
    with within(SECONDS):
        found, broken = history(tmp_path)
    assert [past.plan for past in found] == [PLAN]
    assert len(broken) == 1
    (tmp_path / "a.plan.json").rmdir() if make is Path.mkdir else (tmp_path / "a.plan.json").unlink()
    make(signature_path(tmp_path / "good.plan.json", "approver-0123456789ab"))
    with within(SECONDS):
        assert beside(tmp_path / "good.plan.json")[0] == []
    make(journal_path(tmp_path / "good.plan.json"))
    assert refused(lambda: read(journal_path(tmp_path / "good.plan.json")), "good.journal.jsonl") is None


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """One command in this process: its exit code and its screen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["remediate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(ended.value.code or 0), err


@settings(max_examples=FEW // 6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hurt=damage())
def test_a_damaged_plan_is_one_screen_on_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hurt: Damage
) -> None:
    path = tmp_path / "a.plan.json"
    path.write_bytes(hurt(CONTENT))
    if hurt(CONTENT) == CONTENT:
        return
    for command in ("show", "apply", "rollback", "permissions"):
        code, shown = told([command, str(path)], capsys)
        assert code in (1, 3)
        assert "a.plan.json" in shown
        assert len(shown.splitlines()) <= LINES


def test_names_that_are_no_utf_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an argument they are refused, because they fit no journal; lying in the folder they are listed."""
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"\xff\x9b2J.plan.json")
    save(PLAN, Path(name))
    for command in ("show", "apply", "rollback"):
        code, shown = told([command, name], capsys)
        assert code == 1
        assert r"\udcff\udc9b2J.plan.json is not UTF-8" in shown
    monkeypatch.setattr(sys, "argv", ["remediate", "runs", ".", "--json"])
    with pytest.raises(SystemExit):
        main()
    (row,) = json.loads(capsys.readouterr().out)
    assert row["plan"] == name


def test_a_large_file_takes_no_more_memory_than_its_bytes(tmp_path: Path) -> None:
    """In a process of its own that may have 1 GB."""
    (tmp_path / "a.plan.json").write_bytes(b'{"format":1,"x":' + b"[" * 100_000_000)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    code = "from remediate.store.plans import load; from pathlib import Path; load(Path('a.plan.json'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=unmeasured, capture_output=True, preexec_fn=limited, check=False
    )
    assert done.returncode == 1
    assert b"Refused" in done.stderr or b"BadInput" in done.stderr, done.stderr[-500:]
