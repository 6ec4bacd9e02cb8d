"""The organization, as an account sees it from each of the places it can have there, against moto."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs
from support.accounts import account
from support.aws import Aws
from support.contract.root import TRUST, member_with_a_key, organization
from support.engine import FakeClock, Runs, Step, Wire, outcomes, plan_of
from support.faults import Faults, denied, refusal
from support.make import role_in

from remediate.aws.facts import FACTS
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import CallFailed, Denied
from remediate.model import Address, Value, at
from remediate.sandbox.estate.root import MEMBER

ORGANIZATION = Address("organizations.organization")
IAM = "iam.amazonaws.com"
SESSIONS = at("iam.organizations_feature", "RootSessions")


def read(session: Session | None = None, account_id: str = "123456789012") -> Value:
    now = structs.replace(account(), id=account_id)
    return FACTS[ORGANIZATION].read(session or Session(), now, ORGANIZATION).get(ORGANIZATION)


def role(value: Value) -> Value:
    assert isinstance(value, dict)
    assert str(value["id"]).startswith("o-")
    return value["role"], value["all_features"], value["management"]


@pytest.fixture
def as_member(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on, the environment has credentials of the member account."""
    member_with_a_key(aws.client)

    def become() -> None:
        arn = role_in(MEMBER, "ops")
        made = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ops")["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", made["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", made["SessionToken"])

    return become


def test_no_organization(aws: Aws) -> None:
    assert read() is None
    for address in (TRUST, SESSIONS):
        assert RESOURCES[address.partition("/")[0]].read(Session(), address) == {}


def test_the_management_account(aws: Aws) -> None:
    organization(aws.client)
    assert role(read()) == ("management", True, aws.account_id)


def test_billing_alone(aws: Aws) -> None:
    aws.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    assert role(read()) == ("management", False, aws.account_id)


def test_a_member(aws: Aws, as_member: Callable[[], None]) -> None:
    as_member()
    assert role(read(account_id=MEMBER)) == ("member", True, aws.account_id)


def test_a_delegated_administrator(aws: Aws, as_member: Callable[[], None]) -> None:
    aws.client("organizations").register_delegated_administrator(AccountId=MEMBER, ServicePrincipal=IAM)
    as_member()
    assert role(read(account_id=MEMBER)) == ("delegate", True, aws.account_id)


@pytest.mark.parametrize("operation", ["DescribeOrganization", "ListOrganizationsFeatures"])
def test_a_denied_call_is_no_answer(as_member: Callable[[], None], operation: str) -> None:
    as_member()
    wire = Wire()
    wire.faults.when(lambda call: call.operation == operation, denied)
    with pytest.raises(Denied):
        read(wire.session, account_id=MEMBER)


CODES = {
    "ServiceAccessNotEnabled": True,
    "AccountNotManagementOrDelegatedAdministrator": True,
    "OrganizationNotInAllFeaturesMode": False,
}


@pytest.mark.parametrize(("code", "known"), CODES.items())
def test_codes_as_aws_documents_them(aws: Aws, as_member: Callable[[], None], code: str, known: bool) -> None:
    as_member()
    wire = Wire()
    wire.faults.when(lambda call: call.operation == "ListOrganizationsFeatures", refusal(code))
    if known:
        assert role(read(wire.session, account_id=MEMBER)) == ("member", True, aws.account_id)
    else:
        with pytest.raises(CallFailed, match=code):
            read(wire.session, account_id=MEMBER)


@pytest.mark.parametrize("code", ["ServiceAccessNotEnabledException", "ServiceAccessNotEnabled"])
def test_trust_that_iam_has_not_heard_of_yet_is_waited_for(aws: Aws, tmp_path: Path, code: str) -> None:
    organization(aws.client)
    steps = (Step(TRUST, None, "trusted"), Step(SESSIONS, None, "enabled", needs=(1,)))
    wire, clock = Wire(), FakeClock()
    runs = Runs(plan_of(*steps), tmp_path, wire, clock)
    faults = Faults().nth("EnableOrganizationsRootSessions", 1, refusal(code))
    assert outcomes(runs.run(faults)) == ["done", "done"]
    assert faults.sends("EnableOrganizationsRootSessions") == 2
    assert clock.slept > 0


def test_other_refusals_are_final(aws: Aws, tmp_path: Path) -> None:
    aws.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
    runs = Runs(plan_of(Step(TRUST, None, "trusted")), tmp_path, Wire())
    faults = Faults().nth("EnableAWSServiceAccess", 1, refusal("ConstraintViolationException"))
    assert outcomes(runs.run(faults)) == ["failed"]
    assert faults.sends("EnableAWSServiceAccess") == 1
