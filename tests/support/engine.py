"""Small plans and runs of them, for tests of the engine: everything is real but the clock."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from remediate import __version__, audit
from remediate.aws.live import LiveAccount
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.executor import Executor, Made, Result
from remediate.model import Address, Change, Header, Plan, Reason, Record, Risk, Value, at, kind_of
from remediate.store.files import journal_path
from remediate.store.journal import Journal, read
from remediate.store.plans import FORMAT, save, sealed
from support.faults import Faults, listen

ACCOUNT = "123456789012"
MADE = datetime(2030, 1, 1, tzinfo=UTC)


class FakeClock:
    """Time stands still but for `sleep`, which takes none."""

    def __init__(self) -> None:
        self.time = MADE
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.time += timedelta(seconds=seconds)

    @property
    def slept(self) -> float:
        return (self.time - MADE).total_seconds()


@dataclass(frozen=True)
class Step:
    """A change in short; `needs` are numbers of earlier steps, from 1."""

    address: Address
    before: Value
    after: Value
    needs: tuple[int, ...] = ()
    evidence: Mapping[str, Value] = field(default_factory=dict)
    risk: Risk = "additive"


def step(kind: str, *names: str, to: Value, was: Value = None, needs: tuple[int, ...] = ()) -> Step:
    return Step(at(kind, *names), was, to, needs, risk="restrictive" if to is None else "additive")


def plan_of(*steps: Step, account: str = ACCOUNT, tool: str = __version__, created: datetime | None = None) -> Plan:
    made = created or datetime.now(UTC).replace(microsecond=0)
    header = Header(
        tool=tool,
        account=account,
        alias="",
        partition="aws",
        caller=f"arn:aws:iam::{account}:user/tester",
        playbook="test",
        playbook_digest="0" * 64,
        created=made,
        expires=made + timedelta(hours=24),
    )
    changes = tuple(_change(n, step) for n, step in enumerate(steps, start=1))
    nothing: dict[str, Any] = {"findings": (), "manual": (), "unknowns": (), "exempted": (), "checks": ()}
    return sealed(Plan(format=FORMAT, digest="", header=header, changes=changes, **nothing))


def _change(number: int, step: Step) -> Change:
    reversal, loss = RESOURCES[kind_of(step.address)].reversal(step.before, step.after)
    return Change(
        id=number,
        address=step.address,
        before=step.before,
        after=step.after,
        reasons=(Reason(control="test", why="the test wants it"),),
        needs=step.needs,
        risk=step.risk,
        reversal=reversal,
        loss=loss,
        evidence=step.evidence,
    )


class Wire:
    """One session for many runs, because botocore takes its time to load a service; each run has its own faults."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.session = Session()
        listen(self.session._boto.events, self.hook)

    def hook(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        return self.faults.hook(request, event_name)


class Runs:
    """Runs of one plan in a folder, as if the command were typed again."""

    def __init__(self, plan: Plan, folder: Path, wire: Wire, clock: FakeClock | None = None, parallel: int = 4) -> None:
        self.plan = plan
        self.path = folder / "test.plan.json"
        save(plan, self.path)
        self.wire = wire
        self.clock = clock or FakeClock()
        self.parallel = parallel

    def executor(
        self, faults: Faults | None = None, *, fail_fast: bool = False, before: Made | None = None
    ) -> Executor:
        self.wire.faults = faults or Faults()
        journal = Journal(journal_path(self.path), self.clock.now, "arn:aws:iam::123456789012:user/tester")
        live = LiveAccount(self.wire.session, self.parallel)
        how: dict[str, Any] = {"parallel": self.parallel, "fail_fast": fail_fast, "before": before}
        return Executor(self.plan, live, RESOURCES, journal, self.clock, **how)

    def run(self, faults: Faults | None = None, *, fail_fast: bool = False, before: Made | None = None) -> Result:
        """To its end; what it wrote is what a run can have written."""
        result = self.executor(faults, fail_fast=fail_fast, before=before).run()
        assert list(audit.faults(self.plan, self.records)) == []
        return result

    @property
    def records(self) -> list[Record]:
        return read(journal_path(self.path)).records

    def events(self, change: int = 1) -> list[str]:
        return [record.event for record in self.records if record.change == change]


def outcomes(result: Result) -> list[str]:
    """In the order of the changes."""
    return [result.outcomes[change] for change in sorted(result.outcomes)]
