"""What happens to files and processes while log files are read: no call is lost, and none counts twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest
from support import cloudtrail as ct
from support.stress import STRESS

from remediate.cli import gathering
from remediate.cli.gathering import gather
from remediate.cli.reading import BATCH, Part, Piece, Reading, here, read
from remediate.errors import RemediateError
from remediate.evidence.gathered import Report, Span, span
from remediate.evidence.logs import Log
from remediate.store.evidence import Store
from remediate.store.logs import logs_in

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KILLED = -signal.SIGKILL


def write(folder: Path, n: int, days_ago: int = 0) -> Path:
    at = NOW - timedelta(days=days_ago)
    path = folder / ct.file_name(n, at=at)
    path.parent.mkdir(parents=True, exist_ok=True)
    who = [ct.user(f"user{n % 3}"), ct.session("app", "one", f"ASIA{n}")]
    path.write_bytes(ct.packed([ct.event("iam", "GetUser", one, eventTime=f"{at:%Y-%m-%dT%H:%M:%SZ}") for one in who]))
    return path


def one_by_one(logs: Iterable[Log], about: Span) -> Iterator[Part]:
    return (read(about, [Piece(log)]) for log in logs)


def gathered(logs: Iterable[Log], kept: Path, now: datetime = NOW, reading: Reading = one_by_one) -> Report:
    about = span(ct.ACCOUNT, "aws", 30, now)
    report = Report(account=ct.ACCOUNT, source="", since=about.since, until=about.end.date())
    gather(logs, reading, about, Store(kept, ct.ACCOUNT), report, lambda: None)
    return report


def calls(kept: Path) -> int:
    people = Store(kept, ct.ACCOUNT).whole().people.values()
    return sum(count.calls for uses in people for count in uses.values())


@pytest.mark.parametrize("name", ["", "a copy of its own.json.gz"], ids=["CloudTrail's name", "another name"])
def test_a_file_that_grows_while_it_is_read_counts_once(name: str, tmp_path: Path) -> None:
    """It was listed before all of it was copied."""
    path = write(tmp_path / "logs", 1)
    path = path.rename(path.with_name(name)) if name else path
    whole = path.read_bytes()
    path.write_bytes(whole[:50])

    def listed() -> Iterator[Log]:
        for log in logs_in(tmp_path / "logs"):
            path.write_bytes(whole)
            yield log

    first = gathered(listed(), tmp_path)
    assert (first.failed, first.named) == (1, [f"{path}: it changed while it was read"])
    assert gathered(logs_in(tmp_path / "logs"), tmp_path).calls == 2
    assert gathered(logs_in(tmp_path / "logs"), tmp_path).known == 1
    assert (calls(tmp_path), dict(Store(tmp_path, ct.ACCOUNT).unread)) == (2, {})


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    path = write(tmp_path / "logs", 1)
    (tmp_path / "logs/link").mkdir()
    (tmp_path / "logs/link" / path.name).symlink_to(path)
    report = gathered(logs_in(tmp_path / "logs"), tmp_path)
    assert (report.files, report.known, calls(tmp_path)) == (1, 1, 2)


def test_files_of_days_to_come_wait_for_them(tmp_path: Path) -> None:
    """A clock that was set back, or runs slow, loses nothing: a file whose records do not count yet would be known."""
    for n in range(4):
        write(tmp_path / "logs", n, days_ago=n)
    slow = NOW - timedelta(days=3)
    report = gathered(logs_in(tmp_path / "logs"), tmp_path / "kept", slow)
    assert (report.files, report.coming, report.outside) == (1, 3, 0)
    report = gathered(logs_in(tmp_path / "logs"), tmp_path / "kept")
    assert (report.files, report.known, report.coming, calls(tmp_path / "kept")) == (3, 1, 0, 8)


def test_killed_anywhere_the_next_night_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each file that is opened, renamed or removed where the evidence is kept; by default at one of five."""
    monkeypatch.setattr(gathering, "EVERY", 2)
    for n in range(4):
        write(tmp_path / "logs", n, days_ago=2 * n)
    gathered(logs_in(tmp_path / "logs"), tmp_path / "whole")
    kept = tmp_path / "kept"
    for deadly in range(0, 200, 1 if STRESS else 5):
        status = _in_child(lambda: gathered(logs_in(tmp_path / "logs"), kept), kept, deadly)
        assert status in (0, KILLED)
        assert calls(kept) in (0, 4, 8), "of two portions none, one or both"
        gathered(logs_in(tmp_path / "logs"), kept)
        assert _files(kept) == _files(tmp_path / "whole")
        for path in (kept / ct.ACCOUNT).iterdir():
            path.unlink()
        if status == 0:
            break
    assert (status, deadly > 15) == (0, True)


def _in_child(work: Callable[[], object], folder: Path, deadly: int) -> int:
    """Does it in a process that is killed at this step in a folder. Returns what it ended with."""
    child = os.fork()
    if not child:
        steps = iter(range(deadly))

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            there = event in ("open", "os.rename", "os.remove") and str(arguments[0]).startswith(str(folder))
            if there and next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _files(kept: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (kept / ct.ACCOUNT).glob("*.json*")}


def test_processes_do_not_outlive_whoever_began_them(tmp_path: Path) -> None:
    text = (
        "import os; from concurrent.futures import ProcessPoolExecutor; from multiprocessing import get_context\n"
        "from remediate.cli.reading import started\n"
        "pool = ProcessPoolExecutor(1, get_context('spawn'), started)\n"
        "print(pool.submit(os.getpid).result(), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=30)
    worker = int(done.stdout)
    until = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (done.returncode, Path(f"/proc/{worker}").exists()) == (KILLED, False)


def test_a_process_that_is_killed_is_said_and_what_was_read_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, 0)
    content = path.read_bytes()

    def logs() -> Iterator[Log]:
        for n in range(40 * BATCH):
            if n == 30 * BATCH:
                os.kill(active_children()[0].pid or 0, signal.SIGKILL)
            yield Log(f"{n}", len(content), ct.ACCOUNT, "eu-west-1", NOW.date(), f"{n:016x}")

    with pytest.raises(RemediateError, match="ended from outside") as stop:
        gathered(logs(), tmp_path, reading=here(lambda log: Piece(log, content)))
    assert "what was read until now is kept" in stop.value.remedy
    [week] = Store(tmp_path, ct.ACCOUNT).weeks()
    assert 2 * len(Store(tmp_path, ct.ACCOUNT).load(week)[1]) == calls(tmp_path) > 0
