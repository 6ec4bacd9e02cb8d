"""Writing files so that a crash leaves the old one or the new one, and that nobody else can read them."""

import errno
import io
import os
import stat
from pathlib import Path

from remediate.errors import BadInput

SUFFIX = ".plan.json"
JOURNAL = ".journal.jsonl"

ROOM = "Check the folder's permissions and room."
OR_OUTPUT = "Check the folder's permissions and room, or use -o."
"""For what a command writes where -o says."""


def journal_path(plan_file: Path) -> Path:
    """The journal stands beside its plan."""
    return plan_file.with_name(_stem(plan_file) + JOURNAL)


def rollback_path(plan_file: Path) -> Path:
    """Where the plan that takes this one back is written by default."""
    return plan_file.with_name(_stem(plan_file) + ".rollback" + SUFFIX)


def origin_path(plan_file: Path) -> Path | None:
    """Where the plan stands that this rollback takes back, if it was written by default; None for other names."""
    stem = _stem(plan_file)
    back = stem.removesuffix(".rollback")
    return plan_file.with_name(back + SUFFIX) if back != stem else None


def signature_path(plan_file: Path, name: str) -> Path:
    """Where a signature of the plan stands, by who signed."""
    return plan_file.with_name(f"{_stem(plan_file)}.{name}.signature.json")


def _stem(plan_file: Path) -> str:
    return plan_file.name.removesuffix(SUFFIX).removesuffix(".json")


def private_folder(path: Path, remedy: str = ROOM) -> None:
    """Makes the folder and those above it, 0700, where they are missing. Raises BadInput where that is not allowed."""
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)  # parents=True would make those above with other permissions
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as error:
        raise BadInput(f"the folder {path} cannot be made: {error.strerror}", remedy=remedy) from None


def read_whole(path: Path, most: int) -> bytes:
    """A file of at most so many bytes. Raises OSError, also for what is no file, such as a pipe that never ends."""
    waitless = lambda name, flags: os.open(name, flags | os.O_NONBLOCK)  # noqa: E731
    with io.BufferedReader(io.FileIO(path, opener=waitless)) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if about.st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes")
        return file.read(most)


def write_new(path: Path, content: bytes, remedy: str = ROOM) -> None:
    """Writes a file, 0600, whole or not at all, and on disk when this returns. Raises BadInput."""
    private_folder(path.parent, remedy)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        draft.unlink(missing_ok=True)  # of a crash, by a process with the same number
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", remedy=remedy) from None


def sync_folder(path: Path) -> None:
    """Makes a new name in a folder survive a crash."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
