"""Limits on what an unattended correction may do at once."""

from collections.abc import Sequence

from remediate.account import Account
from remediate.model import Change, Resources, kind_of
from remediate.playbook import Limits


def over(changes: Sequence[Change], account: Account, limits: Limits, resources: Resources) -> str:
    """Which limit these changes break, in words; empty if none. At least one user may always be concerned."""
    if len(changes) > limits.changes:
        return f"{len(changes)} changes, the limit is {limits.changes}"
    principals = {resources[kind_of(c.address)].principal(c.address) for c in changes}
    users = {p for p in principals if p is not None and kind_of(p) == "iam.user"}
    most = max(1, int(limits.share * len(account.users)))
    if len(users) > most:
        return f"{len(users)} users concerned, the limit is {most} ({limits.share:.0%} of {len(account.users)})"
    return ""
