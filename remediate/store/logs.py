"""Log files in a folder."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from remediate.errors import BadInput
from remediate.evidence.logs import Log, log
from remediate.store.files import read_whole

MAX_BYTES = 512 * 1024 * 1024
_DAY = re.compile(r"/\d{4}/\d{2}/\d{2}$", re.ASCII)


def logs_in(folder: Path) -> Iterator[Log]:
    """Every file in a folder, and below it, that may be a log: day after day where they lie as CloudTrail lays them,
    so that what is read belongs to few weeks at a time. Of the files none is kept in memory. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(
            f"{folder} is no folder", remedy="Give a folder of CloudTrail's log files, or s3://BUCKET/PREFIX."
        )
    for place in sorted(_folders(str(folder)), key=_by_day):
        yield from _logs(place)


def _logs(place: str) -> Iterator[Log]:
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False) and (found := log(entry.path, _size(entry))):
                    yield found
    except OSError as error:
        _unreadable(error)


def _folders(folder: str) -> Iterator[str]:
    """A folder and all below it."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        yield place
        try:
            with os.scandir(place) as entries:
                waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError as error:
            _unreadable(error)


def _by_day(place: str) -> tuple[str, str]:
    found = _DAY.search(place)
    return found[0] if found else "", place


def _size(entry: "os.DirEntry[str]") -> int:
    """Of the file itself: behind a link it is the same one."""
    try:
        return entry.stat().st_size
    except OSError:  # it went meanwhile, or its link leads nowhere: whoever reads it says so
        return 0


def _unreadable(error: OSError) -> None:
    raise BadInput(
        f"{error.filename} cannot be read: {error.strerror}", remedy="Check the folder's permissions."
    ) from None


def content_of(where: str) -> bytes:
    """The content of a log file. Raises OSError."""
    return read_whole(Path(where), MAX_BYTES)
