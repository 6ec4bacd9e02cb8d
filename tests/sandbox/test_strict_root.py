"""Root sessions, root keys and organizations, as plain boto3 sees them: plain moto lacks them, or refuses nobody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.aws import Aws
from support.contract.root import member_key, member_with_a_key
from support.make import code, role_in
from support.organization import AUDIT, root_client

from remediate.sandbox.estate.root import MEMBER

DELETE = {"arn": "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"}
IAM = "iam.amazonaws.com"


@pytest.fixture
def member(aws: Aws) -> Aws:
    member_with_a_key(aws.client)
    return aws


def assume(aws: Aws, target: str = MEMBER, **more: Any) -> Any:
    return aws.client("sts").assume_root(**{"TargetPrincipal": target, "TaskPolicyArn": AUDIT, **more})


def as_member(aws: Aws, service: str) -> Any:
    """A client of the member account itself: of a role in it."""
    made = aws.client("sts").assume_role(RoleArn=role_in(MEMBER, "ops"), RoleSessionName="ops")["Credentials"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    make: Any = aws._session.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=aws.url,
        aws_session_token=made["SessionToken"],
        **keys,
    )


def test_who_it_is_and_until_when(member: Aws) -> None:
    sts = root_client(member.client, "sts", MEMBER)
    who = sts.get_caller_identity()
    assert (who["Arn"], who["Account"], who["UserId"]) == (f"arn:aws:iam::{MEMBER}:root", MEMBER, MEMBER)
    ends = assume(member, DurationSeconds=900)["Credentials"]["Expiration"]
    assert timedelta(seconds=880) < ends - datetime.now(UTC) <= timedelta(seconds=900)


REFUSED: dict[str, tuple[Callable[[Aws], Any], str]] = {
    "longer": (lambda aws: assume(aws, DurationSeconds=901), "ValidationError"),
    "another policy": (
        lambda aws: assume(aws, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        "ValidationError",
    ),
    "the management account": (lambda aws: assume(aws, aws.account_id), "AccessDenied"),
    "a stranger": (lambda aws: assume(aws, "999999999999"), "AccessDenied"),
    "by a member": (
        lambda aws: as_member(aws, "sts").assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=AUDIT),
        "AccessDenied",
    ),
    "by root itself": (
        lambda aws: root_client(aws.client, "sts", MEMBER).assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=AUDIT),
        "AccessDenied",
    ),
}


@pytest.mark.parametrize(("act", "refusal"), REFUSED.values(), ids=REFUSED)
def test_who_may_not(member: Aws, act: Callable[[Aws], Any], refusal: str) -> None:
    assert code(lambda: act(member)) == refusal


def test_by_the_arn_as_well(member: Aws) -> None:
    assert assume(member, f"arn:aws:iam::{MEMBER}:root")["Credentials"]


def test_without_the_feature_nobody(member: Aws) -> None:
    member.client("iam").disable_organizations_root_credentials_management()
    assert code(lambda: assume(member)) == "AccessDenied"


def test_root_lists_and_deletes_its_own_keys_without_a_name(member: Aws) -> None:
    key = member_key()
    iam = root_client(member.client, "iam", MEMBER, DELETE)
    [shown] = iam.list_access_keys()["AccessKeyMetadata"]
    assert (shown["AccessKeyId"], shown["Status"]) == (key.access_key_id, "Active")
    assert "UserName" not in shown
    used = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)
    assert "UserName" not in used
    assert used["AccessKeyLastUsed"]["ServiceName"] == "s3"
    key.last_used = None
    never = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)["AccessKeyLastUsed"]
    assert (never["Region"], "LastUsedDate" in never) == ("N/A", False)
    assert code(lambda: iam.delete_access_key(AccessKeyId="AKIAIOSFODNN7EXAMPLE")) == "NoSuchEntity"
    iam.delete_access_key(AccessKeyId=key.access_key_id)
    assert iam.list_access_keys()["AccessKeyMetadata"] == []


TASKS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "deletion in an audit": (AUDIT, lambda iam: iam.delete_access_key(AccessKeyId=member_key().access_key_id)),
    "deactivation": (
        DELETE,
        lambda iam: iam.update_access_key(AccessKeyId=member_key().access_key_id, Status="Inactive"),
    ),
    "another user's keys": (DELETE, lambda iam: iam.list_access_keys(UserName="ann")),
    "something else": (DELETE, lambda iam: iam.create_user(UserName="ann")),
}


@pytest.mark.parametrize(("policy", "act"), TASKS.values(), ids=TASKS)
def test_a_task_policy_denies_the_rest(member: Aws, policy: Any, act: Callable[[Any], Any]) -> None:
    assert code(lambda: act(root_client(member.client, "iam", MEMBER, policy))) == "AccessDenied"
    assert member_key().status == "Active"


def test_credentials_end(member: Aws) -> None:
    iam = root_client(member.client, "iam", MEMBER)
    from moto.iam.models import iam_backends

    keys: Any = iam_backends[MEMBER]["aws"].access_keys
    for key in keys.values():
        key.root_ends = datetime.now(UTC)
    assert code(iam.list_access_keys) == "ExpiredToken"
    member.sandbox.reset()
    assert code(iam.list_access_keys) == "InvalidClientTokenId"


# --- organizations --------------------------------------------------------------------------------------------------


def test_features_need_trust(aws: Aws) -> None:
    iam, organizations = aws.client("iam"), aws.client("organizations")
    assert code(iam.list_organizations_features) == "OrganizationNotFoundException"
    assert code(organizations.list_aws_service_access_for_organization) == "AWSOrganizationsNotInUseException"
    organizations.create_organization(FeatureSet="ALL")
    assert code(iam.enable_organizations_root_sessions) == "ServiceAccessNotEnabledException"
    organizations.enable_aws_service_access(ServicePrincipal=IAM)
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    iam.enable_organizations_root_sessions()
    enabled = iam.enable_organizations_root_credentials_management()["EnabledFeatures"]
    assert enabled == ["RootCredentialsManagement", "RootSessions"]
    assert iam.disable_organizations_root_sessions()["EnabledFeatures"] == ["RootCredentialsManagement"]


def test_features_need_all_features(aws: Aws) -> None:
    aws.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    assert code(aws.client("iam").list_organizations_features) == "OrganizationNotInAllFeaturesModeException"


def test_what_a_member_may(member: Aws) -> None:
    organizations, iam = as_member(member, "organizations"), as_member(member, "iam")
    about = organizations.describe_organization()["Organization"]
    assert about["MasterAccountId"] == member.account_id
    for act in (
        lambda: organizations.enable_aws_service_access(ServicePrincipal=IAM),
        lambda: organizations.disable_aws_service_access(ServicePrincipal=IAM),
        organizations.list_aws_service_access_for_organization,
    ):
        assert code(act) == "AccessDeniedException"
    assert code(iam.list_organizations_features) == "AccountNotManagementOrDelegatedAdministratorException"


def test_what_a_delegated_administrator_may(member: Aws) -> None:
    manager = member.client("organizations")
    manager.register_delegated_administrator(AccountId=MEMBER, ServicePrincipal=IAM)
    iam = as_member(member, "iam")
    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert code(iam.enable_organizations_root_sessions) == "CallerIsNotManagementAccountException"
    assert as_member(member, "organizations").list_aws_service_access_for_organization()["EnabledServicePrincipals"]


def test_a_reset_leaves_no_member_behind(member: Aws) -> None:
    organizations = as_member(member, "organizations")
    assert organizations.describe_organization()
    member.sandbox.reset()
    gone = as_member(member, "organizations")
    assert code(gone.describe_organization) == "AWSOrganizationsNotInUseException"
    assert code(member.client("organizations").describe_organization) == "AWSOrganizationsNotInUseException"
