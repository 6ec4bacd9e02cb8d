"""Where AWS says no and moto says yes, and where their answers differ: one module a group of facts.

Each module says what AWS does, what moto does, and where AWS documents it. The product never knows of any of this.
"""

from functools import cache
from types import ModuleType

from remediate.sandbox.strict import (
    aws_policies,
    boundary,
    bucket_policies,
    conflicts,
    dates,
    details,
    documents,
    listings,
    names,
    password_policy,
    password_rules,
    quotas,
    regions,
    report,
    sign_in,
    summary,
    trail_answers,
    trail_checks,
    trails,
)
from remediate.sandbox.strict.state import settings

__all__ = ["install", "settings"]

FACTS: dict[str, tuple[ModuleType, ...]] = {
    "iam": (
        aws_policies,
        boundary,
        conflicts,
        dates,
        details,
        documents,
        listings,
        quotas,
        names,
        password_policy,
        report,
        sign_in,
        password_rules,
        summary,
    ),
    "cloudtrail": (trail_checks, trails, trail_answers),
    "ec2": (regions,),
    "s3": (bucket_policies,),
}
"""By moto's names of services. What comes later in a row is asked first."""


@cache
def install(service: str) -> None:
    """Changes moto's service once for this process; `settings.on` says whether the changes count.

    When the service is first called and not before: importing EC2 alone takes longer than everything else.
    """
    for part in FACTS.get(service, ()):
        part.install()
