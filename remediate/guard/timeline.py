"""What each entry of the account is, and when, while a plan runs in any order that its `needs` allow."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from remediate.account import Account
from remediate.model import Address, Change, Struct, Value, kind_of, pair_of
from remediate.order import ancestors


class Span(Struct, frozen=True, kw_only=True):
    """A value that an entry has from one change to another. None: from before the plan, or until after it."""

    address: Address
    value: Value
    made: int | None
    ended: int | None


class Timeline:
    """The spans of every address, and which changes are certainly done when another one is."""

    def __init__(self, account: Account, changes: Sequence[Change]) -> None:
        self.account = account
        self.changes = {c.id: c for c in changes}
        self._above = ancestors([c.id for c in changes], {c.id: set(c.needs) for c in changes})
        self._chains: dict[Address, list[Change]] = defaultdict(list)
        self._changed: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._kinds: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            self._chains[change.address].append(change)
            first, second = pair_of(change.address)
            self._changed[kind_of(change.address), first].add(second)
            self._kinds[kind_of(change.address)].append(change)

    def before(self, earlier: int, later: int) -> bool:
        """Whether `earlier` is done in every state of the account in which `later` is done."""
        return earlier == later or bool(self._above[later] >> earlier & 1)

    def spans(self, address: Address) -> list[Span]:
        """The values this entry has, now and during the plan; times when it is absent are left out."""
        value, made = self.account.state.get(address), None
        spans: list[Span] = []
        for change in self._chains.get(address, ()):
            if value is not None:
                spans.append(Span(address=address, value=value, made=made, ended=change.id))
            value, made = change.after, change.id
        if value is not None:
            spans.append(Span(address=address, value=value, made=made, ended=None))
        return spans

    def of_kind(self, kind: str) -> Sequence[Change]:
        """The changes of entries of one kind."""
        return self._kinds.get(kind, ())

    def second_names(self, kind: str, first: str) -> list[str]:
        """The second names of a kind's entries with this first name, now or at any time in the plan."""
        return sorted({*self.account.under(kind, first), *self._changed.get((kind, first), ())})

    def changed_under(self, kind: str) -> Iterable[tuple[str, str]]:
        """First and second names of the changed entries of a kind."""
        return [(first, second) for (k, first), seconds in self._changed.items() if k == kind for second in seconds]

    def can_coexist(self, spans: Sequence[Span]) -> bool:
        """Whether all of these can hold at once in some order: none ends before another begins."""
        ends = [s.ended for s in spans if s.ended is not None]
        begins = [s.made for s in spans if s.made is not None]
        return not any(self.before(end, begin) for end in ends for begin in begins)
