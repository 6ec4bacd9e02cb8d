"""What the journal costs a change: three records, each on disk before the next step, with the lock looked at each time.

python tests/bench/journal.py [CHANGES]
"""

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tabulate import tabulate

from remediate.store.journal import Journal
from remediate.store.lock import locked

CALLER = "arn:aws:sts::123456789012:assumed-role/remediate/ana"
ADDRESS = "iam.user_policy/somebody.with.a.name/arn:aws:iam::123456789012:policy/a-policy-of-theirs"


def now() -> datetime:
    return datetime.now(UTC)


def one(journal: Journal, change: int) -> float:
    """The milliseconds that a change spends in its journal."""
    begun = time.perf_counter()
    journal.add("intent", change, ADDRESS)
    journal.add("sent", change, ADDRESS, request_ids=("4442587f-b7a1-4e5b-8f1c-0123456789ab",))
    journal.add("done", change, ADDRESS)
    return (time.perf_counter() - begun) * 1000


def fsyncs(folder: Path, count: int = 200) -> float:
    """The milliseconds of one fsync of this disk."""
    with (folder / "probe").open("wb", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(count):
            file.write(b"x" * 300)
            os.fsync(file.fileno())
    return (time.perf_counter() - begun) * 1000 / count


def measure(folder: Path, changes: int, threads: int) -> list[object]:
    os.environ["REMEDIATE_STATE_DIR"] = str(folder / "state")
    with locked("123456789012", "bench") as lock:
        journal = Journal(folder / f"{threads}.journal.jsonl", now, CALLER, lock.check)
        begun, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            each = list(pool.map(lambda n: one(journal, n), range(1, changes + 1)))
        wall, used = time.perf_counter() - begun, time.process_time() - cpu
        journal.close()
    return [
        threads,
        f"{wall * 1000 / changes:.3f}",
        f"{used * 1000 / changes:.3f}",
        f"{statistics.median(each):.3f}",
        f"{sorted(each)[int(changes * 0.99)]:.3f}",
    ]


def main() -> None:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{changes} changes of three records; one fsync of this disk takes {fsyncs(folder):.3f} ms")
        rows = [measure(folder, changes, threads) for threads in (1, 8)]
    print(tabulate(rows, ("threads", "ms a change", "of it CPU", "median wait", "99 % wait"), disable_numparse=True))


if __name__ == "__main__":
    main()
