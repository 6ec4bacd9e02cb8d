"""Rules about single changes: what may share a plan, who is left alone, which trails must not go dark."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from remediate.guard.timeline import Timeline
from remediate.model import Exemption, Resources, kind_of, name_of
from remediate.playbook.scope import exemption


def one_step_at_a_time(timeline: Timeline) -> Iterator[str]:
    """Deactivation and deletion of a key never share a plan: the quarantine between them is what makes it safe."""
    ends: dict[str, set[object]] = defaultdict(set)
    for change in timeline.changes.values():
        if kind_of(change.address) == "iam.access_key":
            ends[change.address].add(change.after)
            if change.after is None and change.before != "Inactive":
                yield f"#{change.id} {change.address} would delete a key that is not inactive"
    yield from (
        f"{address} would be deactivated and deleted in one plan" for address, to in ends.items() if len(to) > 1
    )


def exempt_untouched(
    timeline: Timeline, resources: Resources, exemptions: Sequence[Exemption], now: datetime
) -> Iterator[str]:
    """No change concerns a user or role that the playbook exempts from the control behind it."""
    account = timeline.account
    for change in timeline.changes.values():
        address = resources[kind_of(change.address)].principal(change.address)
        principal = account.users.get(name_of(address)) if address else None
        role = account.roles.get(name_of(address)) if address else None
        who = principal if address and kind_of(address) == "iam.user" else role
        for reason in change.reasons:
            if who and (found := exemption(exemptions, reason.control, who, now)):
                yield f"#{change.id} {change.address} concerns {who.name}, exempt: {found.reason}"


def trails_stay_on(timeline: Timeline) -> Iterator[str]:
    """No change stops a trail that logs."""
    for change in timeline.changes.values():
        if kind_of(change.address) in ("cloudtrail.logging", "cloudtrail.trail") and change.after is None:
            yield f"#{change.id} {change.address} would end a trail: what happens then leaves no record"
