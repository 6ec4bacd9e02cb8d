"""The vocabulary: an account is a dictionary, and a change is one entry of it going from one value to another.

    Address   "iam.group_member/Admins/alice"        one setting of the account
    Value     any JSON value; None means absent
    Change    (address, before, after)

An address is a kind and one or two names, joined by "/". Only the last name may itself contain "/" (policy ARNs,
log groups, tag keys), so an address reads back without escapes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NewType, Protocol

import msgspec

if TYPE_CHECKING:
    Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
else:  # msgspec decodes into this and knows no recursive alias
    Value = Any

Address = NewType("Address", str)
State = Mapping[Address, Value]

Risk = Literal["neutral", "additive", "restrictive", "destructive"]
RISKS: tuple[Risk, ...] = ("neutral", "additive", "restrictive", "destructive")
Reversal = Literal["exact", "equivalent", "impossible"]
Severity = Literal["low", "medium", "high", "critical"]


def at(kind: str, *names: str) -> Address:
    """The address of one setting: `at("iam.group_member", "Admins", "alice")`."""
    return Address("/".join((kind, *names)))


def kind_of(address: Address) -> str:
    return address.partition("/")[0]


def name_of(address: Address) -> str:
    """Everything after the kind, for kinds with one name."""
    return address.partition("/")[2]


def pair_of(address: Address) -> tuple[str, str]:
    """Both names, for kinds with two."""
    first, _, second = name_of(address).partition("/")
    return first, second


def when(moment: datetime | None) -> str | None:
    """A moment as evidence writes it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written to files or handed between floors: immutable, and strict when read back."""


class Want(Struct, frozen=True, kw_only=True):
    """One entry a control would like to differ. The planner turns wants into changes."""

    address: Address
    after: Value
    why: str
    risk: Risk
    evidence: Mapping[str, Value] = {}
    """Facts that must read the same again right before the change, such as a key's last use."""
    frees: tuple[Address, ...] = ()
    """Entries that must end first because this one takes their place under a quota."""
    meanwhile: bool = False
    """Only needed while the plan runs: the planner takes it away again at the end."""
    notice: str = ""
    """What the people concerned will notice, in one line; empty when nobody does."""


class Manual(Struct, frozen=True, kw_only=True):
    """What AWS has no call for, or what only a person can decide: exact steps, and the check the next plan makes."""

    control: str = ""
    address: Address
    summary: str
    steps: tuple[str, ...]
    check: str


class Fault(Struct, frozen=True, kw_only=True):
    """What a control returns: one fault, what it rests on, and the entries that would repair it."""

    address: Address
    summary: str
    severity: Severity
    evidence: Mapping[str, Value] = {}
    wants: tuple[Want, ...] = ()
    manual: Manual | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """A fault in a plan, with the standards it maps to and the changes that repair it."""

    control: str
    address: Address
    severity: Severity
    summary: str
    standards: tuple[str, ...]
    evidence: Mapping[str, Value] = {}
    changes: tuple[int, ...] = ()


class Unknown(Struct, frozen=True, kw_only=True):
    """Something that could not be read. Never a pass."""

    what: str
    reason: str
    controls: tuple[str, ...] = ()


class Exempted(Struct, frozen=True, kw_only=True):
    """An exemption that kept a finding from becoming changes."""

    control: str
    address: Address
    summary: str
    owner: str
    reason: str
    expires: str


class Reason(Struct, frozen=True, kw_only=True):
    control: str
    why: str


class Change(Struct, frozen=True, kw_only=True):
    """One entry of the account going from `before` to `after`, after all changes it needs are done."""

    id: int
    address: Address
    before: Value
    after: Value
    reasons: tuple[Reason, ...]
    needs: tuple[int, ...]
    risk: Risk
    reversal: Reversal
    loss: str = ""
    """What rollback cannot bring back."""
    evidence: Mapping[str, Value] = {}
    notice: str = ""

    @property
    def sign(self) -> str:
        if self.before is None:
            return "+"
        return "-" if self.after is None else "~"


class Check(Struct, frozen=True, kw_only=True):
    """What one guard looked at and found in order."""

    guard: str
    detail: str


class Header(Struct, frozen=True, kw_only=True):
    tool: str
    account: str
    alias: str
    partition: str
    caller: str
    playbook: str
    playbook_digest: str
    created: datetime
    expires: datetime
    rolls_back: str = ""
    """The digest of the plan this one takes back; empty for a plan that goes forward."""


class Plan(Struct, frozen=True, kw_only=True):
    """An ordered, reviewable list of changes. What is applied is this and nothing else."""

    format: int
    digest: str
    header: Header
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    manual: tuple[Manual, ...]
    unknowns: tuple[Unknown, ...]
    exempted: tuple[Exempted, ...]
    checks: tuple[Check, ...]
    kept: tuple[Reason, ...] = ()
    """In a rollback: what stays as it is, and why."""


class Permission(Struct, frozen=True, kw_only=True):
    """One IAM action on one resource, as a policy statement would name them."""

    action: str
    resource: str = "*"


class Receipt(Struct, frozen=True, kw_only=True):
    """What AWS said to a write."""

    request_ids: tuple[str, ...] = ()
    secret: str = ""
    """Something AWS or we made that nobody can read again, such as a one-time password. Shown once, never stored."""


class AccountId(Struct, frozen=True, kw_only=True):
    """Where an address lives, for building ARNs."""

    partition: str
    account: str


class ResourceType(Protocol):
    """What the program knows about one kind of address. `aws/resources` has one class for each kind."""

    kind: str

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """Entries that must exist while this one has that value."""
        ...

    def parent(self, address: Address) -> Address | None:
        """The entry that this one is a setting of: when it stays after a rollback, so does this."""
        ...

    def principal(self, address: Address) -> Address | None:
        """The user, group or role whose own settings this changes: `iam.user/alice`."""
        ...

    def carries_access(self) -> bool:
        """Whether entries of this kind give or take permissions."""
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

    def evidence(self, address: Address) -> dict[str, Value]:
        """The facts a change of this address rests on, asked now."""
        ...

    def write(self, address: Address, before: Value, after: Value) -> Receipt:
        """One transition, each call sent once. Raises a CallFailed that says whether it may have happened."""
        ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...
