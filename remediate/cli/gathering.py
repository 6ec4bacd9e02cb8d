"""Log files read by several processes, and what they say put into the store."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import date
from functools import cache
from itertools import islice
from multiprocessing import get_context

from remediate.evidence.fold import Folder, Weeks
from remediate.evidence.gathered import FIRST, Outcome, Report, Span, failed, taken, wanted
from remediate.evidence.logs import Log, marked
from remediate.evidence.summary import Summary
from remediate.evidence.wire import decode, encode
from remediate.store.evidence import Store
from remediate.store.logs import content_of

BATCH = 16
"""Files that a process reads at a time."""
AHEAD = 2
"""Batches that wait for each process: what is in memory does not grow with the number of files."""
ROWS = 100_000
"""From so many rows on a summary is folded before more is added."""
EVERY = 4096
"""After so many files what they said is kept: an interruption loses no more than that."""

Part = tuple[dict[date, bytes], Sequence[Outcome]]
"""What some files said, by week, and what each came to."""


def gather(logs: Iterable[Log], span: Span, store: Store, report: Report, moved: Callable[[Outcome], None]) -> None:
    """Reads all files that were not read before. Raises BadInput, Refused where the store cannot be written."""
    with store.writing():
        marks = store.marks()
        new = (log for log in map(_known, logs) if wanted(log, span, marks, report))
        sums = Sums(store, span)
        for parts, outcomes in _read(new, span):
            sums.add(parts, outcomes)
            for outcome in outcomes:
                report.add(outcome)
                moved(outcome)
        sums.keep()


class Sums:
    """What was read and is not kept yet, on top of what is kept of the same weeks."""

    def __init__(self, store: Store, span: Span) -> None:
        self._store = store
        self._span = span
        self._weeks: dict[date, tuple[Summary, set[str]]] = {}
        self._files = 0

    def add(self, parts: dict[date, bytes], outcomes: Sequence[Outcome]) -> None:
        for week, content in parts.items():
            summary, _ = self._week(week)
            summary.add(decode(content)[0])
            if summary.size() > ROWS:
                summary.settle(self._span.account)
        for outcome in outcomes:
            if not outcome.failure:
                self._week(outcome.week)[1].add(outcome.log.mark)
        self._files += len(outcomes)
        if self._files >= EVERY:
            self.keep()

    def keep(self) -> None:
        """Puts it into the store."""
        for summary, _ in self._weeks.values():
            summary.settle(self._span.account)
        kept = {week: (summary, frozenset(marks)) for week, (summary, marks) in self._weeks.items()}
        self._store.keep(kept)
        self._weeks.clear()
        self._files = 0

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
        return log._replace(mark=log.where)  # whoever reads it says why it cannot be


def _read(logs: Iterator[Log], span: Span) -> Iterator[Part]:
    """What each batch came to, in whatever order they are done; no more are in hand than the processes need."""
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[Part]] = set()
        try:
            while True:
                while len(waiting) < workers * AHEAD and (batch := list(islice(logs, BATCH))):
                    waiting.add(pool.submit(read, span, batch))
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def read(span: Span, batch: Sequence[Log]) -> Part:
    """Reads some files: the work of one process."""
    weeks: Weeks = {}
    outcomes = [_one(span, log, weeks) for log in batch]
    for summary in weeks.values():
        summary.settle(span.account)
    return {week: encode(summary, frozenset()) for week, summary in weeks.items()}, outcomes


def _one(span: Span, log: Log, weeks: Weeks) -> Outcome:
    try:
        content = content_of(log.where)
    except OSError as error:
        return failed(log, span, error.strerror or str(error))
    return taken(_folder(span), span, log, content, weeks)


@cache
def _folder(span: Span) -> Folder:
    from remediate.evidence.actions import names
    from remediate.evidence.arns import tells

    return Folder(span.account, FIRST, span.end, names(), tells(span.account, span.partition))
