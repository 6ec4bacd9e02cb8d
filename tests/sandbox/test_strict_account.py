"""Instance profiles of instances, certificates, contacts and the alias: what AWS refuses, and plain moto takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from support.aws import Aws
from support.contract.account import ACCOUNT, PEM, upload
from support.make import backend, code, role

from remediate.sandbox.strict import settings

REGION = "eu-west-1"


@pytest.fixture
def machine(aws: Aws) -> Iterator[tuple[Any, str]]:
    """A client of EC2, and a running instance."""
    ec2 = aws.client("ec2", REGION)
    made = ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1)
    yield ec2, made["Instances"][0]["InstanceId"]


def profile(aws: Aws, name: str = "web") -> dict[str, str]:
    """An instance profile without its role."""
    made = aws.client("iam").create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return {"Arn": made["Arn"]}


def filled(aws: Aws, name: str = "web") -> dict[str, str]:
    iam, made = aws.client("iam"), profile(aws, name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role(iam, name))
    return made


def refused(ec2: Any, instance: str, given: dict[str, str]) -> tuple[str, str]:
    with pytest.raises(ec2.exceptions.ClientError) as caught:
        ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile=given)
    error: Any = caught.value
    return error.response["Error"]["Code"], error.response["Error"]["Message"]


def test_a_profile_must_exist_and_hold_a_role(aws: Aws, machine: tuple[Any, str]) -> None:
    absent = f"arn:aws:iam::{ACCOUNT}:instance-profile/none"
    wrong, message = refused(*machine, {"Arn": absent})
    assert (wrong, message.partition(". ")[2]) == ("InvalidParameterValue", "Invalid IAM Instance Profile ARN")
    assert refused(*machine, {"Name": "none"})[1].endswith("Invalid IAM Instance Profile name")
    assert refused(*machine, profile(aws))[1].endswith("has no associated IAM Roles")


def test_an_instance_that_has_ended_takes_none(aws: Aws, machine: tuple[Any, str]) -> None:
    ec2, id = machine
    ec2.terminate_instances(InstanceIds=[id])
    assert refused(ec2, id, filled(aws))[0] == "IncorrectInstanceState"


def test_a_stopped_instance_takes_one_and_replaces_none(aws: Aws, machine: tuple[Any, str]) -> None:
    ec2, id = machine
    ec2.stop_instances(InstanceIds=[id])
    held = ec2.associate_iam_instance_profile(InstanceId=id, IamInstanceProfile=filled(aws))
    change = {
        "AssociationId": held["IamInstanceProfileAssociation"]["AssociationId"],
        "IamInstanceProfile": filled(aws, "b"),
    }
    assert code(lambda: ec2.replace_iam_instance_profile_association(**change)) == "IncorrectInstanceState"
    ec2.start_instances(InstanceIds=[id])
    ec2.replace_iam_instance_profile_association(**change)
    [reservation] = ec2.describe_instances()["Reservations"]
    assert reservation["Instances"][0]["IamInstanceProfile"]["Arn"] == change["IamInstanceProfile"]["Arn"]


def test_certificates_end_when_they_say(aws: Aws) -> None:
    iam = aws.client("iam")
    upload(iam, "a")
    upload(iam, "b")
    a, b = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert a["Expiration"] == b["Expiration"] == datetime(2025, 1, 1, tzinfo=UTC)
    assert a["UploadDate"] > datetime(2026, 1, 1, tzinfo=UTC)
    assert a["ServerCertificateId"] != b["ServerCertificateId"]
    assert {len(x["ServerCertificateId"]) for x in (a, b)} == {21}
    assert iam.get_server_certificate(ServerCertificateName="b")["ServerCertificate"]["ServerCertificateMetadata"] == b


def test_certificates_come_in_pages(aws: Aws) -> None:
    iam = aws.client("iam")
    for name in "abc":
        upload(iam, name)
    settings.page_size = 2
    first = iam.list_server_certificates()
    assert (len(first["ServerCertificateMetadataList"]), first["IsTruncated"]) == (2, True)
    rest = iam.list_server_certificates(Marker=first["Marker"])
    assert [c["ServerCertificateName"] for c in rest["ServerCertificateMetadataList"]] == ["c"]


def test_what_is_no_certificate_and_what_is_in_use(aws: Aws) -> None:
    iam = aws.client("iam")
    junk = {"ServerCertificateName": "junk", "CertificateBody": "junk", "PrivateKey": "none"}
    assert code(lambda: iam.upload_server_certificate(**junk)) == "MalformedCertificate"
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    upload(iam)
    assert code(lambda: upload(iam, "SHOP")) == "EntityAlreadyExists"
    [kept] = backend().certificates.values()
    kept.used_by = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old"
    assert code(lambda: iam.delete_server_certificate(ServerCertificateName="shop")) == "DeleteConflict"
    kept.used_by = ""
    iam.delete_server_certificate(ServerCertificateName="shop")
    assert PEM.startswith("-----BEGIN")


CONTACT = {"Name": "Ann", "Title": "Security", "EmailAddress": "a@b.example", "PhoneNumber": "+1 (555) 0-1"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("EmailAddress", "nobody"), ("PhoneNumber", "call me"), ("Name", "x" * 65), ("Title", "x" * 51)],
)
def test_contacts_are_checked(aws: Aws, field: str, value: str) -> None:
    client = aws.client("account")
    client.put_alternate_contact(AlternateContactType="SECURITY", **CONTACT)
    wrong = {**CONTACT, field: value}
    assert code(lambda: client.put_alternate_contact(AlternateContactType="BILLING", **wrong)) == "ValidationException"


def test_a_contact_that_is_not_there_is_not_deleted(aws: Aws) -> None:
    client, kind = aws.client("account"), {"AlternateContactType": "SECURITY"}
    assert code(lambda: client.delete_alternate_contact(**kind)) == "ResourceNotFoundException"
    client.put_alternate_contact(**kind, **CONTACT)
    client.delete_alternate_contact(**kind)
    assert code(lambda: client.get_alternate_contact(**kind)) == "ResourceNotFoundException"


def test_an_alias_is_deleted_by_its_name(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_account_alias(AccountAlias="acme")
    assert code(lambda: iam.delete_account_alias(AccountAlias="other")) == "NoSuchEntity"
    iam.create_account_alias(AccountAlias="acme-prod")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme-prod"]
    iam.delete_account_alias(AccountAlias="acme-prod")
    assert iam.list_account_aliases()["AccountAliases"] == []
