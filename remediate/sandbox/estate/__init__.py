"""What the messy account has besides users: one module a part of it, so that every control finds something.

`PARTS` run in this order, before the users are made.
"""

from collections.abc import Callable

from remediate.sandbox.builder import Builder
from remediate.sandbox.estate import access, alarms, base, directories, identity, instances, leftovers, root, watch

PARTS: tuple[Callable[[Builder], None], ...] = (
    base.settings,
    base.permissions,
    base.roles,
    base.trails,
    alarms.alarms,
    watch.analyzers,
    watch.budget,
    watch.anomalies,
    root.organization,
    root.member_key,
    identity.providers,
    directories.network,
    directories.password,
    instances.machines,
    leftovers.cloudshell,
    leftovers.certificates,
    access.trusts,
    access.wide,
    access.uses,
)
