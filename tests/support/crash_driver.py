"""An account that can be gone back to, and a program in it that dies:
`python -m support.crash_driver apply|rollback FOLDER`.

The account has what a plan of every kind needs; for `rollback` that plan is applied, and the plan that takes it back is
the one to run. Each line of standard input is a story, told in a fork of this process and so in the account as it was:
the program runs in a process of its own, which is killed at a point, runs again, is killed again, and in the end runs
to its end. Points are counted from 1 in each life: before and after each call, and before and after each record.
"""

import gc
import json
import os
import re
import signal
import socket
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from remediate import rollback
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account
from remediate.aws.resources import RESOURCES
from remediate.aws.resources.iam_issued_keys import MARK
from remediate.executor import Executor
from remediate.model import SETTLED, Plan, kind_of
from remediate.sandbox import Sandbox
from remediate.store.files import journal_path
from remediate.store.journal import Journal, read
from remediate.store.plans import load, sealed
from support import every_kind
from support.aws import Aws
from support.engine import FakeClock, Runs, Wire, outcomes, plan_of
from support.faults import Call, Faults
from support.snapshot import snapshot

IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:AKIA|ASIA|ASCA|AIDA)[A-Z0-9]{12,17}|d-[0-9a-f]{10}|-[A-Za-z]{6}\b"
)
"""What AWS draws: a run that was interrupted draws other ids, and as many, in another order."""


class Fate:
    """Dies at the n-th point, having said where."""

    def __init__(self, point: int, voice: int) -> None:
        self.point, self.voice = point, voice
        self.passed: list[str] = []

    def pass_by(self, where: str) -> None:
        self.passed.append(where)
        if len(self.passed) == self.point:
            os.write(self.voice, json.dumps([where]).encode())
            os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Journal):
    """A journal around whose records the process may die."""

    fate: Fate

    def add(self, event: Any, change: int = 0, address: Any = "", **more: Any) -> None:
        record = f"record {event} {kind_of(address)}"
        self.fate.pass_by(f"before {record}")
        super().add(event, change, address, **more)
        self.fate.pass_by(f"after {record}")


class World:
    """The account and the plan, in this process; a fork of it may change both."""

    def __init__(self, mode: str, folder: Path) -> None:
        self.folder = folder
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        with Sandbox() as sandbox:
            os.environ.update(sandbox.environment())
            aws, wire = Aws(sandbox), Wire()
            plan = plan_of(*every_kind.steps(aws.client, wire.session))
            self.plan = plan if mode == "apply" else self._applied(plan, wire)
            snapshot(aws.client)  # with the clients that each story will need
        sandbox._port = self.listener.getsockname()[1]  # where each fork serves the account
        os.environ.update(sandbox.environment())
        self.aws, self.wire = Aws(sandbox), Wire()
        self.wire.session._boto.events.register_last("after-call", self._after_call)
        self.fate = Fate(0, -1)
        # Clients take their time, once; and forks share what the collector of garbage does not touch.
        for service, region, once in in_a_fork(self._clients):
            self.wire.session._client(service, region, once=once)
        for service, region in aws._clients:
            self.aws.client(service, region)
        gc.freeze()

    def _clients(self) -> list[tuple[str, str, bool]]:
        """Those that a run needs."""
        folder = self.folder / "clients"
        folder.mkdir()
        with self._serving():
            assert set(outcomes(Runs(self.plan, folder, self.wire).run())) == {"done"}
        return list(self.wire.session._clients)

    def _applied(self, plan: Plan, wire: Wire) -> Plan:
        (self.folder / "forward").mkdir()
        forward = Runs(plan, self.folder / "forward", wire)
        assert set(outcomes(forward.run())) == {"done"}
        done = rollback.settled(plan, forward.records, LiveAccount(wire.session, 4), forward.clock)
        return sealed(rollback.inverse(plan, done, read_account(wire.session), RESOURCES, forward.clock.now()))

    def _after_call(self, model: Any, **_: Any) -> None:
        self.fate.pass_by(f"after call {model.service_model.service_name}:{model.name}")

    def _before_call(self, call: Call) -> None:
        self.fate.pass_by(f"before call {call.service}:{call.operation}")

    def story(self, number: int, deaths: Sequence[int], cuts: Sequence[int | None]) -> dict[str, Any]:
        """The deaths, then a last run: one for each journal that is left where its last record is cut at these bytes,
        or with the journal as it is."""
        folder = self.folder / str(number)
        folder.mkdir()
        os.environ["REMEDIATE_STATE_DIR"] = str(folder)
        runs = Runs(self.plan, folder, self.wire)
        runs.plan = load(runs.path)  # as the command has it
        said = [self._life(runs.path, death) for death in deaths]
        journal = journal_path(runs.path)
        whole = journal.read_bytes()
        last = (whole.splitlines(keepends=True) or [b""])[-1]
        endings: dict[tuple[int, str], Any] = {}
        told = []
        for cut in cuts:
            journal.write_bytes(whole if cut is None else whole[: len(whole) - len(last)] + last[:cut])
            found = read(journal)
            came = found.size, found.head  # what is left of it is the same: so is what comes of it
            endings[came] = endings.get(came) or in_a_fork(partial(self._ending, runs))
            told.append(endings[came])
        return {"deaths": said, "record": len(last), "ran": len(endings), "endings": told}

    def _ending(self, runs: Runs) -> dict[str, Any]:
        """What the journal and the account say in the end."""
        with self._serving():
            result = runs.run()
            shown = json.dumps(unmarked(snapshot(self.aws.client)), sort_keys=True, indent=1, default=str)
        settled = Counter(r.change for r in runs.records if r.event in SETTLED)
        return {
            "outcomes": sorted(set(outcomes(result))),
            "settled once": settled == Counter(change.id for change in self.plan.changes),
            "end": runs.records[-1].detail,
            "account": sorted(line.rstrip(",") for line in IDS.sub("(id)", shown).splitlines()),
        }

    def _life(self, path: Path, death: int) -> list[str]:
        """One run in a process of its own: where it was killed, or every point that it passed."""
        (begin, started), (hear, voice) = os.pipe(), os.pipe()
        pid = os.fork()
        if not pid:
            os.read(begin, 1)  # the server is started after the fork: threads do not survive one
            os.write(voice, json.dumps(self._run(path, Fate(death, voice))).encode())
            os._exit(0)
        for end in (begin, voice):
            os.close(end)
        with self._serving(), os.fdopen(hear) as said:
            os.write(started, b"!")
            places: list[str] = json.loads(said.read())
            status = os.waitpid(pid, 0)[1]
        os.close(started)
        assert status == (signal.SIGKILL if len(places) == 1 else 0)
        return places

    def _run(self, path: Path, fate: Fate) -> list[str]:
        self.fate = fate
        self.wire.faults = Faults()
        self.wire.faults.before = self._before_call
        clock = FakeClock()
        journal = Doomed(journal_path(path), clock.now, "arn:aws:iam::123456789012:user/tester")
        journal.fate = fate
        Executor(load(path), LiveAccount(self.wire.session, 1), RESOURCES, journal, clock, parallel=1).run()
        return fate.passed

    @contextmanager
    def _serving(self) -> Iterator[None]:
        from remediate.sandbox import wsgi

        server = wsgi.server(self.listener.dup())
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def unmarked(found: Any) -> Any:
    """Without the mark that stays on a secret where the program dies right after it stored a key: it has said its all,
    and the next key that is made takes it away."""
    if isinstance(found, dict):
        return {name: unmarked(value) for name, value in found.items()}
    if isinstance(found, list):
        return [unmarked(one) for one in found if not (isinstance(one, dict) and one.get("Key") == MARK)]
    return found


def in_a_fork(act: Callable[[], Any]) -> Any:
    """What `act` returns, as JSON has it; what it does to the account is gone afterwards."""
    hear, voice = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            answer = json.dumps(act())
        except BaseException:  # noqa: BLE001 - this process ends here, and the other one says it
            answer = json.dumps({"error": traceback.format_exc()})
        with os.fdopen(voice, "w") as out:
            out.write(answer)
        os._exit(0)
    os.close(voice)
    with os.fdopen(hear) as said:
        text = said.read()
    os.waitpid(pid, 0)
    answer = json.loads(text)
    if isinstance(answer, dict) and "error" in answer:
        raise RuntimeError(answer["error"])
    return answer


def main() -> None:
    world = World(sys.argv[1], Path(sys.argv[2]))
    kinds = sorted({kind_of(change.address) for change in world.plan.changes})
    print(json.dumps({"kinds": kinds, "kept": {kind_of(k.address): k.why for k in world.plan.kept}}), flush=True)
    for number, line in enumerate(sys.stdin):
        try:
            answer = in_a_fork(partial(world.story, number, **json.loads(line)))
        except RuntimeError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
