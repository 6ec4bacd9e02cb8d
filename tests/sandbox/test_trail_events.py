"""What the sandbox's CloudTrail tells of the calls made to it, as AWS's LookupEvents does."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from support.accounts import document
from support.aws import Aws

from remediate.sandbox import calls
from remediate.sandbox.somebody import AGENT, Somebody
from remediate.sandbox.strict import settings

TRUST = json.dumps(document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}))
SECRET = "Gehe1mnis-und-lang"


def events(aws: Aws, region: str = "us-east-1", **wanted: Any) -> list[dict[str, Any]]:
    """Whole records, the newest first; `Username="bob"` and the like choose."""
    attributes = [{"AttributeKey": key, "AttributeValue": value} for key, value in wanted.items()]
    pages = aws.client("cloudtrail", region).get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def keyed(aws: Aws, key: dict[str, str], service: str) -> Any:
    """A client with a key that was made here."""
    make: Any = boto3.client
    named = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return make(
        service, region_name="us-east-1", endpoint_url=aws.url, **named, aws_session_token=key.get("SessionToken")
    )


@pytest.fixture
def bob(aws: Aws) -> Any:
    """A user, who has a key and uses it."""
    iam = aws.client("iam")
    iam.create_user(UserName="bob")
    return keyed(aws, iam.create_access_key(UserName="bob")["AccessKey"], "iam")


def test_a_call_of_a_user(aws: Aws, bob: Any) -> None:
    answer = bob.create_login_profile(UserName="bob", Password=SECRET)
    bob.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "x"}])
    [tagged, made] = events(aws, Username="bob")
    assert tagged["requestParameters"] == {"userName": "bob", "tags": [{"key": "team", "value": "x"}]}
    assert made["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert (made["eventName"], made["eventSource"], made["readOnly"]) == (
        "CreateLoginProfile",
        "iam.amazonaws.com",
        False,
    )
    assert made["userIdentity"]["arn"].endswith(":user/bob")
    assert (made["sourceIPAddress"], made["userAgent"][:6]) == ("127.0.0.1", "Boto3/")
    assert abs(datetime.fromisoformat(made["eventTime"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert SECRET not in str(events(aws))


def test_a_session_of_a_role_a_refusal_and_a_reading(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="ops", AssumeRolePolicyDocument=TRUST)
    arn = f"arn:aws:iam::{aws.account_id}:role/ops"
    session = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="eve@example.com")["Credentials"]
    theirs = keyed(aws, session, "iam")
    theirs.list_users()
    with pytest.raises(ClientError):
        theirs.delete_user(UserName="nobody")
    [refused, listed] = events(aws, Username="eve@example.com")
    assert refused["userIdentity"]["arn"] == f"arn:aws:sts::{aws.account_id}:assumed-role/ops/eve@example.com"
    assert refused["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == arn
    assert (refused["errorCode"], refused["requestParameters"]) == ("NoSuchEntity", {"userName": "nobody"})
    assert (listed["eventName"], listed["readOnly"], "errorCode" in listed) == ("ListUsers", True, False)


def _bucket(aws: Aws) -> None:
    s3 = aws.client("s3", "eu-west-1")
    s3.create_bucket(Bucket="logs-of-ours", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    switches = {"BlockPublicAcls": True}
    aws.client("s3").put_public_access_block(Bucket="logs-of-ours", PublicAccessBlockConfiguration=switches)


def _alarm(aws: Aws) -> None:
    aws.client("cloudwatch", "eu-west-1").delete_alarms(AlarmNames=["a", "b"])


BY_SERVICE: dict[str, tuple[Any, str, str, dict[str, Any]]] = {
    "the bucket's name first, in the bucket's own region": (
        _bucket,
        "PutBucketPublicAccessBlock",
        "s3.amazonaws.com",
        {"bucketName": "logs-of-ours"},
    ),
    "CloudWatch by its old name": (_alarm, "DeleteAlarms", "monitoring.amazonaws.com", {"alarmNames": ["a", "b"]}),
    "JSON over REST": (
        lambda aws: aws.client("accessanalyzer", "eu-west-1").create_analyzer(analyzerName="a", type="ACCOUNT"),
        "CreateAnalyzer",
        "access-analyzer.amazonaws.com",
        {"analyzerName": "a", "type": "ACCOUNT"},
    ),
}


@pytest.mark.parametrize(("act", "name", "source", "parameters"), BY_SERVICE.values(), ids=BY_SERVICE)
def test_each_service_in_its_own_way(aws: Aws, act: Any, name: str, source: str, parameters: dict[str, Any]) -> None:
    act(aws)
    [found] = events(aws, "eu-west-1", EventName=name)
    assert found["eventSource"] == source
    assert parameters.items() <= found["requestParameters"].items()
    assert events(aws, EventName=name) == []


def test_pages_are_of_fifty_and_the_newest_is_first(aws: Aws, bob: Any) -> None:
    for n in range(60):
        bob.list_access_keys(UserName="bob", MaxItems=n + 1)
    trail = aws.client("cloudtrail")
    wanted = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "ListAccessKeys"}]}
    first = trail.lookup_events(**wanted)
    assert (len(first["Events"]), first["Events"][0]["Username"], first["Events"][0]["ReadOnly"]) == (50, "bob", "true")
    numbers = [json.loads(e["CloudTrailEvent"])["requestParameters"]["maxItems"] for e in first["Events"]]
    assert numbers == list(range(60, 10, -1))
    bob.list_access_keys(UserName="bob")  # what is new does not move the second page
    second = trail.lookup_events(**wanted, NextToken=first["NextToken"])
    assert (len(second["Events"]), "NextToken" in second) == (10, False)


ATTRIBUTES = {
    "EventName": ("TagUser", "UntagUser"),
    "Username": ("bob", "zoe"),
    "ResourceName": ("bob", "zoe"),
    "ResourceType": ("AWS::IAM::User", "AWS::S3::Bucket"),
    "EventSource": ("iam.amazonaws.com", "s3.amazonaws.com"),
    "ReadOnly": ("false", "true"),
}


def test_one_attribute_chooses(aws: Aws, bob: Any) -> None:
    bob.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "x"}])
    for key, (right, wrong) in ATTRIBUTES.items():
        assert "TagUser" in [e["eventName"] for e in events(aws, **{key: right})], key
        assert "TagUser" not in [e["eventName"] for e in events(aws, **{key: wrong})], key


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "two attributes": (
        {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "a"}] * 2},
        "InvalidLookupAttributesException",
    ),
    "too many at once": ({"MaxResults": 51}, "InvalidMaxResultsException"),
    "an end before the start": (
        {"StartTime": datetime(2026, 2, 1, tzinfo=UTC), "EndTime": datetime(2026, 1, 1, tzinfo=UTC)},
        "InvalidTimeRangeException",
    ),
    "another listing's token": ({"NextToken": "x"}, "InvalidNextTokenException"),
}


@pytest.mark.parametrize(("asked", "code"), REFUSED.values(), ids=REFUSED)
def test_what_aws_refuses(aws: Aws, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        aws.client("cloudtrail").lookup_events(**asked)


def test_times_lateness_and_a_reset(aws: Aws, bob: Any) -> None:
    trail, soon = aws.client("cloudtrail"), datetime.now(UTC) + timedelta(minutes=5)
    assert trail.lookup_events(StartTime=soon)["Events"] == []
    assert trail.lookup_events(EndTime=datetime.now(UTC) - timedelta(minutes=5))["Events"] == []
    settings.events_late = 60
    assert trail.lookup_events()["Events"] == []
    settings.events_late = 0
    assert trail.lookup_events()["Events"]
    aws.sandbox.reset()
    assert calls.made(aws.account_id, "us-east-1") == []


def test_somebody_else_at_the_account(aws: Aws, bob: Any) -> None:
    aws.client("iam").create_user(UserName="eve")
    somebody = Somebody(aws.sandbox, "bob")
    somebody.iam("TagUser", {"UserName": "eve", "Tags.member.1.Key": "a", "Tags.member.1.Value": True})
    [found] = events(aws, EventName="TagUser")
    assert (found["userIdentity"]["userName"], found["userAgent"]) == ("bob", AGENT)
    assert found["requestParameters"]["tags"] == [{"key": "a", "value": "true"}]
    with pytest.raises(RuntimeError, match="NoSuchEntity"):
        somebody.iam("DeleteUser", {"UserName": "nobody"})
    with pytest.raises(RuntimeError, match="TrailNotFound"):
        somebody.cloudtrail("eu-west-1", "StopLogging", "main")
