"""Which group gives a user what its own policies give now: the arithmetic behind the `groups` control."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property

from remediate.account import Account
from remediate.controls.naming import Names
from remediate.model import Address, Struct, Value, Want, at, name_of
from remediate.policy import NotAPolicy, digest, modern, size, statements
from remediate.words import many

Units = frozenset[str]
"""Managed policy ARNs: what a group is to give."""


class Draft(Struct, frozen=True, kw_only=True):
    """A user with policies of its own, and the managed policies that a group must give instead."""

    user: str
    own: tuple[Address, ...]
    needs: Units


class Move(Struct, frozen=True, kw_only=True):
    joins: tuple[str, ...]
    wants: tuple[Want, ...]


class NoWay(Struct, frozen=True, kw_only=True):
    reason: str


class Policies:
    """The account's policies and groups, and the new ones that this plan adds to them."""

    def __init__(self, account: Account, path: str) -> None:
        self.account = account
        self.path = path
        self.new_policies: dict[str, Value] = {}
        self.new_groups: dict[str, Units] = {}
        self._base = f"arn:{account.partition}:iam::{account.id}:policy{path}"
        self._policy_names = Names(arn.rpartition("/")[2] for arn in account.names("iam.policy"))
        self._group_names = Names(account.names("iam.group"))
        self._reserved: set[str] = set()
        self._given_cache: dict[str, frozenset[str]] = {}
        self._by_text: dict[tuple[str, ...], str] = {}
        for arn in reversed(account.names("iam.policy")):
            parsed = _statements(account.document(arn))
            if parsed is not None:
                self._by_text[parsed] = arn
        quota = account.summary.get
        self.group_room = quota("GroupsQuota", 300) - len(account.names("iam.group"))
        self.policy_room = quota("PoliciesQuota", 1500) - len(account.names("iam.policy"))
        self.per_user = quota("GroupsPerUserQuota", 10)
        self.per_group = quota("AttachedPoliciesPerGroupQuota", 10)
        self.attached_per_user = quota("AttachedPoliciesPerUserQuota", 10)
        self.policy_size = quota("PolicySizeQuota", 6144)

    def own(self, user: str) -> tuple[Address, ...]:
        return tuple(
            at(kind, user, name)
            for kind in ("iam.user_policy", "iam.user_inline")
            for name in self.account.under(kind, user)
        )

    def draft(self, user: str, own: tuple[Address, ...]) -> Draft:
        """What no group gives the user yet. Raises NotAPolicy for a document that cannot become a managed policy."""
        given = self._given(self.account.groups_of(user))
        units = {self._unit(address) for address in own}
        return Draft(user=user, own=own, needs=frozenset(u for u in units if not self._covered(u, given)))

    def moves(self, drafts: list[Draft], jobs: Mapping[str, str]) -> Iterator[tuple[Draft, Move | NoWay]]:
        """A way into groups for each draft, the bundles that most users share first: quotas are finite."""
        split = {d.user: self._split(d, jobs) for d in drafts}
        popular = Counter(part for parts in split.values() for part in parts)
        for part, _ in sorted(popular.items(), key=lambda item: (-item[1], sorted(item[0]))):
            self._reserve(part, jobs)
        found = {d.user: self._move(d, split[d.user]) for d in drafts}
        while self._others(found, [(d, split[d.user]) for d in drafts if isinstance(found[d.user], NoWay)], jobs):
            pass  # what was made for one may be just what another needs
        for draft in drafts:
            yield draft, found[draft.user]

    def _others(
        self, found: dict[str, Move | NoWay], stuck: list[tuple[Draft, tuple[Units, ...]]], jobs: Mapping[str, str]
    ) -> bool:
        """Those who found no way, in the room that the others leave. A later plan would find it, too."""
        used = {group for move in found.values() if isinstance(move, Move) for group in move.joins}
        moved = False
        for draft, parts in stuck:
            move = self._in_what_is_left(draft, parts, jobs, used)
            if isinstance(move, Move):
                found[draft.user], moved = move, True
                used.update(move.joins)
        return moved

    def _in_what_is_left(
        self, draft: Draft, parts: tuple[Units, ...], jobs: Mapping[str, str], used: set[str]
    ) -> Move | NoWay:
        """As usual, or in one group for all that is needed, or by a swap."""
        free = self.per_user > len(self.account.groups_of(draft.user)) and len(draft.needs) <= self.per_group
        for way in filter(None, (parts, (draft.needs,) if free else ())):
            self._release(used)
            for part in way:
                self._reserve(part, jobs)
            if isinstance(move := self._join(draft.user, way), Move):
                return move
        self._release(used)
        return self._swap(draft)

    def _split(self, draft: Draft, jobs: Mapping[str, str]) -> tuple[Units, ...]:
        rest = set(draft.needs)
        parts = [frozenset({arn}) for arn in jobs if arn in rest]
        rest -= set().union(*parts)
        ordered = sorted(rest)
        parts += [frozenset(ordered[i : i + self.per_group]) for i in range(0, len(ordered), self.per_group)]
        room = self.per_user - len(self.account.groups_of(draft.user))
        if len(parts) > room and len(draft.needs) <= self.per_group:
            parts = [draft.needs]
        return tuple(parts) if len(parts) <= room else ()

    def _move(self, draft: Draft, parts: tuple[Units, ...]) -> Move | NoWay:
        if draft.needs and not parts:
            return self._swap(draft)
        return self._join(draft.user, parts)

    def _join(self, user: str, parts: tuple[Units, ...]) -> Move | NoWay:
        joins: list[str] = []
        wants: list[Want] = []
        for part in parts:
            group = self._group(part)
            if group is None:
                return NoWay(reason="the account has no room for another group or policy")
            joins.append(group)
            wants += [*self._creation(group, part), self._membership(group, user)]
        return Move(joins=tuple(joins), wants=tuple(wants))

    def _swap(self, draft: Draft) -> Move | NoWay:
        """Leaves one group for a combined one; meanwhile the user holds what the left group gave."""
        attached = set(self.account.under("iam.user_policy", draft.user))
        for group in sorted(self.account.groups_of(draft.user), key=lambda g: (len(self._gives(g) or ()), g)):
            gives = self._gives(group)
            if gives is None or len(gives | draft.needs) > self.per_group:
                continue
            bridge = sorted(gives - attached)
            if len(attached) + len(bridge) > self.attached_per_user:
                continue
            self._reserve(gives | draft.needs, {})
            combined = self._group(gives | draft.needs)
            if combined is None:
                return NoWay(reason="the account has no room for another group or policy")
            left = at("iam.group_member", group, draft.user)
            return Move(
                joins=(combined,), wants=self._swap_wants(draft.user, combined, gives | draft.needs, left, bridge)
            )
        return NoWay(
            reason=f"already in {many(len(self.account.groups_of(draft.user)), 'group')}, "
            "and none of them can be combined with the policies within IAM's quotas"
        )

    def _swap_wants(
        self, user: str, combined: str, units: Units, left: Address, bridge: Iterable[str]
    ) -> tuple[Want, ...]:
        meanwhile = [
            Want(
                address=at("iam.user_policy", user, arn),
                after="attached",
                why=f"keeps {user}'s access while one group is swapped for {combined}",
                risk="neutral",
                meanwhile=True,
            )
            for arn in bridge
        ]
        leave = Want(address=left, after=None, why=f"makes room for {combined}, which gives the same", risk="neutral")
        join = self._membership(combined, user, frees=(left,))
        return (*self._creation(combined, units), *meanwhile, leave, join)

    def _creation(self, group: str, units: Units) -> Iterator[Want]:
        for arn in sorted(units & self.new_policies.keys()):
            why = "one managed policy for every user's own document that says the same"
            yield Want(address=at("iam.policy", arn), after=self.new_policies[arn], why=why, risk="neutral")
        if group in self.new_groups:
            why = "a group for users with the same policies of their own"
            yield Want(address=at("iam.group", group), after={"path": self.path}, why=why, risk="neutral")
            for arn in sorted(units):
                why = f"what the members of {group} had of their own"
                yield Want(address=at("iam.group_policy", group, arn), after="attached", why=why, risk="neutral")

    def _membership(self, group: str, user: str, frees: tuple[Address, ...] = ()) -> Want:
        why = f"{group} gives {user} what its own policies gave"
        address = at("iam.group_member", group, user)
        return Want(address=address, after="member", why=why, risk="neutral", frees=frees)

    def _group(self, units: Units) -> str | None:
        """The group that gives exactly this: one that exists, or one reserved for this plan."""
        return self._existing.get(units) or next((g for g, u in self.new_groups.items() if u == units), None)

    def _reserve(self, units: Units, jobs: Mapping[str, str]) -> None:
        """Makes a new group for these policies unless one gives exactly them, or the quotas are used up."""
        fresh = [arn for arn in units & self.new_policies.keys() if arn not in self._reserved]
        if self._group(units) or self.group_room < 1 or self.policy_room < len(fresh):
            return
        self.group_room -= 1
        self.policy_room -= len(fresh)
        self._reserved.update(fresh)
        only = next(iter(units)) if len(units) == 1 else ""
        name = jobs.get(only) or _bundle_name(units)
        self.new_groups[self._group_names.take(name, digest(sorted(units)))] = units

    def _release(self, used: Container[str]) -> None:
        """Gives back what was reserved for groups that nobody joins."""
        unused = [group for group in self.new_groups if group not in used]
        for group in unused:
            del self.new_groups[group]
            self._group_names.give_back(group)
        self.group_room += len(unused)
        kept = {arn for units in self.new_groups.values() for arn in units}
        self.policy_room += len(self._reserved - kept)
        self._reserved &= kept

    @cached_property
    def _existing(self) -> Mapping[Units, str]:
        """Groups by what they give, where that is managed policies alone. The first name wins."""
        found: dict[Units, str] = {}
        for group in self.account.names("iam.group"):
            if not any(True for _ in self.account.under("iam.group_inline", group)):
                found.setdefault(frozenset(self.account.under("iam.group_policy", group)), group)
        return found

    def _gives(self, group: str) -> Units | None:
        """What a group gives, as managed policies; None where one of its inline documents cannot be read."""
        try:
            inline = [
                self._unit(at("iam.group_inline", group, n)) for n in self.account.under("iam.group_inline", group)
            ]
        except NotAPolicy:
            return None
        return frozenset([*self.account.under("iam.group_policy", group), *inline])

    def _inline_of(self, group: str) -> list[Address]:
        return [at("iam.group_inline", group, name) for name in self.account.under("iam.group_inline", group)]

    def _given(self, groups: Iterable[str]) -> set[str]:
        """ARNs and statements that these groups give."""
        return {given for group in groups for given in self._given_by_group(group)}

    def _given_by_group(self, group: str) -> frozenset[str]:
        if group not in self._given_cache:
            arns = list(self.account.under("iam.group_policy", group))
            documents = [self.account.value(address) for address in self._inline_of(group)]
            documents += [self.account.document(arn) for arn in arns]
            texts = [text for document in documents for text in _statements(document) or ()]
            self._given_cache[group] = frozenset([*arns, *texts])
        return self._given_cache[group]

    def _covered(self, arn: str, given: set[str]) -> bool:
        if arn in given:
            return True
        value = self.new_policies.get(arn)
        document = value.get("document") if isinstance(value, Mapping) else self.account.document(arn)
        parsed = _statements(document)
        return parsed is not None and given.issuperset(parsed)

    def _unit(self, address: Address) -> str:
        """The managed policy that says what this entry says: itself if attached, an equal one, or a new one.

        Raises NotAPolicy."""
        if address.startswith(("iam.user_policy/", "iam.group_policy/")):
            return name_of(address).partition("/")[2]
        document = self.account.value(address)
        parsed = statements(document)
        if parsed not in self._by_text:
            body = modern(document)
            if size(body) > self.policy_size:
                raise NotAPolicy(f"it is longer than the {self.policy_size} characters of a managed policy")
            name = self._policy_names.take(name_of(address).partition("/")[2], digest(list(parsed)), always=True)
            self._by_text[parsed] = f"{self._base}{name}"
            self.new_policies[self._by_text[parsed]] = {"path": self.path, "document": body}
        return self._by_text[parsed]


def _statements(document: Value) -> tuple[str, ...] | None:
    try:
        return statements(document)
    except NotAPolicy:
        return None


def _bundle_name(units: Units) -> str:
    names = sorted(arn.rpartition("/")[2] for arn in units)
    return names[0] if len(names) == 1 else f"{names[0]}-and-{len(names) - 1}-more"
