"""Listings come in pages, as plain boto3 sees them. Each of these is different on plain moto."""

import pytest
from support.aws import Aws
from support.make import OWN, READ, READ_ONLY, Act, code, details, group, policy, role, user

from remediate.sandbox.strict import settings

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
