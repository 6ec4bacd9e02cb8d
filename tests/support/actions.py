"""IAM's names of the operations whose action is called otherwise.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html, list_awsbudgetservice.html
"""

IAM_NAMES = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    **dict.fromkeys(
        (
            "budgets:DescribeBudget",
            "budgets:DescribeBudgets",
            "budgets:DescribeBudgetNotificationsForAccount",
            "budgets:DescribeNotificationsForBudget",
            "budgets:DescribeSubscribersForNotification",
        ),
        "budgets:ViewBudget",
    ),
    **dict.fromkeys(
        (f"budgets:{verb}{noun}" for verb in ("Create", "Update", "Delete") for noun in ("Budget", "Notification")),
        "budgets:ModifyBudget",
    ),
}

PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "cloudwatch-logs": "logs",
    "cost-explorer": "ce",
    "directory-service": "ds",
    "secrets-manager": "secretsmanager",
}
"""Of services that IAM calls otherwise than botocore, by its names of services and of its events."""


def action_of(service: str, operation: str) -> str:
    """`iam:CreateUser`: what a policy must allow for this call."""
    name = f"{PREFIXES.get(service, service)}:{operation}"
    return IAM_NAMES.get(name, name)
