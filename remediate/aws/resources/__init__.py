"""Every kind of address the program can change. A new kind is a class in one of these modules, and nothing else."""

from collections.abc import Mapping

from remediate.aws.resources import cloudtrail, iam_roles, kms, logs, s3
from remediate.aws.resources.base import Resource
from remediate.aws.resources.iam_account import PasswordPolicy
from remediate.aws.resources.iam_groups import Group, GroupMember
from remediate.aws.resources.iam_policies import Attached, Inline, ManagedPolicy
from remediate.aws.resources.iam_users import AccessKey, LoginProfile, User, UserTag

RESOURCES: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (
        PasswordPolicy(),
        User(),
        UserTag(),
        LoginProfile(),
        AccessKey(),
        Group(),
        GroupMember(),
        ManagedPolicy(),
        *(kind(holder) for holder in ("user", "group", "role") for kind in (Attached, Inline)),
        *cloudtrail.RESOURCES,
        *iam_roles.RESOURCES,
        *kms.RESOURCES,
        *logs.RESOURCES,
        *s3.RESOURCES,
    )
}
