"""The guard as a whole: every guard speaks through it, with what it was given."""

import pytest
from support.accounts import (
    ADMIN,
    NOW,
    account,
    ago,
    change,
    document,
    holding,
    mine,
    password,
    policies,
    statement,
    user,
)

from remediate import guard
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls.mfa_policy import denial
from remediate.errors import Refused
from remediate.model import Change, Matcher, Value, at

ANN = account(
    holding("user", "caller", [ADMIN]),
    holding("group", "asked", (), {"mfa": denial("Bool")}),
    users=[user("caller", password=password(None, changed=ago(100)))],
    caller_key="AKIACALLER",
)
DENY_IAM: Value = document({"Effect": "Deny", "Action": "iam:DeleteUserPolicy", "Resource": "*"})
HARD: Value = {"HardExpiry": True, "MaxPasswordAge": 180}
SPOKEN: dict[str, tuple[Account, Change, str]] = {
    "the caller, by what a plan calls": (
        ANN, change(1, at("iam.user_inline", "caller", "no"), None, DENY_IAM, risk="restrictive"),
        "lockout: #1 iam.user_inline/caller/no would take from this run"),
    "hard expiry, by the time": (
        ANN, change(1, at("iam.password_policy"), HARD, {"HardExpiry": True, "MaxPasswordAge": 90}),
        "lockout: #1 iam.password_policy would lock out"),
    "documents": (
        ANN, change(1, at("iam.policy", mine("long")), None, {"path": "/", "document": document(
            statement("s3:*", "x" * 6200))}), "quotas: #1 iam.policy"),
}  # fmt: skip


@pytest.mark.parametrize(("here", "it", "said"), SPOKEN.values(), ids=SPOKEN)
def test_what_a_guard_finds_refuses_the_plan(here: Account, it: Change, said: str) -> None:
    with pytest.raises(Refused) as caught:
        guard.check(here, [it], RESOURCES, (), NOW)
    assert any(line.startswith(said) for line in caught.value.details), caught.value.details


def test_what_to_do_is_said_for_a_plan_and_for_a_rollback() -> None:
    """No playbook has a say in a rollback."""
    here, it, _ = SPOKEN["documents"]
    for back, way_out in ((False, "Exempt the people"), (True, "Make by hand what it lacks")):
        with pytest.raises(Refused) as caught:
            guard.check(here, [it], RESOURCES, (), NOW, rolls_back=back)
        assert caught.value.remedy.startswith(way_out)


GLASS, NOBODY = Matcher(name="caller"), Matcher(name="nobody")
ALWAYS = ["access", "lockout", "quotas", "quarantine"]


@pytest.mark.parametrize(
    ("back", "named", "names"),
    [
        (False, [], [*ALWAYS, "exemptions", "trails"]),
        (False, [GLASS], [*ALWAYS, "exemptions", "trails", "break-glass"]),
        (True, [], ALWAYS),
        (True, [NOBODY], [*ALWAYS, "break-glass"]),
    ],
)
def test_what_was_looked_at_is_told(back: bool, named: list[Matcher], names: list[str]) -> None:
    """A rollback does not ask whether a name fits somebody."""
    checks = guard.check(ANN, [], RESOURCES, (), NOW, break_glass=named, rolls_back=back)
    assert [check.guard for check in checks] == names
    assert all(check.detail for check in checks)


def test_a_name_that_fits_nobody_refuses_a_plan() -> None:
    with pytest.raises(Refused, match="the guard refuses this plan"):
        guard.check(ANN, [], RESOURCES, (), NOW, break_glass=[NOBODY])


def test_a_rollback_leaves_passwords_that_nobody_could_change_and_no_other_change() -> None:
    """Two without a device who may not enrol one: one gets a password, the other comes to a group that asks for MFA."""
    here = account(
        holding("user", "new", [mine("s3")]),
        holding("user", "old", [mine("s3")]),
        holding("group", "asked", (), {"mfa": denial("Bool")}),
        policies(s3=document(statement("s3:*"))),
        {at("iam.group_member", "asked", "new"): "member"},
        users=[user("new"), user("old", password=password(None))],
    )
    changes = [
        change(1, at("iam.login_profile", "new"), None, "password"),
        change(2, at("iam.group_member", "asked", "old"), None, "member"),
    ]
    left = guard.left(here, changes, RESOURCES, ())
    assert list(left) == [1]
    assert left[1].startswith("it would shut new out, who has no MFA device: ")
