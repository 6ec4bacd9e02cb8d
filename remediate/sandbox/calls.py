"""The calls made to the sandbox, each as CloudTrail would write it down: `strict/trail_events` hands them out.

A call is kept as it came and becomes a record when somebody asks: thousands of readings cost next to nothing.
As in AWS, names of parameters begin with a small letter, and what botocore's models call sensitive is left out. The
answer (responseElements) is kept for EC2 alone, where a request may name nothing but an association.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import io
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

KEPT = 10_000
"""Calls that are remembered; the oldest go first."""
READS = ("Get", "List", "Describe", "Lookup", "Head", "Generate", "Simulate", "View", "AssumeR", "Select")
SIGNED = "HTTP_AUTHORIZATION"
SCOPE = re.compile(r"Credential=([^/,]+)/[0-9]+/([^/]+)/([^/]+)/")
REQUEST_ID = re.compile(rb"<RequestI[dD]>([^<]*)</RequestI[dD]>")
LEAF = re.compile(r"<(\w+)>([^<]+)</\1>")
CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"')

MODELS = {"monitoring": "cloudwatch", "access-analyzer": "accessanalyzer"}
"""The names that services are signed for, where botocore has another one. The first is CloudTrail's name, too."""
OF_S3 = {
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html"""


@dataclass(frozen=True)
class Made:
    """One call as it came, and what of the answer counts."""

    at: datetime
    account: str
    region: str
    service: str
    who: Mapping[str, Any]
    environ: Mapping[str, Any]
    body: bytes
    request_id: str
    error: str
    answer: bytes
    number: int


_made: deque[Made] = deque(maxlen=KEPT)
_numbers = 0


def forget() -> None:
    """An empty account has made no calls."""
    _made.clear()


def made(account: str, region: str) -> list[Made]:
    """The calls of one account that CloudTrail has in one region, the newest first."""
    return [call for call in reversed(_made) if (call.account, call.region) == (account, region)]


def record(environ: Mapping[str, Any], body: bytes, status: str, headers: list[tuple[str, str]], answer: bytes) -> None:
    """Keeps one call that was signed; whatever is not, AWS does not know whose it is."""
    global _numbers  # noqa: PLW0603 - it only ever grows, so that no two records share an id
    scope = SCOPE.search(str(environ.get(SIGNED, "")))
    if not scope:
        return
    key, region, service = scope.groups()
    who = _identity(key)
    _numbers += 1
    call = Made(
        at=datetime.now(UTC),
        account=str(who["accountId"]),
        region=_bucket_region(str(environ["PATH_INFO"]), region) if service == "s3" else region,
        service=service,
        who=who,
        environ={name: value for name, value in environ.items() if isinstance(value, str) and name != SIGNED},
        body=body,
        request_id=_request_id({name.lower(): value for name, value in headers}, answer),
        error="" if status < "400" else _code(answer),
        answer=answer if service == "ec2" else b"",
        number=_numbers,
    )
    _made.append(call)


def _bucket_region(path: str, signed: str) -> str:
    """Where S3 does it, which is where CloudTrail tells of it; moto takes a call for a bucket from any region."""
    from moto.s3.models import s3_backends

    name = path.split("/")[1]
    places: Any = s3_backends
    if name not in places.bucket_accounts:
        return signed
    partition, account = places.bucket_accounts[name]
    return str(places[account][partition].buckets[name].region_name)


def _request_id(headers: Mapping[str, str], answer: bytes) -> str:
    if named := headers.get("x-amzn-requestid") or headers.get("x-amz-request-id"):
        return named
    found = REQUEST_ID.search(answer[-2000:])
    return found[1].decode() if found else ""


def _code(answer: bytes) -> str:
    found = CODE.search(answer[:4000])
    return (found[1] or found[2]).decode() if found else "UnknownError"


def _identity(key: str) -> Mapping[str, Any]:
    """Whose access key it is, as userIdentity says it: a session of a role, a user, or the root user."""
    from moto.iam.models import get_account_id_from, iam_backends
    from moto.sts.models import sts_backends

    account = get_account_id_from(key)
    base = {"accountId": account, "accessKeyId": key}
    if key.startswith("ASIA"):
        sts: Any = sts_backends[account]["aws"]
        session = sts.get_assumed_role_from_access_key(key)
        if session and session.role_arn.endswith(":root"):
            return {"type": "Root", "principalId": account, "arn": session.role_arn, **base}
        if session:
            issuer = {"type": "Role", "arn": session.role_arn, "userName": session.role_arn.rpartition("/")[2]}
            return {"type": "AssumedRole", "arn": session.arn, **base, "sessionContext": {"sessionIssuer": issuer}}
    iam: Any = iam_backends[account]["aws"]
    found = iam.access_keys.get(key)
    user = iam.users.get(found.user_name) if found else None
    if user is None:  # the sandbox's own key, which nobody made: sts:GetCallerIdentity calls it the same
        return {"type": "IAMUser", "arn": f"arn:aws:sts::{account}:user/moto", "userName": "moto", **base}
    return {"type": "IAMUser", "principalId": user.id, "arn": user.arn, "userName": user.name, **base}


def event(call: Made) -> Mapping[str, Any]:
    """The record that CloudTrail makes of it."""
    operation, parameters = _request(call)
    name = OF_S3.get(operation, operation) if call.service == "s3" else operation
    return {
        "eventVersion": "1.11",
        "userIdentity": call.who,
        "eventTime": f"{call.at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": name,
        "awsRegion": call.region,
        "sourceIPAddress": call.environ.get("REMOTE_ADDR", ""),
        "userAgent": call.environ.get("HTTP_USER_AGENT", ""),
        **({"errorCode": call.error} if call.error else {}),
        "requestParameters": parameters or None,
        "responseElements": _answered(call),
        "requestID": call.request_id,
        "eventID": str(uuid5(NAMESPACE_URL, f"{call.number}")),
        "readOnly": name.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }


def _request(call: Made) -> tuple[str, Mapping[str, Any]]:
    """The operation and its parameters, by botocore's model of the service."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model

    request: Any = Request({**call.environ, "wsgi.input": io.BytesIO(call.body)})
    service = MODELS.get(call.service, call.service)
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    named: str = target or request.values.get("Action", "")
    found: Mapping[str, Any] = {}
    if not named:
        router: Any = get_service_router(service)
        operation, found = router.match(request)
        named = operation.name
    model: Any = get_service_model(service)
    shape = model.operation_model(named)
    parser: Any = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](shape)
    values = {"method": request.method, "values": request.values, "headers": request.headers, "body": call.body}
    parsed = parser.parse({**values, "url_path": request.path, "url_params": found})
    told = _told(parsed, shape.input_shape)
    if call.service == "s3" and "bucket" in told:
        told = {"bucketName": told.pop("bucket"), **told}
    return named, {f"{named}Request": parsed} if call.service == "ec2" else told


def _told(value: Any, shape: Any) -> Any:
    """Without what is sensitive or not set; the names of structures, and not those of maps, in CloudTrail's way."""
    if isinstance(value, Mapping):
        members = getattr(shape, "members", None) or {}
        inner = getattr(shape, "value", None)
        parts = {name: (part, members.get(name, inner)) for name, part in value.items()}
        kept = {n: p for n, p in parts.items() if p[0] is not None and not _sensitive(p[1])}
        return {(n[:1].lower() + n[1:] if members else n): _told(*part) for n, part in kept.items()}
    if isinstance(value, list | tuple):
        return [_told(item, getattr(shape, "member", None)) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _sensitive(shape: Any) -> bool:
    return bool(shape is not None and shape.metadata.get("sensitive"))


def _answered(call: Made) -> Mapping[str, str] | None:
    """The texts of the answer, without its structure."""
    found = dict(LEAF.findall(call.answer.decode())) if not call.error else {}
    return found or None
