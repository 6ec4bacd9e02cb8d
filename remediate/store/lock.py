"""One run an account at a time on this machine, whichever folder it is started in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remediate.errors import BadInput, Refused
from remediate.store.files import private_folder

ELSEWHERE = "Give locks another place: the variable REMEDIATE_STATE_DIR."


def state_folder() -> Path:
    """Where locks live: REMEDIATE_STATE_DIR, or the user's XDG state folder."""
    chosen = os.environ.get("REMEDIATE_STATE_DIR")
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(chosen) if chosen else Path(base) / "remediate"


@contextmanager
def locked(account: str) -> Iterator[None]:
    """Holds the account's lock; the operating system lets go of it if the process dies. Raises Refused."""
    from filelock import FileLock, Timeout

    path = state_folder() / f"{account}.lock"
    private_folder(path.parent, ELSEWHERE)
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refused(
            f"another run is changing account {account}",
            details=[f"lock: {path}"],
            remedy="Wait until it has ended, then run the same command again.",
        ) from None
    except OSError as error:
        raise BadInput(f"the lock {path} cannot be taken: {error.strerror}", remedy=ELSEWHERE) from None
    try:
        yield
    finally:
        lock.release()
