"""Rules about single changes: what may share a plan, who is left alone, which trails must not go dark."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from remediate.account import Account, Role, User
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Exemption, Value, kind_of, name_of
from remediate.playbook.scope import exemption
from remediate.protocols import Resources


def one_step_at_a_time(timeline: Timeline) -> Iterator[str]:
    """Deactivation and deletion of a key never share a plan: the quarantine between them is what makes it safe.

    A member's root key cannot be deactivated from here. Its deletion rests on its last use, asked again right before.
    """
    ends: dict[str, set[object]] = defaultdict(set)
    for change in timeline.changes.values():
        kind = kind_of(change.address)
        if kind in ("iam.access_key", "iam.root_access_key"):
            ends[change.address].add(change.after)
        if kind == "iam.access_key" and change.after is None and change.before != "Inactive":
            yield f"#{change.id} {change.address} would delete a key that is not inactive"
        if kind == "iam.root_access_key" and change.after is None and "last_used" not in change.evidence:
            yield f"#{change.id} {change.address} would delete a root key without asking when it was last used"
    yield from (
        f"{address} would be deactivated and deleted in one plan" for address, to in ends.items() if len(to) > 1
    )


def exempt_untouched(
    timeline: Timeline, resources: Resources, exemptions: Sequence[Exemption], now: datetime
) -> Iterator[str]:
    """No change concerns a user or role that the playbook exempts from the control behind it."""
    for change in timeline.changes.values():
        for who in concerned(change, timeline.account, resources):
            for reason in change.reasons:
                if found := exemption(exemptions, reason.control, who, now):
                    yield f"#{change.id} {change.address} concerns {who.name}, exempt: {found.reason}"


def concerned(change: Change, account: Account, resources: Resources) -> list[User | Role]:
    """The user or role that a change is about; and of a group, unless nobody notices, its members."""
    address = resources[kind_of(change.address)].principal(change.address)
    if address and kind_of(address) == "iam.group" and change.risk != "neutral":
        return [account.users[user] for user in account.members_of(name_of(address)) if user in account.users]
    who = principal(account, address)
    return [who] if who else []


def principal(account: Account, address: Address | None) -> User | Role | None:
    """The user or role at an address; None for a group, and for what belongs to nobody."""
    if address is None or kind_of(address) not in ("iam.user", "iam.role"):
        return None
    name = name_of(address)
    return account.users.get(name) if kind_of(address) == "iam.user" else account.roles.get(name)


NARROWS = ("multi_region", "global_services", "validation")
"""Settings of a trail that no plan switches off."""


def trails_stay_on(timeline: Timeline) -> Iterator[str]:
    """No change stops a trail, narrows what it records, or takes the bucket that it writes to."""
    written = {v["bucket"]: a for a, v in timeline.account.state.items() if _is_trail(a) and isinstance(v, Mapping)}
    for change in timeline.changes.values():
        kind, bucket = kind_of(change.address), name_of(change.address)
        if kind in ("cloudtrail.logging", "cloudtrail.trail") and change.after is None:
            yield f"#{change.id} {change.address} would end a trail: what happens then leaves no record"
        elif kind == "cloudtrail.trail" and _narrower(change.before, change.after):
            yield f"#{change.id} {change.address} would record less than now"
        elif kind == "cloudtrail.selectors" and change.before is None:
            yield f"#{change.id} {change.address} records every management event now, and would no longer"
        elif kind == "s3.bucket" and change.after is None and bucket in written:
            yield f"#{change.id} {change.address} is what {written[bucket]} writes to"


def _narrower(before: Value, after: Value) -> bool:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return False
    return any(before.get(name) and not after.get(name) for name in NARROWS)


def _is_trail(address: Address) -> bool:
    return kind_of(address) == "cloudtrail.trail"
