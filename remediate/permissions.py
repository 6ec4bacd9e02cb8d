"""The least IAM policy for a phase: reading for a plan, or the transitions of exactly one plan and their way back."""

from collections import defaultdict
from collections.abc import Iterable

from remediate.model import AccountId, Plan, Resources, Value, at, kind_of


def plan_policy(actions: Iterable[str]) -> dict[str, Value]:
    """What `plan` and `drift` need: reading alone."""
    return {"Version": "2012-10-17", "Statement": [_statement("RemediatePlan", actions, ["*"])]}


def policy_for(plan: Plan, resources: Resources, reading: Iterable[str]) -> dict[str, Value]:
    """What applying this plan and taking it back needs, and the reading that both begin with."""
    where = AccountId(partition=plan.header.partition, account=plan.header.account)
    by_resource: dict[str, set[str]] = defaultdict(set)
    for change in plan.changes:
        kind = resources[kind_of(change.address)]
        for permission in kind.permissions(change.address, change.before, change.after, where):
            by_resource[permission.resource].add(permission.action)
    by_actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource, actions in by_resource.items():
        by_actions[tuple(sorted(actions))].append(resource)
    writes = [
        _statement(f"RemediateApply{n}", actions, sorted(targets))
        for n, (actions, targets) in enumerate(sorted(by_actions.items()), start=1)
    ]
    return {"Version": "2012-10-17", "Statement": [_statement("RemediatePlan", reading, ["*"]), *writes]}


def actions_of(kinds: Iterable[str], resources: Resources) -> list[str]:
    """Every IAM action that changing entries of these kinds may need, there and back."""
    where = AccountId(partition="aws", account="*")
    found: set[str] = set()
    for kind in kinds:
        resource = resources[kind]
        for before, after in ((None, resource.sample), (resource.sample, resource.sample), (resource.sample, None)):
            found.update(p.action for p in resource.permissions(at(kind, "*", "*"), before, after, where))
    return sorted(found)


def _statement(sid: str, actions: Iterable[str], resources: list[str]) -> dict[str, Value]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": resources}
