"""What the other controls of a playbook want, for a control that shares a quota with them."""

from collections.abc import Mapping

from remediate.account import Account
from remediate.errors import Unreadable
from remediate.model import Address, Struct, Value
from remediate.playbook.scope import Scope


def memberships(account: Account, scope: Scope, but: str) -> Mapping[Address, Value]:
    """The entries that the other controls which change memberships want, as they want them. Costs as much as they do.

    A control that cannot see what it needs wants nothing.
    """
    from remediate.controls import CONTROLS  # the one that asks is among them

    found: dict[Address, Value] = {}
    for name, control in CONTROLS.items():
        settings = scope.playbook.controls.get(name)
        if name == but or "iam.group_member" not in control.kinds or not isinstance(settings, Struct):
            continue
        try:
            faults = list(control.check(account, settings, scope))
        except Unreadable:
            continue
        found.update({want.address: want.after for fault in faults for want in fault.wants})
    return found
