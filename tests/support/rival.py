"""Another process that holds an account's lock until its standard input ends."""

import subprocess
import sys

PROGRAM = """
import sys
from remediate.store.lock import locked
with locked(sys.argv[1], "the rival"):
    print("held", flush=True)
    sys.stdin.read()
"""


def rival(account: str) -> "subprocess.Popen[str]":
    """Started, and holding the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, account], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process
