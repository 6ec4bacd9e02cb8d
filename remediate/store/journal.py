"""The journal of a plan: what was about to happen, on disk before it happens, and what came of it.

One JSON object a line. Each record carries the hash of the line before it, so that a record that was changed, removed
or put elsewhere shows. A last line without its end is what a crash leaves: it is dropped, because the change it speaks
of was not sent (an intent is only acted on after fsync) or is asked for again.
"""

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from remediate.errors import BadInput, Partial, Refused
from remediate.model import Event, Record
from remediate.store import heads
from remediate.store.files import ROOM, journal_path, private_folder, read_whole, sync_folder

MAX_BYTES = 1024 * 1024 * 1024
"""A thousand times what a run of ten thousand changes writes."""

RIVAL = "somebody else has written it, or put another in its place"
ALONE = (
    "Make sure that no other run is at work, also not by another user or with another REMEDIATE_STATE_DIR; "
    "then run the same command again."
)

LATER = frozenset({"sent", "done", "already"})
"""Events that wait for no disk of their own. A process that dies loses none of them; a machine that stops may lose the
ones after the last intent, and the next run asks the account about exactly these changes."""


class Journal:
    """An open journal that records of a run are added to.

    One run an account at a time is the lock's affair: `fence` raises where this run may not write any more. The journal
    itself notices when its file is not the one that it opened, or holds what it did not write.
    """

    def __init__(
        self, path: Path, now: Callable[[], datetime], caller: str, fence: Callable[[], None] = lambda: None
    ) -> None:
        private_folder(path.parent, f"Nothing was sent. {ROOM}")
        self.path = path
        self._now = now
        self._caller = caller
        self._fence = fence
        self._lock = threading.Lock()
        self._disk = threading.Lock()
        self._on_disk = 0
        self._broken = ""
        """Why nothing may be written any more."""
        found = read(path)
        self.records, self._size, self._last = found.records, found.size, found.head
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
            if os.fstat(self._file.fileno()).st_size != found.size + found.torn:
                self._file.close()
                raise self._lost(RIVAL)  # and what it wrote is not cut off
            self._file.truncate(self._size)
            self._file.seek(self._size)
            os.fsync(self._file.fileno())
            sync_folder(path.parent)
            self._is_here = _place(os.fstat(self._file.fileno()))
        except OSError as error:
            raise BadInput(
                f"the journal {path} cannot be written: {error.strerror}",
                remedy=f"Nothing was sent. {ROOM}",
            ) from None

    def add(
        self,
        event: Event,
        change: int = 0,
        address: str = "",
        *,
        plan: str = "",
        request_ids: tuple[str, ...] = (),
        detail: str = "",
    ) -> None:
        """Writes a record. What is about to happen, and what must not be forgotten, is on disk when this returns.

        Raises Partial where it cannot be written, then and ever after.
        """
        with self._lock:
            self._still_ours()
            record = Record(
                seq=len(self.records) + 1,
                previous=self._last,
                at=self._now(),
                event=event,
                change=change,
                address=address,
                plan=plan,
                caller=self._caller,
                request_ids=request_ids,
                detail=detail,
            )
            line = msgspec.json.encode(record) + b"\n"
            self._write(line)
            self.records.append(record)
            self._last = _hash(line)
        if event not in LATER:
            self._to_disk(record.seq)

    def close(self) -> None:
        """Closes the file, and notes how far it came."""
        self._file.close()
        if self.records and not self._broken:
            heads.keep(self.records[0].plan, heads.Head(seq=len(self.records), hash=self._last))

    def _still_ours(self) -> None:
        self._fence()
        if self._broken:
            raise self._lost(self._broken)
        try:
            found = self.path.stat()
        except OSError as error:
            raise self._lost(str(error.strerror)) from None
        if _place(found) != self._is_here or found.st_size != self._size:
            raise self._lost(RIVAL)

    def _write(self, line: bytes) -> None:
        """The whole line or an error: after a torn one nothing may follow, or the journal would not be read again."""
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise self._lost(str(error.strerror)) from None
        self._size += len(line)

    def _to_disk(self, seq: int) -> None:
        """One fsync for every record that was written while the one before it ran."""
        with self._disk:
            if self._broken:
                raise self._lost(self._broken)
            if self._on_disk >= seq:
                return
            written = len(self.records)
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._lost(str(error.strerror)) from None
            self._on_disk = written

    def _lost(self, why: str) -> Partial:
        self._broken = why
        return Partial(
            f"the journal {self.path} cannot be written: {why}",
            details=["Nothing more was sent. What was in hand is asked of the account when you go on."],
            remedy=ALONE if why == RIVAL else "Make room, or see to the disk; then run the same command again.",
        )


class Chain(NamedTuple):
    """A journal as it stands on disk."""

    records: list[Record]
    size: int
    """Bytes of these records."""
    head: str
    """The hash of the last one, which stands for all of them; empty where there is none."""
    torn: int
    """Bytes of a last line without its end, which a crash leaves."""

    @property
    def hashes(self) -> list[str]:
        """The hash of each record: the next one carries it."""
        return [record.previous for record in self.records[1:]] + [self.head] * bool(self.records)


def read(path: Path) -> Chain:
    """The records of a journal; a torn last line is left out. Raises Refused where one does not fit the one before."""
    records: list[Record] = []
    previous, good = "", 0
    lines = _lines(path)
    for n, line in enumerate(lines, start=1):
        if n == len(lines) and (not line.endswith(b"\n") or b"\0" in line):
            break  # torn: a crash leaves the beginning of a line, or zeros where the disk had not come to
        try:
            record = msgspec.json.decode(line, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _broken(path, n, "is not a record") from None
        if record.seq != n or record.previous != previous:
            raise _broken(path, n, "does not follow the line before it")
        records.append(record)
        previous, good = _hash(line), good + len(line)
    return Chain(records, good, previous, sum(map(len, lines)) - good)


def of_plan(plan_file: Path, digest: str) -> Chain:
    """The journal beside a plan.

    Raises Refused where it is not as it was written, tells of another plan, or is not what this machine saw of it.
    """
    path = journal_path(plan_file)
    chain = read(path)
    if any(record.plan != digest for record in chain.records if record.event == "start"):
        raise Refused(
            f"the journal {path} tells of another plan than {plan_file}",
            remedy=f"Put back the plan it belongs to, or give {plan_file} another name.",
        )
    heads.check(str(path), digest, chain.hashes)
    return chain


def _lines(path: Path) -> list[bytes]:
    try:
        return read_whole(path, MAX_BYTES).splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInput(f"the journal {path} cannot be read: {error.strerror}") from None


def _place(found: os.stat_result) -> tuple[int, int]:
    """Which file this is, whatever its name."""
    return found.st_dev, found.st_ino


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _broken(path: Path, line: int, what: str) -> Refused:
    return Refused(
        f"the journal {path} is not as it was written: line {line} {what}",
        remedy="Put the journal back from your version control or backup; without it, make a new plan.",
    )
