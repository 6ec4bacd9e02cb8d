"""Where AWS says no and moto says yes, and where their answers differ: one module a group of facts.

Each module says what AWS does, what moto does, and where AWS documents it. The product never knows of any of this.
"""

from functools import cache
from types import ModuleType

from remediate.sandbox.strict import (
    alarms,
    alias,
    aws_policies,
    boundary,
    bucket_policies,
    budgets,
    certificates,
    conflicts,
    contacts,
    cost_explorer,
    dates,
    details,
    directories,
    documents,
    identity_providers,
    instance_profiles,
    last_accessed,
    listings,
    metric_filters,
    names,
    organizations,
    organizations_features,
    password_policy,
    password_rules,
    quotas,
    regions,
    report,
    root_keys,
    root_sessions,
    secrets,
    sign_in,
    summary,
    topics,
    trail_answers,
    trail_checks,
    trails,
    trusts,
)
from remediate.sandbox.strict.state import settings

__all__ = ["install", "settings"]

FACTS: dict[str, tuple[ModuleType, ...]] = {
    "iam": (
        alias,
        aws_policies,
        boundary,
        certificates,
        conflicts,
        dates,
        details,
        documents,
        identity_providers,
        trusts,
        last_accessed,
        root_keys,
        listings,
        organizations_features,
        quotas,
        names,
        password_policy,
        report,
        sign_in,
        password_rules,
        summary,
    ),
    "account": (contacts,),
    "budgets": (budgets,),
    "ce": (cost_explorer,),
    "cloudwatch": (alarms,),
    "cloudtrail": (trail_checks, trails, trail_answers),
    "ds": (directories,),
    "ec2": (regions, instance_profiles),
    "logs": (metric_filters,),
    "organizations": (organizations,),
    "s3": (bucket_policies,),
    "secretsmanager": (secrets,),
    "sns": (topics,),
    "sts": (root_sessions,),
}
"""By moto's names of services. What comes later in a row is asked first."""


@cache
def install(service: str) -> None:
    """Changes moto's service once for this process; `settings.on` says whether the changes count.

    When the service is first called and not before: importing EC2 alone takes longer than everything else.
    """
    for part in FACTS.get(service, ()):
        part.install()
