"""Log files read by the workers of a Dask cluster, through its concurrent.futures interface.

Batches are handed out as to the processes of one machine, and what a worker that is lost had in hand goes to another:
that is Dask's to do. Whoever reaches the scheduler can have its workers run anything.
https://distributed.dask.org/en/stable/resilience.html
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from remediate import __version__
from remediate.cli.reading import AGAIN, Fetch, Part, Piece, Reading, batches_of, fetched, read, spread
from remediate.errors import BadInput, CredentialsEnded, RemediateError
from remediate.evidence.gathered import Span
from remediate.evidence.logs import Log

if TYPE_CHECKING:
    from distributed import Client

PACKAGE = "remediate-aws"
PATIENCE = 10
"""Seconds for the scheduler, or all workers, to answer."""


def there(scheduler: str, bring: Fetch | None) -> Reading:
    """Has a cluster read files. `bring`: how a worker gets one; None where it can open it."""

    def reading(logs: Iterable[Log], span: Span) -> Iterator[Part]:
        with _connected(scheduler) as client:
            threads = _threads(client, scheduler)
            pool = client.get_executor(pure=False)
            try:
                yield from spread(pool, threads, partial(read_there, bring, span), batches_of(map(Piece, logs)))
            finally:
                pool.shutdown(wait=False)

    return reading


def read_there(bring: Fetch | None, span: Span, batch: Sequence[Piece]) -> Part:
    """Reads some files: the work of one thread of a worker."""
    try:
        return read(span, list(fetched((piece.log for piece in batch), bring)) if bring else batch)
    except CredentialsEnded as error:
        raise RemediateError(
            "a worker of the cluster has no credentials that AWS takes",
            details=[str(error)],
            remedy=f"Workers read the bucket with credentials of their own. {AGAIN}",
        ) from None


@contextmanager
def _connected(scheduler: str) -> "Iterator[Client]":
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise BadInput(
            "there is no Dask here to reach a cluster with", remedy="pip install 'remediate-aws[cluster]'"
        ) from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would say of an end is said below
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"no scheduler of Dask answers at {scheduler}",
            details=[str(error)],
            remedy="Give its address as `dask scheduler` prints it: tcp://HOST:8786",
        ) from None
    try:
        yield client
    except KilledWorker as error:
        raise RemediateError("workers were lost again and again with the same files", details=[str(error)]) from None
    except CancelledError:
        raise RemediateError(f"the scheduler at {scheduler} is gone", remedy=AGAIN) from None
    finally:
        with suppress(RuntimeError):  # Dask's, of a scheduler that is gone: that has been said, or everything is read
            client.close()


def _threads(client: "Client", scheduler: str) -> int:
    """How many workers there are, each with its threads. Raises BadInput where they cannot read."""
    try:
        threads = client.sync(client.scheduler.ncores, workers=None, callback_timeout=PATIENCE)
        found = client.run(version, PACKAGE, on_error="return", callback_timeout=PATIENCE)
    except TimeoutError:
        raise RemediateError(
            f"the scheduler at {scheduler} or one of its workers does not answer",
            remedy="Its page on port 8787 shows which of them are alive. Then run it again.",
        ) from None
    if not threads:
        raise BadInput(f"the scheduler at {scheduler} has no workers", remedy="dask worker ADDRESS --nthreads 1")
    others = {worker: said for worker, said in found.items() if said != __version__}
    if others:
        raise BadInput(
            f"{len(others)} of {len(found)} workers do not have remediate {__version__}",
            details=[f"{worker}: {said}" for worker, said in sorted(others.items())],
            remedy=f"On them: pip install {PACKAGE}=={__version__}",
        )
    return sum(threads.values())
