"""Every kind of address the program can change. A new kind is a class in one of these modules, and nothing else."""

from collections.abc import Mapping

from remediate.aws.resources import (
    access_analyzer,
    account,
    budgets,
    cloudtrail,
    cloudwatch,
    cost_explorer,
    directory,
    directory_trusts,
    ec2,
    iam_certificates,
    iam_instance_profiles,
    iam_issued_keys,
    iam_providers,
    iam_role_sessions,
    iam_roles,
    iam_root,
    kms,
    logs,
    organizations,
    s3,
    secrets,
    sns,
)
from remediate.aws.resources.base import Resource
from remediate.aws.resources.iam_account import AccountAlias, PasswordPolicy
from remediate.aws.resources.iam_groups import Group, GroupMember
from remediate.aws.resources.iam_policies import Attached, Inline, ManagedPolicy
from remediate.aws.resources.iam_users import AccessKey, LoginProfile, User, UserTag

RESOURCES: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (
        PasswordPolicy(),
        AccountAlias(),
        User(),
        UserTag(),
        LoginProfile(),
        AccessKey(),
        Group(),
        GroupMember(),
        ManagedPolicy(),
        *(kind(holder) for holder in ("user", "group", "role") for kind in (Attached, Inline)),
        *access_analyzer.RESOURCES,
        *account.RESOURCES,
        *budgets.RESOURCES,
        *cloudtrail.RESOURCES,
        *cloudwatch.RESOURCES,
        *cost_explorer.RESOURCES,
        *directory.RESOURCES,
        *directory_trusts.RESOURCES,
        *ec2.RESOURCES,
        *iam_certificates.RESOURCES,
        *iam_instance_profiles.RESOURCES,
        *iam_issued_keys.RESOURCES,
        *iam_providers.RESOURCES,
        *iam_role_sessions.RESOURCES,
        *iam_roles.RESOURCES,
        *iam_root.RESOURCES,
        *kms.RESOURCES,
        *logs.RESOURCES,
        *organizations.RESOURCES,
        *s3.RESOURCES,
        *secrets.RESOURCES,
        *sns.RESOURCES,
    )
}
