"""The proof that nobody gains or loses access that the plan does not declare, at any moment of any order.

What a principal may do is the set of statements of all policies that reach it. A statement reaches it by carriers: its
own policy, or a membership with the group's policy. A plan keeps the statement if some carrier holds at every moment:
whenever a change ends one carrier, another is complete (by that change at the latest: writing a document replaces it at
once) and stays, or hands over in the same way. An Allow that no carrier gives now is a gain, and one that ends is a
loss. For a Deny it is the other way round: a new one takes access, and one that ends gives it. A change may declare
either: `additive` a gain, `restrictive` a loss.

AWS's own policies are compared by ARN, others by their statements in canonical form: equal is only what is the same.
What a restrictive change puts in place of something wider (`coverage`) is no gain, nor is it a loss when rolled back.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from remediate.guard.coverage import covers
from remediate.guard.timeline import Span, Timeline
from remediate.model import Address, Change, Risk, Value, at, kind_of, name_of, pair_of
from remediate.policy import NotAPolicy, canonical_json, statements

Carrier = tuple[Span, ...]
Carriers = Mapping[str, list[Carrier]]
"""By statement (or ARN), the ways in which it reaches one principal."""

GIVES: frozenset[Risk] = frozenset({"additive"})
TAKES: frozenset[Risk] = frozenset({"restrictive", "destructive"})
"""The classes of risk that declare a gain, and a loss."""

DENYING = re.compile(
    r":aws:policy/(AWSDenyAll|AWSCompromisedKeyQuarantine(V\d+)?|AWSIAMIdentityCenterAllowListForIdentityContext"
    r"|root-task/[^/]+)$"
)
"""AWS's policies of which every statement is a Deny. All others give something, and count as an Allow.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""


class Access:
    """The carriers of each principal. One object for one plan: documents are parsed once."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._parsed: dict[tuple[Address, int | None], tuple[str, ...]] = {}
        self._groups: dict[str, list[tuple[str, Carrier]]] = {}
        self._joined: dict[str, set[str]] = defaultdict(set)
        for group, user in timeline.changed_under("iam.group_member"):
            self._joined[user].add(group)

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
        groups = {address for address in found if kind_of(address) == "iam.group"}
        members = {user for group in groups for user in self.timeline.account.members_of(name_of(group))}
        return sorted((found - groups) | {at("iam.user", user) for user in members})

    def carriers(self, principal: Address) -> Carriers:
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

    def _statements(self, span: Span) -> tuple[str, ...]:
        key = (span.address, span.made)
        if key not in self._parsed:
            self._parsed[key] = _parse(span)
        return self._parsed[key]

    def _changes(self, kind: str) -> Iterator[Span]:
        for first, second in self.timeline.changed_under(kind):
            yield from self.timeline.spans(at(kind, first, second))


def _parse(span: Span) -> tuple[str, ...]:
    document: Value = span.value
    if kind_of(span.address) == "iam.policy" and isinstance(document, Mapping):
        document = document.get("document")
    try:
        return statements(document)
    except NotAPolicy:
        return (canonical_json(document).decode(),)  # equal only to itself


def violations(timeline: Timeline) -> Iterator[str]:
    """Every gain and loss that no change declares, as sentences; nothing if the plan is proven."""
    access = Access(timeline)
    for principal in access.concerned():
        held = access.carriers(principal)
        for statement, carriers in held.items():
            if not any(_standing(carrier) for carrier in carriers):
                yield from _begins(timeline, principal, statement, held)
            elif not stays(timeline, carriers):
                yield from _goes(timeline, principal, statement, held)


def denies(statement: str) -> bool:
    """Whether a statement, or the policy of AWS's that an ARN names, takes access away. Takes canonical statements."""
    return bool(DENYING.search(statement)) if statement.startswith("arn:") else '"Effect":"Deny"' in statement


def stays(timeline: Timeline, carriers: list[Carrier]) -> bool:
    """Whether a statement is there now and at every moment of the plan."""
    return any(_standing(carrier) for carrier in _lasting(timeline, carriers))


def ends(timeline: Timeline, carriers: Iterable[Carrier]) -> list[Change]:
    """The changes that take away what is there now."""
    return [timeline.changes[s.ended] for c in carriers if _standing(c) for s in c if s.ended is not None]


def _standing(carrier: Carrier) -> bool:
    return all(span.made is None for span in carrier)


def _lasting(timeline: Timeline, carriers: list[Carrier]) -> list[Carrier]:
    """The carriers each of whose ends finds another of them in place.

    It begins with those that never end, and adds what they can take over from, until there is no more.
    """
    found: list[Carrier] = []
    rest = carriers
    while True:
        safe = [c for c in rest if all(_handed_over(timeline, span.ended, found) for span in c)]
        if not safe:
            return found
        found += safe
        rest = [c for c in rest if c not in safe]


def _handed_over(timeline: Timeline, end: int | None, carriers: list[Carrier]) -> bool:
    return end is None or any(_made_by(timeline, carrier, end) for carrier in carriers)


def _made_by(timeline: Timeline, carrier: Carrier, change: int) -> bool:
    """Whether the carrier is complete once that change is done. If it has ended by then, it has handed over itself."""
    return all(span.made is None or timeline.before(span.made, change) for span in carrier)


def _begins(timeline: Timeline, principal: Address, statement: str, held: Carriers) -> Iterator[str]:
    """What is wrong with a statement that is not there now: an Allow is a gain, a Deny a loss."""
    if principal not in timeline.account.state:
        return  # a principal that this plan creates
    taken = denies(statement)
    for carrier in held[statement]:
        makes = [timeline.changes[s.made] for s in carrier if s.made is not None]
        if not timeline.can_coexist(carrier) or _declared(makes, TAKES if taken else GIVES):
            continue
        if _declared(makes, TAKES) and any(_standing(c) for c in _ways(held, statement)):
            continue  # less of what is there already
        last = max(makes, key=lambda c: c.id)
        what = "take access from {}, newly denied" if taken else "give {} new access"
        yield _would(last, principal, statement, what)
        return


def _goes(timeline: Timeline, principal: Address, statement: str, held: Carriers) -> Iterator[str]:
    """What is wrong with a statement that is there now and not at every moment: an Allow is a loss, a Deny a gain."""
    ended = ends(timeline, held[statement])
    given = denies(statement)
    if _declared(ended, GIVES if given else TAKES):
        return
    if all(_declared([c], GIVES) for c in ended) and stays(timeline, _ways(held, statement)):
        return  # more than what was there
    first = min(ended, key=lambda c: c.id)
    what = "give {} new access, no longer denied" if given else "take access from {}"
    yield _would(first, principal, statement, what)


def _declared(changes: Iterable[Change], classes: frozenset[Risk]) -> bool:
    return any(change.classes & classes for change in changes)


def _would(change: Change, principal: Address, statement: str, what: str) -> str:
    return f"#{change.id} {change.address} would {what.format(name_of(principal))}: {_short(statement)}"


def _ways(held: Carriers, statement: str) -> list[Carrier]:
    """The carriers of a statement, and those of every other that allows at least as much."""
    return [carrier for other, carriers in held.items() if covers(other, statement) for carrier in carriers]


def _short(statement: str) -> str:
    return statement if len(statement) <= 120 else statement[:119] + "…"
