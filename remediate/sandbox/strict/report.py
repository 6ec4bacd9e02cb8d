"""The credential report: made on request, kept for four hours, and a CSV file that spreadsheets can read.

AWS's report has the root user in its first row, where and with what each key was last used, and names in quotes where
they need them. It does not change until it is made anew, and a call for one that is not ready fails. Moto makes it at
each reading, without those, and says that it is from 2015.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.sandbox.strict.patch import Call, fail, instead
from remediate.sandbox.strict.sign_in import changed
from remediate.sandbox.strict.state import settings

COLUMNS = (
    "user arn user_creation_time password_enabled password_last_used password_last_changed password_next_rotation "
    "mfa_active access_key_1_active access_key_1_last_rotated access_key_1_last_used_date "
    "access_key_1_last_used_region access_key_1_last_used_service access_key_2_active access_key_2_last_rotated "
    "access_key_2_last_used_date access_key_2_last_used_region access_key_2_last_used_service cert_1_active "
    "cert_1_last_rotated cert_2_active cert_2_last_rotated"
).split()
NONE, UNKNOWN, UNSUPPORTED = "N/A", "no_information", "not_supported"
OPENED = datetime(2016, 3, 1, 9, 30, tzinfo=UTC)
"""When the account, and with it its root user, was made."""


@dataclass
class Report:
    """A report as it was made; `rounds` calls later it can be read."""

    text: str
    made: datetime
    rounds: int


def install() -> None:
    from moto.iam.responses import IamResponse

    instead(IamResponse, "generate_credential_report", _generate)
    instead(IamResponse, "get_credential_report", _get)


def _generate(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    iam = response.backend
    report = iam.credential_report
    if not report or _expired(report):
        made = datetime.now(UTC) - settings.report_age
        report = iam.credential_report = Report(text(iam), made, settings.report_rounds)
        if report.rounds:
            return ActionResult({"State": "STARTED", "Description": "No report exists. Starting a new report"})
    return ActionResult({"State": "COMPLETE" if _ready(report) else "INPROGRESS"})


def _get(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    report = response.backend.credential_report
    if not report:
        fail("ReportNotPresent", "No report exists. Call GenerateCredentialReport to create one.")
    if _expired(report):
        fail("ReportExpired", "The report has expired. Call GenerateCredentialReport to create a new one.")
    if not _ready(report):
        fail("ReportInProgress", "The report is being made.")
    return ActionResult({"Content": report.text, "ReportFormat": "text/csv", "GeneratedTime": report.made})


def _expired(report: Report) -> bool:
    return datetime.now(UTC) - report.made >= settings.report_life


def _ready(report: Report) -> bool:
    report.rounds -= 1
    return report.rounds < 0 or settings.report_rounds == 0 or report.rounds == 0


def text(iam: Any) -> str:
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerow(_root(iam))
    rows.writerows(_row(iam, user) for user in iam.users.values())
    return file.getvalue().removesuffix("\n")


def _root(iam: Any) -> Iterable[str]:
    """The root user as moto's summary has it."""
    summary = iam.account_summary
    keys = [_moment(OPENED), NONE, NONE, NONE] if summary._account_access_keys_present else [NONE] * 4
    return (
        "<root_account>",
        f"arn:aws:iam::{iam.account_id}:root",
        _moment(OPENED),
        *(UNSUPPORTED, _moment(settings.root_used) if settings.root_used else UNKNOWN, UNSUPPORTED, UNSUPPORTED),
        _flag(summary._account_mfa_enabled),
        *(_flag(summary._account_access_keys_present), *keys),
        *(_flag(False), *[NONE] * 4),
        *(_flag(False), NONE, _flag(False), NONE),
    )


def _row(iam: Any, user: Any) -> Iterable[str]:
    return (
        *(user.name, user.arn, _moment(user.create_date)),
        *_password(iam, user),
        _flag(user.mfa_devices),
        *_key(user.access_keys[:1]),
        *_key(user.access_keys[1:2]),
        *_certificates(user),
    )


def _password(iam: Any, user: Any) -> Iterable[str]:
    if not user.password:
        return (_flag(False), NONE, NONE, NONE)
    used = _moment(user.password_last_used) if user.password_last_used else UNKNOWN
    policy = iam.account_password_policy
    days = policy.max_password_age if policy else None
    rotation = _moment(changed(user) + timedelta(days=days)) if days else NONE
    return (_flag(True), used, _moment(changed(user)), rotation)


def _key(keys: list[Any]) -> Iterable[str]:
    if not keys:
        return (_flag(False), NONE, NONE, NONE, NONE)
    [key] = keys
    active, made, used = _flag(key.status == "Active"), _moment(key.create_date), key.last_used
    if not used:
        return (active, made, NONE, NONE, NONE)
    return (active, made, _moment(used.timestamp), used.region, used.service)


def _certificates(user: Any) -> Iterable[str]:
    certificates = list(user.signing_certificates.values())[:2]
    for certificate in certificates:
        yield from (_flag(certificate.status == "Active"), _moment(certificate.upload_date))
    yield from (_flag(False), NONE) * (2 - len(certificates))


def _flag(value: Any) -> str:
    return "true" if value else "false"


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00")
