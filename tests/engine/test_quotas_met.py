"""Plans close to every quota on an account that enforces them: what the guard lets pass, IAM carries out to the end.

The quotas are lowered, so that a small account is full; they are the same ones in GetAccountSummary, which the guard
reads, and in the strict layer, which refuses.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.engine import ACCOUNT, Runs, Step, Wire, plan_of
from support.make import backend
from support.mutations import document
from support.stress import STRESS

from remediate.aws.reader import read_account
from remediate.guard import quotas
from remediate.guard.timeline import Timeline
from remediate.model import Value, at
from remediate.policy import size

QUOTAS = {
    "attached_policies_per_user": 2,
    "attached_policies_per_group": 2,
    "groups_per_user": 2,
    "groups": 5,
    "policies": 5,
    "user_policy_size": 2 * size(document()) + 20,
    "group_policy_size": size(document()) + 20,
    "policy_size": 130,
}
"""A user holds two inline policies, a group one."""
GROUPS, POLICIES, INLINE = ("g0", "g1", "g2", "g3"), ("p0", "p1", "p2", "p3"), ("i0", "i1", "i2")
SHORT, LONG = document(), document("s3:GetObjectVersionForReplicationAndMore")
SEEDS = range(600 if STRESS else 16)


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def world(aws: Aws, dice: random.Random) -> None:
    """A user, groups and policies; what the user and the first group have is drawn, within the quotas."""
    iam = aws.client("iam")
    iam.create_user(UserName="ann")
    for group in GROUPS:
        iam.create_group(GroupName=group)
    for policy in POLICIES:
        iam.create_policy(PolicyName=policy, PolicyDocument=json.dumps(SHORT))
    for group in dice.sample(GROUPS, dice.randint(0, 2)):
        iam.add_user_to_group(UserName="ann", GroupName=group)
    for policy in dice.sample(POLICIES, dice.randint(0, 2)):
        iam.attach_user_policy(UserName="ann", PolicyArn=arn(policy))
    for policy in dice.sample(POLICIES, dice.randint(0, 2)):
        iam.attach_group_policy(GroupName="g0", PolicyArn=arn(policy))
    for policy in dice.sample(INLINE, dice.randint(0, 2)):
        iam.put_user_policy(UserName="ann", PolicyName=policy, PolicyDocument=json.dumps(SHORT))
    for name, quota in QUOTAS.items():
        setattr(backend().account_summary, f"_{name}_quota", quota)


def drawn(state: Any, dice: random.Random) -> list[Step]:
    """Changes of what counts against a quota, in an order that is partly free."""
    body: Value = {"path": "/", "document": dice.choice([SHORT, SHORT, LONG])}
    pool: list[tuple[str, tuple[str, ...], Value]] = [
        *(("iam.group_member", (group, "ann"), "member") for group in GROUPS),
        *(("iam.user_policy", ("ann", arn(policy)), "attached") for policy in POLICIES),
        *(("iam.group_policy", ("g0", arn(policy)), "attached") for policy in POLICIES),
        *(("iam.user_inline", ("ann", policy), dice.choice([SHORT, LONG])) for policy in INLINE),
        *(("iam.group_inline", ("g1", policy), SHORT) for policy in INLINE[:2]),
        *(("iam.group", (name,), {"path": "/"}) for name in ("new", "newer")),
        *(("iam.policy", (arn(name),), body) for name in ("new", "newer")),
    ]
    steps = []
    for n, (kind, names, value) in enumerate(dice.sample(pool, dice.randint(2, 6))):
        before = state.get(at(kind, *names))
        needs = tuple(i for i in range(1, n + 1) if dice.random() < 0.5)
        steps.append(Step(at(kind, *names), before, None if before is not None else value, needs))
    return steps


def test_no_plan_that_is_accepted_stops_at_a_quota(
    aws: Aws, wire: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = refused = stopped = 0
    for seed in SEEDS:
        dice = random.Random(seed)
        aws.sandbox.reset()
        world(aws, dice)
        account = read_account(wire.session)
        plan = plan_of(*drawn(account.state, dice))
        over = list(quotas.violations(Timeline(account, plan.changes)))
        folder = tmp_path / str(seed)
        folder.mkdir()
        result = Runs(plan, folder, wire).run()
        short = [detail for detail in result.details.values() if "LimitExceeded" in detail]
        if over:
            refused, stopped = refused + 1, stopped + bool(short)
        else:
            accepted += 1
            assert set(result.outcomes.values()) == {"done"}, (seed, result.details)
    with capsys.disabled():
        if STRESS:
            print(
                f"\nquotas: {accepted} plans accepted and carried out, {refused} refused, {stopped} of them by IAM too"
            )
    assert accepted > len(SEEDS) / 4
    assert stopped > len(SEEDS) / 10
