"""The least IAM policy for a phase: reading for a plan, or the transitions of exactly one plan and their way back."""

from collections import defaultdict
from collections.abc import Iterable

from remediate.model import AccountId, Permission, Plan, Value, at, kind_of
from remediate.protocols import Resources


def plan_policy(actions: Iterable[str], also: Iterable[Permission] = ()) -> dict[str, Value]:
    """What `plan` and `drift` need: reading alone. `also` is what only a condition keeps to that."""
    reading = _statement("RemediatePlan", actions, ["*"])
    return {"Version": "2012-10-17", "Statement": [reading, *_statements("RemediateRead", also)]}


def policy_for(plan: Plan, resources: Resources, reading: Iterable[str]) -> dict[str, Value]:
    """What applying this plan and taking it back needs, and the reading that both begin with."""
    where = AccountId(partition=plan.header.partition, account=plan.header.account)
    kinds = [(resources[kind_of(change.address)], change) for change in plan.changes]
    needed = (p for kind, c in kinds for p in kind.permissions(c.address, c.before, c.after, where))
    writes = _statements("RemediateApply", needed)
    return {"Version": "2012-10-17", "Statement": [_statement("RemediatePlan", reading, ["*"]), *writes]}


def _statements(sid: str, permissions: Iterable[Permission]) -> list[dict[str, Value]]:
    """As few statements as say exactly these permissions."""
    by_resource: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for permission in permissions:
        by_resource[permission.resource, permission.condition or ()].add(permission.action)
    by_actions: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (resource, condition), actions in by_resource.items():
        by_actions[tuple(sorted(actions)), condition].append(resource)
    return [
        _statement(f"{sid}{n}", actions, sorted(targets), condition)
        for n, ((actions, condition), targets) in enumerate(sorted(by_actions.items()), start=1)
    ]


def actions_of(kinds: Iterable[str], resources: Resources) -> list[str]:
    """Every IAM action that changing entries of these kinds may need, there and back."""
    where = AccountId(partition="aws", account="*")
    found: set[str] = set()
    for kind in kinds:
        resource = resources[kind]
        for before, after in ((None, resource.sample), (resource.sample, resource.sample), (resource.sample, None)):
            found.update(p.action for p in resource.permissions(at(kind, "*", "*"), before, after, where))
    return sorted(found)


def _statement(
    sid: str, actions: Iterable[str], resources: list[str], condition: tuple[str, ...] = ()
) -> dict[str, Value]:
    allowed: dict[str, Value] = {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": resources}
    if condition:
        operator, key, value = condition
        return {**allowed, "Condition": {operator: {key: value}}}
    return allowed
