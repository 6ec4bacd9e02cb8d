"""A program that applies plans and dies: for each line `<plan> <point>` it forks a child, which is killed there.

Points are counted from 1: before and after each call, and before and after each record of the journal. A point past the
end, or 0, kills nobody. Answers `killed` or `ended <points>`. One process for many deaths, because imports take time.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from remediate.aws.live import LiveAccount
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.executor import Executor
from remediate.store.files import journal_path
from remediate.store.journal import Journal
from remediate.store.plans import load
from support.engine import FakeClock
from support.faults import Faults, listen


class Fate:
    def __init__(self, point: int) -> None:
        self.point = point
        self.passed = 0

    def step(self, *_: Any, **__: Any) -> None:
        self.passed += 1
        if self.passed == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Journal):
    """A journal around whose records the process may die."""

    fate: Fate

    def add(self, *arguments: Any, **names: Any) -> None:
        self.fate.step()
        super().add(*arguments, **names)
        self.fate.step()


def child(session: Session, path: Path, point: int) -> int:
    fate = Fate(point)
    faults = Faults()
    faults.before = fate.step
    for client in session._clients.values():
        listen(client.meta.events, faults.hook)
        client.meta.events.register_last("after-call", fate.step)
    clock = FakeClock()
    journal = Doomed(journal_path(path), clock.now, "arn:aws:iam::123456789012:user/tester")
    journal.fate = fate
    Executor(load(path), LiveAccount(session, 1), RESOURCES, journal, clock, parallel=1).run()
    return fate.passed


def main() -> None:
    session = Session()
    for once in (False, True):
        session._client("iam", "", once=once)
        session._client("secretsmanager", "", once=once)
    session._client("sts", "", once=False)
    print("ready", flush=True)
    for line in sys.stdin:
        path, point = line.rsplit(" ", 1)
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.write(writer, str(child(session, Path(path), int(point))).encode())
            os._exit(0)
        os.close(writer)
        status = os.waitpid(pid, 0)[1]
        passed = os.read(reader, 20).decode()
        os.close(reader)
        print("killed" if os.WIFSIGNALED(status) else f"ended {passed}", flush=True)


if __name__ == "__main__":
    main()
