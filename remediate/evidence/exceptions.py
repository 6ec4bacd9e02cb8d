"""Events whose permission has another name than the event: the exceptions to the rule in `actions`.

Each service's page says which operations need which actions, under
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and where that says less, the page that is named here.
"""

from collections.abc import Mapping

SOURCES: Mapping[str, str] = {
    "a2i-runtime": "sagemaker",
    "appstream2": "appstream",
    "cloudcontrolapi": "cloudformation",
    "email": "ses",
    "mail-manager": "ses",
    "memory-db": "memorydb",
    "metering-marketplace": "aws-marketplace",
    "monitoring": "cloudwatch",
    "mturk-requester": "mechanicalturk",
    "pinpoint": "mobiletargeting",
    "tagging": "tag",
}
"""What an event's source is called in policies, where that is not the name of its host."""

NOTHING = frozenset(
    (
        "sts:GetCallerIdentity",  # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        "sts:GetSessionToken",  # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
        "signin:CheckMfa",
        "signin:ConsoleLogin",
        "signin:ExitRole",
        "signin:GetSigninToken",
        "signin:PasswordRecoveryCompleted",
        "signin:PasswordRecoveryRequested",
        "signin:RenewRole",
    )
)
"""Calls that everybody may make."""

S3 = """
PutObject: CompleteMultipartUpload CreateMultipartUpload UploadPart
PutObject ~GetObject: CopyObject UploadPartCopy
GetObject: HeadObject SelectObjectContent
GetObject GetObjectAttributes: GetObjectAttributes
DeleteObject: DeleteObjects
ListBucket: HeadBucket ListObjects ListObjectsV2
ListBucketVersions: ListObjectVersions
ListBucketMultipartUploads: ListMultipartUploads
ListMultipartUploadParts: ListParts
ListAllMyBuckets: ListBuckets
s3-object-lambda:WriteGetObjectResponse: WriteGetObjectResponse
GetAccelerateConfiguration: GetBucketAccelerateConfiguration
PutAccelerateConfiguration: PutBucketAccelerateConfiguration
GetAnalyticsConfiguration: GetBucketAnalyticsConfiguration ListBucketAnalyticsConfigurations
PutAnalyticsConfiguration: PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration
GetEncryptionConfiguration: GetBucketEncryption
PutEncryptionConfiguration: PutBucketEncryption DeleteBucketEncryption
GetIntelligentTieringConfiguration: GetBucketIntelligentTieringConfiguration ListBucketIntelligentTieringConfigurations
PutIntelligentTieringConfiguration: PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration
GetInventoryConfiguration: GetBucketInventoryConfiguration ListBucketInventoryConfigurations
PutInventoryConfiguration: PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration
GetLifecycleConfiguration: GetBucketLifecycle GetBucketLifecycleConfiguration
PutLifecycleConfiguration: PutBucketLifecycle PutBucketLifecycleConfiguration
PutLifecycleConfiguration: DeleteBucketLifecycle DeleteBucketLifecycleConfiguration
GetMetricsConfiguration: GetBucketMetricsConfiguration ListBucketMetricsConfigurations
PutMetricsConfiguration: PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration
GetBucketNotification: GetBucketNotificationConfiguration
PutBucketNotification: PutBucketNotificationConfiguration
GetReplicationConfiguration: GetBucketReplication
PutReplicationConfiguration: PutBucketReplication DeleteBucketReplication
GetBucketObjectLockConfiguration: GetObjectLockConfiguration
PutBucketObjectLockConfiguration: PutObjectLockConfiguration
GetBucketPublicAccessBlock: GetPublicAccessBlock
PutBucketPublicAccessBlock: PutPublicAccessBlock DeletePublicAccessBlock DeleteBucketPublicAccessBlock
PutAccountPublicAccessBlock: DeleteAccountPublicAccessBlock
GetBucketCORS: GetBucketCors
PutBucketCORS: PutBucketCors DeleteBucketCors
PutBucketOwnershipControls: DeleteBucketOwnershipControls
PutBucketTagging: DeleteBucketTagging
"""
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""

SAME: Mapping[str, str] = {
    "s3": S3,
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam.html
    "s3express": """
CreateSession: AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjects
CreateSession: GetObject GetObjectAttributes HeadBucket HeadObject ListMultipartUploads ListObjectsV2 ListParts
CreateSession: PutObject RenameObject UploadPart UploadPartCopy
""",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    "access-analyzer": """
GetFinding: GetFindingV2
ListFindings: ListFindingsV2
""",
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the others beside it
    "bedrock": """
InvokeModel: Converse StartAsyncInvoke
InvokeModelWithResponseStream: ConverseStream
""",
    # https://docs.aws.amazon.com/cost-management/latest/userguide/billing-permissions-ref.html
    "budgets": """
ViewBudget: DescribeBudget DescribeBudgets DescribeBudgetNotificationsForAccount DescribeBudgetPerformanceHistory
ViewBudget: DescribeNotificationsForBudget DescribeSubscribersForNotification
ModifyBudget: CreateBudget CreateNotification CreateSubscriber DeleteBudget DeleteNotification DeleteSubscriber
ModifyBudget: UpdateBudget UpdateNotification UpdateSubscriber
""",
    "cloudfront": "CreateDistribution TagResource: CreateDistributionWithTags",
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    "dynamodb": """
GetItem: TransactGetItems
ConditionCheckItem DeleteItem PutItem UpdateItem: TransactWriteItems
PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate: BatchExecuteStatement ExecuteStatement ExecuteTransaction
""",
    "kms": "ReEncryptFrom ReEncryptTo: ReEncrypt",
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    "lambda": """
InvokeFunction: Invoke InvokeAsync InvokeWithResponseStream
GetLayerVersion: GetLayerVersionByArn
""",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
    "signin": "sts:AssumeRole: SwitchRole",
    "sns": "Publish: PublishBatch",
    "sqs": """
ChangeMessageVisibility: ChangeMessageVisibilityBatch
DeleteMessage: DeleteMessageBatch
SendMessage: SendMessageBatch
""",
}
"""By service: actions, and the events that need all of these. `~` is for what a record does not name: the object that
is copied, where the record is about the copy. Of what an event may have needed in part, all is listed."""

SILENT: Mapping[str, str] = {
    "s3:DeleteObject": "s3:DeleteObjectVersion",
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:PutObject": "s3:PutObjectAcl s3:PutObjectTagging",
}
"""What a call needs besides where it has a version, tags or an access list: its event is the same.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""

VERBS: Mapping[str, str] = {
    "Create": "POST",
    "Delete": "DELETE",
    "Export": "GET",
    "Flush": "DELETE",
    "Generate": "POST",
    "Get": "GET",
    "Import": "POST PUT",
    "Put": "PUT",
    "Reimport": "PUT",
    "Reset": "DELETE",
    "Tag": "POST PUT",
    "Test": "POST",
    "Untag": "DELETE",
    "Update": "PATCH PUT",
}
"""API Gateway's actions are methods of HTTP: which of them an event's first word stands for.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html"""
