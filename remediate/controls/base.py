"""What a control is: a guideline, its documentation, its settings, and a pure function that finds faults."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from inspect import cleandoc
from typing import Generic, TypeVar

from remediate.account import Account
from remediate.model import Address, Fault, Struct
from remediate.playbook.scope import Scope

S = TypeVar("S", bound=Struct)


class Moment(Struct, frozen=True, kw_only=True):
    """When and from where the program runs, for settings that could shut it out."""

    now: datetime
    address: Callable[[], str | None] = lambda: None
    """The address that AWS sees this program's calls come from; None where that cannot be found out."""


Complaint = tuple[str, str]
"""Where in the settings, as `networks[0]` (empty for all of them), and what is wrong there."""


def refuses_nothing(_settings: object, _moment: Moment) -> Iterable[Complaint]:
    return ()


def asks_nothing(_account: Account, _settings: object, _scope: Scope) -> Iterable[Address]:
    return ()


def unseen_nothing(_account: Account, _settings: object, _scope: Scope) -> Iterable[tuple[str, str]]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Control(Generic[S]):
    """One guideline, carried out. `check` is pure: the same account, settings and scope give the same faults.

    `asks` names addresses (or prefixes of them) that the first reading leaves out because they cost a call each,
    such as the keys of one user; `check` is called after they were read.

    What could not be read is never a pass. `check` calls `Account.known` for what it cannot do without: then all of it
    is unknown. Where it asks region by region it needs to know `regions`, passes over those that `Account.gaps` names,
    and judges the rest: the planner names the control beside every address that its `asks` asked for in vain.
    """

    id: str
    title: str
    guideline: str
    """G1 to G14; empty for what goes beyond the guidelines."""
    cis_7: tuple[str, ...] = ()
    """Recommendations of the CIS AWS Foundations Benchmark 7.0."""
    cis_5: tuple[str, ...] = ()
    """The same in version 5.0, which AWS Security Hub carries."""
    security_hub: tuple[str, ...] = ()
    """Controls of AWS Security Hub."""
    changes: str
    """What it changes, in a line; `nothing` where it only reports."""
    kinds: tuple[str, ...] = ()
    """The kinds of addresses that it changes."""
    rollback: str
    """How far that can be taken back, in a line."""
    settings: type[S]
    check: Callable[[Account, S, Scope], Iterable[Fault]]
    asks: Callable[[Account, S, Scope], Iterable[Address]] = asks_nothing
    unseen: Callable[[Account, S, Scope], Iterable[tuple[str, str]]] = unseen_nothing
    """What it looks for besides where it can, and could not here, each with the reason: such as what only CloudTrail's
    records show. The plan is complete without; it says so."""
    refuses: Callable[[S, Moment], Iterable[Complaint]] = refuses_nothing
    """What is wrong with settings whose types are right: found while the playbook is read, before any call."""
    doc: str

    @property
    def standards(self) -> tuple[str, ...]:
        seven = (f"CIS 7.0 {number}" for number in self.cis_7)
        return (*seven, *(f"CIS 5.0 {number}" for number in self.cis_5), *self.security_hub)

    def help(self) -> str:
        return cleandoc(self.doc)
