"""A plan of nine changes, the account that it is for, and calls of it by their number."""

from pathlib import Path

from support import faults as f
from support.aws import Aws
from support.engine import Runs, Step, Wire, outcomes, plan_of, step
from support.mutations import PASSWORDS, READ_ONLY, TRUST, everything

DONE = ["done"] * 9


def team(aws: Aws) -> tuple[Step, ...]:
    """Two people and what a new group for them needs: 2 and 3 rest on 1, 4 on 3 and 2; 5 to 9 on nothing."""
    iam = aws.client("iam")
    everything(iam)
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    return (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group_member", "ops", "alice", to="member", needs=(1,)),
        step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None, needs=(2, 3)),
        step("iam.user_tag", "alice", "team", to="blue"),
        step("iam.user_tag", "bob", "team", was="red", to="blue"),
        step("iam.login_profile", "bob", to="password"),
        step("iam.password_policy", to=PASSWORDS),
        step("iam.role", "new", to={"path": "/", "trust": TRUST}),
    )


def clean_calls(aws: Aws, wire: Wire, folder: Path) -> int:
    """How many calls the plan takes without faults."""
    runs = again(aws, wire, folder / "clean")
    assert outcomes(runs.run()) == DONE
    return len(wire.faults.calls)


def again(aws: Aws, wire: Wire, folder: Path) -> Runs:
    """The account and the plan as at first."""
    folder.mkdir()
    aws.sandbox.reset()
    return Runs(plan_of(*team(aws)), folder, wire, parallel=2)


def at_call(index: int) -> f.Chooser:
    return lambda call: call.index == index


def from_call(index: int) -> f.Chooser:
    return lambda call: call.index >= index
