"""A storm: a third of all calls throttled, a tenth failed, a twentieth without an answer, and a thousand changes.

The same account comes of it as on a quiet day. The default run has fewer changes; REMEDIATE_STRESS=1 all of them.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.aws import Aws
from support.engine import FakeClock, Runs, Step, Wire, plan_of, step
from support.faults import Call, Faults, answer_lost, lost_on_the_way, server_error, throttled, unavailable
from support.mutations import READ_ONLY, TRUST, document
from support.snapshot import snapshot
from support.stress import STRESS

TEAMS = 100 if STRESS else 15
"""Ten changes each."""
SHARES = ((0.30, throttled), (0.05, unavailable), (0.025, lost_on_the_way), (0.025, server_error), (0.05, answer_lost))
"""Of all calls, reads too: refused; failed before AWS carried them out, on the way, and after it; the answer lost."""


class Overlapping(FakeClock):
    """A clock on which threads that sleep at the same time sleep together, as they do on a real one."""

    def __init__(self) -> None:
        super().__init__()
        self._started = self.time
        self._own = threading.local()

    def now(self) -> datetime:
        if threading.current_thread() is threading.main_thread():
            self._started = self.time
            return self.time
        return getattr(self._own, "time", self._started)

    def sleep(self, seconds: float) -> None:
        self._own.time = self.now() + timedelta(seconds=seconds)
        with self._lock:
            self.time = max(self.time, self._own.time)


class Storm:
    """Draws for each call what becomes of it: the same seed, operation and turn give the same fate."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.met: Counter[str] = Counter()

    def faults(self) -> Faults:
        return Faults().when(lambda call: self._fate(call) is not None, self._strike)

    def _fate(self, call: Call) -> Any:
        drawn = random.Random(f"{self.seed} {call.operation} {call.n}").random()
        for share, fault in SHARES:
            drawn -= share
            if drawn < 0:
                return fault
        return None

    def _strike(self, call: Call) -> Any:
        fault = self._fate(call)
        self.met["throttled" if fault is throttled else "unavailable" if fault is unavailable else fault.__name__] += 1
        return fault(call)


def people(aws: Aws) -> None:
    """A user for each team, with a policy and a tag of last year."""
    iam = aws.client("iam")
    for n in range(TEAMS):
        user = f"user-{n:03}"
        iam.create_user(UserName=user, Tags=[{"Key": "team", "Value": "red"}])
        iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
        iam.put_user_policy(UserName=user, PolicyName="old", PolicyDocument=json.dumps(document("s3:GetOld")))


def team(n: int) -> Iterator[Step]:
    """Ten changes that bring one user into a group with a policy of its own, and take away what it had."""
    first = 10 * n
    user, group, role = f"user-{n:03}", f"group-{n:03}", f"role-{n:03}"
    own = f"arn:aws:iam::123456789012:policy/own-{n:03}"
    yield step("iam.policy", own, to={"path": "/", "document": document()})
    yield step("iam.group", group, to={"path": "/"})
    yield step("iam.group_policy", group, own, to="attached", needs=(first + 1, first + 2))
    yield step("iam.group_inline", group, "in", to=document("s3:GetObject"), needs=(first + 2,))
    yield step("iam.group_member", group, user, to="member", needs=(first + 3, first + 4))
    yield step("iam.user_policy", user, READ_ONLY, was="attached", to=None, needs=(first + 5,))
    yield step("iam.user_inline", user, "old", was=document("s3:GetOld"), to=None, needs=(first + 5,))
    yield step("iam.user_tag", user, "team", was="red", to="blue")
    yield step("iam.role", role, to={"path": "/", "trust": TRUST})
    yield step("iam.role_policy", role, READ_ONLY, to="attached", needs=(first + 9,))


def test_the_same_account_comes_of_it(
    aws: Aws, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(*chain.from_iterable(team(n) for n in range(TEAMS)))
    people(aws)
    (tmp_path / "quiet").mkdir()
    quiet = Runs(plan, tmp_path / "quiet", wire, parallel=8)
    assert quiet.run().count("done") == len(plan.changes)
    calm = len(wire.faults.calls)
    expected = snapshot(aws.client)

    aws.sandbox.reset()
    people(aws)
    clock, storm = Overlapping(), Storm(seed=7)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=clock.sleep, time=time.time))
    runs = Runs(plan, tmp_path, wire, clock, parallel=8)
    begun = time.process_time()
    result = runs.run(storm.faults())
    seconds = time.process_time() - begun
    assert Counter(result.outcomes.values()) == {"done": len(plan.changes)}, result.details
    assert runs.records[-1].detail == "complete"
    assert snapshot(aws.client) == expected
    share = storm.met.total() / len(wire.faults.calls)
    assert 0.4 < share < 0.5
    with capsys.disabled():
        print(
            f"\nstorm: {len(plan.changes)} changes, {len(wire.faults.calls)} calls ({calm} on a quiet day), "
            f"{share:.0%} of them struck {dict(storm.met)}, {clock.slept:.0f} s of waiting, {seconds:.1f} s of CPU"
        ) if STRESS else None
