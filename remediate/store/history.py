"""Every plan in a folder with what its journal says, oldest first."""

from pathlib import Path

from remediate.errors import RemediateError
from remediate.model import Plan, Record, Struct
from remediate.store.files import JOURNAL, SUFFIX, journal_path, rollback_path
from remediate.store.journal import of_plan
from remediate.store.plans import load

__all__ = ["SUFFIX", "Past", "history", "journal_path", "plan_files", "rollback_path", "stray_journals"]


class Past(Struct, frozen=True, kw_only=True):
    path: str
    plan: Plan
    records: tuple[Record, ...]


def history(folder: Path) -> tuple[list[Past], list[RemediateError]]:
    """The plans that can be read, oldest first, and what is wrong with the others."""
    found: list[Past] = []
    broken: list[RemediateError] = []
    for path in plan_files(folder):
        try:
            plan = load(path)
            found.append(Past(path=str(path), plan=plan, records=tuple(of_plan(path, plan.digest).records)))
        except RemediateError as error:
            broken.append(error)
    return sorted(found, key=lambda past: past.plan.header.created), broken


def plan_files(folder: Path) -> list[Path]:
    """The plans in a folder, by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def stray_journals(folder: Path) -> list[Path]:
    """Journals whose plan is not beside them."""
    known = {journal_path(path) for path in plan_files(folder)}
    return sorted(set(folder.glob(f"*{JOURNAL}")) - known)
