"""What calls a user or role may make while a plan runs, whatever its order.

For a call there is one question with two sides, `before`: what policies say now, and `after`: what is certain of every
state of the account. An Allow counts after if its carriers hand over to each other throughout (`guard.carriers`), be
they of one statement or of several; a Deny, if any state has it. So nothing is taken for allowed that is denied in some
order.

What a request brings with it and nobody knows beforehand, such as where it comes from, may be anything: the search
among conditions (`policy.branches`) finds the request that is denied.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from remediate.account import Account
from remediate.effective import spelled_out
from remediate.guard.carriers import Access, Carrier, begun, ends, standing, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, kind_of, name_of, pair_of
from remediate.policy.branches import NOWHERE, Context, Free, Layers, Rule, lost
from remediate.policy.branches import Literal as Open
from remediate.policy.known import DENY_ALL, NOTHING, Known, Prepared, prepared
from remediate.policy.languages import Language, TooLarge, texts
from remediate.policy.patterns import pattern
from remediate.policy.rules import rule

Side = Literal["before", "after"]
TAG = "aws:principaltag/"


class Call(NamedTuple):
    """One action on one resource, an ARN or a pattern of ARNs; `*` for none in particular."""

    action: str
    resource: str = "*"


class Said(NamedTuple):
    """A statement that reaches somebody, in one layer of their policies."""

    layer: str
    text: str
    prepared: Prepared
    carriers: list[Carrier]


class Asked(NamedTuple):
    """Whether some calls are all allowed, as a question about the rest of the request."""

    rules: tuple[Rule, ...]
    layers: Layers

    def given(self, layer: str, number: int) -> "Asked":
        """The same where something else than policies allows the call of that number in a layer."""
        more = frozenset({f"{layer} {number}"})
        return self._replace(rules=(*self.rules, Rule(True, more, more)))

    def stopped(self) -> Context | None:
        """A request that is allowed before and not after. Raises TooLarge."""
        return lost(self.rules, self.layers)

    def surely(self, side: Side) -> bool:
        """Whether they are allowed, whatever else the request says."""
        rules = [one._replace(before=NOWHERE, after=_within(one, side)) for one in self.rules]
        try:
            return lost([Rule(True, self.layers, NOWHERE), *rules], self.layers) is None
        except TooLarge:
            return False

    def possibly(self, side: Side) -> bool:
        """Whether some request of theirs is allowed, as far as that is understood."""
        known = [one for one in self.rules if not one.allows or not any(isinstance(x, Free) for x in one.open)]
        rules = [one._replace(before=_within(one, side), after=NOWHERE) for one in known]
        try:
            return lost(rules, self.layers) is not None
        except TooLarge:
            return False


def stopped(rules: Sequence[Rule], layers: Layers) -> bool:
    """Whether some request is allowed before and not after; what cannot be gone through may be."""
    try:
        return lost(rules, layers) is not None
    except TooLarge:
        return True


def _within(one: Rule, side: Side) -> Layers:
    return {"before": one.before, "after": one.after}[side]


class Allowed:
    """What one user or role may do. `known` is what their requests say for sure."""

    def __init__(self, access: Access, principal: Address, known: Known) -> None:
        self.timeline = access.timeline
        self.layers = access.layers(principal)
        self._tagging = _tagging(self.timeline, principal)
        changed = {f"{TAG}{pair_of(change.address)[1].lower()}" for change in self._tagging}
        self.known = {key: value for key, value in known.items() if key not in changed}
        self._moving = changed
        self._prepared: dict[str, Sequence[Prepared]] = {}
        self._stays: dict[object, bool] = {}
        self._held = [
            (layer, text, one, carriers)
            for layer, held in self.layers.items()
            for text, carriers in held.items()
            for one in _statements(self.timeline.account, text)
        ]

    def asked(self, calls: Iterable[Call], since: Sequence[int] = (), beside: Carrier = ()) -> Asked:
        """Whether these calls are allowed: all of them, by one and the same request but for action and resource.

        Given `since` and `beside`, only the states count in which these changes are done and these spans hold.
        """
        rules: list[Rule] = []
        layers: set[str] = set()
        for number, call in enumerate(calls):
            names = {layer: f"{layer} {number}" for layer in self.layers}
            layers.update(names.values())
            rules += self._rules(list(self.about(call)), call, names, since, beside)
        return Asked(tuple(rules), frozenset(layers))

    def about(self, call: Call) -> Iterator[Said]:
        """The statements that may be about a call."""
        action = call.action.lower()
        for layer, text, one, carriers in self._held:
            if _covers(one, action):
                yield from (Said(layer, text, part, carriers) for part in self._parts(one))

    def every(self) -> Iterator[Said]:
        """All statements that may count for somebody's requests."""
        for layer, text, one, carriers in self._held:
            yield from (Said(layer, text, part, carriers) for part in self._parts(one))

    def _parts(self, text: str) -> Sequence[Prepared]:
        if text not in self._prepared:
            self._prepared[text] = tuple(prepared(text, self.known))
        return self._prepared[text]

    def sorts(self, call: Call) -> Iterator[Call]:
        """The call, for each sort of resource that its pattern stands for. Raises TooLarge."""
        if call.resource == "*" or not set(call.resource) & set("*?"):
            yield call
            return
        languages = [Language((pattern(call.resource),))]
        for said in self.about(call):
            languages += [Language(said.prepared.resources.sure), Language(said.prepared.resources.loose)]
        yield from (call._replace(resource=text) for text, _ in texts(languages, (1,)))

    def blamed(self, call: Call, more: Sequence[Rule] = (), layers: Layers = NOWHERE) -> Change:
        """The change by which a call that is allowed now comes to be denied; `more` is what else bears on it."""
        return min(self.bearing(call, more, layers), key=lambda change: change.id)

    def bearing(self, call: Call, more: Sequence[Rule] = (), layers: Layers = NOWHERE) -> Sequence[Change]:
        """The changes that may take a call: by a Deny, or else by an Allow or a tag that goes."""
        names = {layer: f"{layer} 0" for layer in self.layers}
        rules = [*self._rules(list(self.about(call)), call, names, (), ()), *more]
        now = [one._replace(after=one.before) for one in rules]
        every = layers | frozenset(names.values())
        come = [
            (change, one.prepared.on(call.resource))
            for one in self.about(call)
            if not one.prepared.allows and (change := begun(self.timeline, one.carriers)) is not None
        ]
        denied = [
            change
            for change, open_ in come
            if open_ is not None and stopped([*now, Rule(False, NOWHERE, every, open_)], every)
        ]
        allows = [one for one in self.about(call) if one.prepared.allows]
        gone = ends(self.timeline, (way for one in allows for way in one.carriers))
        return denied or gone or self._tagging or [change for change, _ in come]

    def _rules(
        self, said: Sequence[Said], call: Call, names: Mapping[str, str], since: Sequence[int], beside: Carrier
    ) -> Iterator[Rule]:
        given: dict[str, list[tuple[frozenset[Open], Said]]] = defaultdict(list)
        for one in said:
            open_ = one.prepared.on(call.resource)
            if open_ is None:
                continue
            here = frozenset({names[one.layer]})
            now = here if any(map(standing, one.carriers)) else NOWHERE
            if one.prepared.allows:
                yield Rule(True, now, NOWHERE, open_)
                given[one.layer].append((open_, one))
                continue
            comes = any(self.timeline.can_coexist((*way, *beside)) for way in one.carriers)
            yield Rule(False, now, NOWHERE, open_)
            if comes:
                yield Rule(False, NOWHERE, here, frozenset({Free(one.text)}) if self.moves(one.text) else open_)
        for layer, allows in given.items():
            yield from self._throughout(allows, names[layer], since, [s.ended for s in beside if s.ended is not None])

    def _throughout(
        self, allows: Sequence[tuple[frozenset[Open], Said]], layer: str, since: Sequence[int], until: Sequence[int]
    ) -> Iterator[Rule]:
        """What is allowed in every state: by each set of conditions, what counts whenever they hold."""
        lasting = [(open_, said) for open_, said in allows if not self.moves(said.text)]
        for wanted in {open_ for open_, _ in lasting}:
            held = [said for open_, said in lasting if open_ <= wanted]
            if self._stay(held, since, until):
                yield Rule(True, NOWHERE, frozenset({layer}), wanted)

    def _stay(self, held: Sequence[Said], since: Sequence[int], until: Sequence[int]) -> bool:
        """Whether one of these statements is there throughout. Many calls ask it of the same ones."""
        key = (tuple((said.layer, said.text) for said in held), tuple(since), tuple(until))
        if key not in self._stays:
            self._stays[key] = stays(self.timeline, [way for said in held for way in said.carriers], since, until)
        return self._stays[key]

    def moves(self, text: str) -> bool:
        """Whether it looks at a tag of theirs that the plan changes."""
        return any(key in text.lower() for key in self._moving)


@lru_cache(maxsize=65536)
def _covers(text: str, action: str) -> bool:
    """Whether a statement may be about an action: what only AWS knows may be about any."""
    return text.startswith("arn:") or rule(text).actions.cover(action, lambda _: None)


def _statements(account: Account, text: str) -> Iterable[str]:
    """A statement, or those of a policy of AWS's as far as its document is at hand."""
    if DENY_ALL.match(text):
        return (NOTHING,)
    return spelled_out(account, {"": frozenset({text})})[""] if text.startswith("arn:") else (text,)


def _tagging(timeline: Timeline, principal: Address) -> list[Change]:
    """The changes of somebody's tags."""
    return [c for c in timeline.of_kind(f"{kind_of(principal)}_tag") if pair_of(c.address)[0] == name_of(principal)]
