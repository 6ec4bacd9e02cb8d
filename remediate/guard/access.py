"""The proof that nobody gains or loses access that the plan does not declare, at any moment of any order.

What a principal may do is the set of statements of all policies that reach it, by carriers (`guard.carriers`). A plan
keeps the statement if some carrier holds at every moment: whenever a change ends one carrier, another is complete (by
that change at the latest: writing a document replaces it at once) and stays, or hands over in the same way. An Allow
that no carrier gives now may be a gain, and one that ends a loss. For a Deny it is the other way round: a new one takes
access, and one that ends gives it. A change may declare either: `additive` a gain, `restrictive` a loss.

What nobody declared is compared (`policy.compare`) with what is there all the time: it is no gain if that allows as
much, and no loss. A Deny is weighed against everything, for a bucket's policy or a key's may give what the user's own
do not; an Allow against what the user's own policies and the permissions boundary say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from remediate.effective import facts_of, spelled_out
from remediate.guard.carriers import Access, Carrier, Carriers, ends, standing, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Risk, name_of
from remediate.policy.compare import Difference, Policies
from remediate.policy.known import EVERYTHING, denies
from remediate.policy.witness import Shown, told

GIVES: frozenset[Risk] = frozenset({"additive"})
TAKES: frozenset[Risk] = frozenset({"restrictive", "destructive"})
"""The classes of risk that declare a gain, and a loss."""


def violations(access: Access) -> Iterator[str]:
    """Every gain and loss that no change declares, as sentences; nothing if the plan is proven."""
    timeline = access.timeline
    shown = Shown(timeline.account.id)
    for principal in access.concerned():
        if principal in timeline.account.state:  # and not one that this plan creates
            yield from Proof(timeline, principal, access.layers(principal), shown).violations()


class Proof:
    """What the plan means for one user or role."""

    def __init__(self, timeline: Timeline, principal: Address, layers: Mapping[str, Carriers], shown: Shown) -> None:
        self.timeline = timeline
        self.shown = shown
        self.principal = principal
        self.layers = layers
        self.now: Policies = _those(layers, lambda carriers: any(map(standing, carriers)))
        self.lasting: Policies = _those(layers, lambda carriers: stays(timeline, carriers))
        self.ever: Policies = {layer: frozenset(held) for layer, held in layers.items()}

    def violations(self) -> Iterator[str]:
        for layer, held in self.layers.items():
            for statement in held:
                if statement not in self.now[layer]:
                    yield from self._begins(layer, statement)
                elif statement not in self.lasting[layer]:
                    yield from self._goes(layer, statement)

    def _begins(self, layer: str, statement: str) -> Iterator[str]:
        """What is wrong with a statement that is not there now: an Allow is a gain, a Deny a loss."""
        taken = denies(statement)
        for carrier in self.layers[layer][statement]:
            makes = [self.timeline.changes[s.made] for s in carrier if s.made is not None]
            if not self.timeline.can_coexist(carrier) or _declared(makes, TAKES if taken else GIVES):
                continue
            found = self._denied(self.now, statement) if taken else self._allowed(self._most(layer), layer, statement)
            if found:
                what = "take access from {}, newly denied" if taken else "give {} new access"
                yield self._would(max(makes, key=lambda c: c.id), what, statement, found)
            return

    def _goes(self, layer: str, statement: str) -> Iterator[str]:
        """What is wrong with a statement that is there now and not always: an Allow is a loss, a Deny a gain."""
        ended = ends(self.timeline, self.layers[layer][statement])
        given = denies(statement)
        if _declared(ended, GIVES if given else TAKES):
            return
        if given:
            found = self._denied(self.lasting, statement)
        elif stays(self.timeline, self._ways(layer, statement)):
            return  # by one that allows as much, after the other
        else:
            left = self.lasting[layer] | {s for s in self.now[layer] if denies(s)}
            found = self._allowed({**self.now, layer: left}, layer, statement)
        if found:
            what = "give {} new access, no longer denied" if given else "take access from {}"
            yield self._would(min(ended, key=lambda c: c.id), what, statement, found)

    def _most(self, layer: str) -> Policies:
        """What a new Allow in a layer comes to meet: what this one allows now, what the others ever do, and what stays
        denied. Two halves of one gain are seen by either."""
        denied = {name: frozenset(s for s in held if denies(s)) for name, held in self.lasting.items()}
        allowed = {**self.ever, layer: self.now[layer]}
        return {name: denied[name] | {s for s in held if not denies(s)} for name, held in allowed.items()}

    def _ways(self, layer: str, statement: str) -> list[Carrier]:
        """The carriers of an Allow, and those of every other that allows at least as much."""
        alone: Policies = {layer: frozenset({statement})}
        ways: list[Carrier] = []
        for other, carriers in self.layers[layer].items():
            if not denies(other) and not (self._difference(alone, {layer: frozenset({other})})):
                ways += carriers
        return ways

    def _allowed(self, among: Policies, layer: str, statement: str) -> Difference | None:
        """Something that an Allow adds to other policies."""
        return self._difference({**among, layer: among[layer] | {statement}}, among)

    def _denied(self, among: Policies, statement: str) -> Difference | None:
        """Something that a Deny takes away which no other does, whoever allows it."""
        others = {text for held in among.values() for text in held if denies(text) and text != statement}
        free = frozenset({EVERYTHING, *others})
        return self._difference({"identity": free}, {"identity": free | {statement}})

    def _difference(self, more: Policies, less: Policies) -> Difference | None:
        account = self.timeline.account
        wide, narrow = spelled_out(account, more), spelled_out(account, less)
        return next(self.shown.differences(wide, narrow, facts_of(account, self.principal)), None)

    def _would(self, change: Change, what: str, statement: str, found: Difference) -> str:
        who = name_of(self.principal)
        return f"#{change.id} {change.address} would {what.format(who)}: {_short(statement)}, {told(found)}"


def _those(layers: Mapping[str, Carriers], chosen: Callable[[list[Carrier]], bool]) -> Policies:
    return {
        layer: frozenset(text for text, carriers in held.items() if chosen(carriers)) for layer, held in layers.items()
    }


def _declared(changes: Iterable[Change], classes: frozenset[Risk]) -> bool:
    return any(change.classes & classes for change in changes)


def _short(statement: str) -> str:
    return statement if len(statement) <= 120 else statement[:119] + "…"
