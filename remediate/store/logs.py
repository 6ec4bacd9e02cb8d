"""Log files in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from remediate.errors import BadInput
from remediate.evidence.logs import Log, log
from remediate.store.files import read_whole

MAX_BYTES = 512 * 1024 * 1024


def logs_in(folder: Path) -> Iterator[Log]:
    """Every file in a folder, and below it, that may be a log. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(
            f"{folder} is no folder", remedy="Give a folder of CloudTrail's log files, or s3://BUCKET/PREFIX."
        )
    for place, _, names in os.walk(folder, onerror=_unreadable):
        for name in names:
            path = Path(place, name)
            found = log(str(path), path.lstat().st_size)
            if found:
                yield found


def _unreadable(error: OSError) -> None:
    raise BadInput(f"{error.filename} cannot be read: {error.strerror}", remedy="Check the folder's permissions.")


def content_of(where: str) -> bytes:
    """The content of a log file. Raises OSError."""
    return read_whole(Path(where), MAX_BYTES)
