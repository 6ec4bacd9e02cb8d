"""Where AWS says no and moto says yes, and where their answers differ: one module a group of facts.

Each module says what AWS does, what moto does, and where AWS documents it. The product never knows of any of this.
A sandbox has all of it; `settings` are for tests, and off until one of them turns them.

IAM refuses
  DeleteConflict                what holds something or is in use, and what still seemed to a moment ago: `conflicts`,
                                `certificates`, `lag`
  LimitExceeded                 counts and sizes, those without white space: `quotas`
  EntityAlreadyExists           names that differ in case only: `names`; a second provider: `identity_providers`
  NoSuchEntity                  what moto takes or fails at: `alias`, `profile_roles`, `boundary`; what is not seen yet:
                                `lag`
  MalformedPolicyDocument       what is no policy, and principals that are not there: `documents`, `trusts`,
                                `identity_providers`; those that are not seen yet: `lag`
  ConcurrentModification, EntityTemporarilyUnmodifiable
                                changes that come too close together: `collisions`
  AccessDenied                  edits of AWS's own policies: `aws_policies`; what a session may not: `session_policies`,
                                `root_sessions`
  InvalidClientTokenId          calls signed with an Inactive key: `inactive_keys`
  PasswordPolicyViolation, ValidationError
                                passwords and rules for them: `password_rules`, `password_policy`
IAM answers
  in pages, short and empty ones too: `details`, `listings`; late: `lag`
  what was set, and not more: `groups`, `sign_in`, `password_policy`, `dates`, `summary`, `report`, `last_accessed`
  operations that moto lacks: `boundary`, `last_accessed`, `organizations_features`, `root_keys`, `root_sessions`
other services
  CloudTrail `trails`, `trail_checks`, `trail_answers`, `trail_events`; S3 `bucket_policies`; KMS `signing_keys`; EC2
  `regions`, `instance_profiles`; Logs `metric_filters`; CloudWatch `alarms`; SNS `topics`; Secrets Manager `secrets`;
  Directory Service `directories`; Organizations `organizations`; Account `contacts`; Budgets `budgets`; Cost Explorer
  `cost_explorer`

Not modelled: permissions of the caller beside session policies, service control policies, throttling (see
tests/support/faults.py), lag of any service but IAM.
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
    collisions,
    conflicts,
    contacts,
    cost_explorer,
    dates,
    details,
    directories,
    documents,
    groups,
    identity_providers,
    inactive_keys,
    instance_profiles,
    lag,
    last_accessed,
    listings,
    metric_filters,
    names,
    organizations,
    organizations_features,
    password_policy,
    password_rules,
    profile_roles,
    quotas,
    regions,
    report,
    root_keys,
    root_sessions,
    secrets,
    session_policies,
    sign_in,
    signing_keys,
    summary,
    topics,
    trail_answers,
    trail_checks,
    trail_events,
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
        groups,
        identity_providers,
        trusts,
        last_accessed,
        root_keys,
        listings,
        organizations_features,
        profile_roles,
        quotas,
        names,
        password_policy,
        report,
        sign_in,
        password_rules,
        summary,
        lag,
        collisions,
        inactive_keys,
    ),
    "account": (contacts,),
    "budgets": (budgets,),
    "ce": (cost_explorer,),
    "cloudwatch": (alarms,),
    "cloudtrail": (trail_checks, trails, trail_answers, trail_events),
    "ds": (directories,),
    "ec2": (regions, instance_profiles),
    "kms": (signing_keys,),
    "logs": (metric_filters,),
    "organizations": (organizations,),
    "s3": (bucket_policies,),
    "secretsmanager": (secrets,),
    "sns": (topics,),
    "sts": (root_sessions, session_policies),
}
"""By moto's names of services. What comes later in a row is asked first."""


@cache
def install(service: str) -> None:
    """Changes moto's service once for this process; `settings.on` says whether the changes count.

    When the service is first called and not before: importing EC2 alone takes longer than everything else.
    """
    for part in FACTS.get(service, ()):
        part.install()
