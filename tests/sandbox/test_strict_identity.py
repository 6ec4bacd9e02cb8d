"""Identity providers and directories, as plain boto3 sees them. Each of these is different on plain moto."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.aws import Aws
from support.contract import directories as case
from support.make import EC2, Act, code, trust
from support.saml import metadata

from remediate.sandbox.estate import directories

URL, HOST = "https://token.actions.githubusercontent.com", "token.actions.githubusercontent.com"
OIDC = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
SAML = "arn:aws:iam::123456789012:saml-provider/Okta"


def federated(condition: Any) -> str:
    document = json.loads(trust({"Federated": OIDC}))
    document["Statement"][0].update({"Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition})
    return json.dumps(document)


JUNK = ("x" * 1000, metadata().replace("IDPSSODescriptor", "SPSSODescriptor"), metadata().replace("X509C", "X509S"))


@pytest.mark.parametrize("text", JUNK)
def test_metadata_is_read(aws: Aws, text: str) -> None:
    iam = aws.client("iam")
    assert code(lambda: iam.create_saml_provider(Name="Okta", SAMLMetadataDocument=text)) == "InvalidInput"
    iam.create_saml_provider(Name="Okta", SAMLMetadataDocument=metadata())
    assert code(lambda: iam.update_saml_provider(SAMLProviderArn=SAML, SAMLMetadataDocument=text)) == "InvalidInput"
    assert iam.get_saml_provider(SAMLProviderArn=SAML)["SAMLMetadataDocument"] == metadata()


def test_a_name_is_taken_once_and_valid_for_a_hundred_years(aws: Aws) -> None:
    iam = aws.client("iam")
    create: Callable[[], Any] = lambda: iam.create_saml_provider(Name="Okta", SAMLMetadataDocument=metadata())  # noqa: E731
    assert [code(create), code(create)] == ["", "EntityAlreadyExists"]
    (found,) = iam.list_saml_providers()["SAMLProviderList"]
    assert found["ValidUntil"] - found["CreateDate"] > timedelta(days=36500)


def test_a_thumbprint_is_found_out_and_one_is_kept(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(Url=URL)
    about = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=OIDC)
    assert [len(thumbprint) for thumbprint in about["ThumbprintList"]] == [40]
    update = iam.update_open_id_connect_provider_thumbprint
    assert code(lambda: update(OpenIDConnectProviderArn=OIDC, ThumbprintList=[])) == "InvalidInput"


def test_audiences_come_and_go_one_by_one(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(Url=URL)
    for act in (iam.add_client_id_to_open_id_connect_provider, iam.remove_client_id_from_open_id_connect_provider):
        for client in ("a", "b", "a"):
            act(OpenIDConnectProviderArn=OIDC, ClientID=client)
        there = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=OIDC)["ClientIDList"]
        assert there == (["a", "b"] if "add" in act.__name__ else [])
        nobody = {"OpenIDConnectProviderArn": OIDC + "x", "ClientID": "a"}
        assert code(lambda act=act, nobody=nobody: act(**nobody)) == "NoSuchEntity"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        ({}, True),
        ({"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}}, True),
        ({"StringLike": {f"{HOST}:sub": "*"}}, True),
        ({"StringLike": {f"{HOST}:sub": "repo:acme/*"}}, False),
    ],
)
def test_an_issuer_of_many_is_trusted_for_a_subject(aws: Aws, condition: Any, refused: bool) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(EC2))
    document = federated(condition)
    wanted = "MalformedPolicyDocument" if refused else ""
    assert code(lambda: iam.create_role(RoleName="s", AssumeRolePolicyDocument=document)) == wanted
    assert code(lambda: iam.update_assume_role_policy(RoleName="r", PolicyDocument=document)) == wanted


def test_a_description_outlives_another_setting(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(EC2), Description="of the web servers")
    iam.update_role(RoleName="r", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("of the web servers", 7200)


def test_a_directory_takes_its_time(aws: Aws) -> None:
    case.network(aws.client)
    ds = aws.client("ds")
    place = {"VpcId": directories.VPC, "SubnetIds": sorted(directories.SUBNETS)}
    ds.create_directory(Name=case.NAME, Password=case.PASSWORD, Size="Small", VpcSettings=place)
    (directory,) = case.backend().directories.values()
    stages = []
    for minutes in (0, 10, 10):
        directory.launch_time -= timedelta(minutes=minutes)
        stages += [found["Stage"] for found in ds.describe_directories()["DirectoryDescriptions"]]
    assert stages == ["Requested", "Creating", "Active"]
    directory.failed = "no route"
    (found,) = ds.describe_directories()["DirectoryDescriptions"]
    assert (found["Stage"], found["StageReason"]) == ("Failed", "no route")


DOMAIN = {"RemoteDomainName": case.FAR}
SERVERS = {**DOMAIN, "DnsIpAddrs": ["10.9.0.5"]}
KIND = {**DOMAIN, "TrustPassword": "x", "TrustDirection": "Two-Way"}
ACTS: dict[str, Act] = {
    "forwarder": lambda ds: ds.create_conditional_forwarder(DirectoryId=_id(), **SERVERS),
    "forwarders": lambda ds: ds.describe_conditional_forwarders(DirectoryId=_id()),
    "trust": lambda ds: ds.create_trust(DirectoryId=_id(), **KIND),
}


def _id() -> str:
    (id,) = case.backend().directories
    return str(id)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_trusts_are_for_a_microsoft_ad_that_is_ready(aws: Aws, act: Act) -> None:
    case.active(aws.client)
    ds = aws.client("ds")
    (directory,) = case.backend().directories.values()
    case.backend().minutes = 20
    assert code(lambda: act(ds)) == "DirectoryUnavailableException"
    directory.directory_type = "SimpleAD"
    assert code(lambda: act(ds)) == "UnsupportedOperationException"


def test_forwarders_come_before_trusts_and_each_once(aws: Aws) -> None:
    case.active(aws.client)
    ds = aws.client("ds")
    assert code(lambda: ACTS["trust"](ds)) == "InvalidParameterException"
    assert [code(lambda: ACTS["forwarder"](ds)) for _ in range(2)] == ["", "EntityAlreadyExistsException"]
    assert [code(lambda: ACTS["trust"](ds)) for _ in range(2)] == ["", "EntityAlreadyExistsException"]
    ds.update_conditional_forwarder(DirectoryId=_id(), **{**SERVERS, "DnsIpAddrs": ["10.9.0.7"]})
    (found,) = ACTS["forwarders"](ds)["ConditionalForwarders"]
    assert found == {**DOMAIN, "DnsIpAddrs": ["10.9.0.7"], "ReplicationScope": "Domain"}
    ds.delete_conditional_forwarder(DirectoryId=_id(), **DOMAIN)
    assert code(lambda: ds.delete_conditional_forwarder(DirectoryId=_id(), **DOMAIN)) == "EntityDoesNotExistException"
    assert code(lambda: ds.update_conditional_forwarder(DirectoryId=_id(), **SERVERS)) == "EntityDoesNotExistException"
    named = {"RemoteDomainNames": [case.FAR]}
    assert code(lambda: ds.describe_conditional_forwarders(DirectoryId=_id(), **named)) == "EntityDoesNotExistException"
