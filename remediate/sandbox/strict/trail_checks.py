"""What CloudTrail tests before it takes a trail: the bucket, the log group and the role.

AWS tests that the bucket's policy lets it write there, that the log group exists, and that the role exists, trusts
CloudTrail and may write to the log group. Moto tests that the bucket exists when the trail is made.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements
from remediate.sandbox.strict.patch import Call, before
from remediate.sandbox.strict.trails import refuse

SERVICE = "cloudtrail.amazonaws.com"


def install() -> None:
    from moto.cloudtrail.models import CloudTrailBackend

    before(CloudTrailBackend, "create_trail", _created)
    before(CloudTrailBackend, "update_trail", _updated)


def _created(cloudtrail: Any, call: Call) -> None:
    arn = f"arn:{cloudtrail.partition}:cloudtrail:{cloudtrail.region_name}:{cloudtrail.account_id}:trail/{call['name']}"
    _bucket(cloudtrail, call["bucket_name"], call["s3_key_prefix"], arn)
    _delivery(cloudtrail, call["cw_log_group_arn"], call["cw_role_arn"])


def _updated(cloudtrail: Any, call: Call) -> None:
    """The trail as it would be: what is left out stays."""
    trail = cloudtrail.get_trail(call["name"])
    prefix = trail.s3_key_prefix if call["s3_key_prefix"] is None else call["s3_key_prefix"]
    _bucket(cloudtrail, call["s3_bucket_name"] or trail.bucket_name, prefix, trail.arn)
    group = trail.cw_log_group_arn if call["cw_log_group_arn"] is None else call["cw_log_group_arn"]
    role = trail.cw_role_arn if call["cw_role_arn"] is None else call["cw_role_arn"]
    _delivery(cloudtrail, group, role)


def _bucket(cloudtrail: Any, name: str, prefix: str | None, trail: str) -> None:
    from moto.s3.models import s3_backends

    bucket = s3_backends[cloudtrail.account_id][cloudtrail.partition].buckets.get(name)
    if not bucket:
        refuse("S3BucketDoesNotExistException", f"S3 bucket {name} does not exist!")
    document = json.loads(bucket.policy) if bucket.policy else {}
    arn = f"arn:{cloudtrail.partition}:s3:::{name}"
    logs = f"{arn}/{prefix + '/' if prefix else ''}AWSLogs/{cloudtrail.account_id}/x"
    needed = (("s3:GetBucketAcl", arn), ("s3:PutObject", logs))
    if not all(_allows(document, action, resource, trail) for action, resource in needed):
        refuse("InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {name}")


def _allows(document: Any, action: str, resource: str, trail: str) -> bool:
    return any(
        s.get("Effect") == "Allow"
        and _service(s.get("Principal"))
        and _any(s.get("Action", ()), action, re.IGNORECASE)
        and _any(s.get("Resource", ()), resource)
        and all(_any(value, trail) for value in _sources(s))
        for s in statements(document)
    )


def _sources(statement: Any) -> Iterable[Any]:
    """The trails that a statement is for, where it says so."""
    for tests in statement.get("Condition", {}).values():
        yield from (value for key, value in tests.items() if key.lower() == "aws:sourcearn")


def _service(principal: Any) -> bool:
    return isinstance(principal, dict) and SERVICE in as_list(principal.get("Service", ()))


def _any(patterns: Any, text: str, flags: int = 0) -> bool:
    return any(re.fullmatch(_regex(str(pattern)), text, flags) for pattern in as_list(patterns))


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _delivery(cloudtrail: Any, group: str | None, role: str | None) -> None:
    if not group and not role:
        return
    if not group or group.count(":") < 6 or not _group_exists(cloudtrail, group):
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
    return parts[3] == cloudtrail.region_name and parts[6] in logs.groups


def _role_writes(cloudtrail: Any, arn: str, group: str) -> bool:
    from moto.iam.models import iam_backends

    iam = iam_backends[cloudtrail.account_id][cloudtrail.partition]
    role = next((r for r in iam.roles.values() if r.arn == arn), None)
    if not role or not any(_service(s.get("Principal")) for s in statements(json.loads(_trust(role)))):
        return False
    documents = [json.loads(text) for text in _documents(role)]
    stream = f"{group.removesuffix(':*')}:log-stream:{cloudtrail.account_id}_CloudTrail_{cloudtrail.region_name}"
    return all(
        any(
            s.get("Effect") == "Allow"
            and _any(s.get("Action", ()), action, re.IGNORECASE)
            and _any(s["Resource"], stream)
            for document in documents
            for s in statements(document)
        )
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


def _trust(role: Any) -> str:
    return str(role.assume_role_policy_document)


def _documents(role: Any) -> Iterable[str]:
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        yield from (version.document for version in policy.versions if version.is_default)
