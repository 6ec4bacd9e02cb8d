"""Where AWS says no and moto says yes, and where their answers differ: one module a group of facts.

Each module says what AWS does, what moto does, and where AWS documents it. The product never knows of any of this.
"""

from functools import cache

from remediate.sandbox.strict import (
    aws_policies,
    boundary,
    conflicts,
    details,
    documents,
    listings,
    names,
    password_policy,
    quotas,
    regions,
    report,
    sign_in,
    summary,
    trail_checks,
    trails,
)
from remediate.sandbox.strict.state import settings

__all__ = ["install", "settings"]


@cache
def install() -> None:
    """Changes moto once for this process; `settings.on` says whether the changes count."""
    for part in (
        aws_policies,
        boundary,
        conflicts,
        details,
        documents,
        listings,
        quotas,
        names,
        password_policy,
        regions,
        report,
        sign_in,
        summary,
        trail_checks,
        trails,
    ):
        part.install()
