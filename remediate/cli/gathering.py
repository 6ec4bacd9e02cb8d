"""Log files read by several processes, and what they say put into the store."""

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from functools import lru_cache, partial
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from typing import NamedTuple

from remediate.errors import CallFailed, RemediateError
from remediate.evidence.fold import Folder, Weeks
from remediate.evidence.gathered import FIRST, Outcome, Report, Span, failed, taken, wanted
from remediate.evidence.logs import Log, marked
from remediate.evidence.marks import Marks
from remediate.evidence.summary import Summary
from remediate.evidence.wire import decode, encode
from remediate.store.evidence import Store
from remediate.store.logs import content_of

BATCH = 16
"""Files that a process reads at a time."""
BYTES = 32 * 1024 * 1024
"""So much, packed, is fetched ahead, and in a batch: large files come in smaller batches."""
AHEAD = 2
"""Batches that wait for each process: what is in memory does not grow with the number of files."""
FETCHES = 16
"""Objects that are fetched at the same time."""
ROWS = 100_000
"""From so many rows on a summary is folded before more is added."""
FOLDERS = 32
"""What was met is remembered by so many threads: those of a cluster's worker live longer than what they read."""
AGAIN = "Run it again: what was read until now is kept."
EVERY = 4096
"""After so many files what they said is kept: an interruption loses no more than that."""

Part = tuple[dict[date, bytes], Sequence[Outcome]]
"""What some files said, by week, and what each came to."""


class Piece(NamedTuple):
    """A file to read."""

    log: Log
    content: bytes | None = None
    """None where whoever reads it is to open it."""
    failure: str = ""
    """Why there is no content."""


Fetch = Callable[[Log], Piece]


Reading = Callable[[Iterable[Log], Span], Iterator[Part]]
"""Whoever reads files, and asks for them one by one. Raises RemediateError, CallFailed."""


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


def here(fetch: Fetch | None) -> Reading:
    """Reads them with the processors of this machine."""
    return lambda logs, span: _read(fetched(logs, fetch) if fetch else map(Piece, logs), span)


def fetched(logs: Iterable[Log], fetch: Fetch) -> Iterator[Piece]:
    """In the same order, a few ahead of whoever wants them."""
    waiting: deque[tuple[int, Future[Piece]]] = deque()
    held = 0
    pool = ThreadPoolExecutor(FETCHES)
    try:
        for log in logs:
            waiting.append((log.size, pool.submit(fetch, log)))
            held += log.size
            while len(waiting) > 2 * FETCHES or held > BYTES:
                size, first = waiting.popleft()
                held -= size
                yield first.result()
        for _, left in waiting:
            yield left.result()
    finally:
        pool.shutdown(cancel_futures=True)


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


def batches_of(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += piece.log.size
        if len(batch) == BATCH or size > BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(pieces: Iterable[Piece], span: Span) -> Iterator[Part]:
    """What each batch came to, in whatever order they are done; no more are in hand than the processes need."""
    batches = batches_of(pieces)
    begin = list(islice(batches, 2))
    if len(begin) < 2:  # processes take longer to start than this takes
        yield from (read(span, batch) for batch in begin)
        return
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begun) as pool:
        try:
            yield from spread(pool, workers, partial(read, span), chain(begin, batches))
        except BrokenProcessPool:
            raise RemediateError(
                "a process that read log files was ended from outside",
                remedy=f"Did this machine run out of memory? {AGAIN}",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def spread(
    pool: Executor, workers: int, work: Callable[[list[Piece]], Part], batches: Iterator[list[Piece]]
) -> Iterator[Part]:
    """Keeps so many workers busy, with no more in hand than that takes."""
    waiting: set[Future[Part]] = set()
    while True:
        while len(waiting) < workers * AHEAD and (batch := next(batches, None)):
            waiting.add(pool.submit(work, batch))
        if not waiting:
            return
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for one in done:
            yield one.result()


def begun() -> None:
    """What a process does first."""
    gc.set_threshold(100_000)  # what is counted has no cycles: to look for some as often as Python does takes long
    threading.Thread(target=_with_parent, daemon=True).start()


def _with_parent() -> None:
    """Ends with the process that began this one: a pool's processes wait for work for ever where that was killed."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def read(span: Span, batch: Sequence[Piece]) -> Part:
    """Reads some files: the work of one process."""
    weeks: Weeks = {}
    outcomes = [_one(span, piece, weeks) for piece in batch]
    for summary in weeks.values():
        summary.settle(span.account)
    return {week: encode(summary, frozenset()) for week, summary in weeks.items()}, outcomes


def _one(span: Span, piece: Piece, weeks: Weeks) -> Outcome:
    log, content, failure = piece
    if failure:
        return failed(log, span, failure)
    try:
        content = content_of(log.where) if content is None else content
    except OSError as error:
        return failed(log, span, error.strerror or str(error))
    if len(content) != log.size:  # it is known by the size that it had; whole, it would come again as another file
        return failed(log, span, "it changed while it was read")
    return taken(folder(span), span, log, content, weeks)


def folder(span: Span) -> Folder:
    """What this thread folds with."""
    return _folder(span, threading.get_ident())


@lru_cache(FOLDERS)
def _folder(span: Span, thread: int) -> Folder:
    from remediate.evidence.actions import names
    from remediate.evidence.arns import tells

    return Folder(span.account, FIRST, span.end, names(), tells(span.account, span.partition))
