"""How many and how big things may be, as plain boto3 sees it. Each of these is different on plain moto."""

from collections.abc import Callable
from typing import Any

import pytest
from support.aws import Aws
from support.make import READ, backend, big, code, group, policy, role, trust, user

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
