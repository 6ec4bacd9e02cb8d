"""Closed hours as policies: one statement for each time at which it is closed, in as few documents as they fit into."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from remediate.controls.closing_hours import Hours, Window, closed, within, zone
from remediate.controls.own_policies import same
from remediate.model import Value, when
from remediate.policy import VERSION, size

POLICY_SIZE = 6144
"""Characters of a managed policy. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def documents(windows: Sequence[Window]) -> tuple[Value, ...]:
    """Policies that deny everything within these times.

    A statement a time: of several dates for one key IAM asks for one that fits, and does not pair beginnings with ends.
    What an AWS service does for somebody goes on, so that nothing is cut off in the middle that was begun in time.
    """
    found: list[list[Value]] = [[]]
    room = 0
    for begin, end in windows:
        statement = _denied(begin, end, len(found[-1]) + 1)
        if size(statement) + 1 > room:
            found.append([])
            statement = _denied(begin, end, 1)
            room = POLICY_SIZE - size(_document([]))
        found[-1].append(statement)
        room -= size(statement) + 1
    return tuple(_document(statements) for statements in found[1:])


def _denied(begin: datetime, end: datetime, number: int) -> Mapping[str, Value]:
    return {
        "Sid": f"RemediateClosed{number}",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "DateGreaterThanEquals": {"aws:CurrentTime": when(begin)},
            "DateLessThan": {"aws:CurrentTime": when(end)},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    }


def _document(statements: list[Value]) -> Mapping[str, Value]:
    return {"Version": VERSION, "Statement": statements}


class Schedule:
    """The documents of some hours, as they are today, and whether older ones will still do."""

    def __init__(self, hours: Hours, now: datetime) -> None:
        self.hours = hours
        self._now = now
        self.today = now.astimezone(zone(hours)).date()
        ahead = hours.ahead_days
        self._windows = closed(hours, self.today - timedelta(days=ahead), 2 * ahead)

    def of(self, day: date) -> tuple[Value, ...]:
        """As they were written on that day."""
        return documents(within(self.hours, self._windows, day, self.hours.ahead_days))

    def days_left(self, live: Sequence[Value]) -> int:
        """For how many days these documents still say when it is closed; 0 where they say something else."""
        for age in range(self.hours.ahead_days):
            written = self.of(self.today - timedelta(days=age))
            if len(written) == len(live) and all(map(same, written, live)):
                return self.hours.ahead_days - age
        return 0

    def ended(self, live: Sequence[Value]) -> bool:
        """Whether all the times in these documents are over."""
        return all(end <= self._now for document in live for end in _ends(document))

    def lasting(self, live: Sequence[Value]) -> tuple[Value, ...]:
        """The documents that should be there: what is there, as long as half of its days are left, or today's."""
        return tuple(live) if 2 * self.days_left(live) >= self.hours.ahead_days else self.of(self.today)


def _ends(document: Value) -> Iterator[datetime]:
    """The moments at which the statements of a document of ours cease to count."""
    body = document.get("Statement") if isinstance(document, Mapping) else None
    for statement in body if isinstance(body, list) else ():
        condition = statement.get("Condition") if isinstance(statement, Mapping) else None
        before = condition.get("DateLessThan") if isinstance(condition, Mapping) else None
        text = before.get("aws:CurrentTime") if isinstance(before, Mapping) else None
        try:
            end = datetime.fromisoformat(str(text))
        except ValueError:
            yield datetime.max.replace(tzinfo=UTC)  # no date that we wrote: it may count for ever
        else:
            yield end if end.tzinfo else end.replace(tzinfo=UTC)
