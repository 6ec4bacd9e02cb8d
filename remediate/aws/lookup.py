"""Who changed entries, asked of CloudTrail: management events of the last 90 days, whether there is a trail or not.

Two calls a second in a region of an account, for all who ask; 50 events a page, the newest first; one attribute a call;
a call shows up to 15 minutes after it was made. So the events of one name are asked for all entries together, no
further back than they need, and no longer than one of them waits for its culprit.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from remediate.aws.events import read_event
from remediate.aws.marks import marks
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.aws.turns import Turns
from remediate.culprit import TAKES, Asked, Call, Marks, Trace, culprit, matches
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, kind_of
from remediate.protocols import Clock

PER_SECOND = 2
CALLS = 40
"""Calls at most for one look at the drift: 20 seconds."""
CLOCKS = timedelta(minutes=5)
"""By how much this machine's clock may differ from AWS's, which takes no request that differs by more."""
NOBODY = "CloudTrail tells of no call that did it; those of the last 15 minutes may not be there yet"
ELSEWHERE = "the CloudTrail of this account does not tell of it"
UNTOLD = (NOBODY, ELSEWHERE)

Marker = Callable[[Asked], Marks]


class Sought(NamedTuple):
    """An entry, and what the calls that changed it look like."""

    item: Asked
    marks: Marks


class Reading:
    """The events of one name in one region, read page by page as far as somebody needs them."""

    def __init__(self, pages: Iterator[list[Call]]) -> None:
        self._pages = pages
        self.calls: list[Call] = []
        self.unread = ""
        """Why there is more that could not be read."""

    def until(self, sought: Sought) -> None:
        """Reads on until there is a call that changed the entry, or no more."""
        while not self.unread and not any(matches(sought.marks, call) for call in self.calls):
            try:
                page = next(self._pages, None)
            except CallFailed as error:
                self.unread = _why(error)
                return
            if page is None:
                return
            self.calls += page


class Lookup:
    """One look at the drift: a bounded number of calls, for all entries together."""

    def __init__(self, aws: Session, where: AccountId, ours: Collection[str], clock: Clock) -> None:
        """`ours` are the ids of this program's own requests."""
        self._aws, self._where, self._ours = aws, where, ours
        self._turns = Turns(PER_SECOND, clock)
        self._made = 0
        self._denied: dict[str, CallFailed] = {}

    def who(self, asked: Iterable[Asked]) -> dict[str, Trace | str]:
        """Who changed each entry, or why nobody knows who. What was deleted may have taken others with it."""
        wanted = {item.address: item for item in asked}
        found = self._ask(wanted.values(), self._of_entry)
        gone = [wanted[address] for address, said in found.items() if said in UNTOLD and _parent(wanted[address])]
        with_parents = self._ask(gone, self._of_parent)
        return {**found, **{address: said for address, said in with_parents.items() if said not in UNTOLD}}

    def described(self, item: Asked) -> list[Marks]:
        """What the calls look like that can have changed an entry, or have taken it along. Raises CallFailed."""
        return [self._of_entry(item), *([self._of_parent(item)] if _parent(item) else [])]

    def _of_entry(self, item: Asked) -> Marks:
        address = Address(item.address)
        return marks(RESOURCES[kind_of(address)], self._aws, address, item.expected, item.now, self._where)

    def _of_parent(self, item: Asked) -> Marks:
        parent = Address(_parent(item))
        kind = RESOURCES[kind_of(parent)]
        found = marks(kind, self._aws, parent, kind.sample, None, self._where)
        ends = tuple(name for name in found.calls if name.partition(":")[2].startswith(TAKES))
        return msgspec.structs.replace(found, calls=ends)

    def _ask(self, asked: Iterable[Asked], of: Marker) -> dict[str, Trace | str]:
        said: dict[str, Trace | str] = {}
        sought = []
        for item in asked:
            try:
                sought.append(Sought(item, of(item)))
            except CallFailed as error:
                said[item.address] = _why(error)
        readings = self._readings(sought)
        for one in sought:
            said[one.item.address] = self._answer(one, [readings[one.marks.region, name] for name in one.marks.calls])
        return said

    def _readings(self, sought: list[Sought]) -> dict[tuple[str, str], Reading]:
        since: dict[tuple[str, str], datetime] = {}
        for one in sought:
            for name in one.marks.calls:
                key = (one.marks.region, name)
                since[key] = min(since.get(key, one.item.since), one.item.since)
        return {key: Reading(self._pages(*key, moment - CLOCKS)) for key, moment in since.items()}

    def _answer(self, sought: Sought, readings: list[Reading]) -> Trace | str:
        if not readings:
            return ELSEWHERE
        for reading in readings:
            reading.until(sought)
            if reading.unread:
                return reading.unread
        calls = [call for reading in readings for call in reading.calls]
        return culprit(sought.marks, sought.item.since, self._ours, calls) or NOBODY

    def _pages(self, region: str, name: str, since: datetime) -> Iterator[list[Call]]:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name.partition(":")[2]}]
        more: dict[str, str] = {}
        while True:
            self._may_call(region)
            try:
                page = self._aws.read(
                    "cloudtrail", "lookup_events", region=region, LookupAttributes=wanted, StartTime=since, **more
                )
            except CallFailed as error:
                self._denied[region] = error
                raise
            yield [read_event(str(event["CloudTrailEvent"])) for event in page["Events"]]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def _may_call(self, region: str) -> None:
        """Waits for its turn. Raises what the region has answered before, and CallFailed where it has been enough."""
        if region in self._denied:
            raise self._denied[region]
        if self._made >= CALLS:
            raise CallFailed("lookup_events", "NotAsked", f"that would take more than {CALLS} calls")
        self._made += 1
        self._turns.wait()


def _parent(item: Asked) -> str:
    """What may have taken an entry with it, when that was deleted; empty where the entry is there, or stands alone."""
    address = Address(item.address)
    return str((item.now is None and RESOURCES[kind_of(address)].parent(address)) or "")


def _why(error: CallFailed) -> str:
    return f"{error.operation}: {error.code}: {error.message}"
