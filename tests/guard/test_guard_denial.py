"""What a Deny does to administrators and to the caller: its effect as a table, and the plans that it refuses."""

from collections.abc import Mapping

import pytest
from support.accounts import (
    ADMIN,
    ME,
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

from remediate.account import Account, Role, User
from remediate.guard import lockout
from remediate.guard.denial import begun, effect
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value, at
from remediate.policy import statements

NO_MFA = {"aws:MultiFactorAuthPresent": "false"}
SELF_SERVICE = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ChangePassword"]
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


def deny(condition: Mapping[str, Value] | None = None, **parts: Value) -> dict[str, Value]:
    said = parts or {"Action": "*"}
    return {"Effect": "Deny", "Resource": "*", **said, **({"Condition": condition} if condition else {})}


STRICT = deny({"BoolIfExists": NO_MFA}, NotAction=SELF_SERVICE)
CONSOLE = deny({"Bool": NO_MFA}, NotAction=SELF_SERVICE)
OFFICE = deny({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:ViaAWSService": "false"}})
NIGHT = deny({"DateGreaterThanEquals": {"aws:CurrentTime": "2026-06-01T19:00:00Z"},
              "DateLessThan": {"aws:CurrentTime": "2026-06-02T07:00:00Z"}})  # fmt: skip

SIGNS_IN, WITH_DEVICE = user("ann", password=password(None)), user("ann", password=password(None), mfa=True)
BY_KEY = user("ann", keys=(slot(),))
BOTH = user("ann", password=password(None), keys=(slot(),))
EFFECTS = {
    "an Allow": (statement("*"), SIGNS_IN, "none"),
    "some actions": (deny(Action="iam:*"), SIGNS_IN, "none"),
    "some resources": ({**deny(), "Resource": "arn:aws:s3:::b/*"}, SIGNS_IN, "none"),
    "everything": (deny(), SIGNS_IN, "stops"),
    "every action of every service": (deny(Action="*:*"), SIGNS_IN, "stops"),
    "everything but some": (deny(NotAction="s3:*"), SIGNS_IN, "stops"),
    "everything but on some resources": (
        {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}, SIGNS_IN, "stops"),
    "without MFA, and no device yet": (STRICT, SIGNS_IN, "none"),
    "without MFA, and the pattern lets enrol": (deny({"BoolIfExists": NO_MFA}, NotAction="iam:*"), SIGNS_IN, "none"),
    "without MFA, and no way to enrol": (deny({"BoolIfExists": NO_MFA}), SIGNS_IN, "stops"),
    "without MFA, and half a way to enrol": (
        deny({"BoolIfExists": NO_MFA}, NotAction=SELF_SERVICE[:1]), SIGNS_IN, "stops"),
    "without MFA, with a device": (deny({"BoolIfExists": NO_MFA}), WITH_DEVICE, "none"),
    "without MFA, by key alone": (STRICT, BY_KEY, "stops"),
    "in the console without MFA, by key alone": (CONSOLE, BY_KEY, "none"),
    "in the console without MFA, no way to enrol, but a key": (deny({"Bool": NO_MFA}), BOTH, "none"),
    "in the console without MFA, no way to enrol, and an inactive key": (
        deny({"Bool": NO_MFA}), user("ann", password=password(None), keys=(slot(False),)), "stops"),
    "without MFA, a role": (STRICT, role("ops"), "stops"),
    "outside networks": (OFFICE, WITH_DEVICE, "binds"),
    "at night": (NIGHT, BY_KEY, "binds"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "who", "expected"), EFFECTS.values(), ids=EFFECTS)
def test_what_a_deny_means_for_an_administrator(said: Mapping[str, Value], who: User | Role, expected: str) -> None:
    (canonical,) = statements(document(said))
    assert effect(canonical, who) == expected


G, P = at("iam.group_member", "g", "a"), at("iam.group_policy", "g", DENY_ALL)
OWN = at("iam.user_policy", "a", DENY_ALL)
BEGUN: dict[str, tuple[list[Change], tuple[str, ...], int | None]] = {
    "it is there": ([change(1, OWN, "attached", None)], (OWN,), None),
    "one change": ([change(1, OWN, None, "attached")], (OWN,), 1),
    "the last of those that one way takes": (
        [change(2, G, None, "member"), change(1, P, None, "attached")], (f"{G} {P}",), 2),
    "the first of two ways": (
        [change(3, OWN, None, "attached"), change(1, G, None, "member"), change(2, P, None, "attached")],
        (OWN, f"{G} {P}"),
        2,
    ),
    "it never comes": (
        [change(1, G, None, "member"), change(2, G, "member", None, 1), change(3, P, None, "attached", 2)],
        (f"{G} {P}",),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "ways", "expected"), BEGUN.values(), ids=BEGUN)
def test_the_change_by_which_a_statement_begins(
    changes: list[Change], ways: tuple[str, ...], expected: int | None
) -> None:
    timeline = Timeline(account({OWN: "attached"} if changes[0].before else {}), changes)
    carriers = [tuple(timeline.spans(Address(one))[0] for one in way.split()) for way in ways]
    found = begun(timeline, carriers)
    assert (found.id if found else None) == expected


def test_a_policy_that_cannot_be_read_denies_nothing_that_anybody_knows() -> None:
    people = [user("a", password=password(None))]
    assert lockout.administrators(account(holding("user", "a", [ADMIN], {"p": "text"}), users=people)) == ["user/a"]


def test_a_policy_of_awss_that_only_denies_stops() -> None:
    assert effect(DENY_ALL, SIGNS_IN) == "stops"
    assert effect(ADMIN, SIGNS_IN) == "none"


def admins(**people: User) -> Account:
    """Administrators, and a group with a policy that the cases attach to it; all of them are in it."""
    return account(
        *(holding("user", n, [ADMIN]) for n in people),
        holding("group", "g"),
        members(g=" ".join(people)),
        policies(strict=document(STRICT), console=document(CONSOLE), office=document(OFFICE), night=document(NIGHT)),
        users=people.values(),
    )


def person(name: str) -> User:
    return user(name, password=password(None))


def attach(policy: str, to: str = "iam.group_policy/g", id: int = 1) -> Change:
    kind, _, holder = to.partition("/")
    arn = policy if policy.startswith("arn:") else mine(policy)
    return change(id, at(kind, holder, arn), None, "attached", risk="restrictive")


PEOPLE = admins(a=person("a"), b=person("b"))
KEYS = admins(a=user("a", keys=(slot(),)), b=user("b", keys=(slot(),)), c=person("c"))
FREE = account(
    *(holding("user", n, [ADMIN]) for n in "abc"),
    holding("role", "ops", [ADMIN]),
    holding("group", "g"),
    members(g="a b"),
    policies(office=document(OFFICE), night=document(NIGHT)),
    users=[person(n) for n in "abc"],
    roles=[role("ops")],
)
BOUND = account(
    *(holding("user", n, [ADMIN]) for n in "ab"),
    holding("group", "g", [mine("night")]),
    members(g="a b"),
    policies(night=document(NIGHT)),
    users=[person(n) for n in "ab"],
)
LATER = document({**NIGHT, "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-01T19:00:00Z"}}})
RENEWED = change(
    1, at("iam.policy", mine("night")), BOUND.value(at("iam.policy", mine("night"))), {"path": "/", "document": LATER},
    risk="restrictive", also=("additive",),
)  # fmt: skip
CASES: dict[str, tuple[Account, list[Change], str]] = {
    "MFA for people without a device: they enrol one": (PEOPLE, [attach("strict")], ""),
    "MFA for keys too, where administrators have nothing else": (KEYS, [attach("strict")], "administrators only 1"),
    "MFA for the console, where administrators work by key": (KEYS, [attach("console")], ""),
    "networks for all": (PEOPLE, [attach("office")], "may work at any time from anywhere only 0"),
    "hours for all": (PEOPLE, [attach("night")], "may work at any time from anywhere only 0"),
    "networks for two of four": (FREE, [attach("office")], ""),
    "networks for two, hours for a third": (
        FREE, [attach("office"), attach("night", "iam.user_policy/c", 2)], "from anywhere only 1 would be left (role/"),
    "hours renewed, for those whom they bind already": (BOUND, [RENEWED], ""),
    "the policy of one whom hours do not bind": (
        account(
            *(holding("user", n, [ADMIN]) for n in "abcd"),
            holding("group", "g", [mine("night")]),
            members(g="a b"),
            policies(night=document(NIGHT)),
            users=[person(n) for n in "abcd"],
        ),
        [change(1, at("iam.user_policy", "d", ADMIN), "attached", None, risk="restrictive")],
        "of 2 administrators who may work at any time from anywhere only 1 would be left (user/c)",
    ),
    "everything": (PEOPLE, [attach(DENY_ALL)], "working administrators only 0"),
    "everything, twice over": (
        PEOPLE,
        [attach(DENY_ALL, id=3), change(2, at("iam.group_inline", "g", "no"), None, document(deny()))],
        "only 0 would be left (none), at least 2 are needed: #2 iam.group_inline/g/no",
    ),
    "everything by two statements, the later one first": (
        PEOPLE,
        [attach(DENY_ALL, id=2), change(3, at("iam.group_inline", "g", "no"), None, document(deny()))],
        f"only 0 would be left (none), at least 2 are needed: #2 iam.group_policy/g/{DENY_ALL}",
    ),
    "a membership that brings it": (
        account(
            *(holding("user", n, [ADMIN]) for n in "ab"),
            holding("group", "g", [DENY_ALL]),
            users=[person(n) for n in "ab"],
        ),
        [change(1, at("iam.group_member", "g", "a"), None, "member", risk="restrictive")],
        "only 1 would be left (user/b)",
    ),
    "the password of one who may not work by key without MFA": (
        admins(a=BOTH, b=person("b"), ann=BOTH),
        [attach("strict"), change(2, at("iam.login_profile", "ann"), "password", None, risk="restrictive"),
         change(3, at("iam.login_profile", "a"), "password", None, risk="restrictive")],
        "only 1",
    ),
    "one who cannot work anyway is not missed": (
        account(holding("user", "ann", [ADMIN, mine("strict")]), policies(strict=document(STRICT)), users=[BY_KEY]),
        [change(1, at("iam.user_policy", "ann", ADMIN), "attached", None, risk="restrictive")],
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("now", "changes", "said"), CASES.values(), ids=CASES)
def test_what_would_lock_administrators_out(now: Account, changes: list[Change], said: str) -> None:
    found = list(lockout.violations(Timeline(now, changes)))
    assert bool(found) == bool(said), found
    assert said in "\n".join(found)


JOIN = change(1, at("iam.group_member", "g", "caller"), None, "member")
MY_GROUP = account(holding("group", "g"), members(g="caller"), policies(p=document(OFFICE)), users=[user("caller")])
MY_POLICY = account(
    holding("group", "g", [mine("p")]), members(g="caller"), policies(p=document(OFFICE)), users=[user("caller")]
)
MY_ROLE = account(holding("role", "ops"), roles=[role("ops")], caller=f"arn:aws:sts::{ME}:assumed-role/ops/me")
DENIED = [deny(Action="s3:DeleteObject"), OFFICE, CONSOLE]
CALLER: dict[str, tuple[Account, list[Change]]] = {
    "its group gets one": (MY_GROUP, [attach("p")]),
    "it joins a group that has one, even if nobody says that this takes anything": (
        account(holding("group", "g", [mine("p")]), policies(p=document(OFFICE)), users=[user("caller")]), [JOIN]),
    "it joins a group that gets one": (
        account(holding("group", "g"), policies(p=document(OFFICE)), users=[user("caller")]),
        [JOIN, attach("p", id=2)],
    ),
    "a document that it holds": (
        MY_POLICY,
        [change(1, at("iam.policy", mine("p")), MY_POLICY.value(at("iam.policy", mine("p"))),
                {"path": "/", "document": document(NIGHT)}, risk="restrictive", also=("additive",))],
    ),
    "its own inline policy": (MY_GROUP, [change(1, at("iam.user_inline", "caller", "p"), None, document(OFFICE))]),
    "its role": (MY_ROLE, [change(1, at("iam.role_inline", "ops", "p"), None, document(OFFICE))]),
}  # fmt: skip


@pytest.mark.parametrize(("now", "changes"), CALLER.values(), ids=CALLER)
def test_no_plan_denies_anything_to_its_caller(now: Account, changes: list[Change]) -> None:
    found = [line for line in lockout.violations(Timeline(now, changes)) if "deny something" in line]
    assert len(found) == 1, found


def test_what_a_group_is_denied_after_the_caller_has_left_it_is_not_denied_to_the_caller() -> None:
    left = change(1, at("iam.group_member", "g", "caller"), "member", None)
    later = change(2, at("iam.group_policy", "g", mine("p")), None, "attached", 1, risk="restrictive")
    assert [line for line in lockout.violations(Timeline(MY_GROUP, [left, later])) if "deny something" in line] == []


def test_everything_that_the_caller_would_lose_is_named() -> None:
    gone = change(3, at("iam.user_policy", "caller", READ_ONLY), "attached", None, risk="restrictive")
    key = change(2, at("iam.access_key", "caller", "AKIAOTHER"), "Active", "Inactive", risk="restrictive")
    found = list(lockout.violations(Timeline(MY_GROUP, [attach("p"), key, gone])))
    assert found == [
        f"#1 g/{mine('p')} would deny something to what this run works with",
        f"#3 caller/{READ_ONLY} is what this run works with: it could not finish or roll back",
    ]


@pytest.mark.parametrize("denied", DENIED)
def test_a_deny_of_the_callers_that_moves_to_a_group_is_not_new(denied: Value) -> None:
    own = at("iam.user_inline", "caller", "p")
    body = document(denied)  # type: ignore[arg-type]
    now = account(
        holding("user", "caller", (), {"p": body}), holding("group", "g", [mine("p")]), policies(p=body)
    )  # fmt: skip
    moved = [JOIN, change(2, own, body, None, 1)]
    assert not list(lockout.violations(Timeline(now, moved)))
