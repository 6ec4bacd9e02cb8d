"""What CloudTrail remembers of an account without any trail: the management events of 90 days, region by region.

Two calls a second in a region of an account, for all who ask, and 50 events a page. Data events are not among them.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from remediate.aws.lookup import PER_SECOND
from remediate.aws.session import Session
from remediate.aws.turns import Turns
from remediate.protocols import Clock

DAYS = 90
JUST_BEFORE = timedelta(seconds=1)
"""LookupEvents takes both ends of a time as part of it, and its times are whole seconds."""


class History:
    """Records of a time, as JSON, page by page."""

    def __init__(self, aws: Session, clock: Clock, places: Sequence[str]) -> None:
        self.places = places
        """Regions."""
        self._aws = aws
        self._turns = {region: Turns(PER_SECOND, clock) for region in places}

    def pages(self, place: str, begin: datetime, end: datetime) -> Iterator[Sequence[str]]:
        """The newest first. Raises CallFailed. One thread at a time asks for the same region."""
        more: dict[str, str] = {}
        while True:
            self._turns[place].wait()
            page = self._aws.read(
                "cloudtrail", "lookup_events", region=place, StartTime=begin, EndTime=end - JUST_BEFORE, **more
            )
            yield [str(event["CloudTrailEvent"]) for event in page["Events"]]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}
