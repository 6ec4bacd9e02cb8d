"""CloudTrail log files as AWS delivers them: records of every kind that matters here, and files of a busy account.

The records follow AWS's own examples and field list:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Event = dict[str, Any]
ACCOUNT = "123456789012"
BEGIN = datetime(2026, 11, 16, tzinfo=UTC)
AGENTS = (
    "aws-cli/2.31.3 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 cfg/retry-mode#standard",
    "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#5.10.0 md/arch#x86_64 lang/python#3.12.3 Botocore/1.44.5",
    "[aws-sdk-java/2.33.1 Linux/5.10.0 OpenJDK_64-Bit_Server_VM/21.0.4 Java/21.0.4 vendor/Amazon.com_Inc.]",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.100.0",
)


def user(name: str, key: str = "", mfa: bool | None = None, account: str = ACCOUNT) -> Event:
    """Who calls with a user's own key, or from the console, where CloudTrail says whether MFA was used."""
    about: Event = {
        "type": "IAMUser",
        "principalId": f"AIDA{name.upper():0<16.16}",
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key or f"AKIA{name.upper():0<16.16}",
        "userName": name,
    }
    if mfa is not None:
        attributes = {"creationDate": "2026-11-16T06:00:00Z", "mfaAuthenticated": str(mfa).lower()}
        about["sessionContext"] = {"attributes": attributes}
    return about


def session(role: str, name: str, key: str, mfa: bool = False, source: str = "", account: str = ACCOUNT) -> Event:
    """Who calls as a role."""
    issuer = {
        "type": "Role",
        "principalId": "AROAIDPPEZS35WEXAMPLE",
        "arn": f"arn:aws:iam::{account}:role/{role}",
        "accountId": account,
        "userName": role.rpartition("/")[2],
    }
    context: Event = {
        "sessionIssuer": issuer,
        "attributes": {"creationDate": "2026-11-16T06:00:00Z", "mfaAuthenticated": str(mfa).lower()},
    }
    if source:
        context["sourceIdentity"] = source
    return {
        "type": "AssumedRole",
        "principalId": f"AROAIDPPEZS35WEXAMPLE:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{issuer['userName']}/{name}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": context,
    }


def event(source: str, name: str, who: Event | None = None, **more: Any) -> Event:
    """One record; `source` is a service's name as in `s3.amazonaws.com`."""
    who = user("alice") if who is None else who
    n = random.Random(json.dumps([source, name, who, more], sort_keys=True, default=str)).getrandbits(128)
    text = f"{n:032x}"
    return {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": "2026-11-16T08:15:11Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": AGENTS[0],
        "requestParameters": None,
        "responseElements": None,
        "requestID": f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}",
        "eventID": f"{text[20:28]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[:12]}",
        "readOnly": name.startswith(("Get", "List", "Describe")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{source}.eu-west-1.amazonaws.com",
        },
        **more,
    }


def of_object(name: str, bucket: str, key: str, who: Event, **more: Any) -> Event:
    """A data event of S3."""
    arn = f"arn:aws:s3:::{bucket}"
    return event(
        "s3",
        name,
        who,
        requestParameters={"bucketName": bucket, "Host": f"{bucket}.s3.eu-west-1.amazonaws.com", "key": key},
        additionalEventData={
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": "9JpnbdQmQCwJtZ8c6zvVrVSlRzLaMeVQ6d5C3yGdYkTeTjGw0RLgWm0yTfQf6yUOd5mDn9XgYbE=",
            "bytesTransferredOut": 48211,
        },
        resources=[
            {"type": "AWS::S3::Object", "ARN": f"{arn}/{key}"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": arn},
        ],
        managementEvent=False,
        eventCategory="Data",
        **more,
    )


def assumed(role: str, name: str, key: str, who: Event, **more: Any) -> Event:
    """The call that begins a session: its answer names the session's access key."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    short = role.rpartition("/")[2]
    return event(
        "sts",
        "AssumeRole",
        who,
        requestParameters={"roleArn": arn, "roleSessionName": name, "durationSeconds": 3600},
        responseElements={
            "credentials": {"accessKeyId": key, "sessionToken": "FwoGZXIvYXdzEBYaD" * 8, "expiration": "Nov 16, 2026"},
            "assumedRoleUser": {
                "assumedRoleId": f"AROAIDPPEZS35WEXAMPLE:{name}",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{short}/{name}",
            },
        },
        resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": arn}],
        **more,
    )


def packed(events: Sequence[Event]) -> bytes:
    return gzip.compress(json.dumps({"Records": list(events)}, separators=(",", ":")).encode(), 6, mtime=0)


def file_name(n: int, account: str = ACCOUNT, region: str = "eu-west-1", at: datetime = BEGIN, org: str = "") -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html"""
    folder = f"AWSLogs/{org + '/' if org else ''}{account}/CloudTrail/{region}/{at:%Y/%m/%d}"
    return f"{folder}/{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{n:016d}.json.gz"


def busy(count: int, seed: int = 0) -> Iterator[Event]:
    """Records as a company's account has them: mostly applications and services, some people, a few failures."""
    draw = random.Random(seed)
    at = BEGIN + timedelta(minutes=5 * seed)
    for n in range(count):
        made = _one(draw, n)
        made["eventTime"] = f"{at + timedelta(seconds=300 * n / count):%Y-%m-%dT%H:%M:%SZ}"
        if draw.random() < 0.02:
            made |= {"errorCode": "AccessDenied", "errorMessage": "User is not authorized to perform this action"}
        yield made


def _one(draw: random.Random, n: int) -> Event:
    app, machine = int(24 * draw.random() ** 2), draw.randrange(4)  # some are busier than others
    key = f"ASIA{app:06d}{machine:010d}"
    role = session(f"app-{app}", f"i-0{app:08x}{machine:08x}", key)
    place = {"sourceIPAddress": f"10.{app}.{machine}.17", "userAgent": AGENTS[app % 3]}
    place["awsRegion"] = "us-east-1" if machine == 3 else "eu-west-1"
    what = draw.random()
    about: Event
    names: Sequence[str]
    if what < 0.30:
        path = f"2026/11/16/part-{draw.randrange(10**6):06d}.parquet"
        return of_object(draw.choice(("GetObject", "PutObject")), f"acme-data-{app % 6}", path, role, **place)
    if what < 0.45:
        arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-{app % 5:012d}"
        about = {"encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::acme-data-{app % 6}"}, "keyId": arn}
        listed = [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn}]
        name = draw.choice(("Decrypt", "GenerateDataKey"))
        return event("kms", name, role, requestParameters=about, resources=listed, **place)
    if what < 0.55:
        service = draw.choice(("ec2", "lambda", "ecs-tasks"))
        who = {"type": "AWSService", "invokedBy": f"{service}.amazonaws.com"}
        place = {"sourceIPAddress": f"{service}.amazonaws.com", "userAgent": f"{service}.amazonaws.com"}
        return assumed(f"app-{app}", f"i-0{app:08x}{machine:08x}", key, who, **place)
    if what < 0.70:
        names = ("DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "DescribeSubnets")
        about = {"maxResults": 1000, "instancesSet": {}, "filterSet": {"items": [{"name": "tag:app", "valueSet": {}}]}}
        return event("ec2", draw.choice(names), role, requestParameters=about, **place)
    if what < 0.85:
        about = {"tableName": f"orders-{app % 7}", "key": {"id": "***"}, "consistentRead": False}
        arn = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders-{app % 7}"
        listed = [{"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": arn}]
        name = draw.choice(("GetItem", "PutItem", "Query"))
        return event("dynamodb", name, role, requestParameters=about, resources=listed, **place)
    person = draw.randrange(40)
    who = user(f"person{person}", mfa=person % 3 > 0)
    place = {"sourceIPAddress": f"198.51.100.{person % 20}", "userAgent": AGENTS[person % 4]}
    if what < 0.92:
        return event("iam", "GetUser", who, requestParameters={"userName": f"person{draw.randrange(40)}"}, **place)
    names = ("ListBuckets", "GetBucketLocation", "GetBucketAcl")
    about = {"bucketName": f"acme-data-{app % 6}", "Host": "s3.eu-west-1.amazonaws.com"}
    return event("s3", draw.choice(names), who, requestParameters=about, **place)


def write_busy(folder: Path, files: int, each: int = 5000) -> None:
    """So many log files of a busy account, laid out as CloudTrail does."""
    for n in range(files):
        path = folder / file_name(n, at=BEGIN + timedelta(minutes=5 * n))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(list(busy(each, n))))
