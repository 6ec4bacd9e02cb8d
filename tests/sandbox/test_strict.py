"""Each fact of the strict layer as plain boto3 sees it; every one of them is different on plain moto."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws

from remediate.sandbox.strict import settings

READ = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
)
OLD = READ.replace("2012-10-17", "2008-10-17")
EC2 = {"Service": "ec2.amazonaws.com"}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = "arn:aws:iam::123456789012:policy/"


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def big(size: int) -> str:
    """A document of exactly that many characters, not counting white space."""
    empty = READ.replace('"*"', '"arn:aws:s3:::"')
    return empty.replace("s3:::", "s3:::" + "x" * (size - sum(not c.isspace() for c in empty))) + " " * 500


def user(iam: Any, name: str = "alice") -> str:
    return str(iam.create_user(UserName=name)["User"]["UserName"])


def group(iam: Any, name: str = "staff") -> str:
    return str(iam.create_group(GroupName=name)["Group"]["GroupName"])


def role(iam: Any, name: str = "web") -> str:
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(EC2))["Role"]["RoleName"])


def policy(iam: Any, name: str = "read", document: str = READ) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])


Act = Callable[[Any], Any]


def code(act: Callable[[], Any]) -> str:
    """AWS's code for refusing, or nothing where it does not refuse."""
    try:
        act()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


# Each row: what is there already, and what cannot be deleted for it.
CONFLICTS: dict[str, tuple[Act, Act]] = {
    "group with a member": (
        lambda iam: iam.add_user_to_group(GroupName=group(iam), UserName=user(iam)),
        lambda iam: iam.delete_group(GroupName="staff"),
    ),
    "group with an inline policy": (
        lambda iam: iam.put_group_policy(GroupName=group(iam), PolicyName="p", PolicyDocument=READ),
        lambda iam: iam.delete_group(GroupName="staff"),
    ),
    "group with a policy": (
        lambda iam: iam.attach_group_policy(GroupName=group(iam), PolicyArn=READ_ONLY),
        lambda iam: iam.delete_group(GroupName="staff"),
    ),
    "policy of a user": (
        lambda iam: iam.attach_user_policy(UserName=user(iam), PolicyArn=policy(iam)),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "policy of a group": (
        lambda iam: iam.attach_group_policy(GroupName=group(iam), PolicyArn=policy(iam)),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "policy of a role": (
        lambda iam: iam.attach_role_policy(RoleName=role(iam), PolicyArn=policy(iam)),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "policy with versions": (
        lambda iam: iam.create_policy_version(PolicyArn=policy(iam), PolicyDocument=READ, SetAsDefault=True),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "policy that bounds a user": (
        lambda iam: iam.put_user_permissions_boundary(UserName=user(iam), PermissionsBoundary=policy(iam)),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "policy that bounds a role": (
        lambda iam: iam.put_role_permissions_boundary(RoleName=role(iam), PermissionsBoundary=policy(iam)),
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
    ),
    "user with a key": (
        lambda iam: iam.create_access_key(UserName=user(iam)),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "user with a password": (
        lambda iam: iam.create_login_profile(UserName=user(iam), Password="Secret123!secret"),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "user with MFA": (
        lambda iam: enrol(iam, user(iam)),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "MFA device in use": (
        lambda iam: enrol(iam, user(iam)),
        lambda iam: iam.delete_virtual_mfa_device(SerialNumber="arn:aws:iam::123456789012:mfa/alice"),
    ),
    "user in a group": (
        lambda iam: iam.add_user_to_group(GroupName=group(iam), UserName=user(iam)),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "user with an inline policy": (
        lambda iam: iam.put_user_policy(UserName=user(iam), PolicyName="p", PolicyDocument=READ),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "user with a policy": (
        lambda iam: iam.attach_user_policy(UserName=user(iam), PolicyArn=READ_ONLY),
        lambda iam: iam.delete_user(UserName="alice"),
    ),
    "role with an inline policy": (
        lambda iam: iam.put_role_policy(RoleName=role(iam), PolicyName="p", PolicyDocument=READ),
        lambda iam: iam.delete_role(RoleName="web"),
    ),
    "role with a policy": (
        lambda iam: iam.attach_role_policy(RoleName=role(iam), PolicyArn=READ_ONLY),
        lambda iam: iam.delete_role(RoleName="web"),
    ),
    "role in an instance profile": (
        lambda iam: profile(iam, role(iam)),
        lambda iam: iam.delete_role(RoleName="web"),
    ),
}


def enrol(iam: Any, name: str) -> None:
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def profile(iam: Any, name: str) -> None:
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


@pytest.mark.parametrize("case", CONFLICTS)
def test_nothing_in_use_is_deleted(aws: Aws, case: str) -> None:
    iam = aws.client("iam")
    arrange, delete = CONFLICTS[case]
    arrange(iam)
    with pytest.raises(ClientError) as refused:
        delete(iam)
    assert refused.value.response["Error"]["Code"] == "DeleteConflict"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_what_is_empty_is_deleted(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.delete_user(UserName=user(iam))
    iam.delete_group(GroupName=group(iam))
    iam.delete_role(RoleName=role(iam))
    iam.delete_policy(PolicyArn=policy(iam))
    assert not iam.list_policies(Scope="Local")["Policies"]


# Each row: an argument of which the largest is still taken, and one more is not.
SIZES: dict[str, tuple[int, Callable[[Any, str], Any]]] = {
    "managed policy": (6144, lambda iam, text: policy(iam, f"p{len(text)}", text)),
    "policy version": (
        6144,
        lambda iam, text: iam.create_policy_version(PolicyArn=policy(iam, f"p{len(text)}"), PolicyDocument=text),
    ),
    "user": (2048, lambda iam, text: iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=text)),
    "group": (5120, lambda iam, text: iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text)),
    "role": (10240, lambda iam, text: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)),
}


@pytest.mark.parametrize("case", SIZES)
def test_sizes(aws: Aws, case: str) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    quota, write = SIZES[case]
    write(iam, big(quota))
    assert code(lambda: write(iam, big(quota + 1))) == "LimitExceeded"


def test_inline_policies_count_together(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam)
    iam.put_user_policy(UserName="alice", PolicyName="one", PolicyDocument=big(1024))
    iam.put_user_policy(UserName="alice", PolicyName="two", PolicyDocument=big(1024))
    assert (
        code(lambda: iam.put_user_policy(UserName="alice", PolicyName="three", PolicyDocument=READ)) == "LimitExceeded"
    )


def test_trust_size(aws: Aws) -> None:
    iam = aws.client("iam")
    many = trust({"AWS": [f"arn:aws:iam::{n:012}:root" for n in range(80)]})
    assert code(lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=many)) == "LimitExceeded"
    role(iam, "s")
    assert code(lambda: iam.update_assume_role_policy(RoleName="s", PolicyDocument=many)) == "LimitExceeded"


# Each row: the quota, and an action that one more time is too many.
COUNTS: dict[str, tuple[int, Callable[[Any, int], Any]]] = {
    "policies a user": (10, lambda iam, n: iam.attach_user_policy(UserName="u", PolicyArn=policy(iam, f"p{n}"))),
    "policies a group": (10, lambda iam, n: iam.attach_group_policy(GroupName="g", PolicyArn=policy(iam, f"p{n}"))),
    "policies a role": (10, lambda iam, n: iam.attach_role_policy(RoleName="r", PolicyArn=policy(iam, f"p{n}"))),
    "groups a user": (10, lambda iam, n: iam.add_user_to_group(UserName="u", GroupName=group(iam, f"g{n}"))),
    "keys a user": (2, lambda iam, _: iam.create_access_key(UserName="u")),
    "tags a user": (50, lambda iam, n: iam.tag_user(UserName="u", Tags=[{"Key": f"k{n}", "Value": "v"}])),
    "groups": (299, lambda iam, n: group(iam, f"g{n}")),
}


@pytest.mark.parametrize("case", COUNTS)
def test_counts(aws: Aws, case: str) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    quota, act = COUNTS[case]
    for n in range(quota):
        act(iam, n)
    assert code(lambda: act(iam, quota)) == "LimitExceeded"


@pytest.mark.parametrize(
    ("quota", "act"),
    [("_users_quota", user), ("_groups_quota", group), ("_roles_quota", role), ("_policies_quota", policy)],
)
def test_counts_follow_the_summary(aws: Aws, quota: str, act: Callable[[Any, str], str]) -> None:
    iam = aws.client("iam")
    setattr(backend().account_summary, quota, 1)
    act(iam, "first")
    assert code(lambda: act(iam, "second")) == "LimitExceeded"
    assert 1 in iam.get_account_summary()["SummaryMap"].values()


def test_five_versions(aws: Aws) -> None:
    iam = aws.client("iam")
    arn = policy(iam)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ)
    assert code(lambda: iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ)) == "LimitExceeded"


def test_a_second_attachment_is_no_second_use(aws: Aws) -> None:
    iam = aws.client("iam")
    arn, name = policy(iam), user(iam)
    for _ in range(2):
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1


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


# Each row: the operation, where its items are, and what makes three of them.
LISTINGS: dict[str, tuple[str, dict[str, str], Act]] = {
    "list_users": ("Users", {}, lambda iam: [user(iam, f"u{n}") for n in range(2)]),
    "list_groups": ("Groups", {}, lambda iam: [group(iam, f"g{n}") for n in range(2)]),
    "list_roles": ("Roles", {}, lambda iam: [role(iam, f"r{n}") for n in range(3)]),
    "list_access_keys": (
        "AccessKeyMetadata",
        {"UserName": "alice"},
        lambda iam: [iam.create_access_key(UserName="alice") for _ in range(2)],
    ),
    "list_groups_for_user": (
        "Groups",
        {"UserName": "alice"},
        lambda iam: [iam.add_user_to_group(UserName="alice", GroupName=group(iam, f"g{n}")) for n in range(3)],
    ),
    "list_attached_user_policies": (
        "AttachedPolicies",
        {"UserName": "alice"},
        lambda iam: [iam.attach_user_policy(UserName="alice", PolicyArn=policy(iam, f"p{n}")) for n in range(3)],
    ),
    "list_user_policies": (
        "PolicyNames",
        {"UserName": "alice"},
        lambda iam: [iam.put_user_policy(UserName="alice", PolicyName=f"p{n}", PolicyDocument=READ) for n in range(3)],
    ),
    "list_user_tags": (
        "Tags",
        {"UserName": "alice"},
        lambda iam: iam.tag_user(UserName="alice", Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(3)]),
    ),
    "get_group": (
        "Users",
        {"GroupName": "staff"},
        lambda iam: [iam.add_user_to_group(UserName=user(iam, f"u{n}"), GroupName="staff") for n in range(3)],
    ),
}


@pytest.mark.parametrize("operation", LISTINGS)
@pytest.mark.parametrize("how", ["asked", "short", "empty"])
def test_pages(aws: Aws, operation: str, how: str) -> None:
    iam = aws.client("iam")
    key, parameters, arrange = LISTINGS[operation]
    user(iam), group(iam)
    arrange(iam)
    whole = getattr(iam, operation)(**parameters)
    assert not whole["IsTruncated"]
    settings.page_size, settings.empty_pages = (1 if how == "short" else 1000), how == "empty"
    size = {"PageSize": 1} if how != "short" else {}
    pages = list(iam.get_paginator(operation).paginate(**parameters, PaginationConfig=size))
    assert [len(page[key]) for page in pages] == [1] * len(whole[key]) if how != "empty" else [0, 1] * len(whole[key])
    assert [item for page in pages for item in page[key]] == whole[key]


def test_details_mix_kinds_in_pages(aws: Aws) -> None:
    iam = aws.client("iam")
    for n in range(3):
        name = user(iam, f"u{n}")
        iam.add_user_to_group(UserName=name, GroupName=group(iam, f"g{n}"))
        iam.attach_user_policy(UserName=name, PolicyArn=policy(iam, f"p{n}"))
    iam.attach_user_policy(UserName="u0", PolicyArn=READ_ONLY)
    role(iam)
    pages = list(details(iam, size=4))
    assert len(pages) == 3
    assert all(page["UserDetailList"] and page["Policies"] for page in pages[:2])
    found = {p["PolicyName"]: p["Arn"] for page in pages for p in page["Policies"]}
    assert found == {**{f"p{n}": f"{OWN}p{n}" for n in range(3)}, "ReadOnlyAccess": READ_ONLY}
    assert [u["GroupList"] for page in pages for u in page["UserDetailList"]] == [["g0"], ["g1"], ["g2"]]


def test_details_short_and_empty_pages(aws: Aws) -> None:
    iam = aws.client("iam")
    for n in range(3):
        user(iam, f"u{n}")
    settings.page_size, settings.empty_pages = 2, True
    pages = list(details(iam))
    assert [len(page["UserDetailList"]) for page in pages] == [0, 2, 0, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, True, False]


def test_details_filter(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam), group(iam), role(iam), policy(iam)
    [page] = details(iam, Filter=["Group", "LocalManagedPolicy"])
    assert [len(page[key]) for key in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")] == [
        0,
        1,
        0,
        1,
    ]
    assert code(lambda: iam.get_account_authorization_details(MaxItems=1001)) == "ValidationError"


def details(iam: Any, size: int = 1000, **parameters: Any) -> Any:
    paginator = iam.get_paginator("get_account_authorization_details")
    return paginator.paginate(PaginationConfig={"PageSize": size}, **parameters)


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


EDITS: dict[str, Act] = {
    "create_policy_version": lambda iam: iam.create_policy_version(PolicyArn=READ_ONLY, PolicyDocument=READ),
    "delete_policy_version": lambda iam: iam.delete_policy_version(PolicyArn=READ_ONLY, VersionId="v1"),
    "set_default_policy_version": lambda iam: iam.set_default_policy_version(PolicyArn=READ_ONLY, VersionId="v1"),
    "delete_policy": lambda iam: iam.delete_policy(PolicyArn=READ_ONLY),
}


@pytest.mark.parametrize("edit", EDITS)
def test_aws_policies_are_not_ours(aws: Aws, edit: str) -> None:
    with pytest.raises(ClientError) as refused:
        EDITS[edit](aws.client("iam"))
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


WRITES: dict[str, Callable[[Any, str], Any]] = {
    "managed": lambda iam, text: iam.create_policy(PolicyName="p", PolicyDocument=text),
    "user": lambda iam, text: iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=text),
    "group": lambda iam, text: iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text),
    "role": lambda iam, text: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text),
    "trust": lambda iam, text: iam.create_role(RoleName="s", AssumeRolePolicyDocument=text),
    "new trust": lambda iam, text: iam.update_assume_role_policy(RoleName="r", PolicyDocument=text),
}
JUNK = ("{}", "nonsense", '{"Version": "2012-10-17", "Statement": []}', '{"Version": "2020-01-01", "Statement": {}}')


@pytest.mark.parametrize("text", JUNK)
@pytest.mark.parametrize("write", WRITES)
def test_junk_is_no_document(aws: Aws, write: str, text: str) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    assert code(lambda: WRITES[write](iam, text)) == "MalformedPolicyDocument"


def test_version_2008_is_for_inline_policies_and_trust_alone(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam, "u"), group(iam, "g"), role(iam, "r")
    for write in ("user", "group", "role"):
        WRITES[write](iam, OLD)
    WRITES["new trust"](iam, trust(EC2).replace("2012-10-17", "2008-10-17"))
    assert iam.get_user_policy(UserName="u", PolicyName="p")["PolicyDocument"]["Version"] == "2008-10-17"
    assert code(lambda: WRITES["managed"](iam, OLD)) == "MalformedPolicyDocument"


@pytest.mark.parametrize("principal", ["", {"AWS": "arn:aws:iam::123456789012:role/absent"}])
def test_trust_names_somebody_who_is_there(aws: Aws, principal: Any) -> None:
    iam = aws.client("iam")
    assert code(lambda: WRITES["trust"](iam, trust(principal))) == "MalformedPolicyDocument"


@pytest.mark.parametrize("text", ["nonsense", "{}", READ])
def test_bucket_policies_are_read(aws: Aws, text: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs")
    assert code(lambda: s3.put_bucket_policy(Bucket="logs", Policy=text)) == "MalformedPolicy"


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


def test_strictness_can_be_off(aws: Aws) -> None:
    iam = aws.client("iam")
    settings.on = False
    user(iam, "alice"), user(iam, "ALICE")
    iam.create_access_key(UserName="alice")
    iam.delete_user(UserName="alice")


def backend() -> Any:
    from moto.iam.models import iam_backends

    return iam_backends["123456789012"]["aws"]


def last_used(moment: datetime, service: str, region: str) -> Any:
    from moto.iam.models import AccessKeyLastUsed

    return AccessKeyLastUsed(moment, service, region)
