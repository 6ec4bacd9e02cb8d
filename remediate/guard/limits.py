"""Limits on what an unattended correction may do at once."""

from collections.abc import Sequence
from fractions import Fraction

from remediate.account import Account
from remediate.model import Change, kind_of, name_of
from remediate.playbook import Limits
from remediate.protocols import Resources


def over(changes: Sequence[Change], account: Account, limits: Limits, resources: Resources) -> str:
    """Which limit these changes break, in words; empty if none. At least one user may always be concerned."""
    if len(changes) > limits.changes:
        return f"{len(changes)} changes, the limit is {limits.changes}"
    principals = {p for c in changes if (p := resources[kind_of(c.address)].principal(c.address))}
    users = {name_of(p) for p in principals if kind_of(p) == "iam.user"}
    users |= {user for p in principals if kind_of(p) == "iam.group" for user in account.members_of(name_of(p))}
    most = max(1, int(Fraction(str(limits.share)) * len(account.users)))
    if len(users) > most:
        return f"{len(users)} users concerned, the limit is {most} ({limits.share:.0%} of {len(account.users)})"
    return ""
