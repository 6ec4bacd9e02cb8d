"""What a control is: a guideline, its documentation, its settings, and a pure function that finds faults."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Generic, TypeVar

from remediate.account import Account
from remediate.model import Address, Fault, Struct
from remediate.playbook.scope import Scope

S = TypeVar("S", bound=Struct)


def asks_nothing(_account: Account, _settings: object, _scope: Scope) -> Iterable[Address]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Control(Generic[S]):
    """One guideline, carried out. `check` is pure: the same account, settings and scope give the same faults.

    `asks` names addresses (or prefixes of them) that the first reading leaves out because they cost a call each,
    such as the keys of one user; `check` is called after they were read.
    """

    id: str
    title: str
    guideline: str
    standards: tuple[str, ...]
    changes: str
    """What it changes, and how far that can be taken back."""
    settings: type[S]
    check: Callable[[Account, S, Scope], Iterable[Fault]]
    asks: Callable[[Account, S, Scope], Iterable[Address]] = asks_nothing
    doc: str

    def help(self) -> str:
        return cleandoc(self.doc)
