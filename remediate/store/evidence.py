"""What is kept of an account's log files: a summary a week, and which files it was made from.

    evidence/<account>/kept.json                      which summaries are in force, each with its digest
    evidence/<account>/2026-11-16.<digest>.json.gz    one week's

Summaries are written beside those in force, and come into force together, when `kept.json` takes their names: a crash
leaves what was, and the files that were read meanwhile are read again.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec

from remediate.errors import BadInput, Refused
from remediate.evidence.marks import Marks
from remediate.evidence.summary import Summary, merged
from remediate.evidence.wire import decode, encode
from remediate.model import Struct
from remediate.store.files import private_folder, read_whole, write_new

FORMAT = 1
KEPT = "kept.json"
MAX_BYTES = 256 * 1024 * 1024
FILES = "log files"
HISTORY = "CloudTrail's event history"
LAKE = "CloudTrail Lake"
ATHENA = "a table of Athena"
UNREAD = 1000
"""Of so many it is kept that they could not be read, the latest."""
REMEDY = "Is there room on the disk? Give another place with --folder."

SHAPELESS = (msgspec.DecodeError, ValueError, RecursionError)
"""What reading raises for what is none of ours: also half a character, or brackets without end."""


class Kept(Struct, frozen=True):
    format: int
    weeks: dict[date, str]
    """The file of each week, by its Monday."""
    source: str = FILES
    """What it was read from: from two kinds of sources the same calls would count twice."""
    unread: dict[str, date] = {}
    """Files and regions that could not be read, each with its day: the records do not tell all of that."""


class Format(msgspec.Struct):
    """Of whatever version wrote it."""

    format: int


class Files(msgspec.Struct):
    """Of a summary only which files it was made from."""

    files: tuple[str, ...]


class Store:
    """One account's evidence. Hold `writing` while changing it."""

    def __init__(self, folder: Path, account: str) -> None:
        """Raises BadInput where what is there cannot be read."""
        self.folder = folder / account
        self.account = account
        kept = self._kept()
        self._weeks, self._source, self._unread = kept.weeks, kept.source, kept.unread

    @property
    def source(self) -> str:
        """What it was read from."""
        return self._source

    @property
    def unread(self) -> Mapping[str, date]:
        """Files and regions that could not be read, each with its day."""
        return self._unread

    def weeks(self) -> list[date]:
        return sorted(self._weeks)

    def load(self, week: date) -> tuple[Summary, frozenset[str]]:
        """One week's summary, and the marks of its files; empty where there is none. Raises BadInput."""
        if week not in self._weeks:
            return Summary(), frozenset()
        try:
            return decode(self._content(week))
        except SHAPELESS as error:
            raise self._broken(self._weeks[week], str(error)) from None

    def by_week(self) -> Iterator[tuple[date, Summary]]:
        """Every week by its Monday, in order. Raises BadInput."""
        return ((week, self.load(week)[0]) for week in self.weeks())

    def whole(self, since: date = date.min) -> Summary:
        """Everything that is known, of the weeks from `since` on. Raises BadInput."""
        return merged((self.load(week)[0] for week in self.weeks() if week >= since), self.account)

    def marks(self) -> Marks:
        """Of all files that the summaries were made from."""
        found = Marks()
        for week in self.weeks():
            content = self._content(week)
            try:
                for mark in msgspec.json.decode(content, type=Files).files:
                    found.add(mark)
            except SHAPELESS as error:
                raise self._broken(self._weeks[week], str(error)) from None
        return found

    def keep(
        self, changed: Mapping[date, tuple[Summary, frozenset[str]]], unread: Mapping[str, date | None] | None = None
    ) -> None:
        """Puts these weeks in the place of what was known of them. Raises BadInput; then what was is still in force.

        `unread`: what could not be read, with its day; None for what was read after all.
        """
        weeks = dict(self._weeks)
        for week, (summary, files) in changed.items():
            content = encode(summary, files)
            weeks[week] = f"{week}.{hashlib.sha256(content).hexdigest()[:32]}.json.gz"
            write_new(self.folder / weeks[week], gzip.compress(content, 6, mtime=0), REMEDY)
        left = {name: day for name, day in {**self._unread, **(unread or {})}.items() if day}
        self._unread = dict(sorted(left.items(), key=lambda item: (item[1], item[0]))[-UNREAD:])
        kept = Kept(format=FORMAT, weeks=dict(sorted(weeks.items())), source=self._source, unread=self._unread)
        write_new(self.folder / KEPT, msgspec.json.encode(kept), REMEDY)
        self._weeks = weeks
        here = {*self.folder.glob("*.json.gz"), *self.folder.glob(".*.new")}  # also what a run that was killed left
        for path in here - {self.folder / name for name in weeks.values()}:
            path.unlink(missing_ok=True)

    @contextmanager
    def writing(self, source: str = FILES) -> Iterator[None]:
        """Nobody else reads into this store meanwhile. Raises Refused, also where what is kept came from elsewhere."""
        from filelock import FileLock, Timeout

        private_folder(self.folder, REMEDY)
        lock = FileLock(self.folder / ".lock", mode=0o600, fallback_to_soft=False)  # see store/lock.py
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Refused(
                f"another run is reading log files of account {self.account}",
                details=[f"lock: {self.folder / '.lock'}"],
                remedy="Wait until it has ended: what it has read, this one need not read.",
            ) from None
        except OSError as error:
            raise BadInput(f"{self.folder} cannot be written: {error.strerror}", remedy=REMEDY) from None
        try:
            kept = self._kept()
            if kept.weeks and kept.source != source:
                raise Refused(
                    f"{self.folder} was read from {kept.source}, and calls that are also in {source} would count twice",
                    remedy="Give another place with --folder (and to `plan --evidence`), or remove that folder first.",
                )
            self._weeks, self._source, self._unread = kept.weeks, source, kept.unread
            yield
        finally:
            lock.release()

    def _kept(self) -> Kept:
        path = self.folder / KEPT
        try:
            content = read_whole(path, MAX_BYTES)
            found = msgspec.json.decode(content, type=Format).format
            kept = msgspec.json.decode(content, type=Kept) if found == FORMAT else None
        except FileNotFoundError:
            return Kept(format=FORMAT, weeks={})
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}", remedy="Check its permissions.") from None
        except SHAPELESS as error:
            raise self._broken(KEPT, str(error)) from None
        if kept is None:
            raise BadInput(
                f"{path} was written by another version of remediate: it is of format {found}, and not {FORMAT}",
                remedy="Use that version or a later one. What is kept is as it was.",
            )
        if any(Path(name).name != name for name in kept.weeks.values()):
            raise self._broken(KEPT, "it names a file that is somewhere else")
        return kept

    def _content(self, week: date) -> bytes:
        name = self._weeks[week]
        try:
            content = gzip.decompress(read_whole(self.folder / name, MAX_BYTES))
        except (OSError, EOFError, zlib.error) as error:
            if (weeks := self._kept().weeks).get(week, name) != name:  # whoever writes meanwhile has put another there
                self._weeks = weeks
                return self._content(week)
            raise self._broken(name, str(error)) from None
        if name.split(".")[1:2] != [hashlib.sha256(content).hexdigest()[:32]]:
            raise self._broken(name, "it is not as it was written")
        return content

    def _broken(self, name: str, why: str) -> BadInput:
        return BadInput(
            f"{self.folder / name} cannot be used: {why}",
            remedy=f"Put {self.folder} back from your backup, or remove it and read the log files again.",
        )


def accounts(folder: Path) -> list[str]:
    """Those that there is evidence of."""
    return sorted(path.parent.name for path in folder.glob(f"*/{KEPT}"))
