"""How policies reach people while a plan runs: by which entries, from which change to which.

A statement reaches a user or role by carriers: their own policy, or a membership with the group's policy. A permissions
boundary is a layer of its own, carried by the policy that is its document. AWS's own policies are known by their ARN.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product

from remediate.effective import bound, parsed, service_control
from remediate.guard.timeline import Span, Timeline
from remediate.model import Address, Change, Value, at, kind_of, name_of, pair_of

Carrier = tuple[Span, ...]
Carriers = Mapping[str, list[Carrier]]
"""By statement (or ARN), the ways in which it reaches one principal."""


class Access:
    """The carriers of each principal. One object for one plan: documents are parsed once."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._parsed: dict[tuple[Address, int | None], frozenset[str]] = {}
        self._groups: dict[str, list[tuple[str, Carrier]]] = {}
        self._layers: dict[Address, Mapping[str, Carriers]] = {}
        self._joined: dict[str, set[str]] = defaultdict(set)
        for group, user in timeline.changed_under("iam.group_member"):
            self._joined[user].add(group)
        controls = service_control(timeline.account)
        self._controls: dict[str, Carriers] = {name: {s: [()] for s in held} for name, held in controls.items()}
        self._bounded: dict[str, set[Address]] = defaultdict(set)
        for kind, people in (("iam.user", timeline.account.users), ("iam.role", timeline.account.roles)):
            for who in people.values():
                self._bounded[who.boundary].add(at(kind, who.name))

    def concerned(self) -> list[Address]:
        """The principals whose access the plan touches, directly, through a group, or through a document."""
        found = {at("iam.user", user) for user in self._joined}
        for holder, part in product(("iam.user", "iam.group", "iam.role"), ("policy", "inline")):
            found |= {at(holder, first) for first, _ in self.timeline.changed_under(f"{holder}_{part}")}
        documents = {name_of(change.address) for change in self._changes("iam.policy")}
        for address in self.timeline.account.state if documents else ():
            first, second = pair_of(address)
            if second in documents:
                found.add(at(kind_of(address).removesuffix("_policy"), first))
        found |= {principal for arn in documents for principal in self._bounded.get(arn, ())}
        groups = {address for address in found if kind_of(address) == "iam.group"}
        members = {user for group in groups for user in self.timeline.account.members_of(name_of(group))}
        return sorted((found - groups) | {at("iam.user", user) for user in members})

    def layers(self, principal: Address) -> Mapping[str, Carriers]:
        """What the policies of a user or role say, what their permissions boundary says where there is one, and what
        the organization leaves them: that is there all the time."""
        if principal not in self._layers:
            self._layers[principal] = self._found(principal)
        return self._layers[principal]

    def _found(self, principal: Address) -> Mapping[str, Carriers]:
        account, name = self.timeline.account, name_of(principal)
        who = account.users.get(name) if kind_of(principal) == "iam.user" else account.roles.get(name)
        layers = {"identity": self.carriers(principal)}
        if who and who.boundary:
            layers["boundary"] = self._boundary(who.boundary)
        return {**layers, **self._controls} if who and bound(who.arn) else layers

    def carriers(self, principal: Address) -> Carriers:
        """How each statement of the policies of a user or role reaches them."""
        kind, name = kind_of(principal), name_of(principal)
        found: dict[str, list[Carrier]] = defaultdict(list)
        for statement, carrier in self._held(kind, name):
            found[statement].append(carrier)
        if kind == "iam.user":
            for group in sorted({*self.timeline.account.groups_of(name), *self._joined.get(name, ())}):
                for membership in self.timeline.spans(at("iam.group_member", group, name)):
                    for statement, carrier in self._of_group(group):
                        found[statement].append((membership, *carrier))
        return found

    def _boundary(self, arn: str) -> Carriers:
        documents = self.timeline.spans(at("iam.policy", arn))
        if not documents:
            return {arn: [()]}  # AWS's own, or one that could not be read
        found: dict[str, list[Carrier]] = defaultdict(list)
        for span in documents:
            for statement in self._statements(span):
                found[statement].append((span,))
        return found

    def _of_group(self, group: str) -> list[tuple[str, Carrier]]:
        if group not in self._groups:
            self._groups[group] = list(self._held("iam.group", group))
        return self._groups[group]

    def _held(self, holder: str, name: str) -> Iterator[tuple[str, Carrier]]:
        for policy in self.timeline.second_names(f"{holder}_inline", name):
            for span in self.timeline.spans(at(f"{holder}_inline", name, policy)):
                yield from ((s, (span,)) for s in self._statements(span))
        for arn in self.timeline.second_names(f"{holder}_policy", name):
            attachments = self.timeline.spans(at(f"{holder}_policy", name, arn))
            documents = self.timeline.spans(at("iam.policy", arn))
            if not documents:  # AWS's own, or one that could not be read: it is the same wherever it is attached
                yield from ((arn, (attached,)) for attached in attachments)
            for attached, document in product(attachments, documents):
                yield from ((s, (attached, document)) for s in self._statements(document))

    def _statements(self, span: Span) -> frozenset[str]:
        key = (span.address, span.made)
        if key not in self._parsed:
            value: Value = span.value
            if kind_of(span.address) == "iam.policy" and isinstance(value, Mapping):
                value = value.get("document")
            self._parsed[key] = parsed(value)
        return self._parsed[key]

    def _changes(self, kind: str) -> Iterator[Span]:
        for first, second in self.timeline.changed_under(kind):
            yield from self.timeline.spans(at(kind, first, second))


def stays(
    timeline: Timeline, carriers: list[Carrier], since: Collection[int] = (), until: Collection[int] = ()
) -> bool:
    """Whether a statement is there now and at every moment of the plan; or, where these are given, at every one in
    which all of `since` is done and nothing of `until`."""
    return any(_there(timeline, carrier, since) for carrier in _lasting(timeline, carriers, until))


def begun(timeline: Timeline, carriers: Iterable[Carrier]) -> Change | None:
    """The change by which a statement that is not there now comes to count; None if it is there, or never comes."""
    ways = list(carriers)
    if any(map(standing, ways)):
        return None
    made = [[timeline.changes[s.made] for s in way if s.made is not None] for way in ways if timeline.can_coexist(way)]
    return min((max(changes, key=lambda c: c.id) for changes in made), key=lambda c: c.id, default=None)


def ends(timeline: Timeline, carriers: Iterable[Carrier]) -> list[Change]:
    """The changes that take away what is there now."""
    return [timeline.changes[s.ended] for c in carriers if standing(c) for s in c if s.ended is not None]


def standing(carrier: Carrier) -> bool:
    """Whether a carrier is there before the plan begins."""
    return all(span.made is None for span in carrier)


def _there(timeline: Timeline, carrier: Carrier, since: Collection[int]) -> bool:
    """Whether a carrier is there as soon as these changes are done."""

    def done(change: int) -> bool:
        return any(timeline.before(change, later) for later in since)

    return all(
        (span.made is None or done(span.made)) and (span.ended is None or not done(span.ended)) for span in carrier
    )


def _lasting(timeline: Timeline, carriers: list[Carrier], until: Collection[int]) -> list[Carrier]:
    """The carriers each of whose ends finds another of them in place, or comes when nobody asks any more.

    It begins with those that never end, and adds what they can take over from, until there is no more. Where an entry
    changes twice, one that does take over may be missed: its second value begins before or after what it goes with.
    """
    found: list[Carrier] = []
    rest = carriers
    while True:
        safe = [c for c in rest if all(_handed_over(timeline, span.ended, found, until) for span in c)]
        if not safe:
            return found
        found += safe
        rest = [c for c in rest if c not in safe]


def _handed_over(timeline: Timeline, end: int | None, carriers: list[Carrier], until: Collection[int]) -> bool:
    if end is None or any(timeline.before(last, end) for last in until):
        return True
    return any(_made_by(timeline, carrier, end) for carrier in carriers)


def _made_by(timeline: Timeline, carrier: Carrier, change: int) -> bool:
    """Whether the carrier is complete once that change is done. If it has ended by then, it has handed over itself."""
    return all(span.made is None or timeline.before(span.made, change) for span in carrier)
