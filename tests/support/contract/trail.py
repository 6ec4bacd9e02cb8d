"""What a trail is made of: buckets and their settings, keys, log groups, and trails themselves."""

import json
from collections.abc import Mapping

from remediate.aws.resources import cloudtrail, s3
from remediate.model import Address, Value, at
from support.contract.case import Case, Client

ACCOUNT = "123456789012"
HOME = "eu-west-1"


def policy(*sids: str, resource: str = "*") -> dict[str, Value]:
    root: Value = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    rest: dict[str, Value] = {"Effect": "Allow", "Principal": root, "Action": "s3:GetObject", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, **rest} for sid in sids]}


def trust(service: str) -> Value:
    statement: Value = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRAIL: dict[str, Value] = {
    "bucket": "logs",
    "multi_region": False,
    "global_services": True,
    "validation": False,
    "organization": False,
}
GROUP_ARN = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:audit:*"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/delivery"
DATA: dict[str, Value] = {
    "ReadWriteType": "WriteOnly",
    "IncludeManagementEvents": False,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::x/"]}],
    "ExcludeManagementEventSources": [],
}
ADVANCED: Value = {
    "AdvancedEventSelectors": [
        {"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
    ]
}
KMS_RULE: Value = [
    {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/logs"},
        "BucketKeyEnabled": True,
    }
]


def expiry(days: int) -> Value:
    rule: Value = {"ID": "audit", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"}, "Expiration": {"Days": days}}
    return {"Rules": [rule]}


BUCKET = at("s3.bucket", "logs")
TRAIL_AT = at("cloudtrail.trail", HOME, "main")
GROUP = at("logs.group", HOME, "audit")
NEEDED: dict[Address, Value] = {BUCKET: {"region": HOME}, GROUP: {"class": "STANDARD"}}
OBJECTS = "arn:aws:s3:::logs/*"
OPEN: dict[Address, Value] = {
    **NEEDED,
    at("s3.bucket_policy", "logs"): {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": action,
                "Resource": place,
            }
            for action, place in (("s3:GetBucketAcl", "arn:aws:s3:::logs"), ("s3:PutObject", OBJECTS))
        ],
    },
}
DELIVERY: Value = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:audit:log-stream:*",
        }
    ],
}
FOR_CLOUDTRAIL: dict[str, Value] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
        },
    ],
}
DELIVERED: dict[Address, Value] = {
    **OPEN,
    at("kms.key", HOME, "alias/logs"): {"policy": FOR_CLOUDTRAIL},
    at("iam.role", "delivery"): {"path": "/", "trust": trust("cloudtrail.amazonaws.com")},
    at("iam.role_inline", "delivery", "delivery"): DELIVERY,
}
WITH_TRAIL = {**OPEN, TRAIL_AT: TRAIL}
TARGET: dict[Address, Value] = {
    **NEEDED,
    at("s3.bucket_policy", "logs"): {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::logs/*",
            }
        ],
    },
}

ROWS: list[tuple[Address, Mapping[Address, Value], list[Value]]] = [
    (
        at("s3.bucket_policy", "logs"),
        NEEDED,
        [None, policy("a", resource=OBJECTS), policy("a", "b", resource=OBJECTS), None],
    ),
    (
        at("s3.bucket_public_access", "logs"),
        NEEDED,
        [None, dict.fromkeys(s3.FLAGS, True), {**dict.fromkeys(s3.FLAGS, True), "BlockPublicAcls": False}, None],
    ),
    (at("s3.bucket_versioning", "logs"), NEEDED, [None, "Enabled", None, "Enabled"]),
    (at("s3.bucket_encryption", "logs"), NEEDED, [None, KMS_RULE, None]),
    (at("s3.bucket_lifecycle", "logs"), NEEDED, [None, expiry(90), expiry(365), None]),
    (
        at("s3.bucket_logging", "logs"),
        TARGET,
        [None, {"TargetBucket": "logs", "TargetPrefix": "a/"}, {"TargetBucket": "logs", "TargetPrefix": "b/"}, None],
    ),
    (at("logs.retention", HOME, "audit"), NEEDED, [None, 90, 365, None]),
    (
        at("iam.role", "delivery"),
        {},
        [
            None,
            {"path": "/audit/", "trust": trust("cloudtrail.amazonaws.com")},
            {"path": "/audit/", "trust": trust("ec2.amazonaws.com")},
            None,
        ],
    ),
    (
        at("iam.role_inline", "delivery", "delivery"),
        {at("iam.role", "delivery"): {"path": "/", "trust": trust("cloudtrail.amazonaws.com")}},
        [None, policy("a"), policy("b"), None],
    ),
    (
        TRAIL_AT,
        DELIVERED,
        [
            None,
            TRAIL,
            {
                **TRAIL,
                "multi_region": True,
                "validation": True,
                "log_group": GROUP_ARN,
                "role": ROLE_ARN,
                "prefix": "p",
            },
            {**TRAIL, "kms_key": f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/logs"},
            TRAIL,
            None,
        ],
    ),
    (at("cloudtrail.logging", HOME, "main"), WITH_TRAIL, [None, "logging", None]),
    (
        at("cloudtrail.selectors", HOME, "main"),
        WITH_TRAIL,
        [None, {"EventSelectors": [dict(cloudtrail.EVERYTHING), DATA]}, ADVANCED, {"EventSelectors": [DATA]}, None],
    ),
    (
        at("kms.key", HOME, "alias/logs"),
        {},
        [None, {"policy": policy("a")}, {"policy": policy("b")}],
    ),
    (
        at("kms.rotation", HOME, "alias/logs"),
        {at("kms.key", HOME, "alias/logs"): {"policy": FOR_CLOUDTRAIL}},
        [None, True, None],
    ),
    (BUCKET, {}, [None, {"region": HOME}]),
    (at("s3.bucket", "classic"), {}, [None, {"region": "us-east-1"}]),
    (GROUP, {}, [None, {"class": "STANDARD"}]),
]
FOR_GOOD = (BUCKET, at("s3.bucket", "classic"), GROUP, at("kms.key", HOME, "alias/logs"))


def somebody_elses_key(client: Client) -> None:
    client("kms", HOME).create_key(Policy=json.dumps(policy("a")))


def _its_policy(client: Client) -> Address:
    [key] = client("kms", HOME).list_keys()["Keys"]
    return at("kms.key_policy", HOME, key["KeyId"])


CASES: tuple[Case, ...] = (
    *(
        Case(address, tuple(values), needed, never=((values[1], None),) if address in FOR_GOOD else ())
        for address, needed, values in ROWS
    ),
    Case(
        _its_policy,
        (policy("a"), policy("a", "b"), policy("b")),
        setup=somebody_elses_key,
        name="kms.key_policy/somebody else's",
    ),
)
