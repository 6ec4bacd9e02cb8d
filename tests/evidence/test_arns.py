"""Which resources a call was about, where its record does not list them."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.evidence.actions import needed
from remediate.evidence.arns import DEEPEST, MOST, forms, kinds, parameters, tells
from remediate.evidence.exceptions import SAME
from remediate.evidence.parameters import ALIKE, CALLED, GUID, MADE_UP
from remediate.model import Value
from remediate.policy import catalog

ME = "111122223333"
HERE = f"eu-west-1:{ME}"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
ROLE = f"arn:aws:iam::{ME}:role/a/b"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
TOLD = tells(ME, "aws")

CASES: tuple[tuple[str, dict[str, Value], str], ...] = (
    # IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
    ("iam/GetUser", {"userName": "bob"}, f"arn:aws:iam::{ME}:user/bob"),
    ("iam/GetUser", {}, ""),
    ("iam/AddUserToGroup", {"userName": "bob", "groupName": "g"}, f"arn:aws:iam::{ME}:group/g"),
    ("iam/AttachRolePolicy", {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/X"}, f"arn:aws:iam::{ME}:role/r"),
    ("iam/GetPolicy", {"policyArn": "arn:aws:iam::aws:policy/X"}, "arn:aws:iam::aws:policy/X"),
    ("sts/AssumeRole", {"roleArn": ROLE, "roleSessionName": "s"}, ROLE),
    # S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
    ("s3/GetBucketCors", {"bucketName": "b", "Host": "b.s3.amazonaws.com"}, "arn:aws:s3:::b"),
    ("s3/PutObject", {"bucketName": "b", "key": "a/b c"}, "arn:aws:s3:::b/a/b c"),
    ("s3/GetBucketCors", {"bucketName": f"arn:aws:s3:{HERE}:accesspoint/p"}, ""),
    ("s3/ListBuckets", {"Host": "s3.amazonaws.com"}, ""),
    # a name, an ARN, an ARN's end
    ("lambda/GetFunction20150331v2", {"functionName": "f"}, FUNCTION),
    ("lambda/Invoke", {"functionName": f"{ME}:function:f"}, FUNCTION),
    ("lambda/Invoke", {"functionName": f"{FUNCTION}:live"}, f"{FUNCTION}:live"),
    ("ecs/UpdateService", {"cluster": f"arn:aws:ecs:{HERE}:cluster/c", "service": "s"},
        f"arn:aws:ecs:{HERE}:service/c/s"),
    ("ecs/UpdateService", {"service": "s"}, ""),
    ("ecs/UpdateService", {"cluster": ["a", "b"], "service": ["c", "d"]}, ""),
    ("dynamodb/DescribeTable", {"tableName": "t"}, f"arn:aws:dynamodb:{HERE}:table/t"),
    ("dynamodb/DescribeTable", {"tableName": f"arn:aws:dynamodb:{HERE}:table/t"}, f"arn:aws:dynamodb:{HERE}:table/t"),
    ("sns/Publish", {"topicArn": f"arn:aws:sns:{HERE}:t"}, f"arn:aws:sns:{HERE}:t"),
    ("states/StartExecution", {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m", "name": "n"},
        f"arn:aws:states:{HERE}:stateMachine:m"),
    ("eks/DescribeCluster", {"name": "c"}, f"arn:aws:eks:{HERE}:cluster/c"),
    ("ecr/PutImage", {"repositoryName": "a/b"}, f"arn:aws:ecr:{HERE}:repository/a/b"),
    ("cloudtrail/StartLogging", {"name": "t"}, f"arn:aws:cloudtrail:{HERE}:trail/t"),
    ("route53/ChangeResourceRecordSets", {"hostedZoneId": "/hostedzone/Z1"}, "arn:aws:route53:::hostedzone/Z1"),
    ("rds/RebootDBInstance", {"dBInstanceIdentifier": "MyDB"}, f"arn:aws:rds:{HERE}:db:mydb"),
    ("logs/PutRetentionPolicy", {"logGroupName": "/aws/x"}, f"arn:aws:logs:{HERE}:log-group:/aws/x"),
    ("ssm/GetParameter", {"name": "/a/b"}, f"arn:aws:ssm:{HERE}:parameter/a/b"),
    ("ssm/GetParameters", {"names": ["/a", "b"]}, f"arn:aws:ssm:{HERE}:parameter/a arn:aws:ssm:{HERE}:parameter/b"),
    ("monitoring/DeleteAlarms", {"alarmNames": ["a"]}, f"arn:aws:cloudwatch:{HERE}:alarm:a"),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-logging-using-cloudtrail.html
    ("sqs/SendMessage", {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/999922223333/q"},
        "arn:aws:sqs:eu-west-1:999922223333:q"),
    ("sqs/SendMessage", {"queueUrl": "q"}, ""),
    # a key by its alias is a key whose id is not told
    ("kms/DescribeKey", {"keyId": KEY}, f"arn:aws:kms:{HERE}:key/{KEY}"),
    ("kms/DescribeKey", {"keyId": "alias/x"}, ""),
    ("kms/DescribeKey", {"keyId": f"arn:aws:kms:{HERE}:alias/x"}, ""),
    # what AWS makes up
    ("secretsmanager/GetSecretValue", {"secretId": "db"}, f"arn:aws:secretsmanager:{HERE}:secret:db-??????"),
    ("autoscaling/SetDesiredCapacity", {"autoScalingGroupName": "g"},
        f"arn:aws:autoscaling:{HERE}:autoScalingGroup:{GUID}:autoScalingGroupName/g"),
    ("cloudformation/DeleteStack", {"stackName": "s"}, f"arn:aws:cloudformation:{HERE}:stack/s/{GUID}"),
    # deep inside; all of them
    ("ec2/StopInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
        f"arn:aws:ec2:{HERE}:instance/i-1 arn:aws:ec2:{HERE}:instance/i-2"),
    ("ec2/StopInstances", {"instancesSet": {"items": [{"instanceId": f"i-{n}"} for n in range(MOST + 1)]}}, ""),
    ("events/PutTargets", {"rule": "r", "targets": [{"arn": FUNCTION}]},
        f"arn:aws:events:{HERE}:rule/r"),
    ("events/PutRule", {"name": "r", "eventBusName": "mine"}, f"arn:aws:events:{HERE}:rule/mine/r"),
    ("events/PutRule", {"name": "r", "eventBusName": "default"}, f"arn:aws:events:{HERE}:rule/r"),
    # several kinds, not all of them told: any
    ("ec2/RunInstances", {"instancesSet": {"items": [{"imageId": "ami-1"}]}, "subnetId": "subnet-1"}, ""),
    ("glue/GetTable", {"databaseName": "d", "name": "t"}, ""),
    # but what is tagged is one of them
    ("lambda/TagResource20170331v2", {"resource": FUNCTION}, FUNCTION),
    # several actions, or none, or an unknown one
    ("s3/GetObjectAttributes", {"bucketName": "b", "key": "k"}, "arn:aws:s3:::b/k"),
    ("sts/GetCallerIdentity", {"roleArn": ROLE}, ""),
    ("s3/CopyObject", {"bucketName": "b", "key": "k", "x-amz-copy-source": "a/k"}, "arn:aws:s3:::b/k"),
    ("kms/ReEncrypt", {"sourceKeyId": KEY, "destinationKeyId": KEY}, ""),
    ("s3/DoSomethingNew", {"bucketName": "b"}, ""),
)  # fmt: skip


@pytest.mark.parametrize(("event", "given", "arns"), CASES)
def test_what_a_call_was_about(event: str, given: dict[str, Value], arns: str) -> None:
    source, name = event.split("/")
    told = TOLD(f"{source}.amazonaws.com/{name}", "eu-west-1", msgspec.json.encode(given))
    assert list(told) == ([arns] if "b c" in arns else arns.split())


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b'"arn:aws:iam::1:user/x"', b"{", b"\xff", b"[" * 100_000])
def test_parameters_that_are_none_tell_nothing(text: bytes) -> None:
    assert not TOLD("iam.amazonaws.com/GetUser", "us-east-1", text)
    assert parameters(text) == {}


def test_a_name_counts_where_it_first_appears() -> None:
    deep: Value = {"UserName": "too deep"}
    for _ in range(DEEPEST):
        deep = {"within": [deep]}
    given = {"one": {"userName": "below"}, "userName": "here", "list": ["a", 1, None, "", "b"], "deep": deep}
    assert parameters(msgspec.json.encode(given)) == {"username": ("here",), "list": ("a", "b")}


texts = st.text(max_size=20)
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts | st.sampled_from(sorted(CALLED)), inner, max_size=3)
    ),
    max_leaves=8,
)
EVENTS = st.sampled_from(
    sorted({f"{event.split('/')[0]}.amazonaws.com/{event.split('/')[1]}" for event, _, _ in CASES})
)


@given(EVENTS, st.dictionaries(st.sampled_from("userName bucketName key name names queueUrl secretId".split()), values))
def test_whatever_it_is_given_it_tells_arns_of_the_action(event: str, given: dict[str, Value]) -> None:
    need = needed(event)
    shapes = [form for action in need.actions for form in catalog.actions()[action.lower()].arns] if need else []
    services = {form.split(":")[2] for form in shapes if form != "*"}
    told = TOLD(event, "eu-west-1", msgspec.json.encode(given))
    assert {arn.split(":")[2] for arn in told} <= services
    assert all(arn.startswith("arn:") for arn in told)


FORMS: tuple[tuple[str, str, Sequence[str]], ...] = (
    ("iam:GetUser", f"arn:aws:iam::{ME}:user/bob", [f"arn:aws:iam::{ME}:user/*/bob"]),
    ("iam:GetUser", f"arn:aws:iam::{ME}:user/team/bob", []),
    ("iam:GetPolicy", "arn:aws:iam::aws:policy/X", []),
    ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t", [f"arn:aws:dynamodb:{HERE}:table/t/index/*"]),
    ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t/index/i", []),
    ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/*", []),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/t", []),
    ("lambda:InvokeFunction", FUNCTION, [f"{FUNCTION}:*"]),
    ("lambda:InvokeFunction", f"{FUNCTION}:live", []),
    ("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:g", [f"arn:aws:logs:{HERE}:log-group:g:*"]),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:s",
        [f"arn:aws:secretsmanager:{HERE}:secret:s-??????"]),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:s-a1B2c3", []),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:s-??????", []),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:*", []),
    ("s3:GetObject", "arn:aws:s3:::b/k", []),
    ("s3:ListBucket", "arn:aws:s3:::b", []),
)  # fmt: skip


@pytest.mark.parametrize(("action", "arn", "more"), FORMS)
def test_what_a_policy_must_name_besides(action: str, arn: str, more: Sequence[str]) -> None:
    assert forms(action, arn) == [arn, *more]


@pytest.mark.parametrize(
    ("action", "arn", "instead"),
    [
        ("s3:DeleteObject", "arn:aws:s3:::b", "arn:aws:s3:::b/*"),
        ("s3:PutObject", "arn:aws:s3:::*", "arn:aws:s3:::*/*"),
        ("s3:ListBucket", "arn:aws:s3:::b/k/*", "arn:aws:s3:::b"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::b", "*"),
        ("iam:GetUser", f"arn:aws:iam::{ME}:role/r", "*"),
        ("iam:GetUser", "*", "*"),
        ("ec2:DescribeInstances", f"arn:aws:ec2:{HERE}:instance/i-1", "*"),
        ("unknown:Action", "arn:aws:s3:::b", "*"),
    ],
)
def test_what_a_record_lists_and_the_action_is_not_about(action: str, arn: str, instead: str) -> None:
    assert forms(action, arn) == [instead]


def test_of_an_event_that_needed_several_actions_all_are_about_the_same() -> None:
    several = [need.actions for event in listed() if (need := needed(event)) and len(need.actions) > 1]
    told = [one for one in several if not one[0].startswith("cloudfront:")]  # that one names nothing that exists yet
    assert told and [one for one in told if len({tuple(kinds(action)) for action in one}) > 1] == []


def listed() -> list[str]:
    """The events of the table of exceptions."""
    lines = [(service, line) for service, text in SAME.items() for line in text.strip().splitlines()]
    return [f"{service}.amazonaws.com/{event}" for service, line in lines for event in line.split(": ")[1].split()]


def test_the_exceptions_are_parts_of_arns() -> None:
    """One that is no part of an ARN any more would never be used."""
    shapes = {form for action in catalog.actions().values() for form in action.arns}
    for called in (*CALLED, *MADE_UP, *ALIKE):
        service, _, part = called.partition(":")
        assert any(f":{service}:" in form and f"${{{part}}}" in form for form in shapes), called
