"""How fast CloudTrail's log files are read, beside trailscraper, on the same files in the same run.

python tests/bench/evidence.py [FILES]

FILES (default 40) files of 5,000 records each are made first, with many services and people. Each program runs once, as
a process of its own, from its start to its end. trailscraper is put into a virtual environment for this run alone;
where that fails, only this program is measured.

Then ten times as many records, by the same files under other names: what the start of the processes takes is less of
it. And many small files, and ten times as many, spread over 90 days and two regions: memory does not grow with them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.cloudtrail import busy, file_name, packed, write_busy

EACH = 5000
OTHER = "trailscraper==0.10.0"
READ = """
from datetime import datetime, timezone
from trailscraper.record_sources.local_directory_record_source import LocalDirectoryRecordSource
begin, end = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2020, 2040))
print(sum(1 for _ in LocalDirectoryRecordSource("logs").load_from_dir(begin, end)))
"""
"""What its commands do first: its records as objects. What they do then is not counted."""
OURS = [str(Path(sys.executable).with_name("remediate")), "evidence", "--json", "--days", "3650"]
MANY = 1000
HEADERS = ("program", "records", "seconds", "records a second", "CPU µs a record", "largest process MB")


def measured(name: str, command: Sequence[str], records: int, cwd: Path) -> list[object]:
    """One run. The memory is that of its largest process."""
    begun = time.perf_counter()
    with (cwd / "out").open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    cpu = (used.ru_utime + used.ru_stime) * 1e6 / records
    return [name, f"{records:,}", f"{wall:.1f}", f"{records / wall:,.0f}", f"{cpu:.1f}", used.ru_maxrss // 1024]


def other(folder: Path) -> str | None:
    """trailscraper, installed; None where there is no way to get it."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", OTHER, "setuptools<81"]
    return python if subprocess.run(pip, check=False).returncode == 0 else None


def again(folder: Path, files: int, times: int) -> list[object]:
    """The same files, several times, each as one of a day of its own."""
    for path in sorted((folder / "logs").rglob("*.gz")):
        for n in range(times):
            other = folder / "again" / path.name.replace("_2026", f"_{2026 - n}")
            other.parent.mkdir(exist_ok=True)
            os.link(path, other)
    records = files * EACH * times
    row = measured("the same again", [*OURS, "again", "--folder", "kept-again"], records, folder)
    assert json.loads((folder / "out").read_text(encoding="utf-8"))["calls"] == records
    return row


def many(folder: Path, files: int) -> list[object]:
    """So many files of ten records."""
    begin = datetime.now(UTC) - timedelta(days=89)
    events = list(busy(10))
    for n in range(files):
        at = begin + timedelta(days=89) * n / files
        path = folder / f"many{files}" / file_name(n, region=("eu-west-1", "us-east-1")[n % 2], at=at)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed([{**event, "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for event in events]))
    row = measured(f"{files:,} files", [*OURS, f"many{files}", "--folder", f"kept{files}"], 10 * files, folder)
    said = json.loads((folder / "out").read_text(encoding="utf-8"))
    assert (said["files"], said["calls"]) == (files, 10 * files), said
    return row


def main(files: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_busy(folder / "logs", files, EACH)
        records = files * EACH
        rows = [measured("remediate evidence", [*OURS, "logs"], records, folder)]
        said = json.loads((folder / "out").read_text(encoding="utf-8"))
        assert said["calls"] == records, said
        theirs = other(folder / "venv")
        if theirs:
            rows.append(measured(OTHER, [theirs, "-c", READ], records, folder))
            assert int((folder / "out").read_text(encoding="utf-8")) == records
        else:
            print(f"{OTHER} could not be installed: it is left out")
        print(f"{os.cpu_count()} cores; files of {EACH:,} records, gzip")
        rows.append(again(folder, files, 10))
        rows += [many(folder, MANY), many(folder, 10 * MANY)]
        print(tabulate(rows, HEADERS, disable_numparse=True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
