"""The proof that nobody gains or loses access that the plan does not declare, at any moment of any order.

What a principal may do is the set of statements of all policies that reach it, by carriers (`guard.carriers`). A plan
keeps the statement if some carrier holds at every moment: whenever a change ends one carrier, another is complete (by
that change at the latest: writing a document replaces it at once) and stays, or hands over in the same way. An Allow
that no carrier gives now may be a gain, and one that ends a loss. For a Deny it is the other way round: a new one takes
access, and one that ends gives it. A change may declare either: `additive` a gain, `restrictive` a loss.

What nobody declared is compared (`policy.compare`) with what is there all the time: it is no gain if that allows as
much, and no loss. A Deny is weighed against everything that the organization leaves, for a bucket's policy or a key's
may give what the user's own do not; an Allow against what the user's own policies, the permissions boundary and
the organization's service control policies say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from remediate.effective import Held, facts_of, spelled_out
from remediate.guard.carriers import Access, Carrier, Carriers, ends, standing, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Risk, name_of
from remediate.policy.compare import CONTROL, Difference, Policies
from remediate.policy.known import EVERYTHING, Known, denies
from remediate.policy.sessions import callers, marked
from remediate.policy.witness import Shown, told

GIVES: frozenset[Risk] = frozenset({"additive"})
TAKES: frozenset[Risk] = frozenset({"restrictive", "destructive"})
"""The classes of risk that declare a gain, and a loss."""


def violations(access: Access) -> Iterator[str]:
    """Every gain and loss that no change declares, as sentences; nothing if the plan is proven."""
    timeline = access.timeline
    shown = Shown(timeline.account.id, timeline.account.partition)
    for principal in access.concerned():
        if principal in timeline.account.state:  # and not one that this plan creates
            layers = access.layers(principal)
            everything = {layer: frozenset(held) for layer, held in layers.items()}
            who = callers(facts_of(timeline.account, principal), [everything])
            proofs = [Proof(timeline, principal, layers, shown, known) for known in who]
            found = {about: said for proof in reversed(proofs) for about, said in proof.violations()}
            yield from found.values()  # what is wrong for the user or role; else what is for their sessions


class Proof:
    """What the plan means for one user or role, or for sessions that they make. `known`: what every request says."""

    def __init__(
        self, timeline: Timeline, principal: Address, layers: Mapping[str, Carriers], shown: Shown, known: Known
    ) -> None:
        self.known = known
        self.timeline = timeline
        self.shown = shown
        self.principal = principal
        self.layers = layers
        self.now: Policies = _those(layers, lambda carriers: any(map(standing, carriers)))
        self.lasting: Policies = _those(layers, lambda carriers: stays(timeline, carriers))
        self.ever: Policies = {layer: frozenset(held) for layer, held in layers.items()}

    def violations(self) -> Iterator[tuple[object, str]]:
        """Each with what it is about."""
        for layer, held in self.layers.items():
            for text in held:
                judge = self._begins if text not in self.now[layer] else self._goes
                if text not in self.lasting[layer]:
                    for taken, part in self._halves(text):
                        for said in judge(layer, text, part, taken=taken):
                            yield (layer, text, taken), said

    def _halves(self, text: str) -> Iterator[tuple[bool, Held]]:
        """What a statement or policy of AWS's denies, and what it allows: either is a gain or a loss of its own."""
        said = self._spelled({"": frozenset({text})})[""]
        for taken in (True, False):
            if part := frozenset(s for s in said if denies(s) is taken):
                yield taken, part

    def _begins(self, layer: str, text: str, part: Held, *, taken: bool) -> Iterator[str]:
        """What is wrong with a statement that is not there now: an Allow is a gain, a Deny a loss."""
        for carrier in self.layers[layer][text]:
            makes = [self.timeline.changes[s.made] for s in carrier if s.made is not None]
            if not self.timeline.can_coexist(carrier) or _declared(makes, TAKES if taken else GIVES):
                continue
            now = self._spelled(self.now)
            found = self._denied(now, part) if taken else self._allowed(self._most(layer), layer, part)
            if found:
                what = "take access from {}, newly denied" if taken else "give {} new access"
                yield self._would(max(makes, key=lambda c: c.id), what, text, found)
            return

    def _goes(self, layer: str, text: str, part: Held, *, taken: bool) -> Iterator[str]:
        """What is wrong with a statement that is there now and not always: an Allow is a loss, a Deny a gain."""
        ended = ends(self.timeline, self.layers[layer][text])
        if _declared(ended, GIVES if taken else TAKES):
            return
        if taken:
            found = self._denied(self._spelled(self.lasting), part)
        elif stays(self.timeline, self._ways(layer, part)):
            return  # by one that allows as much, after the other
        else:
            now, lasting = self._spelled(self.now), self._spelled(self.lasting)
            left = lasting[layer] | {s for s in now[layer] if denies(s)}
            found = self._allowed({**now, layer: left}, layer, part)
        if found:
            what = "give {} new access, no longer denied" if taken else "take access from {}"
            yield self._would(min(ended, key=lambda c: c.id), what, text, found)

    def _most(self, layer: str) -> Policies:
        """What a new Allow in a layer comes to meet: what this one allows now, what the others ever do, and what stays
        denied. Two halves of one gain are seen by either."""
        lasting, ever = self._spelled(self.lasting), self._spelled({**self.ever, layer: self.now[layer]})
        denied = {name: frozenset(s for s in held if denies(s)) for name, held in lasting.items()}
        return {name: denied[name] | {s for s in held if not denies(s)} for name, held in ever.items()}

    def _ways(self, layer: str, part: Held) -> list[Carrier]:
        """The carriers of what allows at least as much as some Allows do."""
        alone: Policies = {layer: part}
        ways: list[Carrier] = []
        for other, carriers in self.layers[layer].items():
            said = self._spelled({layer: frozenset({other})})
            if not all(map(denies, said[layer])) and not self._difference(alone, said):
                ways += carriers
        return ways

    def _allowed(self, among: Policies, layer: str, part: Held) -> Difference | None:
        """Something that Allows add to other policies."""
        return self._difference({**among, layer: among[layer] | part}, among)

    def _denied(self, among: Policies, part: Held) -> Difference | None:
        """Something that Denies take away which no other does, whoever allows it."""
        free = frozenset({EVERYTHING, *(s for held in among.values() for s in held if denies(s))})
        left = {name: held for name, held in among.items() if name.startswith(CONTROL)}
        return self._difference({**left, "identity": free}, {**left, "identity": free | part})

    def _difference(self, more: Policies, less: Policies) -> Difference | None:
        found = next(self.shown.differences(more, less, self.known), None)
        return found and marked(found, self.known)

    def _spelled(self, policies: Policies) -> Policies:
        return spelled_out(self.timeline.account, policies)

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
