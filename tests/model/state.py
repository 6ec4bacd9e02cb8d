"""One state of the model, what may still happen in it, and how a trace is written down."""

from typing import Generic, Literal, NamedTuple, TypeVar

from support.story import Book

from model.steps import SETTINGS, Value

RECENT = 5000
"""Sequences that are kept whole, because they are asked for again soon."""
T = TypeVar("T")
TWO_VALUED = frozenset(n for n, setting in enumerate(SETTINGS) if "other" not in setting.values)


class Budget(NamedTuple):
    """How much of each may happen; `runs` are those that get the lock."""

    crashes: int = 0
    faults: int = 0
    edits: int = 0
    robberies: int = 0
    runs: int = 3


class Move(NamedTuple):
    """One thing that happens. Several of these are a trace."""

    kind: Literal["start", "step", "lost", "missing", "denied", "crash", "rob", "edit"]
    worker: int = -1
    book: Book = "apply"
    late: bool = False
    address: int = -1
    value: Value = "old"


class Worker(NamedTuple):
    """A run that is at work: the story that it read when it began, and what it saw since."""

    id: int
    book: Book
    opened: int
    seen: int


class State(NamedTuple):
    values: tuple[Value, ...]
    story: int
    now: float
    holder: int
    """The run that has the lock, -1 for none."""
    workers: tuple[Worker, ...]
    left: Budget


def start(budget: Budget) -> State:
    """Nothing has happened yet."""
    return State(("old", "old", "old"), 0, 0.0, -1, (), budget)


class Line(Generic[T]):
    """Sequences that share their beginnings, each known by a number: 0 is the empty one."""

    def __init__(self) -> None:
        self._items: list[tuple[int, T]] = []
        self._known: dict[tuple[int, T], int] = {}
        self._recent: dict[int, list[T]] = {}

    def add(self, before: int, item: T) -> tuple[int, bool]:
        """The number of the longer sequence, and whether it is a new one."""
        key = (before, item)
        new = key not in self._known
        if new:
            self._items.append(key)
            self._known[key] = len(self._items)
        return self._known[key], new

    def before(self, number: int) -> tuple[int, T]:
        """The sequence without its last item, and that item."""
        return self._items[number - 1]

    def of(self, number: int) -> list[T]:
        if number not in self._recent:
            if len(self._recent) > RECENT:
                self._recent.clear()
            found, left = [], number
            while left:
                left, item = self._items[left - 1]
                found.append(item)
            self._recent[number] = found[::-1]
        return self._recent[number]
