"""A summary as it is kept: canonical, so that the same summary is the same bytes."""

from operator import itemgetter

import msgspec

from remediate.evidence.summary import Count, Link, Summary, Use
from remediate.model import Struct

Place = tuple[str, str, str, str, str]
"""Region, network, program, credential, MFA."""


class Row(Struct, frozen=True, array_like=True):
    """Calls of one kind from one place."""

    event: str
    error: str
    resource: str
    place: int
    calls: int
    first: int
    last: int
    hours: str


class Person(Struct, frozen=True):
    places: tuple[Place, ...]
    uses: tuple[Row, ...]


class Begun(Struct, frozen=True, array_like=True):
    """Sessions of a role that somebody began."""

    role: str
    session: str
    by: str
    credential: str
    calls: int
    first: int
    last: int
    hours: str


class Segment(Struct, frozen=True):
    """One week of one account."""

    files: tuple[str, ...]
    """The marks of the files whose last record is of this week."""
    people: dict[str, Person]
    links: tuple[Begun, ...]


def encode(summary: Summary, files: frozenset[str]) -> bytes:
    segment = Segment(
        files=tuple(sorted(files)),
        people={principal: _person(uses) for principal, uses in sorted(summary.people.items())},
        links=tuple(Begun(*link, *_count(count)) for link, count in sorted(summary.links.items(), key=itemgetter(0))),
    )
    return msgspec.json.encode(segment)


def decode(content: bytes) -> tuple[Summary, frozenset[str]]:
    """Raises msgspec.DecodeError where this is no summary."""
    segment = msgspec.json.decode(content, type=Segment)
    summary = Summary()
    for principal, person in segment.people.items():
        uses = summary.uses(principal)
        for row in person.uses:
            region, network, agent, credential, mfa = _at(person.places, row.place)
            use = Use(row.event, row.error, row.resource, region, network, agent, credential, mfa)
            uses[use] = _counted(row.calls, row.first, row.last, row.hours)
    for begun in segment.links:
        link = Link(begun.role, begun.session, begun.by, begun.credential)
        summary.links[link] = _counted(begun.calls, begun.first, begun.last, begun.hours)
    return summary, frozenset(segment.files)


def _person(uses: dict[Use, Count]) -> Person:
    places = sorted({_place(use) for use in uses})
    number = {place: n for n, place in enumerate(places)}
    rows = sorted(
        (use.event, use.error, use.resource, number[_place(use)], *_count(count)) for use, count in uses.items()
    )
    return Person(places=tuple(places), uses=tuple(Row(*row) for row in rows))


def _place(use: Use) -> Place:
    return use.region, use.network, use.agent, use.credential, use.mfa


def _at(places: tuple[Place, ...], number: int) -> Place:
    if not 0 <= number < len(places):
        raise msgspec.DecodeError(f"place {number} of {len(places)}")
    return places[number]


def _count(count: Count) -> tuple[int, int, int, str]:
    return count.calls, count.first, count.last, f"{count.hours:x}"


def _counted(calls: int, first: int, last: int, hours: str) -> Count:
    try:
        return Count(calls, first, last, int(hours, 16))
    except ValueError:
        raise msgspec.DecodeError(f"hours {hours}") from None
