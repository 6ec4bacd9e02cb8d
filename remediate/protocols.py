"""What the engine asks of the world, and nothing more: kinds of addresses, a live account, a journal, a clock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from remediate.model import AccountId, Address, Event, Permission, Receipt, Record, Reversal, Value


class ResourceType(Protocol):
    """What the program knows about one kind of address. `aws/resources` has one class for each kind."""

    kind: str
    sample: Value
    """A value for which a transition needs every permission that this kind may ever need."""

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """Entries that must exist while this one has that value."""
        ...

    def parent(self, address: Address) -> Address | None:
        """The entry that this one is a setting of: when it stays after a rollback, so does this."""
        ...

    def ends_with_parent(self) -> bool:
        """Whether AWS deletes an entry together with its parent, so that it keeps nobody from deleting that."""
        ...

    def principal(self, address: Address) -> Address | None:
        """The user, group or role whose own settings this changes: `iam.user/alice`."""
        ...

    def carries_access(self) -> bool:
        """Whether entries of this kind give or take permissions."""
        ...

    def held(self) -> bool:
        """Whether others may come to depend on an entry, so that it cannot be deleted while they do."""
        ...

    def two_valued(self) -> bool:
        """Whether an entry is either there or not: then it cannot have changed into something else."""
        ...

    def makes_another(self, before: Value, after: Value) -> bool:
        """Whether the same transition sent twice makes two things, such as two versions of a policy."""
        ...

    def shown_once(self, before: Value, after: Value) -> bool:
        """Whether a transition makes a secret that is shown once and kept nowhere, such as a one-time password."""
        ...

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        """Whether `after -> before` can be written, and what is lost all the same."""
        ...

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        """What the caller needs for this transition: its reads, its writes, and its way back."""
        ...


Resources = Mapping[str, ResourceType]


class Live(Protocol):
    """The live account, as the executor sees it."""

    def identity(self) -> tuple[str, str]:
        """The caller's account id and ARN, asked now."""
        ...

    def read(self, addresses: Iterable[Address]) -> dict[Address, Value | Exception]:
        """The value of each address now, in as few calls as it takes; a failed read is its exception."""
        ...

    def evidence(self, address: Address) -> Mapping[str, Value]:
        """The facts a change of this address rests on, asked now."""
        ...

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        """One transition, each call sent once. Raises a CallFailed that says whether it may have happened."""
        ...


class Journal(Protocol):
    """Where a run records what it is about to do, and what came of it."""

    @property
    def records(self) -> Sequence[Record]: ...

    def add(
        self,
        event: Event,
        change: int = 0,
        address: str = "",
        *,
        plan: str = "",
        request_ids: tuple[str, ...] = (),
        detail: str = "",
    ) -> None:
        """Writes a record; what is about to happen is on disk when this returns."""
        ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...
