"""IAM's quotas hold in every state that the account can be in while the plan runs.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and the account's own quotas where
GetAccountSummary tells them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, kind_of, name_of, pair_of
from remediate.policy import size

TAGS_PER_USER = 50
UNIQUE_NAMES = ("iam.user", "iam.group", "iam.policy", "iam.role")
"""Kinds whose names are unique ignoring case."""

Bucket = tuple[str, str]
"""What is counted, and for whom: ("groups of the user", "alice")."""


def violations(timeline: Timeline) -> Iterator[str]:
    yield from _counts(timeline)
    yield from _sizes(timeline)
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
    adds: dict[Bucket, list[Change]] = defaultdict(list)
    removes: dict[Bucket, list[Change]] = defaultdict(list)
    for change in timeline.changes.values():
        bucket = bucket_of(change.address)
        if bucket and (change.before is None) != (change.after is None):
            (adds if change.before is None else removes)[bucket].append(change)
    if not adds:
        return
    now: dict[Bucket, int] = defaultdict(int)
    for address in timeline.account.state:
        counted = bucket_of(address)
        if counted in adds:
            now[counted] += 1
    limits = _limits(timeline.account.summary)
    for bucket, added in adds.items():
        most = now[bucket] + len(added) - _paired(timeline, added, removes[bucket])
        if most > max(limits[bucket[0]], now[bucket]):
            yield f"{bucket[0]} {bucket[1]}: up to {most}, IAM allows {limits[bucket[0]]} (#{added[-1].id})"


def _paired(timeline: Timeline, adds: list[Change], removes: list[Change]) -> int:
    """How many additions certainly come after a removal of their own. In every state those cancel out, so that
    the most there can ever be is what is there now, plus the additions without a pair.

    The pairs are as many as can be (a matching, by augmenting paths): with fewer, a plan that fits would be refused."""
    partner: dict[int, Change] = {}

    def place(add: Change, tried: set[int]) -> bool:
        fitting = [r.id for r in removes if r.id not in tried and timeline.before(r.id, add.id)]
        for remove in sorted(fitting, key=lambda r: r in partner):  # those without a partner first
            tried.add(remove)
            if remove not in partner or place(partner[remove], tried):
                partner[remove] = add
                return True
        return False

    return sum(place(add, set()) for add in adds)


def _sizes(timeline: Timeline) -> Iterator[str]:
    summary = timeline.account.summary
    for change in timeline.changes.values():
        if kind_of(change.address) == "iam.policy" and isinstance(change.after, Mapping):
            length, limit = size(change.after.get("document")), summary.get("PolicySizeQuota", 6144)
            if length > limit:
                yield f"#{change.id} {change.address} has {length} characters, IAM allows {limit}"


def _names(timeline: Timeline) -> Iterator[str]:
    """Creations whose name, ignoring case, belongs to another entry now or in this plan."""
    short: Callable[[str], str] = lambda name: name.rpartition("/")[2].lower()  # noqa: E731
    for kind in UNIQUE_NAMES:
        created = [c for c in timeline.changes.values() if kind_of(c.address) == kind and c.before is None]
        taken: dict[str, str] = {}
        for name in chain(timeline.account.names(kind) if created else (), (name_of(c.address) for c in created)):
            other = taken.setdefault(short(name), name)
            if other != name:
                yield f"{kind} {name}: {other} differs in case only, and IAM takes them for the same"
