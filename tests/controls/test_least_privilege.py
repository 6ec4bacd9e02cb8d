"""Administrators without need, policies without use: what is found, what is proposed, and who is left alone."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support import recorded
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    READ_ONLY,
    account,
    ago,
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
    with_settings,
)

from remediate import planner
from remediate.account import Account, User
from remediate.aws.resources import RESOURCES
from remediate.controls import groups
from remediate.controls.administrators import evidence_of_use
from remediate.controls.least_privilege import asks, check, control
from remediate.controls.privilege import Settings
from remediate.controls.wide_policies import Width, reduced, width
from remediate.errors import Unreadable
from remediate.evidence.facts import USE
from remediate.model import Address, Exemption, Fault, Matcher, State, Value, Want, at, when
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.policy import statements
from remediate.policy.compare import compare

ALONE = Playbook(name="test")
WITH_GROUPS = Playbook(name="test", controls={"groups": groups.Settings()})
POWER = "arn:aws:iam::aws:policy/PowerUserAccess"
LAMBDA = {"Service": "lambda.amazonaws.com"}
EVERYTHING = document(statement("*"))
GROUP = f"arn:aws:iam::{ME}:group/Admins"


def scope(playbook: Playbook = ALONE) -> Scope:
    return Scope(playbook=playbook, now=NOW)


def admin(name: str, seen: float = 1, **facts: Any) -> User:
    """Somebody who signed in so many days ago."""
    return user(name, password=password(ago(seen)), **facts)


def uses(**days: float | None) -> dict[str, Value]:
    """A report's rows: when each member last used IAM."""
    return {
        f"arn:aws:iam::{ME}:user/{name}": {
            "iam": None if n is None else when(ago(n)), "account": None, "organizations": None
        }
        for name, n in days.items()
    }  # fmt: skip


def admins(report: Mapping[str, Value], *people: User, states: tuple[State, ...] = (), **facts: Any) -> Account:
    """Members of the group Admins, and what IAM's report says of it."""
    names = " ".join(person.name for person in people)
    return account(
        holding("group", "Admins", [ADMIN]),
        members(Admins=names),
        *states,
        users=people,
        facts={evidence_of_use(GROUP): report},
        **facts,
    )


def found(now: Account, here: Settings = Settings(), playbook: Playbook = ALONE) -> dict[Address, Fault]:  # noqa: B008
    return {fault.address: fault for fault in check(now, here, scope(playbook))}


def changes(fault: Fault) -> dict[Address, Value]:
    return {want.address: want.after for want in fault.wants}


THREE = (admin("ann"), admin("bob"), admin("cleo"))
BUSY = uses(ann=3, bob=20, cleo=None)
CLEO = at("iam.user", "cleo")
MOVED = {
    at("iam.group", "PowerUsers"): {"path": "/"},
    at("iam.group_policy", "PowerUsers", POWER): "attached",
    at("iam.group_member", "PowerUsers", "cleo"): "member",
    at("iam.group_member", "Admins", "cleo"): None,
}


def test_an_administrator_without_need_becomes_a_power_user() -> None:
    faults = found(admins(BUSY, *THREE))
    assert faults.keys() == {CLEO}
    assert changes(faults[CLEO]) == MOVED
    risks = {want.address: want.risk for want in faults[CLEO].wants}
    assert set(list(risks.values())[:2]) == {"additive"} and set(list(risks.values())[2:]) == {"restrictive"}
    assert "pass roles" in faults[CLEO].wants[-1].notice


def test_the_group_is_the_one_that_is_there_or_the_one_that_groups_would_make() -> None:
    there = holding("group", "strong", [POWER])
    wants = changes(found(admins(BUSY, *THREE, states=(there,)))[CLEO])
    assert wants == {at("iam.group_member", "strong", "cleo"): "member", at("iam.group_member", "Admins", "cleo"): None}
    named = Playbook(name="t", controls={"groups": groups.Settings(groups={"Strong": "PowerUserAccess"}, path="/x/")})
    wants = changes(found(admins(BUSY, *THREE), playbook=named)[CLEO])
    assert wants[at("iam.group", "Strong")] == {"path": "/x/"}
    taken = holding("group", "powerusers", [READ_ONLY])
    wants = changes(found(admins(BUSY, *THREE, states=(taken,)))[CLEO])
    assert at("iam.group", "PowerUsers") not in wants
    assert len([a for a in wants if a.startswith("iam.group/PowerUsers-")]) == 1


def test_what_the_old_group_gives_besides_must_come_along() -> None:
    """It may be what denies something."""
    guarded = holding("group", "Admins", [ADMIN, mine("office-hours")])
    fault = found(admins(BUSY, *THREE, states=(guarded,)))[CLEO]
    assert (fault.wants, fault.evidence["stays"]) == (
        (),
        "no group gives PowerUserAccess, office-hours and nothing else",
    )
    both = holding("group", "Power", [POWER, mine("office-hours")])
    fault = found(admins(BUSY, *THREE, states=(guarded, both)))[CLEO]
    assert at("iam.group_member", "Power", "cleo") in changes(fault)
    inline = holding("group", "Admins", [ADMIN], {"deny": document()})
    fault = found(admins(BUSY, *THREE, states=(inline,)))[CLEO]
    assert fault.wants == () and "inline policies as well" in str(fault.evidence["stays"])


USED = {
    "iam yesterday": (uses(ann=3, bob=3, cleo=1), False),
    "iam at the limit": (uses(ann=3, bob=3, cleo=89.9), False),
    "iam long ago": (uses(ann=3, bob=3, cleo=91), True),
    "never": (BUSY, True),
    "organizations": (
        {**BUSY, **{f"arn:aws:iam::{ME}:user/cleo": {"iam": None, "organizations": when(ago(2))}}},
        False,
    ),
    "nothing on record": (uses(ann=3, bob=3), False),
}


@pytest.mark.parametrize(("report", "is_found"), USED.values(), ids=USED)
def test_the_evidence(report: Mapping[str, Value], is_found: bool) -> None:
    assert (CLEO in found(admins(report, *THREE))) == is_found


LEFT_ALONE = {
    "the caller": ({"caller": f"arn:aws:iam::{ME}:user/cleo"}, admin("cleo"), "this run works with cleo"),
    "somebody new": ({}, admin("cleo", created=ago(60)), "cleo is not 90 days old"),
    "somebody who does nothing": ({}, admin("cleo", seen=100), "it was not used at all in that time"),
    "somebody who never did anything": ({}, user("cleo", keys=(slot(),)), "it was not used at all in that time"),
}


@pytest.mark.parametrize(("facts", "cleo", "reason"), LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_who_is_left_alone_is_reported(facts: dict[str, Any], cleo: User, reason: str) -> None:
    fault = found(admins(BUSY, *THREE[:2], cleo, **facts))[CLEO]
    assert fault.wants == ()
    assert str(fault.evidence["stays"]).startswith(reason)


def test_the_exempt_are_left_alone_and_count_as_staying() -> None:
    exempt = Exemption(match=Matcher(name="ann"), owner="x", reason="break glass", expires=date(2030, 1, 1))
    playbook = Playbook(name="t", exemptions=(exempt,))
    report = uses(ann=None, bob=None, cleo=None)
    faults = found(admins(report, *THREE), playbook=playbook)
    assert faults[at("iam.user", "ann")].wants == ()
    assert len([f for f in faults.values() if f.wants]) == 1


@pytest.mark.parametrize(
    ("days", "keep", "leaving"),
    [
        ({"ann": 3, "bob": 20, "cleo": None}, 2, ["cleo"]),
        ({"ann": 3, "bob": 120, "cleo": None}, 2, ["cleo"]),
        ({"ann": 300, "bob": 120, "cleo": 200}, 2, ["ann"]),
        ({"ann": None, "bob": None, "cleo": None}, 2, ["ann"]),
        ({"ann": None, "bob": None, "cleo": None}, 3, []),
        ({"ann": 3, "bob": 3, "cleo": None}, 3, []),
        ({"ann": 3, "bob": 3, "cleo": None}, 9, []),
    ],
)
def test_enough_administrators_stay_those_who_used_iam_last(
    days: dict[str, float | None], keep: int, leaving: list[str]
) -> None:
    faults = found(admins(uses(**days), *THREE), Settings(keep_administrators=keep))
    assert sorted(a.partition("/")[2] for a, fault in faults.items() if fault.wants) == leaving
    assert faults.keys() == {at("iam.user", name) for name in leaving}, "who is kept is no fault"


def test_who_could_lose_the_password_any_day_does_not_count_as_staying() -> None:
    """bob used IAM 80 days ago, and nothing since: another control may be about to remove the password."""
    report = uses(ann=3, bob=80, cleo=None)
    assert found(admins(report, admin("ann"), admin("bob", seen=80), admin("cleo"))) == {}


def test_only_a_report_if_the_playbook_says_so() -> None:
    faults = found(admins(uses(ann=None, bob=3, cleo=None), *THREE), Settings(move_administrators=False))
    assert faults.keys() == {CLEO, at("iam.user", "ann")}
    assert not [w for f in faults.values() for w in f.wants]


def test_who_has_policies_of_their_own_waits_for_groups() -> None:
    own = at("iam.user_inline", "cleo", "x")
    now = admins(BUSY, *THREE, states=({own: document(statement("s3:GetObject"))},))
    fault = found(now, playbook=WITH_GROUPS)[CLEO]
    assert fault.wants == () and "waits for `groups`" in str(fault.evidence["stays"])
    assert found(now)[CLEO].wants, "where `groups` is off there is nothing to wait for"


def direct(**facts: Any) -> Account:
    report = {**uses(ann=3, bob=3, cleo=None), f"arn:aws:iam::{ME}:role/build": {"iam": None}}
    return account(
        *(holding("user", person.name, [ADMIN]) for person in THREE),
        holding("role", "build", [ADMIN]),
        users=THREE,
        roles=[role("build", LAMBDA, created=ago(900), last_used=ago(1), **facts)],
        facts={evidence_of_use(ADMIN): report},
    )


def test_roles_and_users_with_the_policy_itself_get_the_other_one() -> None:
    faults = found(direct())
    assert changes(faults[CLEO]) == {
        at("iam.user_policy", "cleo", POWER): "attached", at("iam.user_policy", "cleo", ADMIN): None
    }  # fmt: skip
    build = at("iam.role", "build")
    assert changes(faults[build]) == {
        at("iam.role_policy", "build", POWER): "attached", at("iam.role_policy", "build", ADMIN): None
    }  # fmt: skip
    assert found(direct(), Settings(leave_roles=("build",)))[build].wants == ()
    assert found(direct(boundary=mine("b"))).keys() == {CLEO}, "a boundary makes it no administrator"
    declared = Playbook(name="t", controls={"x": Roles(roles=(Matcher(name="build"),))})
    assert found(direct(), playbook=declared)[build].wants == ()


class Roles(Settings, frozen=True, kw_only=True):
    """Settings of some other control that declares roles."""

    roles: tuple[Matcher, ...] = ()


def test_a_permissions_boundary_makes_a_user_no_administrator() -> None:
    bounded = admin("cleo", boundary=mine("b"))
    assert found(admins(BUSY, *THREE[:2], bounded)) == {}


def test_quotas_leave_somebody_as_they_are() -> None:
    full = members(**{f"g{n}": "cleo" for n in range(8)})
    many = tuple(holding("group", f"g{n}") for n in range(8))
    fault = found(admins(BUSY, *THREE, states=(*many, full)))[CLEO]
    assert fault.wants == () and "nearly as many groups" in str(fault.evidence["stays"])
    fault = found(admins(BUSY, *THREE, summary={"GroupsQuota": 1}))[CLEO]
    assert fault.wants == () and "no room for another group" in str(fault.evidence["stays"])
    now = direct()
    now = structs.replace(now, summary={"AttachedPoliciesPerRoleQuota": 1})
    assert found(now)[at("iam.role", "build")].wants == ()


def test_the_whole_plan_passes_the_guard_and_both_controls_agree() -> None:
    """bob has the policy attached and a group gives it to cleo: `groups` and this control speak of different people."""
    now = admins(uses(ann=3, cleo=None, dora=2), admin("ann"), admin("cleo"), admin("dora"))
    own = holding("user", "bob", [ADMIN])
    report = {f"arn:aws:iam::{ME}:user/bob": {"iam": None}}
    now = structs.replace(
        now,
        state={**now.state, **own},
        users={**now.users, "bob": admin("bob")},
        facts={**now.facts, evidence_of_use(ADMIN): report},
    )
    chosen = [*with_settings(groups.control), *with_settings(control)]
    draft = planner.draft(now, chosen, scope(WITH_GROUPS), RESOURCES)
    by_address = {c.address: c.after for c in draft.changes}
    assert by_address == {
        **MOVED,
        at("iam.user_policy", "bob", ADMIN): None,
        at("iam.group_member", "Admins", "bob"): "member",
    }
    join, leave = (
        next(c for c in draft.changes if c.address == at("iam.group_member", g, "cleo"))
        for g in ("PowerUsers", "Admins")
    )
    assert join.id in leave.needs, "never less than a power user"


# Wide policies.

MFA: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
WIDTHS: list[tuple[Value, Width]] = [
    (document(statement("*")), Width(everything=True)),
    (document(statement(["s3:Get*", "*:*"], ["arn:x", "*"])), Width(everything=True)),
    ({"Statement": statement("*")}, Width(everything=True)),
    (document(statement("*", "arn:aws:s3:::b/*")), Width()),
    (document(statement("*", Condition=MFA)), Width()),
    (
        document(statement(["s3:*", "ec2:*"], Condition=MFA), statement("ec2:*")),
        Width(services=("ec2",), guarded=("s3",)),
    ),
    (document(statement(["*", "s3:*"], Condition=MFA)), Width()),
    (document(statement("s3:*", "arn:aws:s3:::b", Condition=MFA), statement("ec2:Run*", Condition=MFA)), Width()),
    (document(statement("*", Effect="Deny")), Width()),
    (document(statement(["S3:*", "sqs:Send*", "ec2:*"])), Width(services=("ec2", "s3"))),
    (document({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}), Width(all_but=("iam:*",))),
    ("no policy", Width()),
]


@pytest.mark.parametrize(("policy", "expected"), WIDTHS)
def test_how_wide_a_policy_is(policy: Value, expected: Width) -> None:
    assert width(policy) == expected


NARROW = statement("s3:GetObject", "arn:aws:s3:::b/*")
DENY = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
KEPT = document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, DENY, NARROW)
REDUCED: list[tuple[Value, set[str], set[str], Value]] = [
    (document(statement("*")), {"s3", "ec2"}, {"s3"}, document(statement(["s3:*"]))),
    (document(statement(["s3:*", "ec2:*", "ec2:RunInstances"])), {"s3", "ec2"}, {"s3"},
     document(statement(["s3:*", "ec2:RunInstances"]))),
    (document(statement(["s3:*", "secret:*"])), {"s3"}, {"s3"}, document(statement(["s3:*", "secret:*"]))),
    (document(statement("s3:*"), statement("ec2:*")), {"s3", "ec2"}, {"ec2"}, document(statement("ec2:*"))),
    (document(statement("s3:*")), {"s3"}, set(), None),
    (document(statement("s3:*"), DENY), {"s3"}, set(), None),
    (document(statement("*")), {"s3"}, set(), None),
    (KEPT, {"s3", "sqs"}, set(), KEPT),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "listed", "used", "expected"), REDUCED)
def test_what_is_left_of_it(policy: Value, listed: set[str], used: set[str], expected: Value) -> None:
    assert reduced(policy, listed, used) == expected


SOME = st.sampled_from(["*", "*:*", "s3:*", "ec2:*", "sqs:SendMessage", "iam:*"])
DOCUMENTS = st.lists(
    st.builds(
        lambda actions, resource, effect, test: {
            "Effect": effect, "Action": actions, "Resource": resource, **({"Condition": test} if test else {}),
        },
        st.lists(SOME, min_size=1, max_size=3, unique=True),
        st.sampled_from(["*", "arn:aws:s3:::b"]),
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from([None, {"Bool": {"aws:SecureTransport": "true"}}]),
    ),
    min_size=1,
    max_size=3,
).map(lambda body: document(*body))  # fmt: skip
SERVICES = st.sets(st.sampled_from(["s3", "ec2", "sqs", "iam"]))


@given(DOCUMENTS, SERVICES, SERVICES)
def test_it_never_allows_more(policy: Value, listed: set[str], used: set[str]) -> None:
    left = reduced(policy, listed, used & listed)
    after, before = ({"identity": frozenset(statements(it) if it is not None else ())} for it in (left, policy))
    assert compare(before, after, {}).relation in ("equal", "narrower")


EXPORTS, SOURCE = document(statement(["s3:*", "ec2:*"])), mine("exports")
POLICY = at("iam.policy", SOURCE)


def wide(text: Value = EXPORTS, use: Mapping[str, Value] | None = None, since: float = 300, **facts: Any) -> Account:
    """A policy of a role, which used some of it."""
    given = {"s3": when(ago(2)), "ec2": when(ago(200))} if use is None else use
    default = {"roles": [role("job", LAMBDA, created=ago(900), last_used=ago(1))]}
    return account(
        policies(exports=text),
        holding("role", "job", [SOURCE]),
        **{
            "facts": {
                at("iam.service_use", SOURCE): given,
                at("iam.policy_versions", SOURCE): {"count": 3, "since": when(ago(since))},
            },
            **default,
            **facts,
        },
    )


def test_unused_services_leave_a_policy() -> None:
    fault = found(wide())[POLICY]
    assert changes(fault) == {POLICY: {"path": "/", "document": document(statement(["s3:*"]))}}
    [want] = fault.wants
    assert (want.risk, want.notice) == ("restrictive", "job can no longer use ec2")
    assert (fault.severity, fault.evidence["used"]) == ("low", ["s3"])


def test_everything_becomes_what_was_used() -> None:
    fault = found(wide(EVERYTHING, {"s3": when(ago(2)), "sqs": when(ago(89)), "ec2": None, "iam": when(ago(91))}))[
        POLICY
    ]
    assert changes(fault) == {POLICY: {"path": "/", "document": document(statement(["s3:*", "sqs:*"]))}}
    assert fault.severity == "high"
    assert fault.wants[0].notice == "job can no longer use anything but s3, sqs, nor pass roles to services"


def test_the_oldest_of_five_versions_is_said_to_go() -> None:
    now = wide()
    five = {**now.facts, at("iam.policy_versions", SOURCE): {"count": 5, "since": when(ago(300))}}
    [want] = found(structs.replace(now, facts=five))[POLICY].wants
    assert "the oldest of its 5 versions is deleted" in want.notice


STAYS = {
    "all of it is used": (wide(use={"s3": when(ago(1)), "ec2": when(ago(1))}), None),
    "none of it is used": (wide(use={"s3": None, "ec2": when(ago(100))}), "nobody used any of it in 90 days"),
    "a new text": (wide(since=20), "its text is not 90 days old"),
    "a new role": (wide(roles=[role("job", LAMBDA, created=ago(9))]), "job is not 90 days old"),
    "a role of no known age": (wide(roles=[role("job", LAMBDA)]), "job is not 90 days old"),
    "the caller's": (wide(caller=f"arn:aws:sts::{ME}:assumed-role/job/x"), "this run works with job"),
    "everything but something": (
        wide(document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})), "it names what it does not allow",
    ),
    "unread": (wide(facts={}), "what was used of it could not be read"),
    "too long": (wide(EVERYTHING, summary={"PolicySizeQuota": 50}), "what was used is longer than IAM allows"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "reason"), STAYS.values(), ids=STAYS)
def test_what_stays_as_it_is_is_reported(now: Account, reason: str | None) -> None:
    fault = found(now)[POLICY]
    assert fault.wants == ()
    assert str(fault.evidence.get("stays", "None")).startswith(str(reason))


def test_what_nobody_has_and_what_only_bounds() -> None:
    orphan = account(policies(exports=EVERYTHING))
    fault = found(orphan)[POLICY]
    assert fault.manual and "aws iam delete-policy" in fault.manual.steps[1]
    bounding = account(policies(exports=EVERYTHING), users=[user("ann", boundary=SOURCE)])
    assert found(bounding) == {}


def test_policies_of_users_wait_for_groups() -> None:
    own = {at("iam.user_inline", "ann", "p"): EXPORTS}
    address = at("iam.user_inline", "ann", "p")
    facts = {at("iam.service_use", f"arn:aws:iam::{ME}:user/ann"): {"s3": when(ago(1)), "ec2": None}}
    now = account(own, users=[user("ann")], facts=facts)
    assert "waits for `groups`" in str(found(now, playbook=WITH_GROUPS)[address].evidence["stays"])
    assert changes(found(now)[address]) == {address: document(statement(["s3:*"]))}
    same = structs.replace(wide(), state={**wide().state, **own}, users={"ann": user("ann")})
    assert "a user has the same policy inline" in str(found(same, playbook=WITH_GROUPS)[POLICY].evidence["stays"])


def test_inline_policies_of_groups_and_roles_become_smaller() -> None:
    inline = at("iam.group_inline", "ops", "all")
    facts = {at("iam.service_use", f"arn:aws:iam::{ME}:group/ops"): {"s3": when(ago(1)), "ec2": None}}
    now = account(holding("group", "ops", (), {"all": EXPORTS}), members(ops="ann"), users=[user("ann")], facts=facts)
    assert changes(found(now)[inline]) == {inline: document(statement(["s3:*"]))}
    long = holding("group", "ops", (), {"all": EXPORTS, "x": document(statement(["s3:" + "a" * 5100]))})
    assert found(structs.replace(now, state={**now.state, **long}))[inline].wants == ()


@pytest.mark.parametrize(
    ("how", "whom", "left"), [("Put", "ops", False), ("Put", "dev", True), ("Attach", "ops", True)]
)
def test_an_inline_policy_that_was_written_lately_stays(how: str, whom: str, left: bool) -> None:
    written = recorded.call(f"iam.amazonaws.com/{how}GroupPolicy", f"arn:aws:iam::{ME}:group/{whom}")
    facts: dict[Address, Value] = {
        at("iam.service_use", f"arn:aws:iam::{ME}:group/ops"): {"s3": when(ago(1)), "ec2": None},
        at(USE, f"arn:aws:iam::{ME}:user/ann"): recorded.fact([written]),
    }
    now = account(holding("group", "ops", (), {"all": EXPORTS}), members(ops="ann"), users=[user("ann")], facts=facts)
    fault = found(now)[at("iam.group_inline", "ops", "all")]
    assert (bool(fault.wants), fault.evidence.get("stays")) == (left, None if left else "its text is not 90 days old")


def test_administrators_that_stay_keep_their_policy() -> None:
    """ann and bob are administrators through a policy of the account's own, and they used S3 alone."""
    people = (admin("ann"), admin("bob"))
    state = (holding("group", "ops", [SOURCE]), members(ops="ann bob"), policies(exports=EVERYTHING))
    facts = wide(EVERYTHING).facts
    fault = found(account(*state, users=people, facts=facts))[POLICY]
    assert fault.wants == () and fault.evidence["stays"] == "its holders are among the administrators that stay"
    more = admins(uses(cleo=1, dora=1), admin("cleo"), admin("dora"))
    both = account(*state, more.state, users=(*people, *more.users.values()), facts={**facts, **more.facts})
    assert found(both)[POLICY].wants
    draft = planner.draft(both, with_settings(control), scope(), RESOURCES)
    assert [c.address for c in draft.changes] == [POLICY]


def test_what_users_and_roles_do_not_use_is_reported_on_request() -> None:
    arn = f"arn:aws:iam::{ME}:role/job"
    now = account(
        roles=[role("job")], facts={at("iam.service_use", arn): {"s3": when(ago(1)), "ec2": None, "sqs": None}}
    )
    here = Settings(review=(Matcher(name="jo*"),))
    assert at("iam.service_use", arn) in set(asks(now, here, scope()))
    [fault] = found(now, here).values()
    assert fault.summary == "job may use 3 services, and used 1 of them in 90 days"
    assert fault.evidence["unused"] == ["ec2", "sqs"] and fault.wants == ()
    assert found(now) == {}


@pytest.mark.parametrize("people", [3, 3000])
def test_it_asks_about_groups_and_policies_and_never_about_each_user(people: int) -> None:
    many = [admin(f"u{n}") for n in range(people)]
    now = structs.replace(admins({}, *many), facts={})
    now = structs.replace(
        now, state={**now.state, **holding("user", "u0", [ADMIN]), **holding("role", "job", [SOURCE])}
    )
    now = structs.replace(now, state={**now.state, **policies(exports=EXPORTS)})
    now = structs.replace(now, roles={"job": role("job", LAMBDA, created=ago(900))})
    assert set(asks(now, Settings(), scope())) == {
        evidence_of_use(GROUP), evidence_of_use(ADMIN), at("iam.service_use", SOURCE), at("iam.policy_versions", SOURCE)
    }  # fmt: skip
    quiet = Settings(reduce_policies=False)
    assert set(asks(now, quiet, scope())) == {evidence_of_use(GROUP), evidence_of_use(ADMIN)}


def test_what_could_not_be_read_is_never_a_pass() -> None:
    for gap in ("iam.user", "iam.role", "credential-report"):
        with pytest.raises(Unreadable):
            found(admins(BUSY, *THREE, unknown={gap: "denied"}))
    denied = {evidence_of_use(GROUP): "denied"}
    now = structs.replace(admins({}, *THREE, unknown=denied), facts={})
    draft = planner.draft(now, with_settings(control), scope(), RESOURCES)
    assert draft.changes == ()
    assert [(gap.what, gap.controls) for gap in draft.unknowns] == [(evidence_of_use(GROUP), ("least-privilege",))]


def test_every_want_is_of_a_kind_that_the_control_names() -> None:
    seen: list[Want] = [w for f in (*found(direct()).values(), *found(wide()).values()) for w in f.wants]
    assert seen and {w.address.partition("/")[0] for w in seen} <= set(control.kinds)
