"""Names, boundaries, passwords, dates and regions, as plain boto3 sees them; all of it is different on plain moto."""

from collections.abc import Callable
from typing import Any

import pytest
from support.aws import Aws
from support.make import OWN, READ, READ_ONLY, backend, code, details, group, policy, role, user

from remediate.sandbox.strict import settings


@pytest.mark.parametrize("act", [user, group, role, policy])
def test_names_ignore_case(aws: Aws, act: Callable[[Any, str], str]) -> None:
    iam = aws.client("iam")
    act(iam, "Staff")
    assert code(lambda: act(iam, "sTAFF")) == "EntityAlreadyExists"


def test_policy_names_ignore_the_path(aws: Aws) -> None:
    iam = aws.client("iam")
    policy(iam)
    assert code(lambda: iam.create_policy(PolicyName="READ", Path="/x/", PolicyDocument=READ)) == "EntityAlreadyExists"


def test_a_user_takes_nobody_elses_name(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam), user(iam, "bob")
    assert code(lambda: iam.update_user(UserName="bob", NewUserName="ALICE")) == "EntityAlreadyExists"
    iam.update_user(UserName="bob", NewUserName="Bob")


def test_boundary_of_a_user(aws: Aws) -> None:
    iam = aws.client("iam")
    arn, name = policy(iam), user(iam)
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    assert iam.get_user(UserName=name)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    [page] = details(iam, Filter=["User"])
    assert page["UserDetailList"][0]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert "PermissionsBoundary" not in iam.list_users()["Users"][0]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    iam.delete_user_permissions_boundary(UserName=name)
    assert "PermissionsBoundary" not in iam.get_user(UserName=name)["User"]
    assert code(lambda: iam.delete_user_permissions_boundary(UserName=name)) == "NoSuchEntity"


def test_boundary_from_the_start(aws: Aws) -> None:
    iam = aws.client("iam")
    made = iam.create_user(UserName="alice", PermissionsBoundary=READ_ONLY)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    absent = {"UserName": "bob", "PermissionsBoundary": OWN + "absent"}
    assert code(lambda: iam.create_user(**absent)) == "NoSuchEntity"
    assert code(lambda: iam.get_user(UserName="bob")) == "NoSuchEntity"


def test_regions(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    enabled = {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    assert len(enabled) == 17
    assert {"us-east-1", "eu-west-1"} <= enabled
    assert len(ec2.describe_regions(AllRegions=True)["Regions"]) > 30
    settings.regions = ("us-east-1", "af-south-1")
    found = {region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions()["Regions"]}
    assert found == {"us-east-1": "opt-in-not-required", "af-south-1": "opted-in"}


def test_a_login_profile_keeps_its_password(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_login_profile(UserName=user(iam), Password="Secret123!secret", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"]
    iam.update_login_profile(UserName="alice", PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"]
    assert backend().users["alice"].password == "Secret123!secret"


def test_password_policy_without_expiry(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=9)
    shown = iam.get_account_password_policy()["PasswordPolicy"]
    assert not shown["ExpirePasswords"]
    assert "MaxPasswordAge" not in shown
    assert "PasswordReusePrevention" not in shown


@pytest.mark.parametrize("password", ["Sh0rt!", "lowercase1!", "NoNumber!", "N0symbols1"])
def test_passwords_keep_to_the_policy(aws: Aws, password: str) -> None:
    iam = aws.client("iam")
    rules = ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters")
    iam.update_account_password_policy(MinimumPasswordLength=8, **dict.fromkeys(rules, True))
    user(iam)
    refused = code(lambda: iam.create_login_profile(UserName="alice", Password=password))
    assert refused == "PasswordPolicyViolation"
    assert code(lambda: iam.create_login_profile(UserName="alice", Password="L0ng-enough")) == ""
    assert code(lambda: iam.update_login_profile(UserName="alice", Password=password)) == "PasswordPolicyViolation"


def test_dates_have_whole_seconds(aws: Aws) -> None:
    iam = aws.client("iam")
    assert iam.create_user(UserName="alice")["User"]["CreateDate"].microsecond == 0
    assert iam.create_access_key(UserName="alice")["AccessKey"]["CreateDate"].microsecond == 0


def test_strictness_can_be_off(aws: Aws) -> None:
    iam = aws.client("iam")
    settings.on = False
    user(iam, "alice"), user(iam, "ALICE")
    iam.create_access_key(UserName="alice")
    iam.delete_user(UserName="alice")
