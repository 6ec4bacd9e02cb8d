"""`remediate` started from a process that has imported it already, which saves a second of CPU time for each command.

What runs is a process of its own, with the same `main`, words, environment, folder and files. What it does not have of
its own is what the interpreter draws and reads as it starts: the seed of its hashes, the encoding, the time zone. So a
command whose environment differs in anything but what AWS's SDK and this program read starts from nothing, and so does
everything under `make stress` and under coverage.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from typing import NamedTuple

from support.stress import STRESS

TESTS = Path(__file__).parents[1]
OURS = ("AWS_", "REMEDIATE_", "PYTEST_")
"""How the names of variables begin that are read when a command runs."""


class Command(NamedTuple):
    words: Sequence[str]
    """The first is the program's name."""
    cwd: Path
    environment: Mapping[str, str]


class Warm:
    """The process that waits. One for each process of tests; it ends with that."""

    def __init__(self) -> None:
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        self._environment = _rest(os.environ)
        command = [sys.executable, "-m", "support.warm_driver", str(other.fileno())]
        with other:
            self._process = subprocess.Popen(command, cwd=TESTS, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(self._end)

    def _end(self) -> None:
        self._line.close()
        self._process.wait()

    def fits(self, environment: Mapping[str, str]) -> bool:
        return _rest(environment) == self._environment

    def run(self, what: Command, files: Sequence[int], timeout: float) -> int:
        """The exit code of a command with these three open files. Raises TimeoutExpired, as subprocess does."""
        told, tell = os.pipe()
        message = json.dumps(what._asdict(), default=str).encode()
        with self._turn:
            socket.send_fds(self._line, [message], [*files, tell])
            os.close(tell)
            pid = int(self._line.recv(100))
        ended, _, _ = select([told], [], [], timeout)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        code = int(os.read(told, 100))
        os.close(told)
        if not ended:
            raise subprocess.TimeoutExpired(what.words, timeout)
        return code


@cache
def warm() -> Warm:
    return Warm()


def usable(environment: Mapping[str, str]) -> bool:
    """Whether it can be the one that starts a command with this environment."""
    measured = any(name.startswith("COVERAGE_") for name in environment)
    return not STRESS and not measured and hasattr(os, "pidfd_open") and warm().fits(environment)


def _rest(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(OURS)}
