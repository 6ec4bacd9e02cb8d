"""What happened to one account, in order: what runs looked at, recorded and sent, what others changed, and who died."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Book = Literal["apply", "rollback"]
"""Whose journal: the plan's, or that of the plan which takes it back."""
Answer = Literal["yes", "lost", "no", "later"]
"""What the run heard of a call: AWS did it; nothing; AWS refused; AWS did nothing and may do it later."""
SETTLED = ("done", "already")
FINAL = (*SETTLED, "conflict", "failed")


class Planned(Protocol):
    """A change, of the model or of a plan."""

    @property
    def id(self) -> int: ...
    @property
    def address(self) -> Any: ...
    @property
    def before(self) -> Any: ...
    @property
    def after(self) -> Any: ...
    @property
    def needs(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Began:
    """A run holds the lock and opens the journal of these changes."""

    worker: int
    book: Book
    changes: tuple[Planned, ...]
    two_valued: frozenset[int] = frozenset()
    """Changes of entries that are there or not: nobody can give those a third value."""
    kept: frozenset[object] = frozenset()
    """In a rollback: addresses that stay, as it says."""


@dataclass(frozen=True, slots=True)
class Looked:
    worker: int
    book: Book
    change: int
    value: object


@dataclass(frozen=True, slots=True)
class Recorded:
    worker: int
    book: Book
    event: str
    change: int = 0
    refused: bool = False
    """AWS's answer is on record: `failed` means that nothing was done."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A run found its lock still its own, right before a call."""

    worker: int


@dataclass(frozen=True, slots=True)
class Sent:
    worker: int
    book: Book
    change: int
    found: object
    """What the account had when the call arrived."""
    carried: bool
    answer: Answer


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody else gives an entry another value."""

    address: object
    value: object


@dataclass(frozen=True, slots=True)
class Robbed:
    """A run's lock is taken away while it works."""

    worker: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A run has ended, by itself or by a crash."""

    worker: int


OF_A_CHANGE = (Looked, Recorded, Sent)
TELLING = (Looked, Sent)
"""What may tell what the account has."""
Entry = Began | Looked | Recorded | Checked | Sent | Edited | Robbed | Gone
Story = Sequence[Entry]


def began(past: Story, book: Book) -> Began:
    return next(e for e in reversed(past) if isinstance(e, Began) and e.book == book)


def changes_of(past: Story, book: Book) -> tuple[Planned, ...]:
    return began(past, book).changes


def change_of(past: Story, entry: Sent | Recorded) -> Planned:
    return next(c for c in changes_of(past, entry.book) if c.id == entry.change)


def same(entry: Entry, other: Sent | Recorded) -> bool:
    """Of the same change of the same plan."""
    return isinstance(entry, OF_A_CHANGE) and entry.change == other.change and entry.book == other.book


def records_of(past: Story, of: Sent | Recorded) -> list[Recorded]:
    return [e for e in past if isinstance(e, Recorded) and same(e, of)]


def calls_of(past: Story, of: Sent | Recorded) -> list[Sent]:
    return [e for e in past if isinstance(e, Sent) and same(e, of)]


def in_doubt(past: Story, of: Recorded) -> bool:
    """Whether the journal alone leaves open that a call was carried out."""
    records = records_of(past, of)
    return sum(r.event == "intent" for r in records) > sum(r.event == "failed" and r.refused for r in records)


def worker_of(entry: Entry) -> int:
    return -1 if isinstance(entry, Edited) else entry.worker


def alive(past: Story) -> list[int]:
    """The runs that hold the lock, as far as they can know."""
    found: list[int] = []
    for entry in past:
        if isinstance(entry, Began):
            found.append(entry.worker)
        elif isinstance(entry, Gone | Robbed) and entry.worker in found:
            found.remove(entry.worker)
    return found


def in_flight(past: Story, entry: Sent) -> bool:
    """Whether the run lost its lock between the check and this call."""
    own = [e for e in past if worker_of(e) == entry.worker]
    return len(own) > 1 and isinstance(own[-1], Robbed) and isinstance(own[-2], Checked)


def touches(entry: Entry, book: Book, change: Planned) -> bool:
    """Whether an entry tells what the account has there: a look, a call that was carried out, an edit."""
    if isinstance(entry, Edited):
        return bool(entry.address == change.address)
    if not isinstance(entry, TELLING) or (isinstance(entry, Sent) and not entry.carried):
        return False
    return entry.change == change.id and entry.book == book


def seen_or_edited(past: Story, n: int, value: object) -> bool:
    """Whether the entry that told last shows that value, or is by somebody else."""
    last = past[n]
    if isinstance(last, Sent):
        return in_flight(past[:n], last)
    return isinstance(last, Edited) or (n >= 0 and isinstance(last, Looked) and last.value == value)
