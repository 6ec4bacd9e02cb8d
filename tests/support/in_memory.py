"""An account that answers as it is told to, behind `protocols.Live`: what the executor decides, in milliseconds.

The calls themselves are tested against moto. Here each answer that a call can have is a word in a list.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import EllipsisType
from typing import Any

from remediate.aws.resources import RESOURCES
from remediate.errors import CallFailed, CredentialsEnded, Denied, NotYet, OutcomeUnknown
from remediate.executor import Executor, Result
from remediate.model import Address, Change, Event, Plan, Receipt, Record, Value
from remediate.store.journal import Journal, read
from support.engine import ACCOUNT, FakeClock

ME = (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/tester")
MOST = 300
"""More calls than any of these runs may take: whatever is wrong with it, it ends."""
Shown = Value | Exception | EllipsisType
"""What one read shows of an address: `...` is what is there."""


def failed(code: str, request_id: str = "r-no") -> CallFailed:
    kinds = {"Throttling": NotYet, "ExpiredToken": CredentialsEnded, "AccessDenied": Denied, "Timeout": OutcomeUnknown}
    return kinds.get(code, CallFailed)("Call", code, "said the test", request_id)


class Naps(FakeClock):
    """Remembers how long each sleep was."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        super().sleep(seconds)


@dataclass
class InMemory:
    """Answers of calls are `yes`, `lost` (carried out), `missing` (not carried out), or AWS's code of a refusal."""

    state: dict[Address, Value] = field(default_factory=dict)
    answers: dict[Address, list[str]] = field(default_factory=lambda: defaultdict(list))
    shows: dict[Address, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    """What the next reads of an address show; its last item is shown for ever."""
    who: list[tuple[str, str] | Exception] = field(default_factory=list)
    facts: list[Mapping[str, Value] | Exception] = field(default_factory=list)
    secret: str = ""
    calls: list[str] = field(default_factory=list)
    sent: list[tuple[Value, Value]] = field(default_factory=list)
    """Each transition that was written."""

    def identity(self) -> tuple[str, str]:
        found = self.who.pop(0) if self.who else ME
        if isinstance(found, Exception):
            raise found
        return found

    def read(self, addresses: Iterable[Address]) -> dict[Address, Value | Exception]:
        wanted = list(addresses)
        if len(self.calls) > MOST:
            raise AssertionError("a run without an end")
        self.calls.append(f"read {' '.join(wanted)}")
        return {address: self._shown(address) for address in wanted}

    def _shown(self, address: Address) -> Value | Exception:
        left = self.shows.get(address, [])
        found = ... if not left else left[0] if len(left) == 1 else left.pop(0)
        return self.state.get(address) if isinstance(found, EllipsisType) else found

    def evidence(self, address: Address) -> Mapping[str, Value]:
        self.calls.append(f"evidence {address}")
        found = self.facts.pop(0) if self.facts else {}
        if isinstance(found, Exception):
            raise found
        return found

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        self.calls.append(f"write {address}")
        self.sent.append((before, after))
        left = self.answers.get(address, [])
        answer = left.pop(0) if left else "yes"
        if answer in ("yes", "lost"):
            self.state[address] = after
        if answer == "yes":
            return Receipt(request_ids=(f"r-{len(self.calls)}",), secret=self._secret())
        if answer in ("lost", "missing"):
            error = failed("Timeout", "")
            if self.secret:
                error.secret = self._secret()  # type: ignore[attr-defined]
            raise error
        raise failed(answer, "" if answer == "without id" else "r-no")

    def _secret(self) -> str:
        """Another one for each call."""
        return self.secret and f"{self.secret}{len(self.calls)}"

    @property
    def writes(self) -> int:
        return sum(call.startswith("write") for call in self.calls)


class Trial:
    """Runs of one plan on such an account, on one journal."""

    def __init__(self, plan: Plan, folder: Path, live: Any = None) -> None:
        self.plan = plan
        self.path = folder / "test.journal.jsonl"
        self.live: InMemory = live or InMemory(state={c.address: c.before for c in reversed(plan.changes)})
        self.clock = Naps()
        self.told: list[tuple[int, Event]] = []

    def executor(self, **how: Any) -> Executor:
        journal = Journal(self.path, self.clock.now, "tester")
        return Executor(self.plan, self.live, RESOURCES, journal, self.clock, progress=self._told, **how)

    def run(self, **how: Any) -> Result:
        return self.executor(**how).run()

    def _told(self, change: Change, event: Event) -> None:
        self.told.append((change.id, event))

    @property
    def records(self) -> list[Record]:
        return read(self.path).records

    def noted(self, events: Sequence[tuple[Event, int]], ago: float) -> None:
        """What an earlier run wrote, so many seconds ago."""
        journal = Journal(self.path, self.clock.now, "tester")
        for event, change in events:
            journal.add(event, change, request_ids=("r-0",) if event == "failed" else ())
        journal.close()
        Naps.sleep(self.clock, ago)
        self.clock.naps.clear()

    def events(self, change: int = 1) -> str:
        return " ".join(r.event for r in self.records if r.change == change)
