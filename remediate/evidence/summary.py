"""What a summary is, and how two become one.

A summary is of one account and one week. Merging adds counts, takes the earlier and the later time, and settles every
group on its rung: the same in any order, and however the records were split into files. What keeps a file from counting
twice is that the summary knows the files it was made from.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from remediate.evidence.ladder import Ladder, networks, parted, settled, whole
from remediate.evidence.resource import folded

K = TypeVar("K")

PRINCIPALS = 20_000
EVENTS = 1024
CREDENTIALS = 64
PLACES = 64
SESSIONS = 1024


class Use(NamedTuple):
    """Calls that differ in nothing but the time. Each field is a value or the pattern that its group came to."""

    event: str
    """`s3.amazonaws.com/GetObject`"""
    error: str
    resource: str
    """An ARN or a pattern of ARNs; empty where the record does not tell. A call about several counts for each."""
    region: str
    network: str
    """An address, a network, or the name of the AWS service that called on the principal's behalf."""
    agent: str
    credential: str
    mfa: str


class Link(NamedTuple):
    """Somebody began a session of a role."""

    role: str
    session: str
    """`name/key`, as uses of the session have it as their credential."""
    by: str
    credential: str
    """Of whoever began it: itself a session's, where roles were chained."""


class Count:
    """How often, from when to when (seconds since 1970), and in which hours of the week (bit 0: Monday 0:00 UTC)."""

    __slots__ = ("calls", "first", "hours", "last")

    def __init__(self, calls: int, first: int, last: int, hours: int) -> None:
        self.calls = calls
        self.first = first
        self.last = last
        self.hours = hours

    def add(self, other: "Count") -> None:
        self.calls += other.calls
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.hours |= other.hours

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Count) and self.parts() == other.parts()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Count{self.parts()}"

    def parts(self) -> tuple[int, int, int, int]:
        return self.calls, self.first, self.last, self.hours


Uses = dict[Use, Count]


class Summary:
    """Of one account and one week: what each principal did, and who began which session."""

    __slots__ = ("links", "people")

    def __init__(self) -> None:
        self.people: dict[str, Uses] = {}
        self.links: dict[Link, Count] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summary) and (self.people, self.links) == (other.people, other.links)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, other: "Summary") -> None:
        """Takes in all that the other has. To be settled before it is compared, kept or shown."""
        for principal, uses in other.people.items():
            _pour(uses, self.people.setdefault(principal, {}))
        _pour(other.links, self.links)

    def uses(self, principal: str) -> Uses:
        return self.people.setdefault(principal, {})

    def settle(self, account: str) -> None:
        """Puts every group on its rung."""
        self.people = _principals(self.people, account)
        self.people = {principal: _settled(uses) for principal, uses in self.people.items()}
        self.links = _links(self.links)

    def of(self, principal: str, account: str) -> Mapping[Use, Count]:
        """What a principal of the account did; where they are too many to be told apart, what all of them did."""
        return self.people.get(principal) or self.people.get(everybody(account), {})

    def size(self) -> int:
        return sum(map(len, self.people.values())) + len(self.links)


def add(into: dict[K, Count], key: K, count: Count) -> None:
    """Counts something once more. The count that is given stays as it is."""
    known = into.get(key)
    if known is None:
        into[key] = Count(count.calls, count.first, count.last, count.hours)
    else:
        known.add(count)


def _pour(found: Mapping[K, Count], into: dict[K, Count]) -> None:
    for key, count in found.items():
        add(into, key, count)


def _principals(people: Mapping[str, Uses], account: str) -> dict[str, Uses]:
    """Those of other accounts are folded sooner: anybody on earth can be one of them."""
    own = {p for p in people if f"::{account}:" in p}
    names = {
        **settled(own, lambda one: (None if one == everybody(account) else one, everybody(account)), PRINCIPALS),
        **settled(set(people) - own, _by_account, SESSIONS),
    }
    result: dict[str, Uses] = {}
    for principal, uses in people.items():
        _pour(uses, result.setdefault(names[principal], {}))
    return result


def everybody(account: str) -> str:
    """Of an account that has more principals than a summary keeps apart."""
    return f"arn:*::{account}:*"


def _by_account(principal: str) -> tuple[str | None, ...]:
    """A principal, its account, any."""
    if principal == "*":
        return (None, None, "*")
    parts = principal.split(":")
    depth = 5 if parts[0] == "arn" and len(parts) > 5 else 1
    account = f"{':'.join(parts[:depth])}:*" if len(parts) > depth else principal
    return (None if principal == account else principal, account, "*")


FACETS: Mapping[str, tuple[Ladder, int]] = {
    "event": (parted, EVENTS),
    "error": (whole, PLACES),
    "region": (whole, PLACES),
    "network": (networks, PLACES),
    "agent": (parted, PLACES),
    "credential": (parted, CREDENTIALS),
}
"""What is told apart of each principal, how it is folded, and how many it keeps."""


def _settled(uses: Uses) -> Uses:
    """One principal's uses, with each facet on its rung, and then the resources of each kind of call."""
    forms = {name: settled({getattr(use, name) for use in uses}, *FACETS[name]) for name in FACETS}
    touched: dict[str, set[str]] = {}
    for use in uses:
        touched.setdefault(forms["event"][use.event], set()).add(use.resource)
    patterns = {event: folded(resources) for event, resources in touched.items()}
    result: Uses = {}
    for use, count in uses.items():
        event = forms["event"][use.event]
        kept = Use(
            event,
            forms["error"][use.error],
            patterns[event][use.resource],
            forms["region"][use.region],
            forms["network"][use.network],
            forms["agent"][use.agent],
            forms["credential"][use.credential],
            use.mfa,
        )
        add(result, kept, count)
    return result


def _links(links: Mapping[Link, Count]) -> dict[Link, Count]:
    roles = settled((link.role for link in links), whole, PRINCIPALS)
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(roles[link.role], []).append(link)
    result: dict[Link, Count] = {}
    for role, group in groups.items():
        sessions = settled((link.session for link in group), parted, SESSIONS)
        by = settled((link.by for link in group), whole, SESSIONS)
        credentials = settled((link.credential for link in group), parted, SESSIONS)
        for link in group:
            kept = Link(role, sessions[link.session], by[link.by], credentials[link.credential])
            add(result, kept, links[link])
    return result


def merged(summaries: Iterable[Summary], account: str) -> Summary:
    """All of them as one, settled."""
    result = Summary()
    for one in summaries:
        result.add(one)
    result.settle(account)
    return result
