"""The cases of the contract that every resource type keeps: one module a service, and a line here."""

from support.contract import trail
from support.contract.case import Case

CASES: tuple[Case, ...] = (*trail.CASES,)

__all__ = ["CASES", "Case"]
