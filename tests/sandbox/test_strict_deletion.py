"""Nothing that is in use is deleted, as plain boto3 sees it. Each of these is different on plain moto."""

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws
from support.make import OWN, READ, READ_ONLY, Act, enrol, group, policy, profile, role, user

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
