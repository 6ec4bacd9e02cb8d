"""What bears on the access of each user and role, at one moment: the account's entries, followed from change to change.

A change concerns few people, and only what it concerns is worked out again: the cost of following a plan grows with the
people that its changes reach, not with users times changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from remediate.account import Account
from remediate.model import Address, Value, at, kind_of, name_of, pair_of
from remediate.policy import NotAPolicy, canonical_json, statements
from remediate.policy.branches import Value as ContextValue
from remediate.policy.compare import CONTROL, Policies
from remediate.policy.known import ADMINISTRATOR, EVERYTHING, Known, halves

HOLDERS = ("user", "group", "role")
CARRIERS = frozenset(f"iam.{holder}_{part}" for holder in HOLDERS for part in ("policy", "inline"))
AWS_POLICY = "iam.aws_policy"
"""The kind of fact that is what one of AWS's own policies says: a list of its statements in canonical form."""
SERVICE_CONTROL = "organizations.service_control"
"""The kind of fact that is what the organization's service control policies say: for each level from its root to the
account, a list of statements in canonical form."""
COMPARED = (AWS_POLICY, SERVICE_CONTROL)
"""The kinds of facts that the guard and the proof ask for."""

Held = frozenset[str]
"""Canonical statements, and ARNs of policies whose document is known to AWS alone."""


class Effective:
    """The policies in force, while changes are applied to them one by one."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._held: dict[tuple[str, str], dict[str, Value]] = defaultdict(dict)
        """By holder: its inline policies by name, and the ARNs that are attached to it."""
        self._documents: dict[str, Value] = {}
        self._holders_of: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._groups: dict[str, set[str]] = defaultdict(set)
        self._members: dict[str, set[str]] = defaultdict(set)
        self._bounded: dict[str, set[Address]] = defaultdict(set)
        self._statements: dict[str, Held] = {}
        self._sums: dict[tuple[str, str], Held] = {}
        for address, value in account.state.items():
            self._set(address, value)
        self._controls = service_control(account)
        for user in account.users.values():
            self._bounded[user.boundary].add(at("iam.user", user.name))
        for role in account.roles.values():
            self._bounded[role.boundary].add(at("iam.role", role.name))

    def concerned(self, address: Address) -> list[Address]:
        """The users and roles whose access depends on an entry, as things are now."""
        kind, (first, second) = kind_of(address), pair_of(address)
        if kind == "iam.group_member":
            return [at("iam.user", second)]
        if kind in CARRIERS:
            return self._reached(kind.removeprefix("iam.").partition("_")[0], first)
        if kind == "iam.policy":
            arn = name_of(address)
            holders = sorted(self._holders_of[arn])
            found = {who for holder, name in holders for who in self._reached(holder, name)}
            return sorted(found | self._bounded.get(arn, set()))
        return []

    def apply(self, address: Address, value: Value) -> None:
        """One entry has another value from now on."""
        self._set(address, value)

    def of(self, principal: Address) -> Policies:
        """What this user or role may do, by layers. AWS's own policies stand as ARNs: see `spelled_out`."""
        holder, name = kind_of(principal).removeprefix("iam."), name_of(principal)
        parts = [self._sum(holder, name)]
        if holder == "user":
            parts += [self._sum("group", group) for group in sorted(self._groups.get(name, ()))]
        layers = {"identity": parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]}
        who = self.account.users.get(name) if holder == "user" else self.account.roles.get(name)
        if who and who.boundary:
            layers["boundary"] = self._policy(who.boundary)
        return {**layers, **self._controls} if who and bound(who.arn) else layers

    def _reached(self, holder: str, name: str) -> list[Address]:
        if holder == "group":
            return [at("iam.user", user) for user in sorted(self._members.get(name, ()))]
        return [at(f"iam.{holder}", name)]

    def _set(self, address: Address, value: Value) -> None:
        kind, (first, second) = kind_of(address), pair_of(address)
        if kind == "iam.group_member":
            for found, name in ((self._groups[second], first), (self._members[first], second)):
                found.add(name) if value is not None else found.discard(name)
        elif kind == "iam.policy":
            arn = name_of(address)
            self._documents[arn] = value.get("document") if isinstance(value, Mapping) else None
            self._statements.pop(arn, None)
            for holder in self._holders_of[arn]:
                self._sums.pop(holder, None)
        elif kind in CARRIERS:
            holder = kind.removeprefix("iam.").partition("_")[0], first
            self._hold(holder, second, value)

    def _hold(self, holder: tuple[str, str], policy: str, value: Value) -> None:
        if value is None:
            self._held[holder].pop(policy, None)
            self._holders_of[policy].discard(holder)
        else:
            self._held[holder][policy] = value
            if value == "attached":
                self._holders_of[policy].add(holder)
        self._sums.pop(holder, None)

    def _sum(self, holder: str, name: str) -> Held:
        key = (holder, name)
        if key not in self._sums:
            held = self._held.get(key, {})
            parts = (self._policy(p) if value == "attached" else parsed(value) for p, value in held.items())
            self._sums[key] = frozenset().union(*parts)
        return self._sums[key]

    def _policy(self, arn: str) -> Held:
        """What a managed policy says; one that is not there says nothing, and of AWS's own the ARN says which it is."""
        if arn not in self._statements:
            ours = arn in self._documents
            self._statements[arn] = parsed(self._documents[arn]) if ours else frozenset({arn})
        return self._statements[arn]


def service_control(account: Account) -> Policies:
    """What the organization leaves the account: a layer for each level that does not leave everything."""
    levels = account.facts.get(Address(SERVICE_CONTROL))
    listed = levels if isinstance(levels, list | tuple) else []
    said = [frozenset(map(str, level)) for level in listed if isinstance(level, list | tuple)]
    return {f"{CONTROL} {n}": level for n, level in enumerate(said) if level != {EVERYTHING}}


def bound(arn: str) -> bool:
    """Whether service control policies bind a user or role: all but the roles that belong to a service.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    return ":role/aws-service-role/" not in arn


def parsed(document: Value) -> Held:
    """The statements of a document; what is no policy is equal only to itself."""
    if document is None:
        return frozenset()
    try:
        return frozenset(statements(document))
    except NotAPolicy:
        return frozenset({canonical_json(document).decode()})


def spelled_out(account: Account, policies: Policies) -> Policies:
    """With the statements of AWS's own policies, as far as their documents are at hand, and what may allow apart from
    what may deny."""
    return {layer: frozenset(_spelled(account, held)) for layer, held in policies.items()}


def _spelled(account: Account, held: Iterable[str]) -> Iterator[str]:
    for text in held:
        if ADMINISTRATOR.match(text):
            yield EVERYTHING
            continue
        said = account.facts.get(at(AWS_POLICY, text)) if text.startswith("arn:") else None
        for found in map(str, said) if isinstance(said, list | tuple) else (text,):
            yield from halves(found)


def facts_of(account: Account, principal: Address) -> Known:
    """What every request of a user or role says of them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    holder, name = kind_of(principal), name_of(principal)
    who = account.users.get(name) if holder == "iam.user" else account.roles.get(name)
    if who is None:
        return {}
    facts: dict[str, ContextValue] = {"aws:principalarn": who.arn, "aws:principalaccount": account.id}
    if holder == "iam.role":  # its sessions bring tags of their own
        return {**facts, "aws:principaltype": "AssumedRole", "aws:username": None}
    tags = {f"aws:principaltag/{key.lower()}": value for key, value in who.tags.items()}
    return {**facts, "aws:principaltype": "User", "aws:username": name, **tags}
