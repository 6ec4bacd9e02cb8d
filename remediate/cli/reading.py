"""Log files read by several processes of this machine."""

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

from remediate.errors import RemediateError
from remediate.evidence.fold import Folder, Weeks
from remediate.evidence.gathered import FIRST, Outcome, Span, failed, taken
from remediate.evidence.logs import Log
from remediate.evidence.wire import encode
from remediate.store.logs import content_of

BATCH = 16
"""Files that a process reads at a time."""
BYTES = 32 * 1024 * 1024
"""So much, packed, is fetched ahead, and in a batch: large files come in smaller batches."""
AHEAD = 2
"""Batches that wait for each process: what is in memory does not grow with the number of files."""
FETCHES = 16
"""Objects that are fetched at the same time."""
FOLDERS = 32
"""What was met is remembered by so many threads: those of a cluster's worker live longer than what they read."""
AGAIN = "Run it again: what was read until now is kept."

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
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=started) as pool:
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


def started() -> None:
    """What each of the processes does first."""
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
