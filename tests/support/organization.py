"""What a plan may change of an organization and of its members' root users, with plain boto3."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

AUDIT = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}


def organization(client: Callable[..., Any]) -> Mapping[str, object] | None:
    """Whom it trusts, its features, and the root keys of its members; None where the account is in none."""
    organizations = client("organizations", "us-east-1")
    try:
        about = organizations.describe_organization()["Organization"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AWSOrganizationsNotInUseException"
        return None
    services = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    members = {a["Id"] for a in organizations.list_accounts()["Accounts"]} - {about["MasterAccountId"]}
    trusted = sorted(service["ServicePrincipal"] for service in services)
    features = client("iam").list_organizations_features()["EnabledFeatures"] if "iam.amazonaws.com" in trusted else []
    return {
        "id": about["Id"],
        "trusted": trusted,
        "features": features,
        "root_keys": {m: _root_keys(client, m) for m in members if "RootCredentialsManagement" in features},
    }


def _root_keys(client: Callable[..., Any], member: str) -> dict[str, str]:
    keys = root_client(client, "iam", member).list_access_keys()["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in keys}


def root_client(client: Callable[..., Any], service: str, member: str, policy: Mapping[str, str] = AUDIT) -> Any:
    """A client of a member's root user, limited to one task."""
    sts = client("sts")
    made = sts.assume_root(TargetPrincipal=member, TaskPolicyArn=policy)["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=sts.meta.endpoint_url,
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )
