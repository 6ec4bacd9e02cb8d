"""The vocabulary: an account is a dictionary, and a change is one entry of it going from one value to another.

    Address   "iam.group_member/Admins/alice"        one setting of the account
    Value     any JSON value; None means absent
    Change    (address, before, after)

An address is a kind and one or two names, joined by "/". Only the last name may itself contain "/" (policy ARNs,
log groups, tag keys), so an address reads back without escapes.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Literal, NewType

import msgspec

from remediate.replayed import Replay
from remediate.trial import Rehearsal
from remediate.values import Struct as Struct  # noqa: PLC0414 - handed on
from remediate.values import Value as Value  # noqa: PLC0414 - handed on

Address = NewType("Address", str)
State = Mapping[Address, Value]

Risk = Literal["neutral", "additive", "restrictive", "destructive"]
RISKS: tuple[Risk, ...] = ("neutral", "additive", "restrictive", "destructive")
Reversal = Literal["exact", "equivalent", "impossible"]
Text = Annotated[str, msgspec.Meta(min_length=1)]
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


def brief(value: object, width: int = 200) -> str:
    """A value on one line, cut to a width; control characters are escaped."""
    if value is None:
        return "(absent)"
    text = f"cannot be read: {value}" if isinstance(value, Exception) else msgspec.json.encode(value).decode()
    return text if len(text) <= width else text[: width - 1] + "…"


def gravest(risks: Iterable[Risk]) -> tuple[Risk, tuple[Risk, ...]]:
    """The gravest of some classes of risk, and the others. Beside anything else, neutral says nothing."""
    first, *rest = sorted(set(risks), key=RISKS.index, reverse=True)
    return first, tuple(risk for risk in rest if risk != "neutral")


def when(moment: datetime | None) -> str | None:
    """A moment as evidence writes it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class Matcher(Struct, frozen=True, kw_only=True):
    """Picks users and roles. Every line given must match; `*` and `?` stand for any text and any character."""

    name: str | None = None
    """Such as `svc-*`."""
    path: str | None = None
    """Such as `/apps/*`."""
    tag: Annotated[Mapping[str, str], msgspec.Meta(min_length=1)] | None = None
    """Such as `{type: service}`; a value of `*` means that the tag is there."""


class Exemption(Struct, frozen=True, kw_only=True):
    """Principals that some controls leave alone, by whom, why, and until when."""

    match: Matcher
    controls: tuple[str, ...] = ()
    """Ids of controls; none given means all."""
    owner: Text
    reason: Text
    expires: date


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
    """The gravest class it belongs to."""
    reversal: Reversal
    also: tuple[Risk, ...] = ()
    """The other classes: a change that takes one thing and gives another is restrictive, and additive also."""
    loss: str = ""
    """What rollback cannot bring back."""
    evidence: Mapping[str, Value] = {}
    notice: str = ""

    @property
    def classes(self) -> frozenset[Risk]:
        """Every class of risk that it belongs to."""
        return frozenset((self.risk, *self.also))

    @property
    def sign(self) -> str:
        if self.before is None:
            return "+"
        return "-" if self.after is None else "~"


class Kept(Struct, frozen=True, kw_only=True):
    """An entry that a rollback leaves as the plan made it, and why."""

    address: Address
    why: str


class Check(Struct, frozen=True, kw_only=True):
    """What one guard looked at and found in order."""

    guard: str
    detail: str


class Witness(Struct, frozen=True, kw_only=True):
    """A request that one set of policies allows and another does not."""

    statement: str
    """What makes the difference: a statement in canonical form."""
    action: str = ""
    """Empty where no request is known that shows it: `doubt` says why it may be a difference all the same."""
    resource: str = ""
    """With `${aws:username}` for the name of each whom it is about, where the statement has it."""
    context: Mapping[str, str | tuple[str, ...]] = {}
    """Condition keys that the request must have, as AWS writes them."""
    absent: tuple[str, ...] = ()
    """Condition keys that it must not have."""
    doubt: str = ""


class Concerned(Struct, frozen=True, kw_only=True):
    """Whom one change concerns."""

    change: int
    who: tuple[Address, ...]


class Effect(Struct, frozen=True, kw_only=True):
    """The same loss and gain of some people's access: by the plan as a whole, or by single changes of it."""

    who: tuple[Address, ...] = ()
    """By the plan as a whole."""
    changes: tuple[Concerned, ...] = ()
    """By single changes."""
    loses: tuple[Witness, ...] = ()
    gains: tuple[Witness, ...] = ()
    more: int = 0
    """Differences that are left out here."""


class Proof(Struct, frozen=True, kw_only=True):
    """Who loses and gains what. Of whoever is not named, access stays exactly as it is."""

    effects: tuple[Effect, ...]
    open: tuple[str, ...] = ()
    """What was compared and could not be looked into."""


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
    planner: str = ""
    """The key of whoever made the plan, as a signature names it; empty where nobody signed as its planner."""


class Plan(Struct, frozen=True, kw_only=True):
    """An ordered, reviewable list of changes. What is applied is this and nothing else."""

    format: int
    digest: str
    header: Header
    controls: tuple[str, ...] = ()
    """The controls that looked, those that found nothing among them."""
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    manual: tuple[Manual, ...]
    unknowns: tuple[Unknown, ...]
    exempted: tuple[Exempted, ...]
    unseen: tuple[Unknown, ...] = ()
    """What controls look for in CloudTrail's records, and could not. The plan is complete without."""
    checks: tuple[Check, ...]
    proof: Proof = Proof(effects=())
    replay: Replay | None = None
    """The recorded calls that it would have denied; None where none were at hand."""
    exemptions: tuple[Exemption, ...] = ()
    """The playbook's, so that the guard can look again when the plan is applied."""
    break_glass: tuple[Matcher, ...] = ()
    """The playbook's, likewise."""
    kept: tuple[Kept, ...] = ()
    """In a rollback: what stays as it is."""
    rehearsal: Rehearsal | None = None
    """What came of it on a twin of the account; None where it was not rehearsed when it was made."""


Role = Literal["planner", "approver"]


class Signature(Struct, frozen=True, kw_only=True):
    """One party's word on one plan: that they made it, or that it may be applied. It ends when the plan does."""

    format: int
    role: Role
    plan: str
    """The plan's digest."""
    account: str
    expires: datetime
    """When the plan does."""
    at: datetime
    key: str
    """What can check it: an OpenSSH public key without its comment (`ssh-ed25519 AAAA…`), or the ARN of a KMS key."""
    algorithm: str
    """`ed25519`, or KMS's name of a signing algorithm."""
    value: bytes
    """The signature itself, over all that is above: see `remediate.signature.message`."""


Event = Literal["start", "intent", "sent", "done", "already", "conflict", "failed", "end"]
"""What a journal records:

start    a run begins; names the plan's digest
intent   the change is about to be sent
sent     AWS answered the write
done     a read returned `after`: the change is ours
already  a read returned `after` before anything was sent: the change is somebody else's
conflict the live value is neither `before` nor `after`, or the evidence has changed: nothing was sent
failed   AWS refused, or the outcome could not be found out; `apply` again asks the account
end      a run ends: complete, partial or interrupted
"""
SETTLED: frozenset[Event] = frozenset({"done", "already"})


class Record(Struct, frozen=True, kw_only=True):
    """One line of a journal."""

    seq: int
    previous: str
    """The hash of the line before it."""
    at: datetime
    event: Event
    change: int = 0
    address: str = ""
    plan: str = ""
    caller: str = ""
    request_ids: tuple[str, ...] = ()
    detail: str = ""


def outcomes(records: Iterable[Record]) -> dict[int, Event]:
    """The last event of each change, by its id."""
    return {record.change: record.event for record in records if record.change}


class Permission(Struct, frozen=True, kw_only=True):
    """One IAM action on one resource, as a policy statement would name them."""

    action: str
    resource: str = "*"
    condition: tuple[str, str, str] | None = None
    """Operator, key and value, as `("ArnLike", "sts:TaskPolicyArn", "arn:aws:iam::aws:policy/root-task/*")`."""


class Receipt(Struct, frozen=True, kw_only=True):
    """What AWS said to a write."""

    request_ids: tuple[str, ...] = ()
    secret: str = ""
    """Something AWS or we made that nobody can read again, such as a one-time password. Shown once, never stored."""


class AccountId(Struct, frozen=True, kw_only=True):
    """Where an address lives, for building ARNs."""

    partition: str
    account: str
