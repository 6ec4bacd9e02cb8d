"""The IAM actions that reading an account needs. A test compares this list with the calls that are made."""

from remediate.aws.facts import FACTS
from remediate.aws.resources import RESOURCES
from remediate.effective import COMPARED
from remediate.model import Permission

FIRST: tuple[str, ...] = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "ec2:DescribeRegions",
    "iam:GenerateCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountPasswordPolicy",
    "iam:GetAccountSummary",
    "iam:GetCredentialReport",
    "iam:ListAccountAliases",
    "sts:GetCallerIdentity",
)
"""What reading an account needs before anything is asked for."""

ACCOUNT_ACTIONS: tuple[str, ...] = (*FIRST, *(action for kind in COMPARED for action in FACTS[kind].actions))
"""What `apply` and `rollback` look at the account again with: the guard asks for what it compares with."""

ASKED: tuple[str, ...] = (
    "cloudtrail:LookupEvents",
    "iam:GetAccessKeyLastUsed",
    "iam:GetLoginProfile",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListResourceTags",
    "logs:DescribeLogGroups",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
)
"""What controls ask for besides: about users, and the kinds of a trail; and `drift`, about who made it."""

PLAN_ACTIONS: tuple[str, ...] = tuple(
    sorted(
        {
            *ACCOUNT_ACTIONS,
            *ASKED,
            *(action for resource in RESOURCES.values() for action in resource.reading),
            *(action for fact in FACTS.values() for action in fact.actions),
        }
    )
)

PLAN_ALSO: tuple[Permission, ...] = tuple(p for resource in RESOURCES.values() for p in resource.reading_also)
"""What planning needs besides, each with the condition that keeps it to reading."""
