"""Somebody who has records of an account, asked for a stretch of time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from remediate.evidence.query import records, statement
from remediate.evidence.record import HOUR, Told
from remediate.evidence.stretches import DAY
from remediate.evidence.tables import table

if TYPE_CHECKING:
    from remediate.aws.athena import Athena


class Records(Protocol):
    places: Sequence[str]
    """Each is asked by a thread of its own."""
    least: timedelta
    """Shorter stretches are not asked for."""

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[Told]]:
        """All records of a time. Raises CallFailed; RemediateError where there is no sense in going on."""
        ...


class Texts(Protocol):
    """Records of a time, as JSON, page by page: CloudTrail's event history, or an event data store."""

    places: Sequence[str]

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[str]]:
        """Raises CallFailed."""
        ...


class Each:
    """Records that come one by one."""

    least = HOUR

    def __init__(self, texts: Texts) -> None:
        self.places = texts.places
        self._texts = texts

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[Told]]:
        return ([Told(text) for text in page] for page in self._texts.pages(place, begin, end))


class Folded:
    """Records that a query has counted, of whole days: these are known by the names of files, and hours are not."""

    least = DAY

    def __init__(self, athena: "Athena", account: str) -> None:
        """Asks what the table looks like. Raises RemediateError."""
        self.places: Sequence[str] = (athena.region,)
        """The region of the table alone: it may hold the records of all."""
        self._athena, self._account = athena, account
        self._table = table(athena.database, athena.table, athena.described())

    def statement(self, begin: datetime, end: datetime) -> str:
        return statement(self._table, self._account, begin.date())

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[Told]]:
        return (list(records(self._table, rows)) for rows in self._athena.rows(self.statement(begin, end)))
