"""Counting records: the part whose speed counts. It looks at each once, while the processor still has it at hand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from remediate.evidence.principal import Who, who
from remediate.evidence.record import BROKEN, HOUR, IDENTITY, Event, Touched
from remediate.evidence.resource import DEEPEST, shortened
from remediate.evidence.sessions import BEGINNINGS

KNOWN = 50_000
"""How many texts of a kind are remembered at a time."""
COMPARED = 64
"""A record that lists more resources than these keeps all of them."""
BETWEEN = "\0"
"""Between several ARNs. Where a record has it in one, that is read as two, and neither is one."""
FAILURE = b'"ConsoleLogin":"Failure"'
"""How a sign-in that failed is told: it has no error code.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""


class Key(NamedTuple):
    """Calls that differ in nothing but the time, as the records have them."""

    who: int
    source: str
    name: str
    region: str
    address: str | None
    agent: str | None
    error: str
    where: str | bytes
    """ARNs, or the JSON of the parameters."""


Tallies = dict[tuple[Any, ...], list[Any]]
"""By key how often, first and last time. The keys are plain tuples: those are made four times as fast."""


class Found:
    """What some records came to."""

    __slots__ = ("begun", "events", "hours", "others", "outside", "passed")

    def __init__(self) -> None:
        self.hours: dict[datetime, Tallies] = {}
        self.begun: list[tuple[datetime, Event, list[Any]]] = []
        """Calls that began a session, each with its hour, and as in the tallies how often, first and last time."""
        self.events = 0
        self.others = 0
        """Records of another account."""
        self.outside = 0
        """Records of a time that was not asked for."""
        self.passed: list[str] = []
        """Why each of the records that are not as they should be was passed over."""

    def stands_for(self, calls: int, last: datetime) -> None:
        """What was found is one record, and stands for so many."""
        tallies = [tally for hour in self.hours.values() for tally in hour.values()]
        for tally in (*tallies, *(tally for _, _, tally in self.begun)):
            tally[0], tally[2] = calls, last
        self.events *= calls
        self.others *= calls
        self.outside *= calls
        self.passed *= calls

    def add(self, other: "Found") -> None:
        """Takes in how many there were. What they said is somewhere else by now."""
        self.events += other.events
        self.others += other.others
        self.outside += other.outside
        self.passed += other.passed


class Tallier:
    """Counts the records of one account and time. What it remembers makes it faster, and changes nothing."""

    def __init__(self, account: str, begin: datetime, end: datetime, names: Iterable[str]) -> None:
        """`names` are those of the events whose parameters say what they are about, where the record lists nothing."""
        self._account = account
        self._begin = begin
        self._end = end
        self._named = frozenset(names)
        self._seen: dict[bytes, int] = {}
        """By the JSON of an identity: most records of a file come of a few sessions, which are written alike."""
        self._numbers: dict[Who, int] = {}
        self.people: list[Who] = []

    def forget(self) -> None:
        """To be called between files: the numbers of those found so far lose their meaning."""
        if len(self._seen) > KNOWN or len(self.people) > KNOWN:
            self._seen.clear()
            self._numbers.clear()
            self.people.clear()

    def count(self, events: Iterable[Event], found: Found) -> None:
        seen, named, account = self._seen.get, self._named, self._account
        begin = end = hour = self._begin
        tallies: Tallies = {}
        for event in events:
            if event.recipientAccountId != account and not self._own(event):
                found.others += 1
                continue
            time = event.eventTime
            if not begin <= time < end:
                if not self._begin <= time < self._end:
                    found.outside += 1
                    continue
                begin = hour = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
                end = hour + HOUR
                tallies = found.hours.setdefault(hour, {})
            identity = bytes(event.userIdentity)
            number = seen(identity)
            if number is None:
                number = self._met(identity)
                if number < 0:
                    found.passed.append("its userIdentity is not as CloudTrail writes it")
                    continue
            name, listed = event.eventName, event.resources
            where: str | bytes = ""
            if listed:
                where = _specific(listed)
            elif name in named:
                where = bytes(event.requestParameters)
            if name in SPECIAL:
                _special(event, hour, found)
            key = (
                number,
                event.eventSource,
                name,
                event.awsRegion,
                event.sourceIPAddress,
                event.userAgent,
                event.errorCode,
                where,
            )
            tally = tallies.get(key)
            if tally is None:
                tallies[key] = [1, time, time]
                continue
            tally[0] += 1
            if time > tally[2]:
                tally[2] = time
            elif time < tally[1]:
                tally[1] = time

    def _own(self, event: Event) -> bool:
        """Whether a record is of this account where it does not say who received it."""
        try:
            return not event.recipientAccountId and IDENTITY.decode(event.userIdentity).accountId == self._account
        except BROKEN:
            return True  # it is passed over for that

    def met(self, identity: bytes) -> Who:
        """Whose identity was counted."""
        number = self._seen.get(identity)
        return self.people[self._met(identity) if number is None else number]

    def _met(self, text: bytes) -> int:
        """The number of whoever an identity is that was not seen before; -1 where it is not as it should be."""
        try:
            person = who(IDENTITY.decode(text))
        except BROKEN:
            return -1
        self._seen[text] = number = self._numbers.setdefault(person, len(self.people))
        if number == len(self.people):
            self.people.append(person)
        return number


SPECIAL = BEGINNINGS | {"ConsoleLogin"}


def _special(event: Event, hour: datetime, found: Found) -> None:
    if event.eventName in BEGINNINGS:
        found.begun.append((hour, event, [1, event.eventTime, event.eventTime]))
    elif FAILURE in bytes(event.responseElements).replace(b" ", b""):
        event.errorCode = "Failure"


def _specific(listed: Sequence[Touched]) -> str:
    """Of the resources that a record lists those that are no part of another: the object, not its bucket too.

    An object that lies deep is known by its folder from here on: objects differ, their folders less.
    """
    arn = listed[0].ARN
    if len(listed) == 1 or (len(listed) == 2 and arn.startswith(f"{listed[1].ARN}/")):
        return shortened(arn) if arn.count("/") > DEEPEST else arn
    arns = sorted({one.ARN for one in listed if one.ARN})
    if len(arns) <= COMPARED:
        arns = [arn for arn in arns if not any(other.startswith((f"{arn}/", f"{arn}:")) for other in arns)]
    return BETWEEN.join(arns)
