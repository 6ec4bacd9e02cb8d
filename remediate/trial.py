"""What is kept of a rehearsal: in the plan, and for whoever reads it."""

from collections.abc import Mapping
from datetime import datetime

from remediate.values import Struct, Value


class Call(Struct, frozen=True, kw_only=True):
    """One changing call to AWS, as it was sent in a rehearsal."""

    service: str
    operation: str
    """By AWS's name, such as `AttachGroupPolicy`."""
    parameters: Mapping[str, Value]
    """By AWS's names; what is secret is withheld."""


class Uncovered(Struct, frozen=True, kw_only=True):
    """Something of the account that the emulator does not have as it is, and the changes that rest on it."""

    what: str
    reason: str
    changes: tuple[int, ...] = ()
    """These were not rehearsed."""


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What came of a plan on an emulated twin of its account: applied, planned again, taken back."""

    at: datetime
    tool: str
    emulator: str
    """Its name and version."""
    changes: int
    """How many were applied."""
    calls: int
    """How many changing calls that took."""
    left: int | None
    """What the next plan would still change, of what was rehearsed; None where nothing was planned again."""
    kept: int
    """Entries that stay as the plan made them when it is taken back: as it says."""
    restored: bool | None
    """Whether everything else was as before when it was taken back; None where it never came to that."""
    uncovered: tuple[Uncovered, ...] = ()
    failures: tuple[str, ...] = ()
    """What went wrong, each in full; none where it went well."""

    @property
    def passed(self) -> bool:
        """Whether what was rehearsed went well; `skipped` says what was not."""
        return not self.failures

    @property
    def skipped(self) -> tuple[int, ...]:
        """The changes that were not rehearsed."""
        return tuple(sorted({change for gap in self.uncovered for change in gap.changes}))
