"""Reports of last accesses, and trust policies that name the deleted, as plain boto3 sees them. Moto has neither."""

from datetime import UTC, datetime

import pytest
from botocore.session import get_session
from support.aws import Aws
from support.make import READ_ONLY, backend, code, trust, user

from remediate.sandbox.strict import settings
from remediate.sandbox.strict.last_accessed import used

ALICE = "arn:aws:iam::123456789012:user/alice"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
DAY = datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_a_report_is_made_in_the_background(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam)
    iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN)
    used(backend(), ALICE, "s3", DAY)
    job = iam.generate_service_last_accessed_details(Arn=ADMIN)["JobId"]
    assert len(job) == 36
    assert iam.get_service_last_accessed_details(JobId=job)["JobStatus"] == "IN_PROGRESS"
    answer = iam.get_service_last_accessed_details(JobId=job, MaxItems=1000)
    assert answer["JobStatus"] == "COMPLETED"
    [row] = [row for row in answer["ServicesLastAccessed"] if row["TotalAuthenticatedEntities"]]
    assert (row["ServiceNamespace"], row["LastAuthenticated"], row["LastAuthenticatedEntity"]) == ("s3", DAY, ALICE)
    [entity] = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")[
        "EntityDetailsList"
    ]
    assert (entity["EntityInfo"]["Arn"], entity["EntityInfo"]["Type"], entity["LastAuthenticated"]) == (
        ALICE,
        "USER",
        DAY,
    )
    [entity] = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")[
        "EntityDetailsList"
    ]
    assert "LastAuthenticated" not in entity


def test_answers_have_what_botocore_calls_required(aws: Aws) -> None:
    iam = aws.client("iam")
    settings.access_rounds = 0
    job = iam.generate_service_last_accessed_details(Arn=READ_ONLY)["JobId"]
    model = get_session().get_service_model("iam")
    for operation, more in (
        ("GetServiceLastAccessedDetails", {}),
        ("GetServiceLastAccessedDetailsWithEntities", {"ServiceNamespace": "s3"}),
    ):
        shape = model.operation_model(operation).output_shape
        assert shape
        method = {"GetServiceLastAccessedDetails": iam.get_service_last_accessed_details}.get(
            operation, iam.get_service_last_accessed_details_with_entities
        )
        assert set(shape.required_members) <= method(JobId=job, **more).keys()


def test_what_aws_refuses(aws: Aws) -> None:
    iam = aws.client("iam")
    assert code(lambda: iam.generate_service_last_accessed_details(Arn=ALICE)) == "NoSuchEntity"
    assert code(lambda: iam.get_service_last_accessed_details(JobId="0" * 36)) == "NoSuchEntity"
    settings.access_rounds, settings.access_error = 0, "tired"
    job = iam.generate_service_last_accessed_details(Arn=READ_ONLY)["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert (answer["JobStatus"], answer["Error"]["Message"]) == ("FAILED", "tired")


def test_a_reset_forgets_who_used_what(aws: Aws) -> None:
    used(backend(), ALICE, "s3", DAY)
    aws.sandbox.reset()
    iam = aws.client("iam")
    user(iam)
    iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    settings.access_rounds = 0
    job = iam.generate_service_last_accessed_details(Arn=ALICE)["JobId"]
    rows = iam.get_service_last_accessed_details(JobId=job, MaxItems=1000)["ServicesLastAccessed"]
    assert rows and not any("LastAuthenticated" in row for row in rows)


@pytest.mark.parametrize("name", ["AIDACKCEVSQ6C2EXAMPLE", "AROACKCEVSQ6C2EXAMPLE"])
def test_a_trust_policy_names_nobody_who_is_no_more(name: str, aws: Aws) -> None:
    iam = aws.client("iam")
    fine = trust({"Service": "ec2.amazonaws.com"})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=fine)
    for principal in ({"AWS": name}, {"AWS": ["123456789012", name]}):
        text = trust(principal)
        assert code(lambda text=text: iam.create_role(RoleName="s", AssumeRolePolicyDocument=text)) == (  # type: ignore[misc]
            "MalformedPolicyDocument"
        )
        assert code(lambda text=text: iam.update_assume_role_policy(RoleName="r", PolicyDocument=text)) == (  # type: ignore[misc]
            "MalformedPolicyDocument"
        )
