"""How long a rehearsal takes for 100, 1,000 and 5,000 users, and how much memory: to load the twin, and as a whole.

    python tests/bench/rehearsal.py [USERS …]

The account is the sandbox's, served by moto in another process; each rehearsal has a process of its own, in which the
emulator runs as well. A change is applied and taken back, so that there are about twice as many calls as changes.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.plan import REMEDIATE, exports
from support import rehearsing

from remediate.aws.session import Session
from remediate.cli.emulating import Emulated, emulator

PLAYBOOK = "guidelines"


def main() -> None:
    if sys.argv[1:] == ["one"]:
        one()
        return
    print(f"{'users':>6} {'changes':>8} {'plan s':>7} {'load s':>7} {'whole s':>8} {'cpu s':>6} {'calls':>6} {'MB':>6}")
    for users in [int(text) for text in sys.argv[1:]] or [100, 1000, 5000]:
        print(
            "{:>6} {:>8} {:>7.1f} {:>7.1f} {:>8.1f} {:>6.0f} {:>6} {:>6.0f}".format(users, *measure(users)), flush=True
        )


def measure(users: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(REMEDIATE), "sandbox", "--people", str(users)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        try:
            environment = {**os.environ, **exports(server)}
            again = [sys.executable, __file__, "one"]
            done = subprocess.run(again, env=environment, stdout=subprocess.PIPE, check=True, cwd=folder)
            found: list[float] = json.loads(done.stdout)
            return found
        finally:
            server.terminate()
            server.wait()


def one() -> None:
    """Changes, seconds to plan, to load, of the whole rehearsal and of its work, calls, and megabytes at most."""
    begun = time.monotonic()
    made = rehearsing.planned(Session(), PLAYBOOK)
    planned, before = time.monotonic(), time.process_time()
    with emulator(made.account.region, made.account.caller_key) as aws:
        stage = Emulated(aws, made.plan, made.account, made.chosen, made.scope)
        loaded = time.monotonic()
        done = rehearsing.on(stage, made).result
    seconds = time.monotonic() - planned
    assert done.passed, done.failures
    assert done.changes == len(made.plan.changes)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    work = time.process_time() - before
    print(json.dumps([done.changes, planned - begun, loaded - planned, seconds, work, aws.calls, memory]))


if __name__ == "__main__":
    main()
