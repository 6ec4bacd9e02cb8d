"""What one statement allows, another may allow as well: for certain, or taken for no."""

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st
from support.accounts import ADMIN, READ_ONLY, account, change, document, holding, members, mine, policies, statement

from remediate.account import Account
from remediate.guard import access
from remediate.guard.coverage import covers
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, Value, at
from remediate.policy import statements

POWER = "arn:aws:iam::aws:policy/PowerUserAccess"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
MFA: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def text(*args: object, **more: object) -> str:
    [found] = statements(document(statement(*args, **more)))  # type: ignore[arg-type]
    return found


STAR, S3, GET = text("*"), text("s3:*"), text("s3:GetObject", "arn:aws:s3:::b/*")
CASES = {
    "itself": (S3, S3, True),
    "everything": (STAR, S3, True),
    "everything by AWS's policy": (ADMIN, S3, True),
    "AWS's policies by everything": (STAR, POWER, True),
    "AWS's policies by AWS's": (ADMIN, READ_ONLY, True),
    "less by more": (GET, S3, False),
    "a service": (S3, GET, True),
    "another service": (S3, text("sqs:SendMessage"), False),
    "one of two": (S3, text(["s3:GetObject", "sqs:SendMessage"]), False),
    "part of a resource": (text("s3:*", "arn:aws:s3:::b/*"), text("s3:GetObject", "arn:aws:s3:::b/x*"), True),
    "another resource": (text("s3:*", "arn:aws:s3:::b/*"), text("s3:GetObject", "arn:aws:s3:::c/*"), False),
    "any character is not every character": (text("s3:Get?"), text("s3:Get*"), False),
    "the same condition": (text("s3:*", Condition=MFA), text("s3:GetObject", Condition=MFA), True),
    "a condition more": (S3, text("s3:GetObject", Condition=MFA), True),
    "a condition less": (text("s3:*", Condition=MFA), text("s3:GetObject"), False),
    "what takes is not given": (STAR, text("s3:*", Effect="Deny"), False),
    "what takes covers nothing": (text("s3:*", Effect="Deny"), GET, False),
    "AWS's policies that take": (ADMIN, DENY_ALL, False),
    "AWS's policy that nobody has read": (POWER, GET, False),
    "everything but something": (STAR, '{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]}', True),
    "by everything but something": ('{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]}', GET, False),
    "the same exception, in fewer places": (
        '{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]}',
        '{"Effect":"Allow","NotAction":["iam:*"],"Resource":["arn:aws:s3:::b"]}',
        True,
    ),
    "another exception": (
        '{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]}',
        '{"Effect":"Allow","NotAction":["s3:*"],"Resource":["*"]}',
        False,
    ),
    "an exception by some actions": (S3, '{"Effect":"Allow","NotAction":["iam:*"],"Resource":["*"]}', False),
    "other places than some": (
        '{"Action":["s3:*"],"Effect":"Allow","NotResource":["arn:aws:s3:::b"]}',
        '{"Action":["s3:getobject"],"Effect":"Allow","NotResource":["arn:aws:s3:::b"]}',
        True,
    ),
    "no statement": ('"text"', GET, False),
    "by no statement": (STAR, '"text"', False),
}


@pytest.mark.parametrize(("wide", "narrow", "expected"), CASES.values(), ids=CASES)
def test_by_hand(wide: str, narrow: str, expected: bool) -> None:
    assert covers(wide, narrow) is expected


ACTIONS = ["s3:getobject", "s3:getobjectacl", "s3:putobject", "s3:get?x", "sqs:sendmessage", "iam:passrole"]
PLACES = ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y/z", "arn:aws:s3:::c/x", "arn:aws:sqs:::q"]
patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:Get?x", "sqs:*", "*:*", "s3:*Object"])
places = st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x", "arn:aws:s3:::*", "arn:aws:s3:::?/x"])
bodies = st.builds(
    statement,
    st.lists(patterns, min_size=1, max_size=2),
    st.lists(places, min_size=1, max_size=2),
)


@given(bodies, bodies)
@example(statement(["s3:*"], ["*"]), statement(["s3:GetObject"], ["*"]))
def test_whatever_the_narrow_one_allows_the_wide_one_does(wide: dict[str, Value], narrow: dict[str, Value]) -> None:
    [one], [other] = statements(document(wide)), statements(document(narrow))
    event(f"covers: {covers(one, other)}")
    if covers(one, other):
        for action, place in product(ACTIONS, PLACES):
            assert not _allows(narrow, action, place) or _allows(wide, action, place)


def _allows(item: dict[str, Value], action: str, place: str) -> bool:
    actions, where = item["Action"], item["Resource"]
    assert isinstance(actions, list) and isinstance(where, list)
    return any(fnmatchcase(action, str(a).lower()) for a in actions) and any(fnmatchcase(place, str(w)) for w in where)


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
    found = list(access.violations(Timeline(HELD, [change(1, POLICY, BIG, SMALL, risk=risk)])))
    assert (found == []) == accepted, found


@pytest.mark.parametrize(("risk", "accepted"), GROWS)
def test_and_back_again_only_if_that_is_said(risk: Risk, accepted: bool) -> None:
    found = list(access.violations(Timeline(LEFT, [change(1, POLICY, SMALL, BIG, risk=risk)])))
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
    found = list(access.violations(Timeline(now, swap(old, new, risk, leave_first=leave_first))))
    assert bool(found) == bool(said), found
    assert said in " ".join(found)
