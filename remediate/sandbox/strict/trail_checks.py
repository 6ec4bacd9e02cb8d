"""What CloudTrail tests before it takes a trail: the bucket, the key, the log group and the role.

AWS tests that the bucket's and the key's policies let it write there, that the log group exists, and that the role
exists, trusts CloudTrail and may write to the log group. Moto tests that the bucket exists when the trail is made.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
"""

import json
from collections.abc import Iterable
from typing import Any

from remediate.sandbox.strict.documents import statements
from remediate.sandbox.strict.grants import covers, lets_cloudtrail, trusts_cloudtrail
from remediate.sandbox.strict.lag import seen
from remediate.sandbox.strict.patch import Call, around
from remediate.sandbox.strict.state import settings
from remediate.sandbox.strict.trails import refuse


def install() -> None:
    from moto.cloudtrail.models import CloudTrailBackend

    around(CloudTrailBackend, "create_trail", _create)
    around(CloudTrailBackend, "update_trail", _update)


def _create(original: Any, cloudtrail: Any, call: Call) -> Any:
    arn = f"arn:{cloudtrail.partition}:cloudtrail:{cloudtrail.region_name}:{cloudtrail.account_id}:trail/{call['name']}"
    _bucket(cloudtrail, call["bucket_name"], call["s3_key_prefix"], arn)
    key = _key(cloudtrail, call["kms_key_id"], arn)
    _delivery(cloudtrail, call["cw_log_group_arn"], call["cw_role_arn"])
    trail = original()
    trail.kms_key_id = key
    return trail


def _update(original: Any, cloudtrail: Any, call: Call) -> Any:
    """The trail as it would be: what is left out stays."""
    trail = cloudtrail.get_trail(call["name"])
    prefix, key, group, role = (
        getattr(trail, part) if call[part] is None else call[part]
        for part in ("s3_key_prefix", "kms_key_id", "cw_log_group_arn", "cw_role_arn")
    )
    _bucket(cloudtrail, call["s3_bucket_name"] or trail.bucket_name, prefix, trail.arn)
    key = _key(cloudtrail, key, trail.arn)
    _delivery(cloudtrail, group, role)
    original()
    trail.kms_key_id = key
    return trail


def _bucket(cloudtrail: Any, name: str, prefix: str | None, trail: str) -> None:
    from moto.s3.models import s3_backends

    bucket = s3_backends[cloudtrail.account_id][cloudtrail.partition].buckets.get(name)
    if not bucket:
        refuse("S3BucketDoesNotExistException", f"S3 bucket {name} does not exist!")
    document = json.loads(bucket.policy) if bucket.policy else {}
    arn = f"arn:{cloudtrail.partition}:s3:::{name}"
    logs = f"{arn}/{prefix + '/' if prefix else ''}AWSLogs/{cloudtrail.account_id}/x"
    needed = (("s3:GetBucketAcl", arn), ("s3:PutObject", logs))
    if not all(lets_cloudtrail(document, action, resource, trail) for action, resource in needed):
        refuse("InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {name}")


def _key(cloudtrail: Any, name: str | None, trail: str) -> str | None:
    """The key's ARN, which is what a trail shows, whatever name it was given by."""
    from moto.kms.models import kms_backends

    if not name or not settings.trail_keys:
        return name
    region = name.split(":")[3] if name.startswith("arn:") else cloudtrail.region_name
    plain = name.split(":", 5)[5].removeprefix("key/") if name.startswith("arn:") else name
    keys: Any = kms_backends[cloudtrail.account_id][region].keys
    key = next((k for k in keys.values() if plain == k.id or plain in k.aliases), None)
    if not key:
        refuse("KmsKeyNotFoundException", f"KMS key {name} does not exist.")
    if not key.enabled:
        refuse("KmsKeyDisabledException", f"KMS key {name} is disabled.")
    document = json.loads(key.policy)
    if not all(lets_cloudtrail(document, f"kms:{act}", key.arn, trail) for act in ("GenerateDataKey", "DescribeKey")):
        refuse("InsufficientEncryptionPolicyException", f"Insufficient permissions to access KMS key {name}.")
    return str(key.arn)


def _delivery(cloudtrail: Any, group: str | None, role: str | None) -> None:
    if not group and not role:
        return
    if not group or not _group_exists(cloudtrail, group):
        refuse("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.")
    if not role or not _role_writes(cloudtrail, role, group):
        refuse(
            "InvalidCloudWatchLogsRoleArnException",
            "Access denied. Verify in IAM that the role has adequate permissions.",
        )


def _group_exists(cloudtrail: Any, arn: str) -> bool:
    from moto.logs.models import logs_backends

    parts = arn.split(":")
    logs = logs_backends[cloudtrail.account_id][cloudtrail.region_name]
    return len(parts) == 8 and parts[3] == cloudtrail.region_name and parts[6] in logs.groups


def _role_writes(cloudtrail: Any, arn: str, group: str) -> bool:
    from moto.iam.models import iam_backends

    iam: Any = iam_backends[cloudtrail.account_id][cloudtrail.partition]
    with seen(iam):
        role = next((r for r in iam.roles.values() if r.arn == arn), None)
    if not role or not any(map(trusts_cloudtrail, statements(json.loads(role.assume_role_policy_document)))):
        return False
    granted = [s for text in _documents(role) for s in statements(json.loads(text))]
    stream = f"{group.removesuffix(':*')}:log-stream:{cloudtrail.account_id}_CloudTrail_{cloudtrail.region_name}"
    return all(
        any(covers(s, action, stream) for s in granted) for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


def _documents(role: Any) -> Iterable[str]:
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        yield from (version.document for version in policy.versions if version.is_default)
