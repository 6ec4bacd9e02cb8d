"""The cases of the contract that every resource type keeps: one module a service, and a line here."""

from support.contract import iam, trail
from support.contract.case import Case

CASES: tuple[Case, ...] = (*iam.CASES, *trail.CASES)

__all__ = ["CASES", "Case"]
