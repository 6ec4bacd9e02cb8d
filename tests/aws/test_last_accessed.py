"""Who used which services: IAM's reports, read page by page, waited for, and never taken for an empty answer."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.aws import Aws
from support.make import READ_ONLY, backend, group, last_used, user

from remediate.account import Account
from remediate.aws.facts import last_accessed
from remediate.aws.reader import read_account, read_more
from remediate.aws.session import Session
from remediate.model import Address, Value, at
from remediate.sandbox.strict import settings
from remediate.sandbox.strict.last_accessed import used

ME = "123456789012"
DAY = datetime(2026, 5, 1, 9, tzinfo=UTC)
TEAM = f"arn:aws:iam::{ME}:group/team"
ALICE, BOB = (f"arn:aws:iam::{ME}:user/{name}" for name in ("alice", "bob"))
OWN = f"arn:aws:iam::{ME}:policy/own"
WIDE = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["s3:*", "iam:*", "sqs:*"], "Resource": "*"}}
)


@pytest.fixture
def iam(aws: Aws) -> Aws:
    """Two people in a group that may use three services, of which they used two."""
    iam = aws.client("iam")
    group(iam, "team")
    iam.create_policy(PolicyName="own", PolicyDocument=WIDE)
    iam.attach_group_policy(GroupName="team", PolicyArn=OWN)
    for name in ("alice", "bob"):
        user(iam, name)
        iam.add_user_to_group(GroupName="team", UserName=name)
    used(backend(), ALICE, "iam", DAY)
    used(backend(), ALICE, "s3", DAY - timedelta(days=1))
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    backend().access_keys[key].last_used = last_used(DAY + timedelta(days=1), "s3", "eu-west-1")
    return aws


def asked(*addresses: Address) -> Account:
    session = Session()
    account = read_account(session)
    before = session.calls
    account = read_more(session, account, addresses)
    assert session.calls > before
    return account


@pytest.mark.parametrize("size", [1000, 1])
def test_what_somebody_uses_on_every_page(size: int, iam: Aws) -> None:
    settings.page_size = size
    facts = asked(at("iam.service_use", ALICE), at("iam.service_use", TEAM)).facts
    assert facts[at("iam.service_use", ALICE)] == {
        "iam": "2026-05-01T09:00:00Z",
        "s3": "2026-04-30T09:00:00Z",
        "sqs": None,
    }
    group_use: Value = {"iam": "2026-05-01T09:00:00Z", "s3": "2026-05-02T09:00:00Z", "sqs": None}
    assert facts[at("iam.service_use", TEAM)] == group_use


@pytest.mark.parametrize("size", [1000, 1])
def test_who_uses_it_on_every_page(size: int, iam: Aws) -> None:
    settings.page_size = size
    about = at("iam.service_users", "iam,s3", TEAM)
    assert asked(about).facts[about] == {
        ALICE: {"iam": "2026-05-01T09:00:00Z", "s3": "2026-04-30T09:00:00Z"},
        BOB: {"iam": None, "s3": "2026-05-02T09:00:00Z"},
    }


def test_a_policy_is_asked_for_those_it_is_attached_to(iam: Aws) -> None:
    iam.client("iam").attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    about = at("iam.service_users", "s3", READ_ONLY)
    assert asked(about).facts[about] == {BOB: {"s3": "2026-05-02T09:00:00Z"}}


def test_one_report_answers_for_all_services(iam: Aws) -> None:
    settings.access_rounds = 0
    session = Session()
    account = read_account(session)
    before = session.calls
    read_more(session, account, [at("iam.service_users", "iam,s3,sqs", TEAM)])
    assert session.calls - before == 4


def test_a_report_that_takes_its_time_is_waited_for_and_not_for_ever(iam: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    about = at("iam.service_use", ALICE)
    settings.access_rounds = 3
    assert about in asked(about).facts
    monkeypatch.setattr(last_accessed, "PATIENCE", 0)
    account = asked(about)
    assert about not in account.facts
    assert "has not made the report within a minute" in account.unknown[about]


@pytest.mark.parametrize(("arn", "reason"), [(ALICE, "AWS is tired"), (f"{ALICE}x", "NoSuchEntity")])
def test_a_report_that_fails_is_an_unknown(arn: str, reason: str, iam: Aws) -> None:
    settings.access_error = "AWS is tired"
    about = at("iam.service_use", arn)
    account = asked(about)
    assert about not in account.facts
    assert reason in account.unknown[about]


def test_versions_of_a_policy(iam: Aws) -> None:
    about, client = at("iam.policy_versions", OWN), iam.client("iam")
    backend().managed_policies[OWN].versions[0].create_date = DAY
    assert asked(about).facts[about] == {"count": 1, "since": "2026-05-01T09:00:00Z"}
    client.create_policy_version(PolicyArn=OWN, PolicyDocument=WIDE, SetAsDefault=False)
    assert asked(about).facts[about] == {"count": 2, "since": "2026-05-01T09:00:00Z"}


def test_when_a_role_was_made_and_last_used(iam: Aws) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    for name in ("used", "unused"):
        iam.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text)
    role = next(r for r in backend().roles.values() if r.name == "used")
    role.create_date, role.last_used, role.last_used_region = DAY, DAY + timedelta(days=2), "eu-west-1"
    roles = read_account(Session()).roles
    assert (roles["used"].created, roles["used"].last_used) == (DAY, DAY + timedelta(days=2))
    assert roles["unused"].last_used is None
