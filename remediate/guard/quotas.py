"""IAM's quotas hold in every state that the account can be in while the plan runs.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and the account's own quotas where
GetAccountSummary tells them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from remediate.guard.timeline import Timeline
from remediate.model import Address, Value, at, kind_of, name_of, pair_of
from remediate.policy import size

TAGS_PER_USER = 50
UNIQUE_NAMES = ("iam.user", "iam.group", "iam.policy", "iam.role")
"""Kinds whose names are unique ignoring case."""

DOCUMENTS: Mapping[str, tuple[str, str, int]] = {
    "iam.policy": ("document", "PolicySizeQuota", 6144),
    "iam.role": ("trust", "AssumeRolePolicySizeQuota", 2048),
}
"""Entries with a document that has a size of its own."""
INLINE: Mapping[str, tuple[str, int]] = {
    "user": ("UserPolicySizeQuota", 2048),
    "group": ("GroupPolicySizeQuota", 5120),
    "role": ("RolePolicySizeQuota", 10240),
}

Bucket = tuple[str, str]
"""What is counted, and for whom: ("groups of the user", "alice")."""


def violations(timeline: Timeline) -> Iterator[str]:
    yield from _counts(timeline)
    yield from _sizes(timeline)
    yield from _together(timeline)
    yield from _names(timeline)


def bucket_of(address: Address) -> Bucket | None:
    """The quota that an entry counts against."""
    first, second = pair_of(address)
    by_kind: Mapping[str, Bucket] = {
        "iam.group_member": ("groups of the user", second),
        "iam.user_policy": ("managed policies of the user", first),
        "iam.group_policy": ("managed policies of the group", first),
        "iam.role_policy": ("managed policies of the role", first),
        "iam.user_tag": ("tags of the user", first),
        "iam.user": ("users", ""),
        "iam.group": ("groups", ""),
        "iam.policy": ("customer managed policies", ""),
        "iam.role": ("roles", ""),
    }
    return by_kind.get(kind_of(address))


def _limits(summary: Mapping[str, int]) -> Mapping[str, int]:
    return {
        "groups of the user": summary.get("GroupsPerUserQuota", 10),
        "managed policies of the user": summary.get("AttachedPoliciesPerUserQuota", 10),
        "managed policies of the group": summary.get("AttachedPoliciesPerGroupQuota", 10),
        "managed policies of the role": summary.get("AttachedPoliciesPerRoleQuota", 10),
        "tags of the user": TAGS_PER_USER,
        "users": summary.get("UsersQuota", 5000),
        "groups": summary.get("GroupsQuota", 300),
        "customer managed policies": summary.get("PoliciesQuota", 1500),
        "roles": summary.get("RolesQuota", 1000),
    }


def _counts(timeline: Timeline) -> Iterator[str]:
    changed: dict[Bucket, dict[int, int]] = defaultdict(dict)
    for change in timeline.changes.values():
        bucket = bucket_of(change.address)
        if bucket and (change.before is None) != (change.after is None):
            changed[bucket][change.id] = 1 if change.before is None else -1
    growing = {bucket: amounts for bucket, amounts in changed.items() if max(amounts.values()) > 0}
    if not growing:
        return
    now: dict[Bucket, int] = defaultdict(int)
    for address in timeline.account.state:
        counted = bucket_of(address)
        if counted in growing:
            now[counted] += 1
    limits = _limits(timeline.account.summary)
    for bucket, amounts in growing.items():
        most = now[bucket] + _fullest(timeline, amounts)
        if most > max(limits[bucket[0]], now[bucket]):
            last = max(id for id, amount in amounts.items() if amount > 0)
            yield f"{' '.join(bucket).strip()}: up to {most}, IAM allows {limits[bucket[0]]} (#{last})"


def _fullest(timeline: Timeline, amounts: Mapping[int, int]) -> int:
    """The most that these changes add together in any state of the account: what is added, less what is certainly
    taken away before.

    That is as much as can be (a largest flow, by augmenting paths): with less, a plan that fits would be refused."""
    room = {id: -amount for id, amount in amounts.items() if amount < 0}
    taken: dict[int, dict[int, int]] = {take: {} for take in room}
    most = 0
    for add in [id for id, amount in amounts.items() if amount > 0]:
        rest = amounts[add]
        while rest and (way := _way(timeline, add, room, taken)):
            moved = [(take, other) for (_, take), (other, _) in pairwise(way)]
            last = way[-1][1]
            got = min(rest, room[last], *(taken[take][other] for take, other in moved))
            for take, other in moved:
                taken[take][other] -= got
            for other, take in way:
                taken[take][other] = taken[take].get(other, 0) + got
            room[last] -= got
            rest -= got
        most += rest
    return most


def _way(
    timeline: Timeline, add: int, room: Mapping[int, int], taken: Mapping[int, Mapping[int, int]]
) -> Sequence[tuple[int, int]]:
    """How a change finds room: it takes the place of another, which takes that of a third, and the last one finds some.

    Empty where it finds none. By the fewest moves, and each place is looked at once.
    """
    waiting: list[tuple[Sequence[tuple[int, int]], int]] = [((), add)]
    left = set(room)
    for way, adding in waiting:
        fitting = {take for take in left if timeline.before(take, adding)}
        left -= fitting
        for take in fitting:
            longer = (*way, (adding, take))
            if room[take]:
                return longer
            waiting += [(longer, other) for other, amount in taken[take].items() if amount]
    return ()


def _sizes(timeline: Timeline) -> Iterator[str]:
    summary = timeline.account.summary
    for change in timeline.changes.values():
        kind = kind_of(change.address)
        if kind in DOCUMENTS and isinstance(change.after, Mapping):
            part, quota, usual = DOCUMENTS[kind]
            length, limit = size(change.after.get(part)), summary.get(quota, usual)
            before = change.before.get(part) if isinstance(change.before, Mapping) else None
            if length > limit and change.after.get(part) != before:
                yield f"#{change.id} {change.address} has {length} characters, IAM allows {limit}"


def _together(timeline: Timeline) -> Iterator[str]:
    """The inline policies of one holder, which count together."""
    for holder, (quota, usual) in INLINE.items():
        kind = f"iam.{holder}_inline"
        amounts: dict[str, dict[int, int]] = defaultdict(dict)
        for change in timeline.changes.values():
            if kind_of(change.address) == kind:
                amounts[pair_of(change.address)[0]][change.id] = _length(change.after) - _length(change.before)
        limit = timeline.account.summary.get(quota, usual)
        for name, changed in amounts.items():
            held = timeline.account.under(kind, name)
            now = sum(_length(timeline.account.state.get(at(kind, name, policy))) for policy in held)
            most = now + _fullest(timeline, changed)
            if most > max(limit, now):
                yield f"inline policies of the {holder} {name}: up to {most} characters, IAM allows {limit}"


def _length(document: Value) -> int:
    return 0 if document is None else size(document)


def _names(timeline: Timeline) -> Iterator[str]:
    """Creations whose name, ignoring case, belongs to another entry now or in this plan."""
    short: Callable[[str], str] = lambda name: name.rpartition("/")[2].lower()  # noqa: E731
    for kind in UNIQUE_NAMES:
        taken = {short(name): name for name in timeline.account.names(kind)}
        created = [c for c in timeline.changes.values() if kind_of(c.address) == kind and c.before is None]
        for name in map(name_of, (c.address for c in created)):
            other = taken.setdefault(short(name), name)
            if other != name:
                yield f"{kind} {name}: {other} differs in case only, and IAM takes them for the same"
