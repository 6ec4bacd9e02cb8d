"""The live account as an immutable view: its entries, and read-only facts about the people and programs in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from remediate.errors import Unreadable
from remediate.model import AccountId, Address, State, Struct, Value, at, kind_of, name_of, pair_of


class Password(Struct, frozen=True, kw_only=True):
    """A console password, from the credential report (which may be 4 hours old)."""

    last_used: datetime | None
    changed: datetime | None


class KeySlot(Struct, frozen=True, kw_only=True):
    """One of a user's two access keys, as the credential report shows it: without its id."""

    active: bool
    created: datetime
    last_used: datetime | None


class Key(Struct, frozen=True, kw_only=True):
    """One access key of a user whose keys were listed."""

    id: str
    user: str
    active: bool
    created: datetime
    last_used: datetime | None
    """From the report, which may be 4 hours old, unless `asked`: then from the key itself."""
    service: str = ""
    region: str = ""
    asked: bool = False


class User(Struct, frozen=True, kw_only=True):
    name: str
    arn: str
    path: str
    created: datetime
    tags: Mapping[str, str] = {}
    boundary: str = ""
    mfa: bool = False
    password: Password | None = None
    keys: tuple[KeySlot, ...] = ()


class Role(Struct, frozen=True, kw_only=True):
    name: str
    arn: str
    path: str
    trust: Value
    boundary: str = ""
    tags: Mapping[str, str] = {}
    created: datetime | None = None
    last_used: datetime | None = None
    """None where AWS has no record, which goes back 400 days."""


class Trail(Struct, frozen=True, kw_only=True):
    """A trail that covers this account, in any region; an organization's trail belongs to another account."""

    name: str
    arn: str
    home: str
    multi_region: bool
    organization: bool
    logging: bool | None
    """None where the status could not be read."""


class Root(Struct, frozen=True, kw_only=True):
    """The root user, from the credential report (which may be 4 hours old)."""

    last_used: datetime | None
    """Of its password; none where it was never used."""
    mfa: bool
    keys: tuple[KeySlot, ...] = ()


class Account(Struct, frozen=True, kw_only=True, dict=True):
    """Everything that was read, once. `state` maps each address to its value; an address that is absent is None.

    `unknown` maps a prefix of addresses to the reason why it could not be read; the planner reports each of them. A
    control calls `known` before it draws conclusions from absence: it raises Unreadable, and the control is unknown.
    """

    id: str
    partition: str
    caller: str
    caller_key: str = ""
    """The access key this run works with, so that no plan takes it away."""
    assumed_by: str = ""
    """The ARN of who assumed the caller's role; empty where nobody did, or nobody knows."""
    assumer_key: str = ""
    """The access key that was used for that."""
    alias: str = ""
    region: str = "us-east-1"
    regions: tuple[str, ...] = ()
    state: State
    users: Mapping[str, User] = {}
    roles: Mapping[str, Role] = {}
    keys: Mapping[str, tuple[Key, ...]] = {}
    """Access keys by user, for the users whose keys were asked for."""
    sign_ins: Mapping[str, datetime | None] = {}
    """Last console sign-in by user, for the users who were asked about: more recent than the report."""
    trails: tuple[Trail, ...] = ()
    root: Root | None = None
    """None where there is no credential report."""
    summary: Mapping[str, int] = {}
    """GetAccountSummary: counts, quotas, and the root user's flags."""
    facts: Mapping[Address, Value] = {}
    """What is no setting and was asked for: an instance, a certificate's last day. `aws/facts` reads them."""
    unknown: Mapping[str, str] = {}
    asked: frozenset[Address] = frozenset()
    """What controls asked for and was read (or is unknown) since the first reading."""

    @property
    def where(self) -> AccountId:
        return AccountId(partition=self.partition, account=self.id)

    def known(self, *prefixes: str) -> None:
        """Raises Unreadable unless everything under these prefixes was read."""
        for gap in self.gaps(*prefixes):
            raise Unreadable(gap, self.unknown[gap])

    def gaps(self, *prefixes: str) -> Iterator[str]:
        """What could not be read under these prefixes, or above them: for a control that judges region by region."""
        return (g for p in prefixes for g in self.unknown if _covers(g, p) or _covers(p, g))

    @cached_property
    def caller_principal(self) -> Address | None:
        """The user or role whose credentials this run works with; None for the root user."""
        return principal_of(self.caller)

    @cached_property
    def assumer(self) -> Address | None:
        """The user or role of this account that assumed the caller's role, where that is known."""
        return principal_of(self.assumed_by) if self.assumed_by.split(":")[4:5] == [self.id] else None

    @cached_property
    def working_as(self) -> frozenset[Address]:
        """The same, and the groups that the user is in."""
        one = self.caller_principal
        groups = self.groups_of(name_of(one)) if one and kind_of(one) == "iam.user" else ()
        return frozenset({*([one] if one else []), *(at("iam.group", group) for group in groups)})

    def value(self, address: Address) -> Value:
        return self.state.get(address)

    def under(self, kind: str, first: str) -> Iterator[str]:
        """The second names of a kind's entries with this first name: a user's groups, a group's policies."""
        return iter(self._by_first.get((kind, first), ()))

    def groups_of(self, user: str) -> tuple[str, ...]:
        return self._groups_of.get(user, ())

    def members_of(self, group: str) -> tuple[str, ...]:
        return tuple(self.under("iam.group_member", group))

    def names(self, kind: str) -> tuple[str, ...]:
        return self._names.get(kind, ())

    def document(self, policy_arn: str) -> Value:
        """A customer managed policy's default document; None for AWS's own, which are known by their ARN."""
        value = self.state.get(at("iam.policy", policy_arn))
        return value.get("document") if isinstance(value, Mapping) else None

    def facts_of(self, kind: str, *first: str) -> Iterator[tuple[Address, Value]]:
        """The facts of a kind, sorted, or those of them whose address goes on with `first`."""
        prefix = at(kind, *first)
        return ((a, self.facts[a]) for a in sorted(self.facts) if _covers(prefix, a))

    @cached_property
    def _by_first(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for address in self.state:
            first, second = pair_of(address)
            if second:
                found[kind_of(address), first].append(second)
        return {key: tuple(sorted(names)) for key, names in found.items()}

    @cached_property
    def _groups_of(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for (kind, group), users in self._by_first.items():
            if kind == "iam.group_member":
                for user in users:
                    found[user].append(group)
        return {user: tuple(sorted(groups)) for user, groups in found.items()}

    @cached_property
    def _names(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for address in self.state:
            found[kind_of(address)].append(address.partition("/")[2])
        return {kind: tuple(sorted(names)) for kind, names in found.items()}


def principal_of(arn: str) -> Address | None:
    """The user behind an ARN, or the role that a session is of; None for the root user."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind == "user":
        return at("iam.user", rest.rpartition("/")[2])
    return at("iam.role", rest.partition("/")[0]) if kind == "assumed-role" else None


def _covers(prefix: str, name: str) -> bool:
    """Whether a name is the prefix or below it: `cloudtrail` covers `cloudtrail.trail/us-east-1`."""
    return name == prefix or name.startswith((f"{prefix}/", f"{prefix}."))


def differences(before: State, after: State) -> Iterable[Address]:
    """Addresses whose values differ between two states, sorted."""
    return sorted(a for a in before.keys() | after.keys() if before.get(a) != after.get(a))
