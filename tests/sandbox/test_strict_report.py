"""The credential report and the account summary, as plain boto3 sees them. Each of these is different on plain moto."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

from support.aws import Aws
from support.make import (
    backend,
    code,
    last_used,
    policy,
    user,
)

from remediate.sandbox.strict import settings


def test_report(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam, "=a,b")
    iam.create_login_profile(UserName="=a,b", Password="Secret123!secret")
    key = iam.create_access_key(UserName="=a,b")["AccessKey"]["AccessKeyId"]
    used = datetime(2026, 1, 5, 10, tzinfo=UTC)
    backend().access_keys[key].last_used = last_used(used, "dynamodb", "eu-west-1")
    root, row = report(iam)
    assert root["user"] == "<root_account>"
    assert root["arn"] == "arn:aws:iam::123456789012:root"
    assert row["user"] == "=a,b"
    assert row["password_last_used"] == "no_information"
    assert row["access_key_1_last_used_date"] == "2026-01-05T10:00:00+00:00"
    assert (row["access_key_1_last_used_region"], row["access_key_1_last_used_service"]) == ("eu-west-1", "dynamodb")
    assert row["access_key_2_last_rotated"] == "N/A"


def test_report_is_made_and_kept(aws: Aws) -> None:
    iam = aws.client("iam")
    assert code(iam.get_credential_report) == "ReportNotPresent"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert code(iam.get_credential_report) == ""
    user(iam)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    answer = iam.get_credential_report()
    assert b"alice" not in answer["Content"]
    assert abs(datetime.now(UTC) - answer["GeneratedTime"]) < timedelta(minutes=1)
    settings.report_life = timedelta(0)
    assert code(iam.get_credential_report) == "ReportExpired"


def test_report_takes_its_time(aws: Aws) -> None:
    iam = aws.client("iam")
    settings.report_rounds, settings.report_age = 3, timedelta(hours=3)
    states = [iam.generate_credential_report()["State"] for _ in range(4)]
    assert states == ["STARTED", "INPROGRESS", "INPROGRESS", "COMPLETE"]
    assert datetime.now(UTC) - iam.get_credential_report()["GeneratedTime"] > timedelta(hours=2)


def test_report_not_ready(aws: Aws) -> None:
    iam = aws.client("iam")
    settings.report_rounds = 2
    iam.generate_credential_report()
    assert code(iam.get_credential_report) == "ReportInProgress"


def test_root_in_report_and_summary(aws: Aws) -> None:
    iam = aws.client("iam")
    backend().account_summary._account_access_keys_present = 1
    backend().account_summary._account_mfa_enabled = 1
    settings.root_used = datetime(2026, 2, 1, tzinfo=UTC)
    [root] = report(iam)
    assert (root["mfa_active"], root["access_key_1_active"]) == ("true", "true")
    assert root["password_last_used"] == "2026-02-01T00:00:00+00:00"
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccountAccessKeysPresent"], summary["AccountMFAEnabled"]) == (1, 1)


def report(iam: Any) -> list[dict[str, str]]:
    iam.generate_credential_report()
    iam.generate_credential_report()
    return list(csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode())))


def test_summary(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam), policy(iam)
    summary = iam.get_account_summary()["SummaryMap"]
    expected = {
        "Users": 1,
        "Policies": 1,
        "PolicyVersionsInUse": 1,
        "UsersQuota": 5000,
        "GroupsQuota": 300,
        "PoliciesQuota": 1500,
        "GroupsPerUserQuota": 10,
        "AttachedPoliciesPerUserQuota": 10,
        "AttachedPoliciesPerGroupQuota": 10,
        "PolicySizeQuota": 6144,
        "UserPolicySizeQuota": 2048,
        "GroupPolicySizeQuota": 5120,
        "RolePolicySizeQuota": 10240,
        "AccountPasswordPresent": 1,
    }
    assert {key: summary[key] for key in expected} == expected
