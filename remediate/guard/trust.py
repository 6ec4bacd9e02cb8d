"""What a change of a trust policy means for those who work through the role."""

from collections.abc import Mapping

from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value
from remediate.policy import lets_people_in


def shut(timeline: Timeline, role: Address) -> Change | None:
    """The change after which nobody but an AWS service may assume a role that people may assume now."""
    for change in timeline.changes.values():
        if change.address == role and _open(change.before) and not _open(change.after):
            return change
    return None


def _open(value: Value) -> bool:
    return isinstance(value, Mapping) and lets_people_in(value.get("trust"))
