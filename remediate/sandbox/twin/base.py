"""What every part of a twin shares: the account that is copied, moto's backend of it, and what it cannot hold."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from remediate.account import Account
from remediate.model import Address, Value, kind_of, name_of, pair_of

Gaps = dict[str, str]
"""What could not be carried over, by address or prefix, and why."""


class Twin:
    """The account to be copied, and where its copy is made."""

    def __init__(self, account: Account) -> None:
        from moto.iam.models import iam_backends

        self.account = account
        self.iam: Any = iam_backends[account.id][account.partition]
        self.gaps: Gaps = {}

    def entries(self, kind: str) -> Iterator[tuple[str, Value]]:
        """The entries of a kind with one name."""
        return ((name_of(a), value) for a, value in self._of(kind))

    def pairs(self, kind: str) -> Iterator[tuple[str, str, Value]]:
        """The entries of a kind with two names."""
        return ((*pair_of(a), value) for a, value in self._of(kind))

    def facts(self, kind: str) -> Iterator[tuple[Address, Mapping[str, Any]]]:
        return ((a, v) for a, v in self.account.facts_of(kind) if isinstance(v, Mapping))

    def attempt(self, what: str, act: Callable[[], None]) -> None:
        """Carries one thing over. What moto cannot hold, whatever it says, is a gap and never an end."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - moto has no one type of its own for what it cannot do
            self.gaps[what] = f"the emulator cannot hold it: {type(error).__name__}: {error}"[:300]

    def _of(self, kind: str) -> Iterator[tuple[Address, Value]]:
        return ((a, value) for a, value in self.account.state.items() if kind_of(a) == kind)


def text_of(document: Value) -> str:
    """A policy document as it stands in IAM: text that could not be read as JSON stays as it is."""
    return document if isinstance(document, str) else json.dumps(document)


def path_of(value: Value) -> str:
    return str(value["path"]) if isinstance(value, Mapping) else "/"


def moment(text: str | None) -> datetime | None:
    """A moment as evidence writes it."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
