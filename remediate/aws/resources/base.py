"""What all resource types share. Override what differs; a kind needs its reads, its writes and its permissions."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, name_of, pair_of


class Resource(ABC):
    """One kind of address: how to read it, how to write a transition, and what can be said without asking AWS.

    Instances hold no state. `container` names what one reading call returns: addresses that share a container are
    read together.
    """

    kind: str
    access = False
    """Whether entries of this kind give or take permissions."""
    binary = False
    """Whether an entry is either there or not, such as a membership."""

    shared = False
    """Whether others may come to depend on an entry, and it cannot be deleted while they do."""

    within = False
    """Whether AWS deletes an entry together with its parent."""

    reading: tuple[str, ...] = ()
    """The IAM actions of `read`, for a kind that controls ask for: `plan` needs them."""
    reading_also: tuple[Permission, ...] = ()
    """What `read` needs besides those, where the action alone would allow more than reading."""
    sample: Value = "*"
    """A value for which a transition needs every permission that this kind may ever need."""

    named_by: tuple[str, ...] = ()
    """The parameters by which CloudTrail's records name an entry, one text for each name of its address; "|" between
    those of different calls, and `awsRegion` for a region."""
    events: Mapping[str, tuple[str, ...]] = {}
    """CloudTrail's names of the calls behind an IAM action, where they are not the same."""
    also_by: tuple[str, ...] = ()
    """Calls that change an entry, too, and are never made here."""
    unless: Mapping[str, tuple[str, Value]] = {}
    """Calls that change an entry only with this parameter at this value."""

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return ()

    def parent(self, address: Address) -> Address | None:
        return None

    def ends_with_parent(self) -> bool:
        return self.within

    def principal(self, address: Address) -> Address | None:
        return None

    def carries_access(self) -> bool:
        return self.access

    def held(self) -> bool:
        return self.shared

    def held_by(self, address: Address) -> Iterable[Address]:
        """For a shared kind: what to ask, besides the first reading, to see who has come to depend on the entry."""
        return ()

    def two_valued(self) -> bool:
        return self.binary

    def makes_another(self, before: Value, after: Value) -> bool:
        """Whether the same transition sent twice makes two things: AWS takes no client token for it, and no name."""
        return False

    def shown_once(self, before: Value, after: Value) -> bool:
        return False

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "exact", ""

    @abstractmethod
    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]: ...

    def container(self, address: Address) -> str:
        return address

    @abstractmethod
    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        """Every entry of the address's container that exists. What is missing from the answer is absent."""
        ...

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        """For each of `named_by`, the names by which calls may know the entry. May ask AWS; raises CallFailed."""
        names = pair_of(address) if len(self.named_by) > 1 else (name_of(address),)
        return tuple((name,) for name in names[: len(self.named_by)])

    def told_in(self, aws: Session, address: Address) -> str:
        """The region whose CloudTrail tells of changes; empty for services without regions. Raises CallFailed."""
        return ""

    def evidence(self, aws: Session, address: Address) -> dict[str, Value]:
        """Facts that a change of this address may rest on, asked now."""
        return {}

    @abstractmethod
    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        """The transition, each call sent once. Raises CallFailed."""
        ...


def absent_if(error: CallFailed, *codes: str) -> None:
    """Lets the codes that mean "there is none" pass; raises the error for every other."""
    if error.code not in codes:
        raise error
