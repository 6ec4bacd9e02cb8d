"""What reading an account's log files came to: by file, and together."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from remediate.evidence.fold import Folder, Week, Weeks, week_of
from remediate.evidence.logs import Log
from remediate.evidence.marks import Marks
from remediate.evidence.record import BROKEN, Told, event_of
from remediate.evidence.sessions import Links, behind, by_role
from remediate.evidence.sharing import Suspicion
from remediate.evidence.summary import Summary, Uses
from remediate.evidence.tally import Found
from remediate.evidence.unpack import NoLog
from remediate.model import Struct

NAMED = 1000
"""How many of the files and records that were passed over are named."""

FIRST = datetime(2013, 11, 1, tzinfo=UTC)
"""CloudTrail began this month. Files are chosen by their day and count whole: a longer time can be asked for later.
https://aws.amazon.com/blogs/aws/aws-cloudtrail-capture-aws-api-activity/"""


class Span(Struct, frozen=True):
    """Whose calls count, and from which day on files are read."""

    account: str
    partition: str
    begin: datetime
    end: datetime

    @property
    def since(self) -> date:
        return self.begin.date()


def span(account: str, partition: str, days: int, now: datetime) -> Span:
    """So many days until now, from the Monday of the week that they begin in. Tomorrow is in it: clocks differ."""
    monday = week_of(now.date() - timedelta(days=days))
    return Span(account, partition, datetime.combine(monday, time(), tzinfo=UTC), now + timedelta(days=1))


class Outcome(Struct, frozen=True):
    """What one file came to."""

    log: Log
    week: Week
    """Of its last record: as long as that is kept, it is known that the file was read."""
    calls: int = 0
    others: int = 0
    """Records of another account."""
    outside: int = 0
    """Records of a time before CloudTrail or still to come."""
    passed: tuple[str, ...] = ()
    """Why records were passed over."""
    failure: str = ""
    """Why the whole file was."""


class Person(Struct, frozen=True):
    """Somebody who called, in short."""

    principal: str
    calls: int
    refused: int
    """Of them, those that came to an error."""
    kinds: int
    """How many different calls."""
    networks: int
    last: datetime
    behind: tuple[str, ...] = ()
    """Of a role whoever began its sessions, led back through the roles in between."""


def people(summary: Summary) -> list[Person]:
    """Everybody, those who called most first."""
    links = by_role(summary.links)
    return sorted((_person(*item, links) for item in summary.people.items()), key=lambda p: (-p.calls, p.principal))


def _person(principal: str, uses: Uses, links: Links) -> Person:
    sessions = {use.credential for use in uses} if principal in links else ()
    return Person(
        principal,
        sum(count.calls for count in uses.values()),
        sum(count.calls for use, count in uses.items() if use.error),
        len({use.event for use in uses}),
        len({use.network for use in uses}),
        datetime.fromtimestamp(max(count.last for count in uses.values()), UTC),
        tuple(sorted({name for session in sessions for name in behind(principal, session, links)})),
    )


class Report(msgspec.Struct, kw_only=True):
    """What a run came to, for people and programs."""

    account: str
    source: str
    since: date
    until: date
    files: int = 0
    """That were read."""
    known: int = 0
    """That had been read before, by an earlier run or under another name."""
    older: int = 0
    """Of days that were not asked for."""
    coming: int = 0
    """Of days that are still to come, by the clock of this machine."""
    foreign: int = 0
    """Of other accounts, by their names."""
    failed: int = 0
    calls: int = 0
    others: int = 0
    outside: int = 0
    passed: int = 0
    named: list[str] = []
    """The first files and records that were passed over, and why."""
    unit: str = "log files"
    """What is counted as a file here. Where CloudTrail is asked, it is a day or an hour of a region."""
    blind: list[str] = []
    """Where CloudTrail could not be asked, and why: what was done there is not known."""
    unread: int = 0
    """Files and regions that could not be read, by this run or an earlier one."""
    weeks: list[date] = []
    """Of which there is evidence, with what earlier runs read, by their Mondays."""
    kept: str = ""
    """Where the evidence is."""
    next: list[str] = []
    """The command that makes use of it."""
    people: list[Person] = []
    """Of whom there is evidence, with what earlier runs read."""
    suspicions: list[Suspicion] = []
    """Keys that several may share, and other uses that are worth a look. Nobody has said who is an application."""

    @property
    def seen(self) -> int:
        """Files that were there."""
        return self.files + self.known + self.older + self.coming + self.foreign + self.failed

    def add(self, outcome: Outcome) -> None:
        self.files += not outcome.failure
        self.failed += bool(outcome.failure)
        self.calls += outcome.calls
        self.others += outcome.others
        self.outside += outcome.outside
        self.passed += len(outcome.passed)
        if outcome.failure or outcome.passed:
            several = f"{len(outcome.passed):,} records, such as" if len(outcome.passed) > 1 else "a record"
            why = outcome.failure or f"{several}: {outcome.passed[0]}"
            if len(self.named) < NAMED:
                self.named.append(f"{outcome.log.where}: {why}")


def missing(weeks: Sequence[date]) -> list[date]:
    """The weeks between the first and the last of which there is nothing."""
    if not weeks:
        return []
    between = range((max(weeks) - min(weeks)).days // 7 + 1)
    return [week for n in between if (week := min(weeks) + timedelta(weeks=n)) not in weeks]


def wanted(log: Log, span: Span, marks: Marks, report: Report) -> bool:
    """Whether a file is to be read, by what its name says; the report counts it where it is not."""
    if log.account and log.account != span.account:
        report.foreign += 1
    elif log.day and log.day < span.since:
        report.older += 1
    elif log.day and log.day >= span.end.date():  # what it has of later would be lost: it would count as read
        report.coming += 1
    elif log.mark in marks:
        report.known += 1
    else:
        marks.add(log.mark)
        return True
    return False


def taken(folder: Folder, span: Span, log: Log, content: bytes, into: Weeks) -> Outcome:
    """Reads one file: all of its records that are as they should be count, or none."""
    try:
        found = folder.file(content, into)
    except NoLog as error:
        return failed(log, span, str(error))
    calls = found.events - found.others - found.outside - len(found.passed)
    week = week_of(max(found.hours, default=log.day or span.end))
    return Outcome(log, week, calls, found.others, found.outside, tuple(found.passed))


def told(folder: Folder, records: Iterable[Told], into: Weeks) -> Found:
    """Counts records that came one by one, or counted already."""
    found = Found()
    for record in records:
        try:
            event, last = event_of(record)
        except BROKEN as error:
            found.events += record.calls
            found.passed += [str(error)] * record.calls
        else:
            found.add(folder.event(event, record.calls, last, into))
    return found


def failed(log: Log, span: Span, why: str) -> Outcome:
    return Outcome(log, week_of(span.end), failure=why)
