"""Documents that grow and shrink, and groups with more and less: what a change must say of itself."""

import pytest
from support.accounts import ADMIN, READ_ONLY, account, change, document, holding, members, mine, policies, statement

from remediate.account import Account
from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, Value, at

POWER = "arn:aws:iam::aws:policy/PowerUserAccess"
POLICY = at("iam.policy", mine("own"))
MUCH, LESS = document(statement(["s3:*", "ec2:*"])), document(statement(["s3:*"]))
BIG: Value = {"path": "/", "document": MUCH}
SMALL: Value = {"path": "/", "document": LESS}
HELD = account(holding("user", "ann", [mine("own")]), policies(own=MUCH))
LEFT = account(holding("user", "ann", [mine("own")]), policies(own=LESS))
SHRINKS: list[tuple[Risk, bool]] = [("restrictive", True), ("neutral", False), ("additive", False)]
GROWS: list[tuple[Risk, bool]] = [("additive", True), ("neutral", False), ("restrictive", False)]


@pytest.mark.parametrize(("risk", "accepted"), SHRINKS)
def test_a_document_becomes_smaller_only_if_the_change_says_so(risk: Risk, accepted: bool) -> None:
    found = list(access.violations(Access(Timeline(HELD, [change(1, POLICY, BIG, SMALL, risk=risk)]))))
    assert (found == []) == accepted, found


@pytest.mark.parametrize(("risk", "accepted"), GROWS)
def test_and_back_again_only_if_that_is_said(risk: Risk, accepted: bool) -> None:
    found = list(access.violations(Access(Timeline(LEFT, [change(1, POLICY, SMALL, BIG, risk=risk)]))))
    assert (found == []) == accepted, found


def member_of(*groups: str, of: str) -> Account:
    """ann in one of these groups, which carry the policy of that name."""
    known = {"Admins": ADMIN, "Power": POWER, "Readers": READ_ONLY}
    return account(
        holding("user", "ann"), *(holding("group", g, [known[g]]) for g in groups), members(**{of: "ann"})
    )  # fmt: skip


def swap(old: str, new: str, risk: Risk, *, leave_first: bool = False) -> list[Change]:
    join, leave = at("iam.group_member", new, "ann"), at("iam.group_member", old, "ann")
    if leave_first:
        return [change(1, leave, "member", None, risk=risk), change(2, join, None, "member", 1, risk=risk)]
    return [change(1, join, None, "member", risk=risk), change(2, leave, "member", None, 1, risk=risk)]


SWAPS: list[tuple[str, str, Risk, bool, str]] = [
    ("Admins", "Power", "restrictive", False, ""),
    ("Admins", "Power", "restrictive", True, ""),
    ("Admins", "Power", "neutral", False, "would take access"),
    ("Admins", "Power", "additive", False, "would take access"),
    ("Readers", "Power", "restrictive", False, "would give ann new access"),
    ("Power", "Admins", "additive", False, ""),
    ("Power", "Admins", "additive", True, "would take access"),
    ("Power", "Admins", "neutral", False, "would give ann new access"),
    ("Power", "Admins", "restrictive", False, "would give ann new access"),
]


@pytest.mark.parametrize(("old", "new", "risk", "leave_first", "said"), SWAPS)
def test_from_one_group_to_another(old: str, new: str, risk: Risk, leave_first: bool, said: str) -> None:
    """Forward, less; and back again, more, with no gap in between."""
    now = member_of(old, new, of=old)
    found = list(access.violations(Access(Timeline(now, swap(old, new, risk, leave_first=leave_first)))))
    assert bool(found) == bool(said), found
    assert said in " ".join(found)
