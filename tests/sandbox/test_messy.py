"""The messy account: the same each time, at any size, with every special case in it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.aws import Aws
from support.snapshot import effective, snapshot

from remediate.sandbox import Sandbox, fill
from remediate.sandbox.cast import CAST

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def messy(sandbox: Sandbox) -> Any:
    """What plain boto3 sees of it; taken once, since these tests only look."""
    sandbox.reset()
    fill(now=NOW)
    return snapshot(Aws(sandbox).client)


@pytest.mark.parametrize("people", [40, 1000])
def test_same_seed_same_account(aws: Aws, people: int) -> None:
    def details() -> Any:
        aws.sandbox.reset()
        fill(people, now=NOW)
        pages = aws.client("iam").get_paginator("get_account_authorization_details")
        return [[page[key] for page in pages.paginate(PaginationConfig={"PageSize": 1000})] for key in LISTS]

    once, again = details(), details()
    assert once == again
    assert sum(map(len, once[0])) == people


LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def test_other_seed_other_dates(aws: Aws) -> None:
    created = []
    for seed in (1, 2):
        aws.sandbox.reset()
        fill(60, seed=seed, now=NOW)
        created.append([user["CreateDate"] for user in aws.client("iam").list_users()["Users"]])
    assert created[0] != created[1]


@pytest.mark.parametrize("people", [40, 1000])
def test_most_have_policies_of_their_own_and_a_fifth_idle_credentials(aws: Aws, people: int) -> None:
    fill(people, now=NOW)
    users = list(_users())
    own = sum(bool(user.policies or user.managed_policies) for user in users)
    idle = sum(_idle(user) for user in users)
    assert 0.7 <= own / people <= 0.85
    assert 0.15 <= idle / people <= 0.4


def test_a_thousand_users_have_few_sets_of_policies(aws: Aws) -> None:
    fill(1000, now=NOW)
    sets = Counter((frozenset(user.managed_policies), frozenset(user.policies.values())) for user in _users())
    assert 25 <= len(sets) <= 60


def test_two_administrators_stay_when_idle_credentials_go(aws: Aws) -> None:
    fill(now=NOW)
    admins = [user for user in _users() if ADMIN in user.managed_policies and not _idle(user)]
    assert len([user for user in admins if user.password_last_used]) >= 2


def test_the_cast_is_there_at_every_size(aws: Aws) -> None:
    for people in (1, 40, 200):
        aws.sandbox.reset()
        fill(people, now=NOW)
        assert {person.name for person in CAST} <= {user.name for user in _users()}


def test_names_that_break_tables_and_terminals(messy: Any) -> None:
    assert {"=cmd+1@x", "a,b"} <= set(messy["users"])
    assert "<script>" in messy["users"]["yuri.tags"]["tags"]["note"]
    assert "\u009b" in messy["users"]["yuri.tags"]["tags"]["terminal"]
    assert "\u001b" in str(messy["users"]["zoe.escape"]["inline"]["escape"]["Statement"][0]["Resource"])


def test_the_same_permissions_written_differently(messy: Any) -> None:
    nina, oscar, peggy = (effective(messy, f"{name}") for name in ("nina.cruz", "oscar.diaz", "peggy.shaw"))
    assert oscar < nina
    assert nina == peggy


def test_groups_that_are_in_the_way(messy: Any) -> None:
    assert messy["groups"]["readonlyusers"]["inline"]
    log_readers = messy["groups"]["log-readers"]["inline"]["logs"]
    assert log_readers == messy["users"]["nina.cruz"]["inline"]["logs"]
    assert len(messy["users"]["victor.ten"]["groups"]) == 10
    assert messy["users"]["victor.ten"]["inline"]


def test_documents_with_a_meaning_of_their_own(messy: Any) -> None:
    users = messy["users"]
    assert "Deny" in str(users["quinn.roy"]["inline"])
    assert "IpAddress" in str(users["rita.patel"]["inline"])
    assert "${aws:username}" in str(users["sam.brandt"]["inline"])
    assert users["ted.old"]["inline"]["orders"]["Version"] == "2008-10-17"
    assert users["uma.rao"]["boundary"].endswith("contractor-boundary")
    assert users["wendy.mix"]["attached"]
    assert users["wendy.mix"]["inline"]


def test_keys_of_every_kind(messy: Any) -> None:
    users = messy["users"]
    assert list(users["ivan.petrov"]["keys"].values()) == ["Active", "Active"]
    [judy] = users["judy.ng"]["keys"]
    assert users["judy.ng"]["keys"][judy] == "Inactive"
    assert f"remediate:inactive:{judy}" in users["judy.ng"]["tags"]
    assert list(users["karl.weiss"]["keys"].values()) == ["Inactive"]


def test_a_key_that_was_never_used(aws: Aws) -> None:
    fill(now=NOW)
    [key] = aws.client("iam").list_access_keys(UserName="lena.fox")["AccessKeyMetadata"]
    used = aws.client("iam").get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert "LastUsedDate" not in used


def test_applications(messy: Any) -> None:
    users = messy["users"]
    assert users["svc-mailer"]["path"] == "/apps/"
    assert users["svc-mailer"]["password"]
    assert users["ci-deploy"]["tags"] == {"type": "service"}
    assert users["ci-deploy"]["password"]
    assert not users["svc-billing"]["password"]


def test_one_application_somebody_signs_in_as_and_one_user_of_a_whole_team(messy: Any) -> None:
    users = messy["users"]
    assert users["ci-portal"]["tags"] == {"type": "service"}
    assert users["ci-portal"]["password"]
    assert users["team-ops"]["password"]
    assert list(users["team-ops"]["keys"].values()) == ["Active"]


def test_break_glass(messy: Any) -> None:
    assert messy["users"]["break-glass"]["tags"]["remediate:exempt"] == "break-glass"


def test_trails_and_buckets(messy: Any) -> None:
    trails, buckets = messy["trails"], messy["buckets"]
    assert {name: trail["logging"] for name, trail in trails.items()} == {
        "us-east-1/default-trail": False,
        "eu-west-1/eu-audit": True,
    }
    assert buckets["acme-cloudtrail-logs"]["public_access"] is None
    assert "AuditTeam" in str(buckets["acme-cloudtrail-logs"]["policy"])
    assert buckets["acme-trail-eu"]["region"] == "eu-west-1"


def test_roles_and_password_policy(messy: Any) -> None:
    assert messy["roles"]["administrator"]["attached"] == [ADMIN]
    assert messy["instance_profiles"] == {"web-server": ["web-server"]}
    assert messy["password_policy"]["MinimumPasswordLength"] == 6
    assert not messy["password_policy"]["ExpirePasswords"]


def test_alias(aws: Aws) -> None:
    fill(now=NOW)
    assert aws.client("iam").list_account_aliases()["AccountAliases"] == ["acme-prod"]


def _users() -> Any:
    from moto.iam.models import iam_backends

    return iam_backends["123456789012"]["aws"].users.values()


def _idle(user: Any) -> bool:
    """A password or an active key of more than ninety days without a use."""
    limit = NOW - timedelta(days=90)
    credentials = [(user.password_last_used, user.password_created)] if user.password else []
    credentials += [
        (key.last_used and key.last_used.timestamp, key.create_date)
        for key in user.access_keys
        if key.status == "Active"
    ]
    return any((used or made) < limit for used, made in credentials)
