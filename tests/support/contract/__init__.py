"""The cases of the contract that every resource type keeps: one module a service, and a line here."""

from support.contract import (
    access_analyzer,
    account,
    alarms,
    billing,
    directories,
    iam,
    identity,
    instances,
    roles,
    root,
    secrets,
    trail,
)
from support.contract.case import Case

CASES: tuple[Case, ...] = (
    *access_analyzer.CASES,
    *account.CASES,
    *alarms.CASES,
    *billing.CASES,
    *directories.CASES,
    *iam.CASES,
    *identity.CASES,
    *instances.CASES,
    *roles.CASES,
    *root.CASES,
    *secrets.CASES,
    *trail.CASES,
)

__all__ = ["CASES", "Case"]
