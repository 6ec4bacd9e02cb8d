"""Who else has to do with an account's lock: a process that holds it, and whoever acts once another one does."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from remediate.store.lock import holder, state_folder
from support.aws import Aws

PROGRAM = """
import sys
from remediate.store.lock import locked
with locked(sys.argv[1], "the rival"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def rival(account: str) -> "Iterator[subprocess.Popen[str]]":
    """Started, and holding the lock until its standard input ends; ended at the latest with the test."""
    words = [sys.executable, "-c", PROGRAM, account]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@contextmanager
def under_the_lock(aws: Aws, act: Callable[[], None]) -> Iterator[list[str]]:
    """`act` comes once, right before the first call that a holder of the account's lock makes. What that one is doing,
    by its own words, is in the list then."""
    inner, told = aws.sandbox.application, list[str]()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = holder(state_folder() / f"{aws.account_id}.lock")
        if found and not told:
            told.append(found.doing)
            act()
        return inner(environ, start_response)

    aws.sandbox.application = application
    try:
        yield told
    finally:
        aws.sandbox.application = inner
