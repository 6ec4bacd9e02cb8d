"""Why a bucket of log files cannot be read, and what its reader needs: one action on one resource.

That is s3:ListBucket on the bucket, s3:GetObject on its objects and, where they are encrypted with a key of KMS,
kms:Decrypt on that key. https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
"""

import re

from remediate.errors import BadInput, CallFailed, Denied, RemediateError

NEEDED = re.compile(r"to perform: ([\w-]+:\w+)(?: on (?:the )?resource:? \"?(arn:[^\s\"]+))?")
_REGION = re.compile(r"expecting '([a-z0-9-]+)'")
ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
)
UNNAMED = frozenset({"InvalidBucketName", "ParamValidationError"})
KEY_POLICY = (
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html "
    "shows the key's policy."
)


def explained(error: CallFailed, partition: str, bucket: str, key: str) -> RemediateError:
    """What a failed call means to whoever wants to read; `key` is empty where the bucket was listed."""
    where = f"s3://{bucket}/{key}" if key else f"s3://{bucket}"
    if error.code == "NoSuchBucket":
        return BadInput(f"there is no bucket {bucket}", remedy="Check its name, and --profile and --endpoint-url.")
    if error.code in UNNAMED:
        return BadInput(f"{bucket} is no bucket's name", details=[error.message], remedy="s3://BUCKET/PREFIX")
    if error.code in ELSEWHERE:
        region = _REGION.search(error.message)
        there = f"in {region[1]}" if region else "in another region"
        remedy = f"Use --region {region[1]}." if region else f"aws s3api head-bucket --bucket {bucket} says where."
        return BadInput(f"{where} is {there}", details=[error.message], remedy=remedy)
    if isinstance(error, Denied):
        return _denied(error, where, f"arn:{partition}:s3:::{bucket}", key)
    if error.code.startswith("KMS."):
        return RemediateError(
            f"{where} cannot be decrypted: its KMS key is not as it was",
            details=[f"{error.code}: {error.message}"],
            remedy="Enable the key, or cancel its deletion; or ask with --days for a time of which the logs are not "
            "encrypted with it.",
        )
    return RemediateError(
        f"{where} cannot be read now: {error.operation}: {error.code}",
        details=[error.message],
        remedy="Run it again: what was read until now is kept.",
    )


def _denied(error: CallFailed, where: str, bucket: str, key: str) -> RemediateError:
    """AWS often says which action on which resource, and else it is what was asked for."""
    told = NEEDED.search(error.message)
    action = told[1] if told else "s3:GetObject" if key else "s3:ListBucket"
    encrypted = action.startswith("kms:")
    if encrypted:
        resource = (told and told[2]) or "the key in KMS that the bucket's objects are encrypted with"
    else:
        resource = f"{bucket}/*" if key else bucket  # all of its objects: who may read one alone is not helped
    more = KEY_POLICY if encrypted else "If the bucket lets its readers pay, add --requester-pays."
    return RemediateError(
        f"AWS does not let you read {where}: {action} is needed",
        details=[f"action    {action}", f"resource  {resource}", error.message],
        remedy="Allow it in your own policies and, where that belongs to another account, in the policy of the "
        f"{'key' if encrypted else 'bucket'} too. {more}",
    )
