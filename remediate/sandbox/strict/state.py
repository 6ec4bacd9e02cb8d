"""What tests can turn: how AWS would behave on a bad day. A reset of the sandbox brings the defaults back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

REGIONS = tuple(
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 "
    "eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2".split()
)
"""The regions every account has: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


@dataclass
class Settings:
    """One object for the whole strict layer."""

    on: bool = False
    """Whether moto is strict; a sandbox sets it."""
    page_size: int = 1000
    """No listing of IAM has more items in a page, whatever MaxItems says: short pages."""
    empty_pages: bool = False
    """Every page with items comes after an empty one that says IsTruncated."""
    report_rounds: int = 1
    """How many calls pass before the credential report is there."""
    report_age: timedelta = timedelta(0)
    """How old a report claims to be when it is made."""
    report_life: timedelta = timedelta(hours=4)
    """How long AWS gives the same report again: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html"""
    access_rounds: int = 1
    """How many calls pass before a report of last accesses is there."""
    access_error: str = ""
    """Why such a report cannot be made, if it cannot."""
    root_used: datetime | None = None
    """When the root user last signed in."""
    trail_keys: bool = True
    """Whether CloudTrail tests the key of a trail: that it exists, and that its policy lets CloudTrail encrypt."""
    events_late: float = 0.0
    """Seconds after which LookupEvents shows a call; up to 15 minutes at AWS."""
    regions: tuple[str, ...] = REGIONS
    """The regions that are enabled."""
    lag: float = 0.0
    """Seconds for which nobody sees a change of IAM; none by default, which no real account can promise."""
    lag_skips: int = 0
    """Every so many calls to IAM, one sees no lag: what it showed, the next one may not show."""
    collisions: float = 0.0
    """Seconds after a change of an entity of IAM in which another one of it is refused: ConcurrentModification."""
    unsettled: float = 0.0
    """Seconds after a password, MFA device or user was made in which IAM refuses to change it again."""
    packed_policy: int = 2048
    """Characters of the longest session policy that is not too large once it is packed; nobody knows AWS's."""
    clock: Callable[[], float] = time.monotonic
    """Where the seconds of `lag`, `collisions` and `unsettled` are read; a test has a clock of its own."""

    def reset(self) -> None:
        for field in fields(self):
            setattr(self, field.name, field.default)


settings = Settings()
