"""Which log files are known, in eight bytes a file: a busy organization writes a million a year."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

SORTED = 65_536
"""Marks that are put in order at a time."""


class Marks:
    """The marks of files, as `marked` makes them. Raises ValueError for what is none."""

    def __init__(self, marks: Iterable[str] = ()) -> None:
        self._runs: list[array[int]] = []
        self._new: set[int] = set()
        for mark in marks:
            self.add(mark)

    def add(self, mark: str) -> None:
        if len(mark) != 16:
            raise ValueError(f"{mark} is no mark")
        self._new.add(int(mark, 16))
        if len(self._new) >= SORTED:
            self._runs.append(array("Q", sorted(self._new)))
            self._new.clear()

    def __contains__(self, mark: str) -> bool:
        number = int(mark, 16)
        return number in self._new or any(_among(run, number) for run in self._runs)


def _among(run: "array[int]", number: int) -> bool:
    place = bisect_left(run, number)
    return place < len(run) and run[place] == number
