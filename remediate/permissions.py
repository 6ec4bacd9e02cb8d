"""The least IAM policy for a phase: reading for a plan, or the transitions of exactly one plan and their way back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NotRequired, TypedDict

import msgspec

from remediate.model import AccountId, Permission, Plan, at, kind_of
from remediate.protocols import Resources

MANAGED = 6144
"""Characters of a managed policy, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
ATTACHED = 10
"""Managed policies that a role can have, unless AWS has raised the quota. The same page."""


class Statement(TypedDict):
    Sid: NotRequired[str]
    Effect: str
    Action: list[str]
    Resource: list[str]
    Condition: NotRequired[dict[str, dict[str, str]]]


class Document(TypedDict):
    """A policy document, as IAM takes it."""

    Version: str
    Statement: list[Statement]


Grant = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Actions, resources, and the condition or nothing: what one statement allows."""


def plan_policy(actions: Iterable[str], also: Iterable[Permission] = ()) -> Document:
    """What `plan` and `drift` need: reading alone. `also` is what only a condition keeps to that."""
    return document(plan_needs(actions, also), "RemediatePlan")


def policy_for(plan: Plan, resources: Resources, reading: Iterable[str]) -> Document:
    """What applying this plan and taking it back needs, and the reading that both begin with."""
    return document(needs(plan, resources, reading), "RemediateApply")


def plan_needs(actions: Iterable[str], also: Iterable[Permission] = ()) -> frozenset[Permission]:
    return frozenset({*(Permission(action=action) for action in actions), *also})


def needs(plan: Plan, resources: Resources, reading: Iterable[str]) -> frozenset[Permission]:
    """The permissions of `policy_for`, without those that another one includes."""
    everywhere = {Permission(action=action) for action in reading}
    found = {*everywhere, *(p for permissions in by_kind(plan, resources).values() for p in permissions)}
    return frozenset(p for p in found if p.condition or p.resource == "*" or Permission(action=p.action) not in found)


def by_kind(plan: Plan, resources: Resources) -> Mapping[str, list[Permission]]:
    """What the plan's changes need, there and back, for each kind of address; with repetitions."""
    where = AccountId(partition=plan.header.partition, account=plan.header.account)
    found: dict[str, list[Permission]] = defaultdict(list)
    for change in plan.changes:
        kind = kind_of(change.address)
        found[kind].extend(resources[kind].permissions(change.address, change.before, change.after, where))
    return found


def document(permissions: Iterable[Permission], sid: str = "") -> Document:
    """A policy that allows these and nothing else, in few statements; numbered where a Sid is given."""
    return _document([_statement(grant, f"{sid}{n}" if sid else "") for n, grant in _numbered(permissions)])


def managed(permissions: Iterable[Permission], sid: str) -> list[Document]:
    """The same in as many documents as it takes for each to be a managed policy."""
    room = MANAGED - size(_document([]))
    full = room - size(_statement(((), (), ()), f"{sid}99999")) - 1
    documents: list[list[Statement]] = [[]]
    left = room
    parts = (part for _, grant in _numbered(permissions) for part in _dealt(grant, full))
    for n, grant in enumerate(parts, start=1):
        statement = _statement(grant, f"{sid}{n}")
        length = size(statement) + 1
        if length > left:
            documents.append([])
            left = room
        documents[-1].append(statement)
        left -= length
    return [_document(statements) for statements in documents]


def size(value: object) -> int:
    """Characters of a policy, or of a part of one, as IAM counts them."""
    return len(msgspec.json.encode(value).decode())


def actions_of(kinds: Iterable[str], resources: Resources) -> list[str]:
    """Every IAM action that changing entries of these kinds may need, there and back."""
    where = AccountId(partition="aws", account="*")
    found: set[str] = set()
    for kind in kinds:
        resource = resources[kind]
        for before, after in ((None, resource.sample), (resource.sample, resource.sample), (resource.sample, None)):
            found.update(p.action for p in resource.permissions(at(kind, "*", "*"), before, after, where))
    return sorted(found)


def _numbered(permissions: Iterable[Permission]) -> Iterator[tuple[int, Grant]]:
    """As few statements as say exactly these permissions."""
    by_resource: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for permission in permissions:
        by_resource[permission.resource, permission.condition or ()].add(permission.action)
    by_actions: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (resource, condition), actions in by_resource.items():
        by_actions[tuple(sorted(actions)), condition].append(resource)
    grants = [(actions, tuple(sorted(found)), condition) for (actions, condition), found in by_actions.items()]
    return enumerate(sorted(grants), start=1)


def _dealt(grant: Grant, room: int) -> Iterator[Grant]:
    """One statement's resources dealt out to several where it has more characters than there is room for."""
    actions, resources, condition = grant
    hand: list[str] = []
    frame = length = size(actions) + size(condition)
    for resource in resources:
        if hand and length + size(resource) + 1 > room:
            yield actions, tuple(hand), condition
            hand, length = [], frame
        hand.append(resource)
        length += size(resource) + 1
    yield actions, tuple(hand), condition


def _document(statements: list[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(grant: Grant, sid: str) -> Statement:
    actions, resources, condition = grant
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if sid:
        statement["Sid"] = sid
    if condition:
        operator, key, value = condition
        statement["Condition"] = {operator: {key: value}}
    return statement
