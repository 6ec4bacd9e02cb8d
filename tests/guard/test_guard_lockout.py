"""Nobody is locked out: cases of administrators, of the caller, and of what ends their work."""

import pytest
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    READ_ONLY,
    account,
    change,
    document,
    holding,
    members,
    mine,
    password,
    policies,
    role,
    slot,
    statement,
    user,
)

from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.guard import lockout
from remediate.guard.administrators import Administrators, candidates
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, Value, at

STAR = document(statement("*"))
SIGNS_IN = {"password": password(None)}
DENY = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
LAMBDA = {"Service": "lambda.amazonaws.com"}
SAML = {"Federated": f"arn:aws:iam::{ME}:saml-provider/okta"}

ADMINISTRATORS = {
    "attached": (account(holding("user", "a", [ADMIN]), users=[user("a", **SIGNS_IN)]), ["user/a"]),
    "by a key alone": (account(holding("user", "a", [ADMIN]), users=[user("a", keys=(slot(),))]), ["user/a"]),
    "without a credential": (account(holding("user", "a", [ADMIN]), users=[user("a")]), []),
    "with an inactive key alone": (account(holding("user", "a", [ADMIN]), users=[user("a", keys=(slot(False),))]), []),
    "inline": (account(holding("user", "a", (), {"p": STAR}), users=[user("a", **SIGNS_IN)]), ["user/a"]),
    "by customer policy": (
        account(holding("user", "a", [mine("all")]), policies(all=STAR), users=[user("a", **SIGNS_IN)]),
        ["user/a"],
    ),
    "by a policy of ours with that name": (
        account(holding("user", "a", [mine("AdministratorAccess")]), users=[user("a", **SIGNS_IN)]),
        [],
    ),
    "by group": (
        account(holding("group", "g", [ADMIN]), members(g="a"), users=[user("a", **SIGNS_IN)]),
        ["user/a"],
    ),
    "by a group's inline policy": (
        account(holding("group", "g", (), {"p": STAR}), members(g="a"), users=[user("a", **SIGNS_IN)]),
        ["user/a"],
    ),
    "within a boundary": (
        account(holding("user", "a", [ADMIN]), users=[user("a", boundary=mine("b"), **SIGNS_IN)]),
        [],
    ),
    "denied everything": (
        account(holding("user", "a", [ADMIN], {"no": DENY}), users=[user("a", **SIGNS_IN)]),
        [],
    ),
    "denied everything by AWS's policy": (
        account(holding("user", "a", [ADMIN, "arn:aws:iam::aws:policy/AWSDenyAll"]), users=[user("a", **SIGNS_IN)]),
        [],
    ),
    "readers": (account(holding("user", "a", [READ_ONLY]), users=[user("a", **SIGNS_IN)]), []),
    "a role for people": (account(holding("role", "r", [ADMIN]), roles=[role("r")]), ["role/r"]),
    "a role for a provider's people": (account(holding("role", "r", [ADMIN]), roles=[role("r", SAML)]), ["role/r"]),
    "a role for a service": (account(holding("role", "r", [ADMIN]), roles=[role("r", LAMBDA)]), []),
    "a role with the name of a user who is denied everything": (
        account(
            holding("role", "r", [ADMIN]),
            holding("group", "g", (), {"no": DENY}),
            members(g="r"),
            users=[user("r")],
            roles=[role("r")],
        ),
        ["role/r"],
    ),
    "a role for everybody": (account(holding("role", "r", [ADMIN]), roles=[role("r", "*")]), ["role/r"]),
}


@pytest.mark.parametrize(("now", "expected"), ADMINISTRATORS.values(), ids=ADMINISTRATORS)
def test_who_is_a_working_administrator(now: Account, expected: list[str]) -> None:
    view = Administrators(Access(Timeline(now, [])))
    assert [person.name for person in candidates(now) if view.level(person, "before")] == expected


def admins(*names: str, key_of: str = "") -> Account:
    """Administrators with a password each, and one with a key instead; `caller` works with a key."""
    people = [user(n, keys=(slot(),)) if n == key_of else user(n, **SIGNS_IN) for n in names]
    return account(*(holding("user", n, [ADMIN]) for n in names), users=people, caller_key="AKIACALLER")


def no_password(name: str, id: int = 1) -> Change:
    return change(id, at("iam.login_profile", name), "password", None, risk="restrictive")


def no_key(name: str, key: str = "AKIA1", before: str = "Active", after: Value = "Inactive", id: int = 1) -> Change:
    return change(id, at("iam.access_key", name, key), before, after, risk="restrictive" if after else "destructive")


def detached(holder: str, name: str, risk: Risk = "restrictive") -> Change:
    return change(1, at(f"iam.{holder}_policy", name, ADMIN), "attached", None, risk=risk)


GROUP = account(
    holding("group", "Admins", [ADMIN]),
    members(Admins="a b c caller"),
    users=[user(n, **SIGNS_IN) for n in ("a", "b", "c")] + [user("caller")],
)
TWO_KEYS = account(
    holding("user", "a", [ADMIN]),
    holding("user", "b", [ADMIN]),
    users=[user("a", keys=(slot(), slot(False))), user("b", **SIGNS_IN)],
)
ROLES = account(
    holding("role", "ops", [ADMIN]),
    holding("role", "dev", [ADMIN]),
    roles=[role("ops"), role("dev")],
    caller=f"arn:aws:sts::{ME}:assumed-role/ops/me",
)
MINE = account(*(holding("user", n, [ADMIN]) for n in ("a", "b", "caller")), users=[user(n, **SIGNS_IN) for n in "ab"])
CASES: dict[str, tuple[Account, list[Change], str]] = {
    "the sole administrator's password": (admins("a"), [no_password("a")], "of 1 working administrators only 0"),
    "one of two": (admins("a", "b"), [no_password("a")], "only 1 would be left (user/b)"),
    "one of three": (admins("a", "b", "c"), [no_password("a")], ""),
    "two of three": (admins("a", "b", "c"), [no_password("a"), no_password("b", 2)], "only 1"),
    "the key of one who has no password": (admins("a", "b", key_of="a"), [no_key("a")], "only 1"),
    "one of two keys": (
        account(
            *(holding("user", n, [ADMIN]) for n in "ab"),
            users=[user("a", keys=(slot(), slot())), user("b", **SIGNS_IN)],
        ),
        [no_key("a")],
        "",
    ),
    "the key of somebody else": (admins("a", "b", key_of="a"), [no_key("other")], ""),
    "two ways of one administrator, the later one first": (
        account(
            *(holding("user", n, [ADMIN, mine("all")]) for n in "ab"),
            policies(all=STAR),
            users=[user("a", **SIGNS_IN), user("b", **SIGNS_IN)],
        ),
        [change(1, at("iam.user_policy", "a", mine("all")), "attached", None, risk="restrictive"),
         change(2, at("iam.user_policy", "a", ADMIN), "attached", None, risk="restrictive")],
        f"at least 2 are needed: #1 iam.user_policy/a/{mine('all')}",
    ),
    "an inactive key beside the one in use": (TWO_KEYS, [no_key("a", "AKIA2", "Inactive", None)], ""),
    "the one in use": (TWO_KEYS, [no_key("a", "AKIA1")], "only 1"),
    "a key made active": (TWO_KEYS, [no_key("a", "AKIA2", "Inactive", "Active")], ""),
    "a tag": (admins("a"), [change(1, at("iam.user_tag", "a", "t"), "x", None, risk="restrictive")], ""),
    "the policy of one of two": (admins("a", "b"), [detached("user", "a")], "only 1"),
    "another policy of one of two": (
        account(holding("user", "a", [ADMIN, READ_ONLY]), users=[user("a", **SIGNS_IN)]),
        [change(1, at("iam.user_policy", "a", READ_ONLY), "attached", None, risk="restrictive")],
        "",
    ),
    "the policy of their group": (GROUP, [detached("group", "Admins")], "of 3 working administrators only 0"),
    "a membership": (GROUP, [change(1, at("iam.group_member", "Admins", "a"), "member", None, risk="restrictive")], ""),
    "the document": (
        account(
            *(holding("user", n, [mine("all")]) for n in "ab"),
            policies(all=STAR),
            users=[user("a", **SIGNS_IN), user("b", **SIGNS_IN)],
        ),
        [change(1, at("iam.policy", mine("all")), {"path": "/", "document": STAR},
                {"path": "/", "document": document(statement("s3:*"))}, risk="restrictive")],
        "only 0",
    ),
    "one moved to a group": (
        account(holding("user", "a", [ADMIN]), holding("group", "g", [ADMIN]), users=[user("a", **SIGNS_IN)]),
        [change(1, at("iam.group_member", "g", "a"), None, "member"),
         change(2, at("iam.user_policy", "a", ADMIN), "attached", None, 1)],
        "",
    ),
    "one moved to a group that then loses it": (
        account(holding("user", "a", [ADMIN]), holding("group", "g", [ADMIN]), users=[user("a", **SIGNS_IN)]),
        [change(1, at("iam.group_member", "g", "a"), None, "member"),
         change(2, at("iam.user_policy", "a", ADMIN), "attached", None, 1),
         change(3, at("iam.group_policy", "g", ADMIN), "attached", None, 2, risk="restrictive")],
        "only 0",
    ),
    "a user that goes": (admins("a", "b"), [change(1, at("iam.user", "a"), {}, None, risk="destructive")], "(user/b)"),
    "the caller's key": (admins("a", "b"), [no_key("caller", "AKIACALLER")], "what this run works with"),
    "another key of the caller": (admins("a", "b"), [no_key("caller", "AKIAOTHER")], ""),
    "the caller's password": (admins("a", "b"), [no_password("caller")], ""),
    "the caller's policy": (MINE, [detached("user", "caller")], "would take from this run"),
    "the caller's policy, whatever it is called": (MINE, [detached("user", "caller", "neutral")], "would take from"),
    "a policy of the caller's group": (
        account(holding("group", "g", [ADMIN]), members(g="caller")), [detached("group", "g")], "would take from"),
    "the caller's role": (ROLES, [detached("role", "ops")], "would take from this run"),
    "another role": (ROLES, [detached("role", "dev")], "only 1"),
    "the caller's role itself": (
        ROLES, [change(1, at("iam.role", "ops"), {}, None, risk="destructive")], "what this run works with"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "changes", "said"), CASES.values(), ids=CASES)
def test_what_would_lock_out(now: Account, changes: list[Change], said: str) -> None:
    found = list(lockout.violations(Access(Timeline(now, changes)), RESOURCES, NOW))
    assert bool(found) == bool(said), found
    assert said in "\n".join(found)


def test_what_is_left_and_what_is_needed_is_said_once() -> None:
    changes = [no_password("b", 2), no_password("a"), no_password("c", 3)]
    assert list(lockout.violations(Access(Timeline(admins("a", "b", "c", "d"), changes)), RESOURCES, NOW)) == [
        "of 4 working administrators only 1 would be left (user/d), at least 2 are needed: "
        "#1 iam.login_profile/a, #2 iam.login_profile/b, #3 iam.login_profile/c"
    ]
    assert list(lockout.violations(Access(Timeline(admins("a"), [no_password("a")])), RESOURCES, NOW)) == [
        "of 1 working administrators only 0 would be left (none), at least 1 are needed: #1 iam.login_profile/a"
    ]


def test_root_holds_nothing_that_a_plan_can_take() -> None:
    now = account(caller=f"arn:aws:iam::{ME}:root", caller_key="AKIAROOT")
    assert not list(
        lockout.violations(Access(Timeline(now, [no_key("x", "AKIAOTHER"), no_password("y", 2)])), RESOURCES, NOW)
    )
