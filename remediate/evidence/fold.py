"""The records of log files, folded into the summary of each week."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from remediate.evidence.ladder import address, plain, program
from remediate.evidence.principal import Who
from remediate.evidence.record import Event, events_of, events_of_whole
from remediate.evidence.resource import shortened
from remediate.evidence.sessions import begun
from remediate.evidence.summary import Count, Link, Summary, Use, add
from remediate.evidence.tally import BETWEEN, KNOWN, Found, Key, Tallier
from remediate.evidence.unpack import Unusual, lists, unpacked, whole

Week = date
"""The Monday that it begins on, UTC."""
Weeks = dict[Week, Summary]
Tells = Callable[[str, str, bytes], Sequence[str]]
"""The ARNs that a call was about, by its event (`iam.amazonaws.com/GetUser`), region, and its parameters as JSON."""


class Folder:
    """Folds records of one account and time. What it remembers makes it faster, and changes nothing."""

    def __init__(self, account: str, begin: datetime, end: datetime, names: Iterable[str], tells: Tells) -> None:
        """`names` are those of the events that `tells` can say something about."""
        self._tallier = Tallier(account, begin, end, names)
        self._tells = tells
        self._short: dict[tuple[str, str, str | bytes], tuple[str, ...]] = {}
        self._events: dict[tuple[str, str], str] = {}
        self._places: dict[tuple[str, str | None, str | None], tuple[str, str, str]] = {}

    def file(self, data: bytes, into: Weeks) -> Found:
        """Counts the records of one file: all that are as they should be, or none. Raises NoLog."""
        try:
            return self._fold(map(events_of, lists(unpacked(data))), into)
        except Unusual:
            return self._fold([events_of_whole(whole(unpacked(data)))], into)

    def event(self, event: Event, calls: int, last: datetime, into: Weeks) -> Found:
        """Counts a record that came in no file, and stands for so many of its hour, to the last."""
        self._forget()
        found = Found()
        found.events = 1
        self._tallier.count([event], found)
        found.stands_for(calls, last)
        self._put(found, into)
        return found

    def _fold(self, batches: Iterable[tuple[Sequence[Event], Sequence[str]]], into: Weeks) -> Found:
        self._forget()
        found = Found()
        for events, passed in batches:
            self._tallier.count(events, found)
            found.events += len(events) + len(passed)
            found.passed += passed
        self._put(found, into)
        return found

    def _put(self, found: Found, into: Weeks) -> None:
        for hour, tallies in found.hours.items():
            summary = into.setdefault(week_of(hour), Summary())
            begin, bit = _begun(hour)
            for key, (calls, first, last) in tallies.items():
                since = begin + (first - hour).seconds
                until = since if last is first else begin + (last - hour).seconds
                self._keep(Key._make(key), Count(calls, since, until, bit), summary)
        for hour, event, (calls, first, last) in found.begun:
            begin, bit = _begun(hour)
            count = Count(calls, begin + (first - hour).seconds, begin + (last - hour).seconds, bit)
            self._link(event, count, into[week_of(hour)])

    def _forget(self) -> None:
        self._tallier.forget()
        if any(len(known) > KNOWN for known in (self._short, self._events, self._places)):
            self._short.clear()
            self._events.clear()
            self._places.clear()

    def _keep(self, key: Key, count: Count, summary: Summary) -> None:
        who = self._tallier.people[key.who]
        event = self._event(key)
        place = self._place(key)
        uses = summary.uses(who.principal)
        for resource in self._resources(event, key) if key.where else ("",):
            add(uses, Use(event, plain(key.error), resource, *place, who.credential, who.mfa), count)
        if who.source:
            link = Link(who.principal, who.credential, f"source identity {who.source}", "")
            add(summary.links, link, count)

    def _event(self, key: Key) -> str:
        known = self._events.get((key.source, key.name))
        if known is None:
            known = f"{plain(key.source).replace('/', '?')}/{plain(key.name)}"
            self._events[key.source, key.name] = known
        return known

    def _place(self, key: Key) -> tuple[str, str, str]:
        """Region, address, program."""
        known = self._places.get((key.region, key.address, key.agent))
        if known is None:
            known = plain(key.region), address(key.address or ""), program(key.agent or "")
            self._places[key.region, key.address, key.agent] = known
        return known

    def _resources(self, event: str, key: Key) -> tuple[str, ...]:
        """The resources that records list, or that their parameters name."""
        known = self._short.get((event, key.region, key.where))
        if known is None:
            where = key.where
            arns = self._tells(event, key.region, where) if isinstance(where, bytes) else where.split(BETWEEN)
            known = tuple(sorted({shortened(arn) for arn in arns})) or ("",)
            self._short[event, key.region, where] = known
        return known

    def _link(self, event: Event, count: Count, summary: Summary) -> None:
        who: Who = self._tallier.met(bytes(event.userIdentity))
        for role, session in begun(event):
            add(summary.links, Link(role, session, who.principal, who.credential), count)


def week_of(day: date) -> Week:
    """A datetime is a date too."""
    return date(day.year, day.month, day.day) - timedelta(days=day.weekday())


def _begun(hour: datetime) -> tuple[int, int]:
    """An hour as seconds since 1970, and as its bit of the week."""
    return int(hour.timestamp()), 1 << (hour.weekday() * 24 + hour.hour)
