"""Writing files so that a crash leaves the old one or the new one, and that nobody else can read them."""

import os
from pathlib import Path

from remediate.errors import BadInput


def private_folder(path: Path) -> None:
    """Makes the folder, 0700, if it is not there. Raises BadInput where that is not allowed."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the folder {path} cannot be made: {error.strerror}", remedy="Give another place with -o."
        ) from None


def write_new(path: Path, content: bytes) -> None:
    """Writes a file, 0600, whole or not at all, and on disk when this returns. Raises BadInput."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {error.strerror}", remedy="Check the folder's permissions, or use -o."
        ) from None


def sync_folder(path: Path) -> None:
    """Makes a new name in a folder survive a crash."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
