"""Records from an event data store of CloudTrail Lake: one query for each stretch of time, of one account's calls.

Queries are paid for by what they scan, which the bounds on eventTime keep to that time.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-queries.html
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from remediate.aws.queries import ended
from remediate.aws.session import Answer, Session
from remediate.errors import BadInput, CallFailed
from remediate.protocols import Clock

PAGE = 1000
ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):\d{12}:eventdatastore/([0-9a-f-]{36})", re.ASCII)
STATEMENT = (
    "SELECT eventJson FROM {store} WHERE eventTime >= '{begin:%Y-%m-%d %H:%M:%S}' "
    "AND eventTime < '{end:%Y-%m-%d %H:%M:%S}' AND recipientAccountId = '{account}'"
)


def parts(arn: str) -> tuple[str, str]:
    """The region and the id of an event data store. Raises BadInput."""
    found = ARN.fullmatch(arn)
    if not found:
        remedy = "lake:arn:aws:cloudtrail:REGION:ACCOUNT:eventdatastore/ID (aws cloudtrail list-event-data-stores)"
        raise BadInput(f"{arn} is no event data store's ARN", remedy=remedy)
    return found[1], found[2]


class Lake:
    """Records of a time, as JSON, page by page."""

    def __init__(self, aws: Session, clock: Clock, arn: str, account: str) -> None:
        """Raises BadInput."""
        region, self._store = parts(arn)
        self.places: Sequence[str] = (region,)
        """The region of the store alone: it may hold the records of all."""
        self._aws, self._clock, self._account = aws, clock, account

    def statement(self, begin: datetime, end: datetime) -> str:
        return STATEMENT.format(store=self._store, begin=begin, end=end, account=self._account)

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[str]]:
        """Raises CallFailed."""
        text = self.statement(begin, end)
        query = str(self._aws.read("cloudtrail", "start_query", region=place, QueryStatement=text)["QueryId"])
        page = ended(self._clock, partial(self._page, place, query), itemgetter("QueryStatus"))
        if page["QueryStatus"] != "FINISHED":
            raise CallFailed("get_query_results", page["QueryStatus"], str(page.get("ErrorMessage", "")))
        while True:
            yield [str(cell["eventJson"]) for row in page.get("QueryResultRows", ()) for cell in row]
            if not page.get("NextToken"):
                return
            page = self._page(place, query, NextToken=page["NextToken"])

    def _page(self, place: str, query: str, **more: Any) -> Answer:
        return self._aws.read(
            "cloudtrail", "get_query_results", region=place, QueryId=query, MaxQueryResults=PAGE, **more
        )
