"""One run an account at a time on this machine, whichever folder it is started in, and never a second writer.

The operating system holds the lock and lets go of it when the process dies. Locks can be lost all the same: somebody
deletes the file, or a shared folder forgets it. So whoever takes the lock writes its name beside it, and looks before
every record and every changing call whether that name still stands there: a run whose place was taken writes no more.
"""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from remediate.errors import BadInput, Partial, Refused
from remediate.model import Struct
from remediate.store.files import private_folder, write_new

ELSEWHERE = "Check the folder's permissions and room, or give locks another place: the variable REMEDIATE_STATE_DIR."


class Holder(Struct, frozen=True, kw_only=True):
    """Who holds an account's lock. The token is made anew for each run."""

    token: str
    process: int
    host: str
    since: datetime
    doing: str

    def __str__(self) -> str:
        return f"process {self.process} on {self.host} since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.doing}"


class Lock:
    """The lock of one account, held by this run for as long as `check` raises nothing."""

    def __init__(self, account: str, path: Path, doing: str) -> None:
        """Puts this run's name beside the lock, which it has taken. Raises BadInput."""
        self._account = account
        self._path = path
        self._file = _identity(path)
        self._holder = msgspec.json.encode(
            Holder(
                token=uuid.uuid4().hex,
                process=os.getpid(),
                host=socket.gethostname(),
                since=datetime.now(UTC).replace(microsecond=0),
                doing=doing,
            )
        )
        write_new(_holder_path(path), self._holder, ELSEWHERE)

    def check(self) -> None:
        """Raises Partial unless this run still holds the lock."""
        if _bytes(_holder_path(self._path)) != self._holder or _identity(self._path) != self._file:
            now = holder(self._path)
            raise Partial(
                f"this run lost the lock of account {self._account}",
                details=[f"lock: {self._path}", *([f"now held by {now}"] if now else []), "Nothing more was sent."],
                remedy="Make sure that no other run is at work; then run the same command again.",
            )

    def release(self) -> None:
        """Takes the name away, if it is still this run's: from then on `check` raises."""
        if _bytes(_holder_path(self._path)) == self._holder:
            _holder_path(self._path).unlink(missing_ok=True)


def state_folder() -> Path:
    """Where locks live: REMEDIATE_STATE_DIR, or the user's XDG state folder."""
    chosen = os.environ.get("REMEDIATE_STATE_DIR")
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(chosen) if chosen else Path(base) / "remediate"


@contextmanager
def locked(account: str, doing: str) -> Iterator[Lock]:
    """Holds the account's lock; `doing` is what others are told who want it. Raises Refused."""
    from filelock import FileLock, Timeout

    path = state_folder() / f"{account}.lock"
    private_folder(path.parent, ELSEWHERE)
    lock = FileLock(path, mode=0o600, fallback_to_soft=False)  # a mere file would outlive a process that dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        other = holder(path)
        raise Refused(
            f"another run is changing account {account}",
            details=[*([f"held by {other}"] if other else []), f"lock: {path}"],
            remedy="Wait until it has ended, then run the same command again.",
        ) from None
    except OSError as error:
        raise BadInput(f"the lock {path} cannot be taken: {error.strerror}", remedy=ELSEWHERE) from None
    try:
        held = Lock(account, path, doing)
        try:
            yield held
        finally:
            held.release()
    finally:
        lock.release()


def holder(path: Path) -> Holder | None:
    """Who holds a lock, as far as it can be read."""
    try:
        return msgspec.json.decode(_bytes(_holder_path(path)), type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _holder_path(path: Path) -> Path:
    return path.with_suffix(".holder.json")


def _bytes(path: Path) -> bytes:
    """A file's content; nothing where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _identity(path: Path) -> tuple[int, int]:
    """Which file this is: another one of the same name is not it."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
