"""The derived order: each rule as a property of random plans, judged by the definition and not by the code."""

from collections.abc import Mapping, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stress import examples

from remediate import order
from remediate.aws.resources import RESOURCES
from remediate.errors import BadInput
from remediate.model import Address, Risk, Value, at, kind_of, name_of, pair_of
from remediate.order import Step

USERS, GROUPS, POLICIES = ("ann", "bob"), ("g", "h", "new"), ("p", "q")
ARNS = {p: f"arn:aws:iam::111122223333:policy/{p}" for p in POLICIES}
TRAIL = at("cloudtrail.logging", "us-east-1", "main")

State = Mapping[Address, Value]
Plan = tuple[list[Step], dict[str, tuple[str, ...]]]


def step(address: Address, before: Value, after: Value, frees: tuple[Address, ...] = ()) -> Step:
    return Step(address=address, before=before, after=after, reasons=(), risk="neutral", frees=frees)


@st.composite
def states(draw: st.DrawFn) -> dict[Address, Value]:
    """Users, some groups and policies, and who holds what: nothing refers to what is not there."""
    groups, policies = draw(st.sets(st.sampled_from(GROUPS))), draw(st.sets(st.sampled_from(POLICIES)))
    state: dict[Address, Value] = {at("iam.user", u): {"path": "/"} for u in USERS}
    state |= {at("iam.group", g): {"path": "/"} for g in groups}
    state |= {at("iam.policy", ARNS[p]): {"path": "/", "document": draw(st.sampled_from("xy"))} for p in policies}
    holders = [("user", u) for u in USERS] + [("group", g) for g in sorted(groups)]
    for holder, name in holders:
        for policy in draw(st.sets(st.sampled_from(sorted(policies)))) if policies else ():
            state[at(f"iam.{holder}_policy", name, ARNS[policy])] = "attached"
        if draw(st.booleans()):
            state[at(f"iam.{holder}_inline", name, "i")] = draw(st.sampled_from(["x", "y"]))
    for group in sorted(groups):
        for name in draw(st.sets(st.sampled_from(USERS))):
            state[at("iam.group_member", group, name)] = "member"
    if draw(st.booleans()):
        state[at("cloudtrail.trail", "us-east-1", "main")] = {"bucket": "b"}
        state |= {TRAIL: "logging", at("s3.bucket", "b"): {"region": "us-east-1"}}
    return state


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """All that differs between two accounts; each user may swap a membership for another one."""
    before, after = draw(states()), draw(states())
    if TRAIL in before:
        after |= {a: v for a, v in before.items() if not a.startswith("iam.")}
    changed = sorted(a for a in before.keys() | after.keys() if before.get(a) != after.get(a))
    steps = [step(a, before.get(a), after.get(a)) for a in changed]
    for user in USERS if draw(st.booleans()) else ():
        mine = [s for s in steps if kind_of(s.address) == "iam.group_member" and pair_of(s.address)[1] == user]
        places = [s.address for s in mine if s.after is None]
        for join in [s for s in mine if s.after is not None][: len(places)]:
            steps[steps.index(join)] = step(join.address, None, "member", (places.pop(),))
    members = {g: tuple(u for u in USERS if at("iam.group_member", g, u) in before) for g in GROUPS}
    return steps, members


def above(steps: Sequence[Step], members: Mapping[str, tuple[str, ...]]) -> list[set[int]]:
    """For each step, all that comes before it."""
    edges = order.needs(steps, RESOURCES, members)
    sequence = order.arrange(edges, [(s.address, str(n)) for n, s in enumerate(steps)])
    assert sorted(sequence) == list(range(len(steps)))
    bits = order.ancestors(sequence, edges)
    place = {i: n for n, i in enumerate(sequence)}
    assert all(place[j] < place[i] for i in edges for j in edges[i])
    return [{j for j in range(len(steps)) if bits[i] >> j & 1} for i in range(len(steps))]


def uses(address: Address, value: Value) -> set[Address]:
    return set() if value is None else set(RESOURCES[kind_of(address)].uses(address, value))


def reaches(address: Address, members: Mapping[str, tuple[str, ...]]) -> set[Address]:
    """Whose access an entry of this address carries: a principal's own, and through a group that of its users."""
    who = RESOURCES[kind_of(address)].principal(address)
    if who is None or not RESOURCES[kind_of(address)].carries_access() or kind_of(address) == "iam.policy":
        return set()
    through = members.get(name_of(who), ()) if kind_of(who) == "iam.group" else ()
    return {who, *(at("iam.user", u) for u in through)}


@settings(max_examples=examples(300), deadline=None)
@given(plans())
def test_every_rule_holds(plan: Plan) -> None:
    steps, members = plan
    earlier = above(steps, members)
    freed = {a for s in steps for a in s.frees}
    starts = {n for n, s in enumerate(steps) if kind_of(s.address).startswith("cloudtrail.") and s.after is not None}
    before_the_trail = set().union(*(earlier[n] for n in starts)) | starts
    for i, one in enumerate(steps):
        for j, other in enumerate(steps):
            if i == j:
                continue
            if other.address in uses(one.address, one.after) and other.after is not None:
                assert j in earlier[i], f"{one.address} uses {other.address}"
            gone = uses(one.address, one.before) - uses(one.address, one.after)
            if other.after is None and other.address in gone:
                assert i in earlier[j], f"{other.address} is deleted after {one.address}"
            gives, takes = one.after is not None, other.after is None
            if gives and takes and reaches(one.address, members) & reaches(other.address, members):
                assert i in earlier[j] or (one.frees and other.address in freed), (
                    f"{one.address} before {other.address}"
                )
            joins = kind_of(one.address) == "iam.group_member" and one.after is not None
            if joins and other.after is not None and kind_of(other.address) in ("iam.group_policy", "iam.group_inline"):
                assert j in earlier[i] or pair_of(other.address)[0] != pair_of(one.address)[0], (
                    "a group is complete first"
                )
            if other.address in one.frees:
                assert j in earlier[i], f"{one.address} takes the place of {other.address}"
        assert i in before_the_trail or starts <= earlier[i], "a running trail comes first"


@settings(max_examples=examples(150), deadline=None)
@given(plans(), st.integers())
def test_the_same_plan_in_any_order_of_input_comes_out_the_same(plan: Plan, seed: int) -> None:
    steps, members = plan
    shuffled = list(steps)
    Random(seed).shuffle(shuffled)
    assert arranged(steps, members) == arranged(shuffled, members)


def arranged(steps: Sequence[Step], members: Mapping[str, tuple[str, ...]]) -> list[tuple[str, frozenset[str]]]:
    edges = order.needs(steps, RESOURCES, members)
    sequence = order.arrange(edges, [(s.address, str(n)) for n, s in enumerate(steps)])
    few = order.reduced(sequence, edges)
    return [(steps[i].address, frozenset(steps[j].address for j in few[i])) for i in sequence]


graphs = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*(st.sets(st.integers(0, i - 1)) if i else st.just(set[int]()) for i in range(n)))
)


@settings(max_examples=examples(300), deadline=None)
@given(graphs)
def test_reduced_says_the_same_with_fewest_edges(graph: tuple[set[int], ...]) -> None:
    edges = dict(enumerate(graph))
    sequence = list(edges)
    few = order.reduced(sequence, edges)
    assert order.ancestors(sequence, few) == order.ancestors(sequence, edges)
    for i, needed in few.items():
        for j in needed:
            fewer = {**few, i: needed - {j}}
            assert order.ancestors(sequence, fewer) != order.ancestors(sequence, edges), "an edge too many"


def test_one_address_may_change_twice() -> None:
    """Attached for the move, and detached after it."""
    bridge = at("iam.user_policy", "ann", ARNS["p"])
    leave, join = at("iam.group_member", "g", "ann"), at("iam.group_member", "new", "ann")
    steps = [
        step(at("iam.group", "new"), None, {"path": "/"}),
        step(bridge, None, "attached"),
        step(bridge, "attached", None),
        step(leave, "member", None),
        step(join, None, "member", (leave,)),
    ]
    earlier = above(steps, {"g": ("ann",)})
    assert earlier[3] == {1}
    assert earlier[4] == {0, 1, 3}
    assert earlier[2] == {0, 1, 3, 4}


def test_two_changes_of_one_address_come_one_after_the_other() -> None:
    tag = at("iam.user_tag", "ann", "t")
    assert above([step(tag, None, "x"), step(tag, "x", None)], {}) == [set(), {0}]


def test_two_swaps_of_one_user_do_not_wait_for_each_other() -> None:
    members = {"g": ("ann",), "h": ("ann",)}
    leave, join = ([at("iam.group_member", g, "ann") for g in names] for names in (("g", "h"), ("i", "j")))
    steps = [step(a, "member", None) for a in leave]
    steps += [step(a, None, "member", (place,)) for a, place in zip(join, leave, strict=True)]
    assert above(steps, members) == [set(), set(), {0}, {1}]


def test_what_the_members_are_given_comes_before_what_their_group_loses() -> None:
    steps = [
        step(at("iam.group_policy", "g", ARNS["p"]), "attached", None),
        step(at("iam.user_policy", "ann", ARNS["p"]), None, "attached"),
    ]
    assert above(steps, {"g": ("ann",)}) == [{1}, set()]


def test_what_the_trail_needs_and_what_that_waits_for_comes_before_it() -> None:
    old, bucket = at("iam.user_tag", "ann", "old"), at("s3.bucket", "b")
    steps = [
        step(TRAIL, None, "logging"),
        step(at("cloudtrail.trail", "us-east-1", "main"), None, {"bucket": "b"}),
        step(bucket, None, {"region": "us-east-1"}, (old,)),
        step(old, "x", None),
        step(at("iam.user_tag", "bob", "new"), None, "x"),
    ]
    earlier = above(steps, {})
    assert earlier[0] == {1, 2, 3}
    assert earlier[4] == {0, 1, 2, 3}


def test_a_circle_is_named() -> None:
    with pytest.raises(BadInput, match="circle") as caught:
        order.arrange({0: {1}, 1: {0}}, [("a",), ("b",)])
    assert sorted(caught.value.details[0].split(" -> "))[1:] in (["a", "b"], ["b", "b"])


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        (at("cloudtrail.logging", "us-east-1", "main"), None, "logging"),
        (at("cloudtrail.trail", "us-east-1", "main"), {"bucket": "b"}, {"bucket": "b", "prefix": "p"}),
        (at("cloudtrail.selectors", "us-east-1", "main"), {"EventSelectors": []}, None),
    ],
)
def test_what_puts_the_rest_on_record_comes_first(address: Address, before: Value, after: Value) -> None:
    steps = [step(at("iam.access_key", "u", "AKIA1"), "Active", "Inactive"), step(address, before, after)]
    assert order.needs(steps, RESOURCES, {})[0] == {1}


GIVEN = at("iam.group_policy", "g", "allow")


@pytest.mark.parametrize(
    ("risk", "also", "holder", "waits"),
    [
        ("restrictive", (), "g", True),
        ("restrictive", ("additive",), "g", False),
        ("additive", (), "g", False),
        ("restrictive", (), "h", False),
    ],
)
def test_what_a_group_is_denied_comes_after_what_it_is_given(
    risk: Risk, also: tuple[Risk, ...], holder: str, waits: bool
) -> None:
    """Whoever is in it already must be able to enrol a device before MFA is asked for."""
    denied = msgspec.structs.replace(
        step(at("iam.group_policy", holder, "deny"), None, "attached"), risk=risk, also=also
    )
    given_ = step(GIVEN, None, "attached")
    assert (1 in order.needs([denied, given_], RESOURCES, {})[0]) is waits
    assert order.needs([denied, given_], RESOURCES, {})[1] == set()
