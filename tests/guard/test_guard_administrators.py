"""Who works as an administrator, by all that bears on it; and the plans that would leave too few."""

from collections.abc import Mapping

import pytest
from support.accounts import (
    ADMIN,
    ME,
    TOO_MANY,
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
from remediate.guard import administrators
from remediate.guard.administrators import Administrators, candidates
from remediate.guard.allowed import Side
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at

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

ENROLLING = deny({"BoolIfExists": NO_MFA}, NotAction=SELF_SERVICE[:2])


def others(*left: str) -> dict[str, Value]:
    """A Deny of enrolling any other device without MFA."""
    arns = [f"arn:aws:iam::{ME}:{name}" for name in left]
    return {"Effect": "Deny", "Action": SELF_SERVICE[:2], "NotResource": arns, "Condition": {"BoolIfExists": NO_MFA}}


BOTH = user("ann", password=password(None), keys=(slot(),))
BY_KEY = user("ann", keys=(slot(),))
SIGNS_IN, WITH_DEVICE = user("ann", password=password(None)), user("ann", password=password(None), mfa=True)
WITHIN = user("ann", password=password(None), boundary=mine("b"))


SIDES: tuple[Side, ...] = ("before", "after")


def level(now: Account) -> str:
    """As things are; where nothing is to change, that is so in the end too."""
    view = Administrators(Access(Timeline(now, [])))
    before, after = ([view.level(person, side) for person in candidates(now)] for side in SIDES)
    assert before == after
    return before[0] if before else ""


ALL, IAM = statement("*"), statement("iam:*")
BY_OFFICE = {**IAM, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
BY_DEVICE = {**IAM, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
NETWORKS = [deny({"NotIpAddress": {"aws:SourceIp": net}}) for net in ("203.0.113.0/24", "198.51.100.0/24")]
NO_AGE = deny({"Null": {"aws:MultiFactorAuthAge": "true"}})
OTHERS = statement("iam:*", ["arn:*:group/*", "arn:*:role/*", "arn:*:policy/*"])
OLD_KEY = user("ann", password=password(None), keys=(slot(False),))
LEVELS: dict[str, tuple[list[Mapping[str, Value]], User | Role, str]] = {
    "everything": ([ALL], SIGNS_IN, "free"),
    "all of IAM": ([IAM], SIGNS_IN, "free"),
    "all of IAM, but one person": ([ALL, {**deny(Action="iam:*"), "Resource": "arn:*:user/ceo"}], SIGNS_IN, "free"),
    "a part of it": ([statement(["iam:Attach*", "iam:Put*"])], SIGNS_IN, ""),
    "all but IAM": ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], SIGNS_IN, ""),
    "all but S3": ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], SIGNS_IN, "free"),
    "all of IAM, in capitals": ([statement("IAM:*")], SIGNS_IN, "free"),
    "IAM of one person": ([statement("iam:*", "arn:aws:iam::111122223333:user/bob")], SIGNS_IN, ""),
    "IAM by two statements": ([statement("iam:*", "arn:*:user/*"), OTHERS], SIGNS_IN, "free"),
    "IAM from the office": ([BY_OFFICE], SIGNS_IN, "bound"),
    "IAM with MFA, with a device": ([BY_DEVICE], WITH_DEVICE, "free"),
    "IAM with MFA, by key": ([BY_DEVICE], BY_KEY, ""),
    "denied S3": ([ALL, deny(Action="s3:*")], SIGNS_IN, "free"),
    "denied one call of IAM": ([ALL, deny(Action="iam:DetachRolePolicy")], SIGNS_IN, ""),
    "denied everything": ([ALL, deny()], SIGNS_IN, ""),
    "denied everything of every service": ([ALL, deny(Action="*:*")], SIGNS_IN, ""),
    "denied everything but some": ([ALL, deny(NotAction="s3:*")], SIGNS_IN, ""),
    "denied everything but on some resources": (
        [ALL, {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}], SIGNS_IN, ""),
    "no MFA, and no device yet": ([ALL, STRICT], SIGNS_IN, "free"),
    "no MFA, and the pattern lets enrol": (
        [ALL, deny({"BoolIfExists": NO_MFA}, NotAction="iam:*MFA*")], SIGNS_IN, "free"),
    "no MFA, and no way to enrol": ([ALL, deny({"BoolIfExists": NO_MFA})], SIGNS_IN, ""),
    "no MFA, and half a way to enrol": (
        [ALL, deny({"BoolIfExists": NO_MFA}, NotAction=SELF_SERVICE[:1])], SIGNS_IN, ""),
    "no MFA, and a way to enrol one's own device": ([ALL, ENROLLING, others("mfa/ann", "user/ann")], SIGNS_IN, "free"),
    "no MFA, and a way to enrol the device of another": ([ALL, ENROLLING, others("mfa/*", "user/bob")], SIGNS_IN, ""),
    "no MFA, and a way to enrol another device": ([ALL, ENROLLING, others("mfa/bob", "user/ann")], SIGNS_IN, ""),
    "no MFA, with a device": ([ALL, deny({"BoolIfExists": NO_MFA})], WITH_DEVICE, "free"),
    "no MFA by its age, with a device": ([ALL, NO_AGE], WITH_DEVICE, "free"),
    "no MFA by its age, by key": ([ALL, NO_AGE], BY_KEY, ""),
    "no MFA, by key alone": ([ALL, STRICT], BY_KEY, ""),
    "no MFA in the console, by key alone": ([ALL, CONSOLE], BY_KEY, "free"),
    "no MFA in the console, no way to enrol, but a key": ([ALL, deny({"Bool": NO_MFA})], BOTH, "free"),
    "no MFA in the console, no way to enrol, and an inactive key": ([ALL, deny({"Bool": NO_MFA})], OLD_KEY, ""),
    "no MFA, a role": ([ALL, STRICT], role("ops"), ""),
    "outside networks": ([ALL, OFFICE], WITH_DEVICE, "bound"),
    "for services": ([ALL, deny({"Bool": {"aws:ViaAWSService": "true"}})], WITH_DEVICE, "free"),
    "outside two networks at once": ([ALL, *NETWORKS], WITH_DEVICE, ""),
    "at night": ([ALL, NIGHT], BY_KEY, "bound"),
    "on too many conditions": ([ALL, deny({"StringEquals": TOO_MANY})], SIGNS_IN, ""),
    "on a condition that nobody knows": ([ALL, deny({"Sometimes": {"aws:username": "ann"}})], SIGNS_IN, "bound"),
    "allowed on a condition that nobody knows": ([{**ALL, "Condition": {"Sometimes": {"aws:x": "1"}}}], SIGNS_IN, ""),
    "within a boundary that has IAM": ([ALL], WITHIN, "free"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "who", "expected"), LEVELS.values(), ids=LEVELS)
def test_how_somebody_works_as_an_administrator(
    said: list[Mapping[str, Value]], who: User | Role, expected: str
) -> None:
    bounds = policies(b=document(statement("iam:*"), statement("s3:*")))
    holds = {"p": document(*said)}
    if isinstance(who, User):
        assert level(account(holding("user", who.name, (), holds), bounds, users=[who])) == expected
    else:
        assert level(account(holding("role", who.name, (), holds), bounds, roles=[who])) == expected


def test_a_boundary_that_keeps_from_iam() -> None:
    now = account(holding("user", "ann", [ADMIN]), policies(b=document(statement("s3:*"))), users=[WITHIN])
    assert level(now) == ""


def test_a_policy_that_cannot_be_read_denies_nothing_that_anybody_knows() -> None:
    now = account(holding("user", "ann", [ADMIN], {"p": "text"}), users=[SIGNS_IN])
    assert level(now) == "bound"


DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


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
APART = [
    deny({"NotIpAddress": {"aws:SourceIp": net}}, Action=f"iam:{call}")
    for net, call in (("203.0.113.0/24", "AttachUserPolicy"), ("198.51.100.0/24", "DetachUserPolicy"))
]
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
    "hours for all, and two calls from two networks, never together": (
        BOUND,
        [change(1, at("iam.group_inline", "g", "nets"), None, document(*APART), risk="restrictive")],
        "only 0 would be left (none), at least 2 are needed: #1 iam.group_inline/g/nets",
    ),
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
    found = list(administrators.violations(Access(Timeline(now, changes))))
    assert bool(found) == bool(said), found
    assert said in "\n".join(found)


def comes(id: int, *said: Mapping[str, Value]) -> Change:
    return change(id, at("iam.group_inline", "g", f"no{id}"), None, document(*said), risk="restrictive")


HARMLESS = comes(1, deny({"Bool": {"aws:ViaAWSService": "true"}}, Action="iam:AttachUserPolicy"))
DETACH = deny(Action="iam:DetachUserPolicy")
NEAR = deny({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, Action="iam:DetachUserPolicy")
KEYS_ALONE = deny({"Null": {"aws:MultiFactorAuthPresent": "true"}})
NO_KEY = change(2, at("iam.access_key", "ann", "AKIAANN"), "Active", "Inactive", risk="restrictive")
NO_PASSWORD = change(3, at("iam.login_profile", "ann"), "password", None, risk="restrictive")
BLAMED: dict[str, tuple[Account, list[Change], str]] = {
    "one call, and one that nobody loses": (PEOPLE, [HARMLESS, comes(2, DETACH)], "#2 iam.group_inline/g/no2"),
    "from one network, and one that nobody loses": (PEOPLE, [HARMLESS, comes(2, NEAR)], "#2 iam.group_inline/g/no2"),
    "of those whom hours bind": (BOUND, [HARMLESS, comes(2, DETACH)], "#2 iam.group_inline/g/no2"),
    "of those whom hours bind, and one that leaves them a place": (
        BOUND, [comes(1, {**NEAR, "Action": "iam:AttachUserPolicy"}), comes(2, DETACH)], "#2 iam.group_inline/g/no2"),
    "two calls, each by key": (
        admins(ann=BY_KEY, bob=user("bob", keys=(slot(),))),
        [comes(id, {**KEYS_ALONE, "Action": f"iam:{call}UserPolicy"}) for id, call in ((1, "Attach"), (2, "Detach"))],
        "#1 iam.group_inline/g/no1"),
    "twice over": (PEOPLE, [comes(1, deny()), comes(2, deny())], "#1 iam.group_inline/g/no1"),
    "by key, and without MFA nothing is lost": (
        admins(ann=BY_KEY, bob=user("bob", keys=(slot(),))),
        [HARMLESS, comes(2, KEYS_ALONE)], "#2 iam.group_inline/g/no2"),
    "a key and the password": (admins(ann=BOTH), [NO_KEY, NO_PASSWORD], "#2 iam.access_key/ann/AKIAANN"),
    "a user": (
        admins(ann=BOTH, bob=person("bob")), [change(1, at("iam.user", "bob"), {}, None, risk="destructive")],
        "#1 iam.user/bob"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "changes", "by"), BLAMED.values(), ids=BLAMED)
def test_the_change_that_ends_an_administrators_work_is_named_and_no_other(
    now: Account, changes: list[Change], by: str
) -> None:
    found = list(administrators.violations(Access(Timeline(now, changes))))
    assert [line.rpartition(" needed: ")[2] for line in found] == [by]
