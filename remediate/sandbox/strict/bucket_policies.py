"""A bucket's policy is read when it is written.

AWS answers MalformedPolicy to what is no policy of this bucket; moto takes anything.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import json
import re

from remediate.sandbox.strict.documents import VERSIONS, as_list, statements
from remediate.sandbox.strict.patch import Call, before


def install() -> None:
    from moto.s3.models import S3Backend

    before(S3Backend, "put_bucket_policy", _check)


def _check(s3: object, call: Call) -> None:
    from moto.s3.exceptions import S3ClientError

    fault = _fault(call["policy"], call["bucket_name"])
    if fault:
        raise S3ClientError("MalformedPolicy", fault)


def _fault(policy: bytes | str, bucket: str) -> str:
    """What is wrong with a bucket's policy, if anything."""
    try:
        document = json.loads(policy)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    if document.get("Version", VERSIONS[0]) not in VERSIONS or not document.get("Statement"):
        return "Missing required field Statement, or an unknown version"
    for statement in statements(document):
        for field in ("Effect", "Principal", "Action", "Resource"):
            if field not in statement and f"Not{field}" not in statement:
                return f"Missing required field {field}"
        for resource in as_list(statement.get("Resource", [])):
            if not re.fullmatch(rf"arn:aws:s3:::{re.escape(bucket)}(/.*)?", str(resource)):
                return "Policy has invalid resource"
    return ""
