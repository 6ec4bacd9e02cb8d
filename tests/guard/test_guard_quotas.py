"""Quotas against brute force: the fullest moment of every plan, and the cases at the limit."""

from collections import Counter

import msgspec
import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st
from support.accounts import (
    NOW,
    account,
    change,
    document,
    downsets,
    holding,
    members,
    mine,
    policies,
    state_after,
    statement,
)
from support.engine import plan_of, step
from support.stress import examples

from remediate import preflight
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.errors import Refused
from remediate.guard import quotas
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at

LIMIT = 3


@st.composite
def memberships(draw: st.DrawFn) -> tuple[Account, tuple[Change, ...]]:
    """One user joins and leaves groups in any order that `needs` allows; never more than the limit to begin with."""
    names = [f"g{n}" for n in range(6)]
    now = draw(st.sets(st.sampled_from(names), max_size=LIMIT))
    before = account(
        *(holding("group", g) for g in names),
        members(**dict.fromkeys(now, "ann")),
        holding("user", "ann"),
        summary={"GroupsPerUserQuota": LIMIT},
    )
    changes: list[Change] = []
    inside = {g: g in now for g in names}
    last: dict[str, int] = {}
    for id in range(1, draw(st.integers(1, 7)) + 1):
        group = draw(st.sampled_from(names))
        needs = draw(st.sets(st.integers(1, id - 1), max_size=3)) if id > 1 else set()
        needs |= {last[group]} if group in last else set()
        values: tuple[Value, Value] = ("member", None) if inside[group] else (None, "member")
        changes.append(change(id, at("iam.group_member", group, "ann"), *values, *sorted(needs)))
        last[group], inside[group] = id, not inside[group]
    return before, tuple(changes)


def fullest(now: Account, changes: tuple[Change, ...]) -> int:
    """The most groups that ann is ever in."""
    states = (state_after(now.state, changes, done) for done in downsets(changes))
    return max(Counter(a.partition("/")[0] for a in state)["iam.group_member"] for state in states)


@settings(max_examples=examples(500), deadline=None)
@given(memberships())
def test_a_plan_is_accepted_only_if_no_moment_is_over_the_limit(case: tuple[Account, tuple[Change, ...]]) -> None:
    now, changes = case
    accepted = not list(quotas.violations(Timeline(now, changes)))
    over = fullest(now, changes) > LIMIT
    event(f"accepted: {accepted}, over: {over}")
    assert accepted == (not over)


@settings(max_examples=examples(200), deadline=None)
@given(memberships())
def test_what_arrived_and_was_not_recorded_takes_no_second_place(case: tuple[Account, tuple[Change, ...]]) -> None:
    """A run that was killed at any moment goes on: whatever nothing else waited for may have arrived unrecorded."""
    start, changes = case
    assume(not list(quotas.violations(Timeline(start, changes))))
    for done in downsets(changes):
        recorded = {need for c in changes if c.id in done for need in c.needs}
        now = msgspec.structs.replace(start, state=state_after(start.state, changes, done))
        values = {c.address: now.state.get(c.address) for c in changes}
        left = preflight.ahead([c for c in changes if c.id not in recorded], now, values)
        assert {c.id for c in left} == {c.id for c in changes} - done
        assert not list(quotas.violations(Timeline(now, left)))


def test_a_place_that_was_left_unrecorded_and_taken_by_somebody_else() -> None:
    leave = change(1, at("iam.group_member", "g0", "ann"), "member", None)
    join = change(2, at("iam.group_member", "g1", "ann"), None, "member", 1)
    groups = [holding("group", f"g{n}") for n in range(LIMIT + 2)]
    taken = members(**{f"g{n}": "ann" for n in range(2, LIMIT + 2)})
    now = account(*groups, taken, holding("user", "ann"), summary={"GroupsPerUserQuota": LIMIT})
    left = preflight.ahead([leave, join], now, {leave.address: None, join.address: None})
    assert [c.id for c in left] == [2]
    assert "up to 4, IAM allows 3" in next(quotas.violations(Timeline(now, left)))


@pytest.mark.parametrize(
    ("listed", "asked", "left"), [("member", "member", []), ("member", None, [1]), (None, "member", [1])]
)
def test_a_run_that_goes_on_is_judged_by_what_is_left_of_it(listed: Value, asked: Value, left: list[int]) -> None:
    """Ann may be in three groups. What only one of two looks shows may still come, and then counts as if it did."""
    plan = plan_of(step("iam.group_member", "g0", "ann", to="member"))
    place = plan.changes[0].address
    others = members(**{f"g{n}": "ann" for n in range(1, LIMIT if listed else LIMIT + 1)})
    groups = [holding("group", f"g{n}") for n in range(LIMIT + 1)]
    here = {place: listed} if listed else {}
    now = account(*groups, others, here, holding("user", "ann"), summary={"GroupsPerUserQuota": LIMIT})
    assert [c.id for c in preflight.ahead(plan.changes, now, {place: asked})] == left
    if left:
        with pytest.raises(Refused, match="refuses") as refusal:
            preflight.guarded(plan, plan.changes, now, {place: asked}, RESOURCES, NOW)
        assert any("up to 4, IAM allows 3" in line for line in refusal.value.details)
    else:
        preflight.guarded(plan, plan.changes, now, {place: asked}, RESOURCES, NOW)


@st.composite
def sizes(draw: st.DrawFn) -> dict[int, tuple[int, tuple[int, ...]]]:
    """How much each change adds, and what it needs."""
    count = draw(st.integers(1, 9))
    needed = [st.sets(st.integers(1, id - 1), max_size=3) if id > 1 else st.just(set()) for id in range(1, count + 1)]
    return {id: (draw(st.integers(-4, 4)), tuple(sorted(draw(needed[id - 1])))) for id in range(1, count + 1)}


MOVED_TWICE = {
    **{take: (-room, ()) for take, room in ((1, 2), (2, 1), (3, 2), (4, 2))},
    5: (1, (1, 2)),
    6: (2, (3, 4)),
    7: (2, (1, 3)),
    8: (2, (1,)),
}
"""The seventh takes from the first twice, and then gives it all to the eighth: everything fits."""

GIVEN_BACK = {1: (-1, ()), 2: (-3, ()), 3: (1, (1, 2)), 4: (4, (1,))}
"""The third takes from the first, and gives that back to the fourth: no more than it took."""


@given(sizes())
@example(MOVED_TWICE)
@example(GIVEN_BACK)
@settings(max_examples=examples(400))
def test_the_fullest_moment_of_documents_that_grow_and_shrink(case: dict[int, tuple[int, tuple[int, ...]]]) -> None:
    changes = [change(id, at("iam.group", f"g{id}"), None, {"path": "/"}, *needs) for id, (_, needs) in case.items()]
    amounts = {id: amount for id, (amount, _) in case.items()}
    most = max(sum(amounts[id] for id in done) for done in downsets(changes))
    assert quotas._fullest(Timeline(account(), changes), amounts) == most


def joined(count: int, joins: int) -> tuple[Account, list[Change]]:
    now = account(holding("user", "ann"), members(**{f"g{n}": "ann" for n in range(count)}))
    return now, [change(n, at("iam.group_member", f"new{n}", "ann"), None, "member") for n in range(1, joins + 1)]


def held(holder: str, count: int, more: int) -> tuple[Account, list[Change]]:
    now = account(holding(holder, "x", [mine(f"p{n}") for n in range(count)]))
    kind = f"iam.{holder}_policy"
    return now, [change(n, at(kind, "x", mine(f"new{n}")), None, "attached") for n in range(1, more + 1)]


def counted(kind: str, quota: str, count: int) -> tuple[Account, list[Change]]:
    now = account({at(kind, f"n{n}"): {"path": "/"} for n in range(count)}, summary={quota: count + 1})
    return now, [change(n, at(kind, f"new{n}"), None, {"path": "/"}) for n in (1, 2)]


def tagged(count: int, more: int) -> tuple[Account, list[Change]]:
    now = account({at("iam.user_tag", "ann", f"t{n}"): "x" for n in range(count)})
    return now, [change(n, at("iam.user_tag", "ann", f"new{n}"), None, "x") for n in range(1, more + 1)]


def long_policy(characters: int) -> tuple[Account, list[Change]]:
    body = document(statement("s3:x", "a"))
    empty = len('{"Statement":[{"Action":"s3:x","Effect":"Allow","Resource":""}],"Version":"2012-10-17"}')
    body["Statement"] = [statement("s3:x", " a" * (characters - empty))]
    return account(), [change(1, at("iam.policy", mine("long")), None, {"path": "/", "document": body})]


HOLDERS = {
    "user": "AttachedPoliciesPerUserQuota",
    "group": "AttachedPoliciesPerGroupQuota",
    "role": "AttachedPoliciesPerRoleQuota",
}
DEFAULTS = [
    ("iam.user", "users", 5000),
    ("iam.group", "groups", 300),
    ("iam.policy", "customer managed policies", 1500),
    ("iam.role", "roles", 1000),
]
LIMITS = {
    "groups of a user": (joined(8, 2), joined(8, 3)),
    "policies of a user": (held("user", 9, 1), held("user", 10, 1)),
    "policies of a group": (held("group", 9, 1), held("group", 10, 1)),
    "policies of a role": (held("role", 9, 1), held("role", 10, 1)),
    "tags of a user": (tagged(49, 1), tagged(49, 2)),
    "characters of a policy": (long_policy(6144), long_policy(6145)),
} | {
    kind: ((now, changes[:1]), (now, changes))
    for kind, quota in (
        ("iam.group", "GroupsQuota"),
        ("iam.policy", "PoliciesQuota"),
        ("iam.user", "UsersQuota"),
        ("iam.role", "RolesQuota"),
    )
    for now, changes in (counted(kind, quota, 4),)
}


@pytest.mark.parametrize(("fits", "one_over"), LIMITS.values(), ids=LIMITS)
def test_at_the_limit_and_one_over(fits: tuple[Account, list[Change]], one_over: tuple[Account, list[Change]]) -> None:
    assert not list(quotas.violations(Timeline(*fits)))
    assert len(list(quotas.violations(Timeline(*one_over)))) == 1


@pytest.mark.parametrize(("holder", "quota"), HOLDERS.items())
def test_quotas_are_the_accounts_own_where_they_are_known(holder: str, quota: str) -> None:
    now, attach = held(holder, 12, 2)
    raised = msgspec.structs.replace(now, summary={quota: 13})
    assert not list(quotas.violations(Timeline(raised, attach[:1])))
    assert list(quotas.violations(Timeline(raised, attach))) == [
        f"managed policies of the {holder} x: up to 14, IAM allows 13 (#2)"
    ]


def test_the_size_of_a_policy_is_the_accounts_own_limit() -> None:
    _, (long,) = long_policy(6144)
    found = list(quotas.violations(Timeline(account(summary={"PolicySizeQuota": 6143}), [long])))
    assert found == [f"#1 {long.address} has 6144 characters, IAM allows 6143"]


@pytest.mark.parametrize(("kind", "what", "most"), DEFAULTS)
def test_quotas_that_the_account_does_not_tell(kind: str, what: str, most: int) -> None:
    now = account({at(kind, f"n{n}"): {"path": "/"} for n in range(most - 1)})
    create = [change(n, at(kind, f"new{n}"), None, {"path": "/"}) for n in (1, 2)]
    assert not list(quotas.violations(Timeline(now, create[:1])))
    found = list(quotas.violations(Timeline(now, create)))
    assert found == [f"{what}: up to {most + 1}, IAM allows {most} (#2)"]


def test_what_changes_without_coming_or_going_makes_no_room() -> None:
    body: dict[str, Value] = {"path": "/", "document": document(statement("s3:x"))}
    now = account({at("iam.policy", mine("a")): body}, summary={"PoliciesQuota": 1})
    update = change(1, at("iam.policy", mine("a")), body, {**body, "path": "/x/"})
    create = change(2, at("iam.policy", mine("b")), None, body, 1)
    assert len(list(quotas.violations(Timeline(now, [update, create])))) == 1


def test_the_change_that_is_named_is_the_last_that_adds() -> None:
    body: dict[str, Value] = {"path": "/", "document": document(statement("s3:x"))}
    now = account({at("iam.policy", mine("a")): body}, summary={"PoliciesQuota": 1})
    create = change(1, at("iam.policy", mine("b")), None, body)
    update = change(2, at("iam.policy", mine("a")), body, {**body, "path": "/x/"}, 1)
    (found,) = quotas.violations(Timeline(now, [create, update]))
    assert found.endswith("(#1)")


@pytest.mark.parametrize("quota", [20, 6144])
def test_a_document_that_was_too_long_before_is_not_this_plans_doing(quota: int) -> None:
    old, new = (document(statement(action)) for action in ("s3:x", "s3:y"))
    kept, changed = (
        change(1, at("iam.policy", mine("a")), {"path": "/", "document": old}, {"path": "/x/", "document": after})
        for after in (old, new)
    )
    now = account(summary={"PolicySizeQuota": quota})
    assert not list(quotas.violations(Timeline(now, [kept])))
    assert len(list(quotas.violations(Timeline(now, [changed])))) == (quota < 6144)


def test_room_is_shared_out_so_that_everything_fits() -> None:
    """The first addition could follow either removal, the second only the one that the first would take."""
    now = account({at("iam.user", name): {"path": "/"} for name in ("a", "b")}, summary={"UsersQuota": 2})
    leave = [change(n, at("iam.user", name), {"path": "/"}, None) for n, name in ((1, "a"), (2, "b"))]
    either = change(3, at("iam.user", "c"), None, {"path": "/"}, 1, 2)
    only = change(4, at("iam.user", "d"), None, {"path": "/"}, 1)
    assert not list(quotas.violations(Timeline(now, [*leave, either, only])))
    too = change(5, at("iam.user", "e"), None, {"path": "/"}, 1)
    assert len(list(quotas.violations(Timeline(now, [*leave, either, only, too])))) == 1


def test_what_has_no_quota_is_not_counted() -> None:
    assert not list(quotas.violations(Timeline(account(), [change(1, at("s3.bucket", "b"), None, {})])))


def test_as_many_come_as_go_and_one_more() -> None:
    """However many they are, they are paired soon; and that there is no room is found without looking ever deeper."""
    count = 600
    now = account({at("iam.user", f"u{n}"): {"path": "/"} for n in range(count)}, summary={"UsersQuota": count})
    leave = [change(n + 1, at("iam.user", f"u{n}"), {"path": "/"}, None) for n in range(count)]
    gone = change(count + 1, at("iam.group", "g"), None, {"path": "/"}, *(c.id for c in leave))
    join = [change(gone.id + n, at("iam.user", f"new{n}"), None, {"path": "/"}, gone.id) for n in range(1, count + 1)]
    assert not list(quotas.violations(Timeline(now, [*leave, gone, *join])))
    one_more = change(gone.id + count + 1, at("iam.user", "more"), None, {"path": "/"}, gone.id)
    [said] = quotas.violations(Timeline(now, [*leave, gone, *join, one_more]))
    assert said.startswith(f"users: up to {count + 1}, IAM allows {count}")


@pytest.mark.parametrize(
    ("kind", "there", "new", "taken"),
    [
        ("iam.group", "admins", "Admins", True),
        ("iam.group", "admins", "Admins2", False),
        ("iam.user", "Ann", "ANN", True),
        ("iam.role", "Ops", "ops", True),
        ("iam.policy", mine("Read"), mine("read"), True),
        ("iam.policy", mine("Read"), "arn:aws:iam::111122223333:policy/team/Read", True),
        ("iam.policy", mine("Read"), mine("Reader"), False),
    ],
)
def test_names_are_unique_ignoring_case(kind: str, there: str, new: str, taken: bool) -> None:
    """Whatever the path: IAM counts the name alone."""
    body: Value = {"path": "/", "document": document(statement("s3:x"))}
    create = change(1, at(kind, new), None, body)
    assert bool(list(quotas.violations(Timeline(account({at(kind, there): body}), [create])))) is taken
    both = [create, change(2, at(kind, there), None, body)]
    assert bool(list(quotas.violations(Timeline(account(), both)))) is taken


def test_an_account_that_is_over_a_quota_already_may_still_be_tidied() -> None:
    now = account(policies(a=document(statement("s3:x"))), summary={"PoliciesQuota": 0})
    assert not list(quotas.violations(Timeline(now, [change(1, at("iam.policy", mine("a")), {}, None)])))
