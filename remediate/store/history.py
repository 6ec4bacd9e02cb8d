"""Every plan in a folder with what its journal says, oldest first."""

from collections.abc import Iterator
from pathlib import Path

from remediate.errors import RemediateError
from remediate.model import Plan, Record, Struct
from remediate.store.journal import read
from remediate.store.plans import load

SUFFIX = ".plan.json"


class Past(Struct, frozen=True, kw_only=True):
    path: str
    plan: Plan
    records: tuple[Record, ...]


def journal_path(plan_file: Path) -> Path:
    """The journal stands beside its plan."""
    return plan_file.with_name(_stem(plan_file) + ".journal.jsonl")


def rollback_path(plan_file: Path) -> Path:
    """Where the plan that takes this one back is written by default."""
    return plan_file.with_name(_stem(plan_file) + ".rollback" + SUFFIX)


def _stem(plan_file: Path) -> str:
    return plan_file.name.removesuffix(SUFFIX).removesuffix(".json")


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
