"""The process is killed before and after every call and every record; the same command again ends where it would have.

The default run takes a sample of the points; REMEDIATE_TEST_ALL_CRASHES=1 takes them all.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import Runs, Step, Wire, outcomes, plan_of, step
from support.mutations import OWN, PASSWORDS, READ_ONLY, TRUST, document, everything
from support.snapshot import Snapshot, snapshot

from remediate import rollback
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account
from remediate.aws.resources import RESOURCES
from remediate.model import SETTLED, Plan, Value
from remediate.store.plans import sealed

TESTS = Path(__file__).parents[1]
ALL = bool(os.environ.get("REMEDIATE_TEST_ALL_CRASHES"))
STEPS = (1, 1) if ALL else (11, 29)
"""From one point to the next, applying and rolling back; odd, so that both before and after are met."""
TEAM = "arn:aws:iam::123456789012:policy/team"


class Driver:
    """The program that dies, in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.crash_driver"],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def run(self, path: Path, point: int) -> str:
        assert self.process.stdin
        self.process.stdin.write(f"{path} {point}\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="module")
def driver(_clients: Aws) -> Iterator[Driver]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        driver = Driver()
    yield driver
    assert driver.process.stdin
    driver.process.stdin.close()
    driver.process.wait()


def people(aws: Aws) -> tuple[Step, ...]:
    """Fifteen changes of every kind that is easy to do twice."""
    iam = aws.client("iam")
    everything(iam)
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    iam.put_user_policy(UserName="bob", PolicyName="old", PolicyDocument=json.dumps(document("s3:GetOld")))
    body: Value = {"path": "/", "document": document()}
    return (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group_member", "ops", "alice", to="member", needs=(2,)),
        step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None, needs=(3,)),
        step("iam.policy", TEAM, to=body),
        step("iam.policy", OWN, was=body, to={"path": "/", "document": document("s3:GetObject")}),
        step("iam.group_policy", "ops", TEAM, to="attached", needs=(1, 5)),
        step("iam.group_inline", "ops", "in", to=document(), needs=(1,)),
        step("iam.user_tag", "alice", "team", to="blue"),
        step("iam.user_tag", "bob", "team", was="red", to="blue"),
        step("iam.user_inline", "bob", "old", was=document("s3:GetOld"), to=None),
        step("iam.login_profile", "bob", to="password"),
        step("iam.password_policy", to=PASSWORDS),
        step("iam.role", "new", to={"path": "/", "trust": TRUST}),
        step("iam.role_inline", "new", "in", to=document(), needs=(14,)),
    )


def resumed(runs: Runs, point: int) -> None:
    """The same plan again, in this process; the journal tells one outcome for each change, and all are ours."""
    assert set(outcomes(runs.run())) == {"done"}, f"point {point}"
    settled = Counter(r.change for r in runs.records if r.event in SETTLED)
    assert settled == Counter(c.id for c in runs.plan.changes), f"point {point}"
    assert runs.records[-1].detail == "complete"


def points(driver: Driver, runs: Runs) -> int:
    """How many points a run without an accident passes."""
    answer = driver.run(runs.path, 0).split()
    assert answer[0] == "ended"
    return int(answer[1])


def fresh(aws: Aws, wire: Wire, folder: Path, plan: Plan) -> Runs:
    folder.mkdir()
    aws.sandbox.reset()
    people(aws)
    return Runs(plan, folder, wire)


def test_a_killed_apply_goes_on(aws: Aws, wire: Wire, driver: Driver, tmp_path: Path) -> None:
    plan = plan_of(*people(aws))
    clean = fresh(aws, wire, tmp_path / "clean", plan)
    count = points(driver, clean)
    assert count > 4 * len(plan.changes)
    after: Snapshot = snapshot(aws.client)
    for point in range(1, count + 1, STEPS[0]):
        runs = fresh(aws, wire, tmp_path / str(point), plan)
        assert driver.run(runs.path, point) == "killed"
        resumed(runs, point)
        assert snapshot(aws.client) == after, f"point {point}"


def test_killed_again_and_again(aws: Aws, wire: Wire, driver: Driver, tmp_path: Path) -> None:
    plan = plan_of(*people(aws))
    clean = fresh(aws, wire, tmp_path / "clean", plan)
    points(driver, clean)
    after: Snapshot = snapshot(aws.client)
    runs = fresh(aws, wire, tmp_path / "again", plan)
    for death in range(2, 60, 3):
        if driver.run(runs.path, death) != "killed":
            break
    resumed(runs, 0)
    assert snapshot(aws.client) == after


def test_a_killed_rollback_goes_on(aws: Aws, wire: Wire, driver: Driver, tmp_path: Path) -> None:
    plan = plan_of(*people(aws))
    before: Snapshot = snapshot(aws.client)
    back, count = None, 1
    point = 0
    while point <= count:
        forward = fresh(aws, wire, tmp_path / f"forward-{point}", plan)
        forward.run()
        done = rollback.settled(plan, forward.records, LiveAccount(wire.session, 4))
        inverse = rollback.inverse(plan, done, read_account(wire.session), RESOURCES, forward.clock.now())
        back = sealed(inverse)
        (tmp_path / f"back-{point}").mkdir()
        runs = Runs(back, tmp_path / f"back-{point}", wire)
        if point == 0:
            count = points(driver, runs)
        else:
            assert driver.run(runs.path, point) == "killed"
            resumed(runs, point)
        assert snapshot(aws.client) == before, f"point {point}"
        point = point + STEPS[1] if point else 1
    assert back
    assert len(back.changes) == 15
