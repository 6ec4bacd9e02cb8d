"""Which permission a call needed."""

from functools import cache
from typing import Any

import pytest
from support.stress import STRESS

from remediate.evidence.actions import Need, names, needed
from remediate.evidence.exceptions import NOTHING, SAME, SOURCES
from remediate.policy import catalog

CASES = {
    # the same name
    "iam.amazonaws.com/GetUser": "iam:GetUser",
    "s3.amazonaws.com/PutObject": "s3:PutObject",
    "s3.amazonaws.com/GetBucketCors": "s3:GetBucketCORS",
    "ec2.amazonaws.com.cn/RunInstances": "ec2:RunInstances",
    "dynamodb.amazonaws.com/BatchWriteItem": "dynamodb:BatchWriteItem",
    # with the version of the interface
    "lambda.amazonaws.com/GetFunction20150331v2": "lambda:GetFunction",
    "lambda.amazonaws.com/ListFunctions20150331": "lambda:ListFunctions",
    "lambda.amazonaws.com/Invoke20150331": "lambda:InvokeFunction",
    "cloudfront.amazonaws.com/UpdateDistribution2020_05_31": "cloudfront:UpdateDistribution",
    "cloudfront.amazonaws.com/CreateDistributionWithTags2020_05_31": "cloudfront:CreateDistribution "
    "cloudfront:TagResource",
    # a source of another name
    "monitoring.amazonaws.com/PutMetricAlarm": "cloudwatch:PutMetricAlarm",
    "tagging.amazonaws.com/GetResources": "tag:GetResources",
    "streams.dynamodb.amazonaws.com/GetRecords": "dynamodb:GetRecords",
    "runtime.sagemaker.amazonaws.com/InvokeEndpoint": "sagemaker:InvokeEndpoint",
    "cloudcontrolapi.amazonaws.com/CreateResource": "cloudformation:CreateResource",
    # an event of another name
    "s3.amazonaws.com/ListObjects": "s3:ListBucket",
    "s3.amazonaws.com/HeadObject": "s3:GetObject",
    "s3.amazonaws.com/CompleteMultipartUpload": "s3:PutObject",
    "s3.amazonaws.com/ListBuckets": "s3:ListAllMyBuckets",
    "s3.amazonaws.com/DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3.amazonaws.com/WriteGetObjectResponse": "s3-object-lambda:WriteGetObjectResponse",
    "lambda.amazonaws.com/Invoke": "lambda:InvokeFunction",
    "sqs.amazonaws.com/SendMessageBatch": "sqs:SendMessage",
    "sns.amazonaws.com/PublishBatch": "sns:Publish",
    "signin.amazonaws.com/SwitchRole": "sts:AssumeRole",
    "budgets.amazonaws.com/DescribeBudgets": "budgets:ViewBudget",
    # several
    "kms.amazonaws.com/ReEncrypt": "kms:ReEncryptFrom kms:ReEncryptTo",
    "s3.amazonaws.com/CopyObject": "s3:PutObject ~ s3:GetObject",
    "dynamodb.amazonaws.com/TransactWriteItems": "dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:PutItem "
    "dynamodb:UpdateItem",
    # methods
    "apigateway.amazonaws.com/GetRestApis": "apigateway:GET",
    "apigateway.amazonaws.com/UpdateStage": "apigateway:PATCH apigateway:PUT",
    # nothing
    "sts.amazonaws.com/GetCallerIdentity": "",
    "signin.amazonaws.com/ConsoleLogin": "",
}


@pytest.mark.parametrize(("event", "actions"), CASES.items())
def test_what_an_event_needed(event: str, actions: str) -> None:
    there, _, besides = actions.partition("~")
    assert needed(event) == Need(tuple(there.split()), tuple(besides.split()))


@pytest.mark.parametrize(
    "event",
    [
        "s3.amazonaws.com/*",
        "s3.amazonaws.com/",
        "s3.amazonaws.com",
        "",
        "*",
        "s3.amazonaws.com/DoSomethingNew",
        "apigateway.amazonaws.com/Frobnicate",
        "apigateway.amazonaws.com/",
        "nowhere.amazonaws.com/GetObject",
        "s3.example.com/GetObject",
        "s3.amazonaws.com/Get Object\x1b[31m",
        "signin.amazonaws.com/UserAuthentication",
    ],
)
def test_what_is_not_known_is_not_guessed(event: str) -> None:
    assert needed(event) is None


def test_every_exception_is_an_action_and_one_that_is_needed() -> None:
    """One that AWS renames its event for, or that has the name of an action, is no exception any more."""
    lines = [(service, *line.rpartition(": ")) for service, text in SAME.items() for line in text.strip().splitlines()]
    named = [
        a.lstrip("~") if ":" in a else f"{s}:{a.lstrip('~')}" for s, actions, _, _ in lines for a in actions.split()
    ]
    assert [name for name in named if name.lower() not in catalog.actions()] == []
    events = [f"{service}:{event}" for service, _, _, names in lines for event in names.split()]
    assert len(events) == len(set(events))
    # of these the action of their name is not all, is another, or is not written as the event is
    own = {"s3:GetObjectAttributes", "lambda:InvokeAsync", "s3:GetBucketCors", "s3:PutBucketCors"}
    assert {event for event in events if event.lower() in catalog.actions()} == own
    services = {name.partition(":")[0] for name in catalog.actions()}
    assert not SOURCES.keys() & services and services >= set(SOURCES.values())
    assert not {name for name in NOTHING if name.startswith("sts:") and name.lower() not in catalog.actions()}


def test_the_names_of_events_whose_parameters_may_tell_what_they_were_about() -> None:
    found = {event.partition("/")[2] for event in CASES if event.startswith(("s3.", "iam.", "lambda.", "kms."))}
    assert found - set(names()) == {"ListFunctions20150331"}  # it is about all functions


TOP = (
    "s3 iam kms lambda dynamodb sqs sns apigateway".split(),
    "sts ec2 rds cloudwatch logs events cloudformation cloudtrail config ssm secretsmanager ecs ecr eks elbv2 "
    "autoscaling route53 cloudfront stepfunctions athena kinesis acm".split(),
)
"""botocore's names of the services that most accounts use."""
ELSEWHERE = {"api.ecr": "ecr"}
"""Where botocore's endpoint has another name than the source of CloudTrail's events."""


@cache
def operations(service: str) -> tuple[str, dict[str, Any]]:
    from botocore.loaders import Loader

    model = Loader().load_service_model(service, "service-2")
    prefix = model["metadata"]["endpointPrefix"]
    return f"{ELSEWHERE.get(prefix, prefix)}.amazonaws.com", model["operations"]


def test_most_operations_of_the_most_used_services_are_known() -> None:
    """What is missing is younger than the reference."""
    services = [*TOP[0], *TOP[1]] if STRESS else TOP[0]
    events = [f"{source}/{name}" for source, found in map(operations, services) for name in found]
    known = [event for event in events if needed(event) is not None]
    assert len(known) / len(events) > 0.9, sorted(set(events) - set(known))


def test_api_gateways_methods_are_among_those_that_are_needed() -> None:
    source, found = operations("apigateway")
    wrong = {
        name: need.actions
        for name, operation in found.items()
        if (need := needed(f"{source}/{name}")) and f"apigateway:{operation['http']['method']}" not in need.actions
    }
    assert wrong == {}
