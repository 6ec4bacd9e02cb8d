"""Random accounts, playbooks and plans, with faults, crashes and outside edits in any order: what must hold, holds.

After every write that reaches AWS, an evaluator that is not the product's looks at the whole account. In the end the
journals, folded over the account as it was, give the account as it is; and the rollback gives back what was there.

REMEDIATE_MACHINE_EXAMPLES and REMEDIATE_MACHINE_STEPS say how much; REMEDIATE_STRESS=1 takes more, from a new seed.
"""

import os
import random
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from support.aws import Aws
from support.disturbed import Disturbance
from support.engine import Wire
from support.faults import Faults
from support.random_account import SPARED, Drawn, accounts, build
from support.stress import STRESS
from support.watched import Job

from remediate.aws.session import Session
from remediate.cli import work
from remediate.errors import BadInput, Refused
from remediate.model import Exemption, Matcher

EXAMPLES = int(os.environ.get("REMEDIATE_MACHINE_EXAMPLES", "400" if STRESS else "14"))
STEPS = int(os.environ.get("REMEDIATE_MACHINE_STEPS", "14" if STRESS else "7"))
SHRINK = bool(os.environ.get("REMEDIATE_MACHINE_SHRINK"))
"""Whether a failing example is made smaller, which takes minutes."""
CONTROLS = (
    "password-policy groups mfa access-conditions unused-credentials application-passwords least-privilege".split()
)
EXEMPT = Exemption(match=Matcher(name=SPARED), owner="tests", reason="is left alone", expires=date(2099, 1, 1))

values = st.sampled_from(["before", "after", "absent", "third"])
calls, writes = st.sampled_from(range(2, 60)), st.sampled_from(range(1, 13))
crash = st.builds(Disturbance, kind=st.just("crash"), n=calls)
end = st.builds(Disturbance, kind=st.just("expired"), n=calls)
edit = st.builds(Disturbance, kind=st.just("edit"), n=calls, which=st.sampled_from(range(60)), value=values)
lost, missing, denied, throttled = (
    st.builds(Disturbance, kind=st.just(kind), n=writes) for kind in ("lost", "missing", "denied", "throttled")
)
nothing = st.none()
disturbances = st.tuples(
    crash | nothing, lost | missing | nothing, edit | nothing, denied | throttled | end | nothing, edit | nothing
).map(lambda drawn: [one for one in drawn if one])
threads = st.sampled_from([1, 4]) if STRESS else st.just(1)  # of two threads, nobody repeats the turns


class Machine(RuleBasedStateMachine):
    """One account, and one plan after the other."""

    aws: ClassVar[Aws]
    wire: ClassVar[Wire]
    others: ClassVar[Session]
    tally: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.job: Job | None = None
        self.folder = tempfile.TemporaryDirectory()
        self.plans = 0

    @initialize(drawn=accounts())
    def account(self, drawn: Drawn) -> None:
        self.aws.sandbox.reset()
        key, secret = build(drawn)
        for session in (self.wire.session, self.others):
            credentials: Any = session._boto.get_credentials()
            credentials.access_key, credentials.secret_key = key, secret
        self.tally["accounts"] += 1

    @precondition(lambda self: self.job is None)
    @rule(controls=st.sets(st.sampled_from(CONTROLS), min_size=1))
    def plan(self, controls: set[str]) -> None:
        whole = work.playbook_named("guidelines")
        playbook = msgspec.structs.replace(whole, exemptions=(EXEMPT,))
        self.wire.faults = Faults()
        try:
            plan, _ = work.make_plan(self.wire.session, playbook, sorted(controls))
        except Refused:
            self.tally["refused plans"] += 1
            return
        assert not self.wire.faults.writes
        if plan.changes:
            self.plans += 1
            self.tally["plans"] += 1
            folder = Path(self.folder.name, str(self.plans))
            folder.mkdir()
            self.job = Job(plan, folder, self.wire, self.others, SPARED, self.tally)

    @precondition(lambda self: self.job is not None and self.job.back is None)
    @rule(wrong=disturbances, parallel=threads)
    def apply(self, wrong: list[Disturbance], parallel: int) -> None:
        if self.job and not self.job.complete("apply"):
            self.job.apply(wrong, parallel)

    @precondition(lambda self: self.job is not None and self.job.run >= 0)
    @rule(wrong=disturbances, parallel=threads)
    def roll_back(self, wrong: list[Disturbance], parallel: int) -> None:
        if self.job and not self.job.complete("rollback"):
            try:
                self.job.take_back(wrong, parallel)
            except BadInput:
                assert "done" not in self.job.outcomes("apply").values()
            except Refused:
                assert self.job.edited

    @precondition(lambda self: self.job is not None)
    @rule(which=st.sampled_from(range(60)), value=values)
    def edit(self, which: int, value: Any) -> None:
        if self.job:
            self.job.edit(Disturbance("edit", 0, which, value))

    @precondition(lambda self: self.job is not None and self.job.run >= 0)
    @rule(back=st.booleans())
    def finish(self, back: bool) -> None:
        if self.job:
            self.job.finish(back=back)
        self.job = None

    def teardown(self) -> None:
        if self.job:
            self.job.finish(back=True)
        self.folder.cleanup()


@pytest.fixture
def machine(aws: Aws) -> type[Machine]:
    """With a session of its own, whose credentials become those of each account's caller."""
    Machine.aws, Machine.wire, Machine.others, Machine.tally = aws, Wire(), Session(), Counter()
    return Machine


def test_whatever_happens_nothing_is_lost_and_nobody_is_locked_out(machine: type[Machine]) -> None:
    if STRESS:
        number = random.SystemRandom().randrange(2**32)
        print(f"seed {number}")
        machine = seed(number)(machine)
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=not STRESS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
    )
    run_state_machine_as_test(machine, settings=chosen)
    print(", ".join(f"{count} {what}" for what, count in sorted(machine.tally.items())))
    assert min(machine.tally[what] for what in ("plans", "writes", "faults", "crashes", "edits", "rollbacks")) > 2
