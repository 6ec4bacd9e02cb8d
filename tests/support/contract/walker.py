"""A case on its way through its values, step by step, each a plan of one change run by the real executor."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

from remediate.aws.resources import RESOURCES
from remediate.model import Address, Value, kind_of
from support.actions import PREFIXES
from support.aws import Aws
from support.contract.calls import CALLS
from support.contract.case import Case
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.faults import Call, Fault, Faults


def name_of_call(call: Call) -> str:
    return f"{PREFIXES.get(call.service, call.service)}:{call.operation}"


def changing(calls: list[Call]) -> list[str]:
    """The changing calls by name. Opening a root session changes nothing."""
    return [name_of_call(call) for call in calls if call.writes and call.operation != "AssumeRoot"]


class Walker:
    """One account, and the executor's steps on it."""

    def __init__(self, case: Case, aws: Aws, wire: Wire, folder: Path) -> None:
        aws.sandbox.reset()
        self.wire, self.folder, self.numbers = wire, folder, count(1)
        wire.faults = Faults()
        wire.session._roots.clear()  # of accounts that are gone
        case.setup(aws.client)
        for address, value in case.needed.items():
            RESOURCES[kind_of(address)].write(wire.session, address, None, value)
        self.address: Address = case.address if isinstance(case.address, str) else case.address(aws.client)
        self.kind = RESOURCES[kind_of(self.address)]

    def read(self) -> Value:
        return self.kind.read(self.wire.session, self.address).get(self.address)

    def runs(self, before: Value, after: Value) -> Runs:
        """A plan of this one change."""
        folder = self.folder / str(next(self.numbers))
        folder.mkdir(parents=True)
        return Runs(plan_of(Step(self.address, before, after)), folder, self.wire)

    def step(self, before: Value, after: Value, faults: Faults | None = None) -> tuple[list[str], Faults]:
        """The outcomes of a plan of this one change, and what it sent; a run that failed is begun again once."""
        runs = self.runs(before, after)
        result = runs.run(faults)
        if outcomes(result) == ["failed"]:
            result = runs.run()
        return outcomes(result), self.wire.faults

    def goes(self, before: Value, after: Value) -> None:
        assert (self.step(before, after)[0], self.read()) == (["done"], after)


@dataclass(frozen=True)
class Interruption:
    """The n-th changing call of one transition."""

    walker: Walker
    before: Value
    after: Value
    calls: tuple[str, ...]
    n: int

    @property
    def call(self) -> str:
        return self.calls[self.n - 1]

    @property
    def nth(self) -> int:
        """Which one of its name it is."""
        return self.calls[: self.n].count(self.call)

    def __str__(self) -> str:
        return f"call {self.n}, {self.call}, of {self.before} to {self.after}"


def interruptions(case: Case, aws: Aws, wire: Wire, folder: Path) -> Iterator[Interruption]:
    """Each transition once for each call that it makes; whoever takes it makes the transition."""
    transitions = list(zip(pairwise(case.values), (tuple(c.split()) for c in CALLS[case.id]), strict=True))
    for n in range(1, max(len(calls) for _, calls in transitions) + 1):
        walker = Walker(case, aws, wire, folder / str(n))
        last = max(index for index, (_, calls) in enumerate(transitions) if len(calls) >= n)
        for (before, after), calls in transitions[: last + 1]:
            if len(calls) >= n:
                yield Interruption(walker, before, after, calls, n)
            else:
                walker.step(before, after)


def meets(name: str, *faults: Fault, nth: int = 1) -> Faults:
    """The n-th call of that name meets the first fault, the one after it the second."""
    plan = Faults()
    for n, fault in enumerate(faults, start=nth):
        plan.when(lambda call, n=n: call.n == n and name_of_call(call) == name, fault)  # type: ignore[misc]
    return plan
