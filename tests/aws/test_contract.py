"""What every resource type keeps, whatever it is: the cases are in `support/contract`.

absent, a, b, absent: each step by the real executor, as it is; repeated; with the answer of each of its calls lost;
with each of its calls lost on the way; and taken back where the kind says that this is exact.
"""

from itertools import pairwise
from pathlib import Path

import pytest
from support.actions import action_of
from support.aws import Aws
from support.contract import CASES, Case
from support.engine import ACCOUNT, Runs, Step, Wire, outcomes, plan_of
from support.faults import Fault, Faults, answer_lost, lost_on_the_way

from remediate.aws.resources import RESOURCES
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Value, kind_of

WHERE = AccountId(partition="aws", account=ACCOUNT)
UNTESTED = {
    "kms.key_policy": "of a key that is there: tests/aws/test_trail_resources.py",
}
every = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


class Walker:
    """One account, and the executor's steps on it."""

    def __init__(self, case: Case, aws: Aws, wire: Wire, folder: Path) -> None:
        aws.sandbox.reset()
        self.wire, self.folder, self.count = wire, folder, 0
        wire.faults = Faults()
        wire.session._roots.clear()  # of accounts that are gone
        case.setup(aws.client)
        for address, value in case.needed.items():
            RESOURCES[kind_of(address)].write(wire.session, address, None, value)
        self.address: Address = case.address if isinstance(case.address, str) else case.address(aws.client)
        self.kind = RESOURCES[kind_of(self.address)]

    def read(self) -> Value:
        return self.kind.read(self.wire.session, self.address).get(self.address)

    def step(self, before: Value, after: Value, faults: Faults | None = None) -> tuple[list[str], Faults]:
        """The outcomes of a plan of this one change, and what it sent; a run that was stopped is begun again once."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        runs = Runs(plan_of(Step(self.address, before, after)), folder, self.wire)
        result = runs.run(faults)
        if outcomes(result) == ["failed"]:
            result = runs.run()
        return outcomes(result), self.wire.faults


@pytest.fixture
def wire(aws: Aws) -> Wire:
    return Wire()


@every
def test_there_and_back_and_again(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    for before, after in pairwise(case.values):
        assert walker.read() == before
        done, faults = walker.step(before, after)
        assert (done, walker.read()) == (["done"], after)
        ours = [call for call in faults.calls if "X-Amz-Security-Token" not in call.request.headers]
        called = {action_of(call.service, call.operation) for call in ours} - {"sts:GetCallerIdentity"}
        allowed = {p.action for p in walker.kind.permissions(walker.address, before, after, WHERE)}
        assert called <= allowed, called - allowed
        again, faults = walker.step(before, after)
        assert (again, faults.writes, walker.read()) == (["already"], [], after)
        if walker.kind.reversal(before, after)[0] == "exact":
            assert (walker.step(after, before)[0], walker.read()) == (["done"], before)
            assert (walker.step(before, after)[0], walker.read()) == (["done"], after)


@every
@pytest.mark.parametrize("fault", [answer_lost, lost_on_the_way])
def test_interrupted_at_each_call(case: Case, fault: Fault, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    most = 1
    for before, after in pairwise(case.values):
        most = max(most, len(walker.step(before, after)[1].writes))
    for n in range(1, most + 1):
        (tmp_path / str(n) / "again").mkdir(parents=True, exist_ok=True)
        walker = Walker(case, aws, wire, tmp_path / str(n) / "again")
        for before, after in pairwise(case.values):
            faults = Faults()
            faults.when(lambda call, faults=faults, n=n: call.writes and len(faults.writes) == n, fault)  # type: ignore[misc]
            done, _ = walker.step(before, after, faults)
            assert (done, walker.read()) == (["done"], after), f"call {n} of {before} to {after}"


@every
def test_says_what_it_needs(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    kind, address = walker.kind, walker.address
    for before, after in pairwise(case.values):
        wanted = list(kind.permissions(address, before, after, WHERE))
        assert wanted
        assert all(":" in p.action and (p.resource == "*" or p.resource.startswith("arn:aws:")) for p in wanted)
        assert all(kind_of(used) in RESOURCES for used in (*kind.uses(address, after), *kind.uses(address, before)))
        label, loss = kind.reversal(before, after)
        assert bool(loss) == (label != "exact")
    parent = kind.parent(address)
    assert parent is None or (parent != address and kind_of(parent) in RESOURCES)


@every
def test_what_is_never_done_is_refused_before_any_call(case: Case, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    walker = Walker(case, aws, wire, tmp_path)
    for before, after in case.never:
        wire.faults = Faults()
        with pytest.raises(CallFailed, match="NeverDone"):
            walker.kind.write(wire.session, walker.address, before, after)
        assert wire.faults.writes == []
        assert walker.kind.reversal(after, before)[0] == "impossible"


def test_every_kind_has_a_case() -> None:
    kinds = {kind_of(case.address) if isinstance(case.address, str) else case.id.partition("/")[0] for case in CASES}
    assert kinds == RESOURCES.keys() - UNTESTED.keys()
