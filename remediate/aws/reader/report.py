"""The credential report: every user's password and keys in two calls. It may be four hours old.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from remediate.account import KeySlot, Password
from remediate.aws.session import Session
from remediate.errors import CallFailed, NotYet
from remediate.model import Struct

ROOT = "<root_account>"
PATIENCE = 60
"""Seconds to wait for AWS to make the report."""


class Row(Struct, frozen=True, kw_only=True):
    """What the report says of one user."""

    password: Password | None
    keys: tuple[KeySlot, ...]
    mfa: bool


def read_report(aws: Session) -> Mapping[str, Row]:
    """Rows by user name; the root user's is ROOT. Raises CallFailed."""
    waiting = Retrying(
        retry=retry_if_exception_type(NotYet),
        wait=wait_exponential(multiplier=0.25, max=4),
        stop=stop_after_delay(PATIENCE),
        reraise=True,
    )
    waiting(_generated, aws)
    return parsed(aws.read("iam", "get_credential_report")["Content"])


def parsed(content: bytes) -> Mapping[str, Row]:
    """Raises CallFailed for what is no such report: nobody's keys are known then."""
    try:
        return {row["user"]: _row(row) for row in csv.DictReader(io.StringIO(content.decode()), strict=True)}
    except (KeyError, TypeError, UnicodeDecodeError, csv.Error) as error:
        why = f"the credential report cannot be read: {type(error).__name__} {error}"
        raise CallFailed("get_credential_report", "BadReport", why) from None


def _generated(aws: Session) -> None:
    operation = "generate_credential_report"
    try:
        state = aws.read("iam", operation)["State"]
    except CallFailed as error:
        if error.code != "LimitExceeded":
            raise
        return  # made so often that AWS keeps the last one: that one can be read
    if state != "COMPLETE":
        raise NotYet(operation, "ReportInProgress", "AWS has not made the credential report within a minute")


def _row(row: Mapping[str, str]) -> Row:
    password = None
    if row["password_enabled"] in ("true", "not_supported"):  # of the root user, who always has one
        password = Password(last_used=_moment(row["password_last_used"]), changed=_moment(row["password_last_changed"]))
    return Row(password=password, keys=tuple(_slots(row)), mfa=row["mfa_active"] == "true")


def _slots(row: Mapping[str, str]) -> list[KeySlot]:
    slots = []
    for n in (1, 2):
        created = _moment(row[f"access_key_{n}_last_rotated"])
        if created:  # an inactive key has a date, a key that is not there has none
            used = _moment(row[f"access_key_{n}_last_used_date"])
            slots.append(KeySlot(active=row[f"access_key_{n}_active"] == "true", created=created, last_used=used))
    return slots


def _moment(text: str) -> datetime | None:
    """A date, or none for N/A, no_information and not_supported."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
