"""What log files say put into the store, and which of them were read."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from remediate.cli.reading import Part, Reading
from remediate.errors import CallFailed, RemediateError
from remediate.evidence.gathered import Outcome, Report, Span, wanted
from remediate.evidence.logs import Log, marked
from remediate.evidence.marks import Marks
from remediate.evidence.summary import Summary
from remediate.evidence.wire import decode
from remediate.store.evidence import Store
from remediate.store.logs import content_of

ROWS = 100_000
"""From so many rows on a summary is folded before more is added."""
EVERY = 4096
"""After so many files what they said is kept: an interruption loses no more than that."""


def gather(
    logs: Iterable[Log], reading: Reading, span: Span, store: Store, report: Report, moved: Callable[[], None]
) -> None:
    """Reads all files that were not read before; `moved` is called for every file.

    Raises BadInput, Refused where the store cannot be written. What was read before `logs` or `reading` raised is kept.
    """
    with store.writing():
        new = _new(logs, span, store.marks(), report, moved)
        sums = Sums(store, span)
        for parts, outcomes in _saving(reading(new, span), sums):
            sums.add(parts, outcomes)
            for outcome in outcomes:
                report.add(outcome)
                moved()
        sums.keep()


def _saving(parts: Iterator[Part], sums: "Sums") -> Iterator[Part]:
    """Keeps what was added until then where it cannot go on."""
    try:
        yield from parts
    except (RemediateError, CallFailed, KeyboardInterrupt):
        sums.keep()
        raise


def _new(logs: Iterable[Log], span: Span, marks: Marks, report: Report, moved: Callable[[], None]) -> Iterator[Log]:
    for log in map(_known, logs):
        if wanted(log, span, marks, report):
            yield log
        else:
            moved()


class Sums:
    """What was read and is not kept yet, on top of what is kept of the same weeks."""

    def __init__(self, store: Store, span: Span) -> None:
        self._store = store
        self._span = span
        self._weeks: dict[date, tuple[Summary, set[str]]] = {}
        self._unread: dict[str, date | None] = {}
        self._files = 0

    def add(self, parts: dict[date, bytes], outcomes: Sequence[Outcome]) -> None:
        for week, content in parts.items():
            summary, _ = self._week(week)
            summary.add(decode(content)[0])
            if summary.size() > ROWS:
                summary.settle(self._span.account)
        for outcome in outcomes:
            name = outcome.log.where.rpartition("/")[2]
            if not outcome.failure:
                self._week(outcome.week)[1].add(outcome.log.mark)
                self.found(name)
            elif outcome.log.day:  # by its name, it is one of CloudTrail's, which gives no name twice
                self.missed(name, outcome.log.day)
        self._files += len(outcomes)
        if self._files >= EVERY or (len(self._weeks) > 1 and self._rows() > 2 * ROWS):
            self.keep()

    def missed(self, name: str, day: date) -> None:
        """A file, or a region, could not be read."""
        self._unread[name] = day

    def found(self, name: str) -> None:
        """It was read, maybe after it could not be."""
        if name in self._store.unread or name in self._unread:
            self._unread[name] = None

    def keep(self) -> None:
        """Puts it into the store."""
        for summary, _ in self._weeks.values():
            summary.settle(self._span.account)
        kept = {week: (summary, frozenset(marks)) for week, (summary, marks) in self._weeks.items()}
        self._store.keep(kept, self._unread)
        self._weeks.clear()
        self._unread.clear()
        self._files = 0

    def _rows(self) -> int:
        return sum(summary.size() for summary, _ in self._weeks.values())

    def _week(self, week: date) -> tuple[Summary, set[str]]:
        if week not in self._weeks:
            summary, marks = self._store.load(week)
            self._weeks[week] = summary, set(marks)
        return self._weeks[week]


def _known(log: Log) -> Log:
    """With what it is known by: where its name is none of CloudTrail's, that is its content."""
    if log.mark:
        return log
    try:
        return log._replace(mark=marked(content_of(log.where)))
    except OSError:
        return log._replace(mark=marked(os.fsencode(log.where)))  # whoever reads it says why it cannot be
