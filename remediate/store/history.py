"""Every plan in a folder with what its journal says, oldest first."""

from collections.abc import Iterator
from pathlib import Path

from remediate.errors import RemediateError
from remediate.model import Plan, Record, Struct
from remediate.store.files import SUFFIX, journal_path, rollback_path
from remediate.store.journal import read
from remediate.store.plans import load

__all__ = ["SUFFIX", "Past", "history", "journal_path", "rollback_path"]


class Past(Struct, frozen=True, kw_only=True):
    path: str
    plan: Plan
    records: tuple[Record, ...]


def history(folder: Path) -> tuple[list[Past], list[RemediateError]]:
    """The plans that can be read, oldest first, and what is wrong with the others."""
    found: list[Past] = []
    broken: list[RemediateError] = []
    for path in _plans(folder):
        try:
            records, _ = read(journal_path(path))
            found.append(Past(path=str(path), plan=load(path), records=tuple(records)))
        except RemediateError as error:
            broken.append(error)
    return sorted(found, key=lambda past: past.plan.header.created), broken


def _plans(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ())
