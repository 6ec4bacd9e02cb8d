"""The changing calls that each transition of each case makes, in order: what a fault can be put on.

By IAM's name of the service and AWS's of the operation. `tests/aws/test_contract.py` compares this with what is sent,
and with every operation that the resource types name.
"""

from collections.abc import Mapping

CALLS: Mapping[str, tuple[str, ...]] = {
    "access_analyzer.analyzer/eu-west-1/external-access": (
        "access-analyzer:CreateAnalyzer",
        "access-analyzer:DeleteAnalyzer",
        "access-analyzer:CreateAnalyzer",
        "access-analyzer:DeleteAnalyzer",
    ),
    "account.contact/SECURITY": (
        "account:PutAlternateContact",
        "account:PutAlternateContact",
        "account:DeleteAlternateContact",
    ),
    "iam.account_alias": ("iam:CreateAccountAlias", "iam:CreateAccountAlias", "iam:DeleteAccountAlias"),
    "iam.server_certificate/shop": ("iam:DeleteServerCertificate",),
    "logs.metric_filter/eu-west-1/audit/trail:sign-in / without MFA": (
        "logs:PutMetricFilter",
        "logs:PutMetricFilter",
        "logs:DeleteMetricFilter",
    ),
    "cloudwatch.alarm/eu-west-1/root / usage": (
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
    ),
    "sns.topic/arn:aws:sns:eu-west-1:123456789012:security-alarms": (
        "sns:CreateTopic",
        "sns:SetTopicAttributes",
        "sns:SetTopicAttributes",
        "sns:DeleteTopic",
    ),
    "sns.subscription/arn:aws:sns:eu-west-1:123456789012:security-alarms/email:alice@example.com": ("sns:Subscribe",),
    "budgets.budget/monthly-cost": ("budgets:CreateBudget", "budgets:UpdateBudget", "budgets:DeleteBudget"),
    "budgets.notification/monthly-cost/ACTUAL:GREATER_THAN:80:PERCENTAGE": (
        "budgets:CreateNotification",
        "budgets:DeleteNotification",
    ),
    "ce.anomaly_monitor/all-services": (
        "ce:CreateAnomalyMonitor",
        "ce:DeleteAnomalyMonitor",
        "ce:CreateAnomalyMonitor",
        "ce:DeleteAnomalyMonitor",
    ),
    "ce.anomaly_subscription/cost-anomalies": (
        "ce:CreateAnomalySubscription",
        "ce:UpdateAnomalySubscription",
        "ce:DeleteAnomalySubscription",
    ),
    "ds.directory/us-east-1/corp.example.com/simple": ("ds:CreateDirectory",),
    "ds.directory/us-east-1/corp.example.com/microsoft": ("ds:CreateMicrosoftAD",),
    "ds.directory/us-east-1/corp.example.com/connector": ("ds:ConnectDirectory",),
    "ds.forwarder/us-east-1/corp.example.com/partner.example.com": (
        "ds:CreateConditionalForwarder",
        "ds:UpdateConditionalForwarder",
        "ds:DeleteConditionalForwarder",
    ),
    "ds.trust/us-east-1/corp.example.com/partner.example.com": (
        "ds:CreateTrust",
        "ds:DeleteTrust",
        "ds:CreateTrust",
        "ds:DeleteTrust",
    ),
    "iam.password_policy": (
        "iam:UpdateAccountPasswordPolicy",
        "iam:UpdateAccountPasswordPolicy",
        "iam:DeleteAccountPasswordPolicy",
    ),
    "iam.user/bob": ("iam:CreateUser", "iam:UpdateUser", "iam:DeleteUser"),
    "iam.user_tag/alice/a/team": ("iam:TagUser", "iam:TagUser", "iam:UntagUser"),
    "iam.login_profile/alice": ("iam:CreateLoginProfile", "iam:DeleteLoginProfile"),
    "iam.access_key/alice": (
        "iam:UpdateAccessKey",
        "iam:UpdateAccessKey",
        "iam:UpdateAccessKey",
        "iam:DeleteAccessKey",
    ),
    "iam.group/ops": ("iam:CreateGroup", "iam:UpdateGroup", "iam:DeleteGroup"),
    "iam.group_member/team/alice": ("iam:AddUserToGroup", "iam:RemoveUserFromGroup"),
    "iam.policy/arn:aws:iam::123456789012:policy/own": (
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion iam:DeletePolicy",
    ),
    "iam.policy with five versions": (
        "iam:DeletePolicyVersion iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion " * 4 + "iam:DeletePolicy",
    ),
    "iam.user_policy/alice/arn:aws:iam::aws:policy/ReadOnlyAccess": ("iam:AttachUserPolicy", "iam:DetachUserPolicy"),
    "iam.group_policy/team/arn:aws:iam::aws:policy/ReadOnlyAccess": ("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
    "iam.role_policy/job/arn:aws:iam::aws:policy/ReadOnlyAccess": ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
    "iam.user_inline/alice/in": ("iam:PutUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy"),
    "iam.group_inline/team/in": ("iam:PutGroupPolicy", "iam:PutGroupPolicy", "iam:DeleteGroupPolicy"),
    "iam.role_inline/job/in": ("iam:PutRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    "iam.saml_provider/Okta": ("iam:CreateSAMLProvider", "iam:UpdateSAMLProvider", "iam:DeleteSAMLProvider"),
    "iam.oidc_provider/token.actions.githubusercontent.com": (
        "iam:CreateOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
    ),
    "iam.oidc_provider/oidc.example.com/id/A1": ("iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider"),
    "iam.oidc_audience/token.actions.githubusercontent.com/sts.amazonaws.com": (
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
    ),
    "iam.oidc_audience/oidc.example.com%2Fid%2FA1/api://exchange": (
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
    ),
    "iam.oidc_thumbprints/token.actions.githubusercontent.com": (
        "iam:UpdateOpenIDConnectProviderThumbprint",
        "iam:UpdateOpenIDConnectProviderThumbprint",
        "iam:UpdateOpenIDConnectProviderThumbprint",
    ),
    "iam.role_session/job": ("iam:UpdateRole", "iam:UpdateRole", "iam:UpdateRole"),
    "iam.instance_profile/machines": ("iam:CreateInstanceProfile", "iam:DeleteInstanceProfile"),
    "iam.instance_profile/below": ("iam:CreateInstanceProfile", "iam:DeleteInstanceProfile"),
    "iam.instance_profile_role/machines/machines": (
        "iam:AddRoleToInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
    ),
    "ec2.profile_association/running": (
        "ec2:AssociateIamInstanceProfile",
        "ec2:ReplaceIamInstanceProfileAssociation",
        "ec2:DisassociateIamInstanceProfile",
    ),
    "iam.role for several accounts": (
        "iam:CreateRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:DeleteRole",
    ),
    "iam.root_access_key/active": ("iam:DeleteAccessKey",),
    "iam.root_access_key/inactive": ("iam:DeleteAccessKey",),
    "organizations.service_access/iam.amazonaws.com": (
        "organizations:EnableAWSServiceAccess",
        "organizations:DisableAWSServiceAccess",
    ),
    "iam.organizations_feature/RootCredentialsManagement": (
        "iam:EnableOrganizationsRootCredentialsManagement",
        "iam:DisableOrganizationsRootCredentialsManagement",
    ),
    "iam.organizations_feature/RootSessions": (
        "iam:EnableOrganizationsRootSessions",
        "iam:DisableOrganizationsRootSessions",
    ),
    "secretsmanager.secret/eu-west-1/remediate/svc/access-key": (
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:RestoreSecret",
    ),
    "secretsmanager.secret/eu-west-1/keys/a/b": ("secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"),
    "secretsmanager.secret/eu-west-1/mine": (
        "secretsmanager:CreateSecret",
        "secretsmanager:UpdateSecret",
        "secretsmanager:UpdateSecret",
    ),
    "iam.issued_key/svc/eu-west-1:remediate/svc/access-key": (
        "secretsmanager:TagResource iam:CreateAccessKey secretsmanager:PutSecretValue secretsmanager:UntagResource",
        "iam:DeleteAccessKey",
    ),
    "iam.issued_key/again": (
        "secretsmanager:TagResource iam:CreateAccessKey secretsmanager:PutSecretValue secretsmanager:UntagResource",
        "secretsmanager:UpdateSecretVersionStage iam:DeleteAccessKey",
    ),
    "iam.issued_key/with a key of one's own": (
        "secretsmanager:TagResource iam:CreateAccessKey secretsmanager:PutSecretValue secretsmanager:UntagResource",
        "iam:DeleteAccessKey",
    ),
    "s3.bucket_policy/logs": ("s3:PutBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "s3.bucket_public_access/logs": (
        "s3:PutPublicAccessBlock",
        "s3:PutPublicAccessBlock",
        "s3:DeletePublicAccessBlock",
    ),
    "s3.bucket_versioning/logs": ("s3:PutBucketVersioning", "s3:PutBucketVersioning", "s3:PutBucketVersioning"),
    "s3.bucket_encryption/logs": ("s3:PutBucketEncryption", "s3:DeleteBucketEncryption"),
    "s3.bucket_lifecycle/logs": (
        "s3:PutBucketLifecycleConfiguration",
        "s3:PutBucketLifecycleConfiguration",
        "s3:DeleteBucketLifecycle",
    ),
    "s3.bucket_logging/logs": ("s3:PutBucketLogging", "s3:PutBucketLogging", "s3:PutBucketLogging"),
    "logs.retention/eu-west-1/audit": (
        "logs:PutRetentionPolicy",
        "logs:PutRetentionPolicy",
        "logs:DeleteRetentionPolicy",
    ),
    "iam.role/delivery": ("iam:CreateRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole"),
    "iam.role_inline/delivery/delivery": ("iam:PutRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    "cloudtrail.trail/eu-west-1/main": (
        "cloudtrail:CreateTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:DeleteTrail",
    ),
    "cloudtrail.logging/eu-west-1/main": ("cloudtrail:StartLogging", "cloudtrail:StopLogging"),
    "cloudtrail.selectors/eu-west-1/main": (
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:PutEventSelectors",
    ),
    "kms.key/eu-west-1/alias/logs": ("kms:CreateKey kms:CreateAlias", "kms:PutKeyPolicy"),
    "kms.key_policy/somebody else's": ("kms:PutKeyPolicy", "kms:PutKeyPolicy"),
    "kms.rotation/eu-west-1/alias/logs": ("kms:EnableKeyRotation", "kms:DisableKeyRotation"),
    "s3.bucket/logs": ("s3:CreateBucket",),
    "s3.bucket/classic": ("s3:CreateBucket",),
    "logs.group/eu-west-1/audit": ("logs:CreateLogGroup",),
}
