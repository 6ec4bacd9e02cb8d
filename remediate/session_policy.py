"""The policy of one plan as session policies: what an assumed role may do meanwhile, however much more the role may.

AWS takes 2,048 characters. So a run works in several sessions, one that reads and one for each service that it writes
to, and a policy that is still too long names resources, never writing actions, less exactly: step by step, as little
as it takes.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from remediate.model import Permission, Plan, Struct
from remediate.permissions import Statement, by_kind, document, needs, size
from remediate.protocols import Resources

LONGEST = 2048
"""Characters of a session policy, all of them counted:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_RequestParameters"""

READING = "reading"
"""The session that reads. The others are named after the service that they write to, as IAM calls it."""

VERBS = ("Get", "List", "Describe", "View", "Head")
REPORTS = frozenset({"iam:GenerateCredentialReport"})
"""These read, whatever they are called; kms:GenerateDataKey does not."""

PATTERNS = tuple(
    "account:GetAlternate* cloudtrail:GetTrail* cloudwatch:Describe* iam:Get* iam:List* kms:Describe* kms:Get* "
    "kms:List* logs:Describe* organizations:Describe* organizations:List* s3:GetBucket* s3:GetEncryptionConfiguration "
    "s3:GetLifecycleConfiguration secretsmanager:Describe* sns:GetTopicAttributes sns:ListSubscriptionsByTopic".split()
)
"""Beginnings that stand for reading settings alone: never what is in a bucket, a log, a parameter or a secret, and no
credentials. Everything that they match is in AWS's own SecurityAudit policy:
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecurityAudit.html"""

NAMED = frozenset({"iam:PassRole", "iam:CreateServiceLinkedRole"})
"""What must never be allowed on every resource: who may pass any role may become it."""

CALLS: Mapping[str, tuple[str, ...]] = {
    "access_analyzer.analyzer": ("access-analyzer",),
    "iam.issued_key": ("iam", "secretsmanager"),
    "iam.root_access_key": ("sts",),
}
"""Services that changes of a kind call, where that is not the one its name begins with."""


class SessionPolicy(Struct, frozen=True, kw_only=True):
    """A policy as STS takes it, and what it allows beyond the exact one, in words; empty if nothing."""

    text: str
    exact: int
    """Characters of the exact one."""
    beyond: tuple[str, ...] = ()


def parts(plan: Plan, resources: Resources, reading: Iterable[str]) -> dict[str, frozenset[Permission]]:
    """What each session of a run needs. Together they are the plan's policy.

    What AWS asks for on a caller's behalf, such as iam:PassRole or the key of a trail, goes with the call that it is
    for.
    """
    found: dict[str, set[Permission]] = defaultdict(set)
    found[READING] = {p for p in needs(plan, resources, reading) if reads(p.action)}
    for kind, permissions in by_kind(plan, resources).items():
        called = CALLS.get(kind, (kind.partition(".")[0],))
        for permission in permissions:
            own = permission.action.partition(":")[0]
            if own not in called:
                for service in called:
                    found[service].add(permission)
            elif not reads(permission.action):
                found[own].add(permission)
    return {name: frozenset(held) for name, held in found.items()}


def policies(permissions: frozenset[Permission]) -> tuple[SessionPolicy, ...]:
    """The session policies that AWS may take for these permissions, from the most exact to the coarsest.

    Empty where even the coarsest is too long. The first is to be used, and another one only where AWS says
    PackedPolicyTooLarge: it also limits the size of what it packs, which nobody can tell beforehand.
    """
    exact = len(text(permissions))
    found = [SessionPolicy(text=text(held), exact=exact, beyond=beyond) for beyond, held in coarser(permissions)]
    return tuple(policy for policy in found if len(policy.text) <= LONGEST)


def reads(action: str) -> bool:
    """Whether an action only reads, by its name."""
    return action.partition(":")[2].startswith(VERBS) or action in REPORTS


def text(permissions: Iterable[Permission]) -> str:
    """A policy in as few characters as say it: without white space, Sids, and what another line includes."""
    held = set(permissions)
    anywhere = {p.action for p in held if p.resource == "*" and not p.condition}
    least = [p for p in held if p.condition or p.resource == "*" or not _included(p.action, anywhere)]
    policy = document(least)
    whole = {**policy, "Statement": [_terse(statement) for statement in policy["Statement"]]}
    return msgspec.json.encode(whole).decode()


def coarser(permissions: frozenset[Permission]) -> Iterator[tuple[tuple[str, ...], frozenset[Permission]]]:
    """The permissions and then, step by step, more than those, with what is beyond; each includes the one before.

    Least harmful first: what reads, then resources of one type after another, the longest lists first, and at last all
    resources. Writing actions are exact in all of them, and conditions and roles that are passed stay as they are.
    """
    held, beyond = permissions, list[str]()
    yield (), held
    for says, widened in _steps(permissions):
        more = frozenset(widened(p) if not p.condition and p.action not in NAMED else p for p in held)
        if more != held:
            held = more
            beyond.append(says)
            yield tuple(beyond), held


def _steps(permissions: frozenset[Permission]) -> Iterator[tuple[str, Callable[[Permission], Permission]]]:
    yield "reading of every resource", lambda p: _on(p, "*") if _harmless(p) else p
    beginnings = "reading actions by their beginnings (such as iam:Get*)"
    yield beginnings, lambda p: msgspec.structs.replace(p, action=_beginning(p.action)) if p.resource == "*" else p
    for type in _types(permissions):
        every = f"every {type.split(':', 5)[-1]}"
        yield every, lambda p, type=type: _on(p, type) if _type(p.resource) == type else p  # type: ignore[misc]
    yield "every resource", lambda p: _on(p, "*")


def _on(permission: Permission, resource: str) -> Permission:
    return msgspec.structs.replace(permission, resource=resource)


def _harmless(permission: Permission) -> bool:
    """Whether it reads settings, so that reading those of others as well does no harm."""
    return any(fnmatchcase(permission.action, pattern) for pattern in PATTERNS)


def _beginning(action: str) -> str:
    return next((pattern for pattern in PATTERNS if fnmatchcase(action, pattern)), action)


def _included(action: str, anywhere: Iterable[str]) -> bool:
    return any(fnmatchcase(action, other) for other in anywhere)


def _types(permissions: Iterable[Permission]) -> list[str]:
    """Types of resources, those with the longest lists first."""
    named: dict[str, set[str]] = defaultdict(set)
    for permission in permissions:
        if permission.resource != "*":
            named[_type(permission.resource)].add(permission.resource)
    return sorted(named, key=lambda type: (-size(sorted(named[type])), type))


def _type(resource: str) -> str:
    """Every resource of that type, account and region: `arn:aws:iam::123456789012:user/*`."""
    *place, name = resource.split(":", 5)
    ends = [n for n in (name.find("/"), name.find(":")) if n > 0]
    return ":".join([*place, f"{name[: min(ends) + 1]}*" if ends else "*"])


def _terse(statement: Statement) -> dict[str, object]:
    """A list of one as the one: IAM reads both alike."""
    return {key: held[0] if isinstance(held, list) and len(held) == 1 else held for key, held in statement.items()}
