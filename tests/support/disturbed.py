"""What goes wrong while a plan runs, and the account and the journal of a run to which it happens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from remediate.aws.live import LiveAccount
from remediate.errors import CallFailed, NotYet, OutcomeUnknown
from remediate.model import Address, Change, Event, Receipt, Value
from remediate.store.journal import Journal
from support import faults as f
from support.story import Answer, Looked, Recorded, Sent

if TYPE_CHECKING:
    from support.watched import Job

COVERED = frozenset(
    "iam.user iam.user_policy iam.user_inline iam.user_tag iam.login_profile iam.access_key iam.group iam.group_policy "
    "iam.group_inline iam.group_member iam.policy".split()
)
"""Kinds of which the picture tells the value."""


class Disturbance(NamedTuple):
    """What goes wrong at the n-th call (edits, crashes, ended credentials) or the n-th write (all others)."""

    kind: Literal["throttled", "lost", "missing", "denied", "expired", "crash", "edit"]
    n: int
    which: int = 0
    """The change whose entry is edited."""
    value: Literal["before", "after", "absent", "third"] = "third"


class Crashed(BaseException):
    """The process ends here."""


@dataclass
class Flight:
    """A change whose calls are on their way, and what is told of it once one of them was carried out."""

    change: Change
    found: Value
    sent: Sent | None = None


FAULTS: Mapping[str, f.Fault] = {"throttled": f.throttled, "missing": f.lost_on_the_way, "denied": f.denied}


class Live(LiveAccount):
    """The live account, and what was seen and sent."""

    job: "Job"

    def read(self, addresses: Iterable[Address]) -> dict[Address, Value | Exception]:
        found = super().read(list(addresses))
        for change in self.job.changes:
            value = found.get(change.address)
            if change.address in found and not isinstance(value, Exception):
                self.job.tell(Looked(self.job.run, self.job.book, change.id, value))
        return found

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        change = next(c for c in self.job.changes if (c.address, c.before, c.after) == (address, before, after))
        answer: Answer = "yes"
        self.job.leaves(change)
        try:
            return super().write(address, before, after)
        except (OutcomeUnknown, Crashed):
            answer = "lost"
            raise
        except NotYet:
            answer = "later"
            raise
        except CallFailed as error:
            answer = "later" if error.code == "NoSuchEntity" else "no"  # what was just made may not be seen yet
            raise
        finally:
            self.job.wrote(answer)


class Noted(Journal):
    """A journal that ends where the process does."""

    job: "Job"

    def add(self, event: Event, change: int = 0, address: str = "", **more: Any) -> None:
        self.job.dies()
        super().add(event, change, address, **more)
        stopped = event == "end" and more.get("detail") not in ("complete", "partial")
        said = "stopped" if stopped else event
        self.job.tell(
            Recorded(self.job.run, self.job.book, said, change, event == "failed" and bool(more.get("request_ids")))
        )
