"""The parts of a twin, in their order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from remediate.account import Account
from remediate.sandbox.twin import caller, elsewhere, people, permissions, report, root, watching
from remediate.sandbox.twin.base import Gaps, Twin

PARTS: tuple[Callable[[Twin], None], ...] = (
    caller.key,
    root.settings,
    permissions.policies,
    permissions.versions,
    permissions.groups,
    people.users,
    permissions.roles,
    permissions.attachments,
    people.reported,
    report.keep,
    people.as_they_are,
    root.certificates,
    root.organization,
    root.virtual_mfa,
    elsewhere.machines,
    elsewhere.networks,
    elsewhere.uses,
    watching.buckets,
    watching.topics,
    watching.analyzers,
    watching.anomalies,
)

LOADED = frozenset(
    "iam.user iam.user_tag iam.user_policy iam.user_inline iam.login_profile iam.access_key iam.group iam.group_member "
    "iam.group_policy iam.group_inline iam.policy iam.role iam.role_policy iam.role_inline iam.instance_profile "
    "iam.instance_profile_role iam.account_alias iam.server_certificate iam.root_access_key "
    "ec2.profile_association access_analyzer.analyzer ce.anomaly_monitor ce.anomaly_subscription".split()
)
"""Kinds of entries that stand in the twin already: all others are written, as changes are."""


def load(account: Account) -> Gaps:
    """Makes the running sandbox's empty account the twin of that one, as far as it can be; says what is missing."""
    twin = Twin(account)
    with lenient():
        for part in PARTS:
            twin.attempt(part.__name__, lambda part=part: part(twin))  # type: ignore[misc]
    return twin.gaps


@contextmanager
def lenient() -> Iterator[None]:
    """Moto as it comes: AWS let in years ago what it would refuse today."""
    from remediate.sandbox.strict import settings

    strict, settings.on = settings.on, False
    try:
        yield
    finally:
        settings.on = strict
