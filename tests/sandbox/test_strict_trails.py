"""What CloudTrail refuses, as plain boto3 sees it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws

from remediate.sandbox.strict import settings

ACCOUNT = "123456789012"
BUCKET = "arn:aws:s3:::logs"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail:*"


def bucket(aws: Aws, prefix: str = "", source: str = "*", name: str = "logs") -> str:
    """A bucket into which CloudTrail may write."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    when = {"StringLike": {"aws:SourceArn": source}}
    where = f"arn:aws:s3:::{name}"
    statements = [
        {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": where, "Condition": when},
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"{where}/{prefix}AWSLogs/{ACCOUNT}/*",
            "Condition": when,
        },
    ]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return name


def delivery(aws: Aws, service: str = "cloudtrail.amazonaws.com", action: str = "logs:*") -> dict[str, str]:
    """A log group, and a role that may write to it."""
    aws.client("logs").create_log_group(logGroupName="trail")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": action, "Resource": GROUP}
    iam = aws.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(grant))
    return {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": role}


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code(client: Any, operation: str, **parameters: Any) -> str:
    try:
        getattr(client, operation)(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_a_name_is_taken_once(aws: Aws) -> None:
    here, there = aws.client("cloudtrail"), aws.client("cloudtrail", "eu-west-1")
    trail = {"Name": "main", "S3BucketName": bucket(aws)}
    here.create_trail(**trail, IsMultiRegionTrail=True)
    assert code(here, "create_trail", **trail) == "TrailAlreadyExistsException"
    assert code(there, "create_trail", **trail) == "TrailAlreadyExistsException"


def test_five_trails_a_region(aws: Aws) -> None:
    cloudtrail, name = aws.client("cloudtrail"), bucket(aws)
    for n in range(5):
        cloudtrail.create_trail(Name=f"trail{n}", S3BucketName=name)
    refused = code(cloudtrail, "create_trail", Name="trail5", S3BucketName=name)
    assert refused == "MaximumNumberOfTrailsExceededException"


CHANGES: dict[str, dict[str, Any]] = {
    "update_trail": {"Name": "main", "IsMultiRegionTrail": False},
    "delete_trail": {"Name": "main"},
    "start_logging": {"Name": "main"},
    "stop_logging": {"Name": "main"},
    "put_event_selectors": {"TrailName": "main", "EventSelectors": [{"ReadWriteType": "All"}]},
}


@pytest.mark.parametrize("operation", CHANGES)
def test_changes_from_home_only(aws: Aws, operation: str) -> None:
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName=bucket(aws), IsMultiRegionTrail=True)
    there = aws.client("cloudtrail", "eu-west-1")
    assert code(there, operation, **CHANGES[operation]) == "InvalidHomeRegionException"
    assert code(aws.client("cloudtrail"), operation, **CHANGES[operation]) == ""


@pytest.mark.parametrize("operation", CHANGES)
def test_changes_of_no_trail(aws: Aws, operation: str) -> None:
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName=bucket(aws))
    there = aws.client("cloudtrail", "eu-west-1")
    assert code(there, operation, **CHANGES[operation]) == "TrailNotFoundException"


def test_the_bucket_lets_cloudtrail_write(aws: Aws) -> None:
    cloudtrail = aws.client("cloudtrail")
    aws.client("s3").create_bucket(Bucket="plain")
    trail = {"Name": "main", "S3BucketName": bucket(aws, "p/")}
    refusal = "InsufficientS3BucketPolicyException"
    assert code(cloudtrail, "create_trail", Name="main", S3BucketName="plain") == refusal
    assert code(cloudtrail, "create_trail", **trail) == refusal
    assert code(cloudtrail, "create_trail", **trail, S3KeyPrefix="p") == ""
    assert code(cloudtrail, "update_trail", Name="main", S3BucketName="plain") == refusal
    assert code(cloudtrail, "update_trail", Name="main", S3BucketName="absent") == "S3BucketDoesNotExistException"


def test_the_bucket_is_for_this_trail(aws: Aws) -> None:
    cloudtrail = aws.client("cloudtrail")
    name = bucket(aws, source=f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main")
    assert code(cloudtrail, "create_trail", Name="other", S3BucketName=name) == "InsufficientS3BucketPolicyException"
    assert code(cloudtrail, "create_trail", Name="main", S3BucketName=name) == ""


def test_delivery_to_a_log_group(aws: Aws) -> None:
    cloudtrail = aws.client("cloudtrail")
    trail = {"Name": "main", "S3BucketName": bucket(aws), **delivery(aws)}
    absent = {"CloudWatchLogsLogGroupArn": GROUP.replace("trail", "absent")}
    assert code(cloudtrail, "create_trail", **{**trail, **absent}) == "InvalidCloudWatchLogsLogGroupArnException"
    role = {"CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/absent"}
    assert code(cloudtrail, "create_trail", **{**trail, **role}) == "InvalidCloudWatchLogsRoleArnException"
    assert code(cloudtrail, "create_trail", **trail) == ""
    assert code(cloudtrail, "update_trail", Name="main", **role) == "InvalidCloudWatchLogsRoleArnException"


@pytest.mark.parametrize("fault", [{"service": "ec2.amazonaws.com"}, {"action": "logs:PutLogEvents"}])
def test_the_role_may_deliver(aws: Aws, fault: dict[str, str]) -> None:
    trail = {"Name": "main", "S3BucketName": bucket(aws), **delivery(aws, **fault)}
    assert code(aws.client("cloudtrail"), "create_trail", **trail) == "InvalidCloudWatchLogsRoleArnException"


def test_selectors(aws: Aws) -> None:
    cloudtrail = aws.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName=bucket(aws))
    [new] = cloudtrail.get_event_selectors(TrailName="main")["EventSelectors"]
    assert (new["ReadWriteType"], new["IncludeManagementEvents"]) == ("All", True)
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    assert not cloudtrail.get_event_selectors(TrailName="main").get("EventSelectors")
    cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    assert not cloudtrail.get_event_selectors(TrailName="main").get("AdvancedEventSelectors")


def key(aws: Aws, *actions: str, source: str = "*") -> str:
    """A key that lets CloudTrail do these things."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    when = {"StringLike": {"aws:SourceArn": source}}
    grant = {"Effect": "Allow", "Principal": service, "Action": list(actions), "Resource": "*", "Condition": when}
    made = aws.client("kms").create_key(Policy=document(grant))["KeyMetadata"]["KeyId"]
    aws.client("kms").create_alias(AliasName="alias/trail", TargetKeyId=made)
    return str(made)


def test_the_key_lets_cloudtrail_encrypt(aws: Aws) -> None:
    settings.trail_keys = True
    cloudtrail, made = aws.client("cloudtrail"), key(aws, "kms:GenerateDataKey*", "kms:DescribeKey")
    trail = {"Name": "main", "S3BucketName": bucket(aws)}
    assert code(cloudtrail, "create_trail", **trail, KmsKeyId="alias/absent") == "KmsKeyNotFoundException"
    shown = cloudtrail.create_trail(**trail, KmsKeyId="alias/trail")["KmsKeyId"]
    assert shown == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{made}"
    aws.client("kms").disable_key(KeyId=made)
    assert code(cloudtrail, "update_trail", Name="main", KmsKeyId=shown) == "KmsKeyDisabledException"
    cloudtrail.update_trail(Name="main", KmsKeyId="")
    assert "KmsKeyId" not in cloudtrail.get_trail(Name="main")["Trail"]


@pytest.mark.parametrize("fault", [("kms:DescribeKey",), ("kms:GenerateDataKey",)])
def test_the_keys_policy_is_read(aws: Aws, fault: tuple[str, ...]) -> None:
    settings.trail_keys = True
    trail = {"Name": "main", "S3BucketName": bucket(aws), "KmsKeyId": key(aws, *fault)}
    assert code(aws.client("cloudtrail"), "create_trail", **trail) == "InsufficientEncryptionPolicyException"


def test_trails_are_listed_by_name(aws: Aws) -> None:
    cloudtrail, name = aws.client("cloudtrail"), bucket(aws)
    for trail in ("main", "other"):
        cloudtrail.create_trail(Name=trail, S3BucketName=name, IsMultiRegionTrail=True)
    [listed] = cloudtrail.describe_trails(trailNameList=["other"])["trailList"]
    assert (listed["Name"], listed["HasCustomEventSelectors"]) == ("other", False)
    there = aws.client("cloudtrail", "eu-west-1")
    assert len(there.describe_trails()["trailList"]) == 2
    assert not there.describe_trails(includeShadowTrails=False)["trailList"]
    assert code(there, "get_trail_status", Name="main") == "TrailNotFoundException"
    assert not there.get_trail_status(Name=listed["TrailARN"])["IsLogging"]
