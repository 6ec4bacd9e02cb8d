"""Another process that holds an account's lock until its standard input ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PROGRAM = """
import sys
from remediate.store.lock import locked
with locked(sys.argv[1], "the rival"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def rival(account: str) -> "Iterator[subprocess.Popen[str]]":
    """Started, and holding the lock; ended at the latest with the test."""
    words = [sys.executable, "-c", PROGRAM, account]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()
