"""Who is asked for MFA without a device can enrol one, and change the password that a first sign-in asks to change."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.accounts import (
    ADMIN,
    account,
    change,
    document,
    holding,
    members,
    mine,
    password,
    policies,
    statement,
    user,
)

from remediate.account import Account
from remediate.controls.mfa_policy import WITHOUT_MFA, denial, self_service
from remediate.guard import sign_in
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at

NO_MFA: Value = {"aws:MultiFactorAuthPresent": "false"}


def asks(left: Value, **condition: Value) -> dict[str, Value]:
    """A Deny of everything but `left`, without MFA unless another condition is given."""
    return {"Effect": "Deny", "NotAction": left, "Resource": "*", "Condition": condition or {"Bool": NO_MFA}}


def here(*said: Mapping[str, Value], changes_own: bool = False, **facts: Any) -> Account:
    """Somebody with a password and no device, who may enrol one, and a group that asks for MFA."""
    settings: Value = {"AllowUsersToChangePassword": changes_own}
    own = self_service(account())
    return account(
        holding("user", "ann", [mine("own")] if facts.pop("may", True) else []),
        holding("group", "g", (), {"asks": document(*said)}),
        policies(own=own),
        {at("iam.password_policy"): settings},
        users=[user("ann", password=facts.pop("password", password(None)), **facts)],
    )


APART: list[dict[str, Value]] = [
    {"Effect": "Deny", "Action": f"iam:{call}", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": net}}}
    for call, net in (("EnableMFADevice", "203.0.113.0/24"), ("GetUser", "198.51.100.0/24"))
]
JOINS = change(1, at("iam.group_member", "g", "ann"), None, "member", risk="restrictive")
SIGNS: dict[str, tuple[Account, str]] = {
    "all it takes is left": (here(asks(list(WITHOUT_MFA))), ""),
    "all it takes is left, by patterns": (here(asks(["iam:*"])), ""),
    "AWS's own example": (here(asks([a for a in WITHOUT_MFA if "Password" not in a])), "iam:ChangePassword"),
    "AWS's own example, and everybody may change their password": (
        here(asks([a for a in WITHOUT_MFA if "Password" not in a]), changes_own=True), "iam:ChangePassword"),
    **{
        f"all but {one}": (here(asks([a for a in WITHOUT_MFA if a != one])), one)
        for one in ("iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices",
                    "iam:GetAccountPasswordPolicy")
    },
    "by key too": (here(asks("s3:*", BoolIfExists=NO_MFA)), "iam:ChangePassword"),
    "by the age of MFA": (here(asks("s3:*", Null={"aws:MultiFactorAuthAge": "true"})), "iam:ChangePassword"),
    "elsewhere, and at the office all is left": (
        here(asks("s3:*", Bool=NO_MFA, NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})), ""),
    "everywhere, and elsewhere nothing is left": (
        here(asks(list(WITHOUT_MFA)), asks("s3:*", NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})), ""),
    "everywhere, and nothing is left at either of two places": (
        here(asks(list(WITHOUT_MFA)), *(asks("s3:*", NotIpAddress={"aws:SourceIp": net})
             for net in ("203.0.113.0/24", "198.51.100.0/24"))), "iam:ChangePassword"),
    "with a device": (here(asks("s3:*"), mfa=True), ""),
    "without a password": (here(asks("s3:*"), password=None), ""),
    "who is denied it with MFA too": (here({"Effect": "Deny", "Action": "*", "Resource": "*"}), ""),
    "by the age of MFA, if it has any": (
        here(asks("s3:*", NumericGreaterThanIfExists={"aws:MultiFactorAuthAge": "3600"})), "iam:ChangePassword"),
    "who is denied old sessions": (here(asks("s3:*", NumericGreaterThan={"aws:MultiFactorAuthAge": "3600"})), ""),
    "nothing allows it": (here(asks(list(WITHOUT_MFA)), may=False), "iam:ChangePassword"),
    "nothing allows it, and everybody may change their password": (
        here(asks(list(WITHOUT_MFA)), may=False, changes_own=True), "iam:EnableMFADevice"),
    "nothing allows it, and what is denied is denied with MFA": (
        here(asks("s3:*", Bool={"aws:MultiFactorAuthPresent": "true"}), may=False), ""),
    "nothing allows it, and it is denied with MFA and without": (
        here(asks("s3:*", Bool={"aws:MultiFactorAuthPresent": ["true", "false"]}), may=False), ""),
    "nothing allows it, and somebody else is asked": (
        here(asks("s3:*", Bool=NO_MFA, StringEquals={"aws:username": "bob"}), may=False), ""),
    "each is left at another of two places": (
        here(asks(list(WITHOUT_MFA)), *APART), "iam:ChangePassword"),
    "something of that group allows it": (
        here(asks(list(WITHOUT_MFA)), statement(list(WITHOUT_MFA)), may=False), ""),
}  # fmt: skip


def violations(now: Account, *changes: Change) -> list[str]:
    return list(sign_in.violations(Access(Timeline(now, changes))))


@pytest.mark.parametrize(("now", "stopped"), SIGNS.values(), ids=SIGNS)
def test_what_is_left_to_whoever_is_newly_asked_for_mfa(now: Account, stopped: str) -> None:
    found = violations(now, JOINS)
    assert len(found) == bool(stopped), found
    assert not stopped or found[0].startswith("#1 iam.group_member/g/ann would shut ann out")
    assert not stopped or f" {stopped}, " in found[0]
    standing = account(now.state, members(g="ann"), users=now.users.values())
    assert violations(standing, change(1, at("iam.user_tag", "ann", "a"), None, "b")) == [], "it is as it was"


def ours(*more: Change, order: tuple[int, ...]) -> list[Change]:
    """Our own policies come to a group that somebody is in; the denial waits for these changes."""
    return [
        change(1, at("iam.group_policy", "g", mine("own")), None, "attached", risk="additive"),
        change(2, at("iam.group_policy", "g", mine("no")), None, "attached", *order, risk="restrictive"),
        *more,
    ]


IN = account(
    holding("user", "ann"),
    holding("group", "g"),
    members(g="ann"),
    policies(own=self_service(account()), no=denial("Bool")),
    users=[user("ann", password=password(None))],
)
LEAVES = change(3, at("iam.group_policy", "g", mine("own")), "attached", None, 2, risk="restrictive")
UNASKED = change(3, at("iam.group_policy", "g", mine("no")), "attached", None, 2, risk="additive")
LATER = change(4, at("iam.group_policy", "g", mine("own")), "attached", None, 3, risk="restrictive")
ORDERS: dict[str, tuple[list[Change], bool]] = {
    "first what it may, then what not": (ours(order=(1,)), False),
    "in any order": (ours(order=()), True),
    "and then it may no longer": (ours(LEAVES, order=(1,)), True),
    "and then it may no longer, and is asked no longer": (ours(UNASKED, LATER, order=(1,)), False),
}


@pytest.mark.parametrize(("changes", "refused"), ORDERS.values(), ids=ORDERS)
def test_it_must_be_allowed_whenever_it_is_asked_for(changes: list[Change], refused: bool) -> None:
    found = violations(IN, *changes)
    assert len(found) == refused, found
    assert not refused or found[0].startswith("#2 ")


@pytest.mark.parametrize(("needs", "refused"), [((1,), False), ((), True)])
def test_what_was_denied_before_counts_no_more(needs: tuple[int, ...], refused: bool) -> None:
    no: Value = document({"Effect": "Deny", "Action": "iam:EnableMFADevice", "Resource": "*"})
    then = here(asks(list(WITHOUT_MFA)))
    now = account(then.state, holding("user", "ann", [mine("own")], {"no": no}), users=then.users.values())
    gone = change(1, at("iam.user_inline", "ann", "no"), no, None, risk="additive")
    joins = change(2, at("iam.group_member", "g", "ann"), None, "member", *needs, risk="restrictive")
    assert bool(violations(now, gone, joins)) is refused


@pytest.mark.parametrize("mfa", [True, False])
@pytest.mark.parametrize("left", [["s3:*"], list(WITHOUT_MFA)])
def test_a_new_password_must_be_changed_by_whoever_is_asked_for_mfa_already(mfa: bool, left: list[str]) -> None:
    """As a rollback makes it, who has a device signs in with that."""
    then = here(asks(left), password=None, mfa=mfa)
    now = account(then.state, members(g="ann"), users=then.users.values())
    found = violations(now, change(1, at("iam.login_profile", "ann"), None, "password", risk="additive"))
    assert len(found) == (not mfa and left == ["s3:*"]), found
    assert all(line.startswith("#1 iam.login_profile/ann would shut ann out") for line in found)


def test_an_administrator_needs_no_more() -> None:
    now = account(
        holding("user", "ann", [ADMIN]),
        holding("group", "g", (), {"asks": document(asks(list(WITHOUT_MFA)))}),
        users=[user("ann", password=password(None))],
    )
    assert violations(now, JOINS) == []


@pytest.mark.parametrize("after", [True, False])
def test_what_everybody_may_throughout(after: bool) -> None:
    left = here(asks(list(WITHOUT_MFA)), statement([a for a in WITHOUT_MFA if "Password" not in a]), may=False,
                changes_own=True)  # fmt: skip
    policy = at("iam.password_policy")
    changed = change(2, policy, left.value(policy), {"AllowUsersToChangePassword": after})
    assert len(violations(left, JOINS, changed)) == (not after)


@pytest.mark.parametrize(("needs", "refused"), [((1,), False), ((), True)])
def test_a_new_password_that_comes_after_what_it_needs(needs: tuple[int, ...], refused: bool) -> None:
    then = here(asks(list(WITHOUT_MFA)), password=None, may=False)
    now = account(then.state, members(g="ann"), users=then.users.values())
    gets = change(1, at("iam.user_policy", "ann", mine("own")), None, "attached", risk="additive")
    made = change(2, at("iam.login_profile", "ann"), None, "password", *needs, risk="additive")
    found = violations(now, gets, made)
    assert len(found) == refused and all(line.startswith("#2 iam.login_profile/ann") for line in found)


def test_whoever_is_asked_twice_needs_it_both_times() -> None:
    then = here(asks(list(WITHOUT_MFA)), may=False)
    now = account(
        then.state, holding("group", "h", (), {"asks": document(asks(list(WITHOUT_MFA)))}), users=then.users.values()
    )
    gets = change(1, at("iam.user_policy", "ann", mine("own")), None, "attached", risk="additive")
    joins = [change(id, at("iam.group_member", group, "ann"), None, "member", *needs, risk="restrictive")
             for id, group, needs in ((2, "g", (1,)), (3, "h", ()))]  # fmt: skip
    assert violations(now, gets, *joins)
