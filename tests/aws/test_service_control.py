"""The organization's service control policies, as the account that they bind reads them, against moto."""

import json
from collections.abc import Callable

import pytest
from msgspec import structs
from support.accounts import account, document, statement
from support.aws import Aws
from support.contract.root import member_with_a_key, organization
from support.engine import Wire
from support.faults import Call, denied
from support.make import role_in

from remediate.account import Account
from remediate.aws.facts import FACTS
from remediate.aws.reader import read_more
from remediate.aws.session import Session
from remediate.effective import SERVICE_CONTROL, parsed
from remediate.errors import CallFailed
from remediate.model import Address, Value
from remediate.policy.known import EVERYTHING
from remediate.sandbox.estate.root import MEMBER

WHERE = Address(SERVICE_CONTROL)
NO_S3 = document(statement("s3:*") | {"Effect": "Deny"})


def me(account_id: str = MEMBER) -> Account:
    return structs.replace(account(), id=account_id)


def read(account_id: str = MEMBER, session: Session | None = None) -> Value:
    return FACTS[WHERE].read(session or Session(), me(account_id), WHERE)[WHERE]


@pytest.fixture
def tree(aws: Aws) -> Callable[[], None]:
    """A member two levels below the root, and a policy that takes S3 away from the upper one and from the account."""
    member_with_a_key(aws.client)
    organizations = aws.client("organizations")
    [root] = organizations.list_roots()["Roots"]
    upper = organizations.create_organizational_unit(ParentId=root["Id"], Name="upper")["OrganizationalUnit"]["Id"]
    lower = organizations.create_organizational_unit(ParentId=upper, Name="lower")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=MEMBER, SourceParentId=root["Id"], DestinationParentId=lower)
    made = organizations.create_policy(
        Content=json.dumps(NO_S3), Description="-", Name="no-s3", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    for target in (upper, lower, MEMBER):
        organizations.attach_policy(PolicyId="p-FullAWSAccess", TargetId=target)
    for target in (upper, MEMBER):
        organizations.attach_policy(PolicyId=made, TargetId=target)
    return lambda: organizations.register_delegated_administrator(
        AccountId=MEMBER, ServicePrincipal="iam.amazonaws.com"
    )


@pytest.fixture
def as_member(tree: Callable[[], None], aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = role_in(MEMBER, "ops")
    made = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ops")["Credentials"]
    for name, part in (("ACCESS_KEY_ID", "AccessKeyId"), ("SECRET_ACCESS_KEY", "SecretAccessKey"),
                       ("SESSION_TOKEN", "SessionToken")):  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", made[part])


def test_each_level_from_the_root_down_and_each_policy_once(
    aws: Aws, tree: Callable[[], None], as_member: None
) -> None:
    tree()
    calls: list[str] = []
    wire = Wire()

    def noted(call: Call) -> bool:
        calls.append(call.operation)
        return False

    wire.faults.when(noted, denied)
    both = sorted({EVERYTHING, *parsed(NO_S3)})
    assert read(session=wire.session) == [[EVERYTHING], both, [EVERYTHING], both]
    assert (calls.count("DescribePolicy"), len(calls)) == (2, 1 + 4 + 3 + 2)


def test_who_is_not_bound(aws: Aws) -> None:
    assert read(aws.account_id) == []  # in no organization
    organization(aws.client)
    assert read(aws.account_id) == []  # the management account


def test_who_may_not_look_does_not_know(aws: Aws, as_member: None) -> None:
    with pytest.raises(CallFailed):
        read()
    seen = read_more(Session(), me(), [WHERE])
    assert WHERE not in seen.facts
    assert "AccessDenied" in seen.unknown[WHERE]
