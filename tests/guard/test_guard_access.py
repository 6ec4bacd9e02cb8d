"""The access proof against brute force: every state a plan can pass through, judged by an evaluator of its own."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from support.accounts import (
    NOW,
    READ_ONLY,
    Said,
    _rows,
    account,
    change,
    document,
    downsets,
    holding,
    members,
    mine,
    policies,
    said,
    state_after,
    statement,
    user,
    with_settings,
)
from support.stress import examples

from remediate import guard, planner
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls import groups
from remediate.errors import Refused
from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, State, Value, at, gravest
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.policy.known import denies
from remediate.sandbox import Sandbox

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)

READ = statement("s3:GetObject", "arn:aws:s3:::b/*")
READ_OTHERWISE = statement(["S3:getobject"], ["arn:aws:s3:::b/*"], Sid="Read")
WRITE = statement("s3:PutObject", "arn:aws:s3:::b/*")
NO_DELETION = {**statement("s3:Delete*"), "Effect": "Deny"}
OFFICE = statement("ec2:Stop*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
ANYWHERE = statement("ec2:Stop*")
STATEMENTS = (READ, READ_OTHERWISE, WRITE, NO_DELETION, OFFICE, ANYWHERE)
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


OFFICE_ROW, ANYWHERE_ROW = (next(iter(_rows(document(s)))) for s in (OFFICE, ANYWHERE))


def may(state: State, name: str) -> Said:
    """What reaches a user, and what that comes to: whoever may stop instances from anywhere may from the office."""
    rows = said(state, name)
    return rows | {OFFICE_ROW} if ANYWHERE_ROW in rows else rows


def fine(now: Account, changes: Sequence[Change]) -> bool:
    """Whether everybody may do exactly the same in every state the account can pass through."""
    before = {name: may(now.state, name) for name in now.users}
    return all(
        may(state_after(now.state, changes, done), name) == before[name]
        for done in downsets(changes)
        for name in now.users
    )


def accepted(now: Account, changes: Sequence[Change]) -> bool:
    return not list(access.violations(Access(Timeline(now, changes))))


def judged_rightly(changes: Sequence[Change], ok: bool, right: bool) -> bool:
    """What does harm is never accepted. What does none is, but where an entry changes twice: then it may be refused."""
    twice = len({c.address for c in changes}) < len(changes)
    return ok == right or (twice and not ok)


documents = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=2, unique_by=json.dumps).map(
    lambda body: document(*body)
)
inline = st.dictionaries(st.sampled_from(["p", "q"]), documents, max_size=2)
attached = st.sets(st.sampled_from([READ_ONLY, DENY_ALL, mine("own")]), max_size=2)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """One or two users with policies of their own and some groups, and room for few groups each."""
    names = ["ann", "bob"][: draw(st.integers(1, 2))]
    parts = [holding("user", name, draw(attached), draw(inline)) for name in names]
    for group in ("one", "two"):
        parts.append(holding("group", group, draw(attached), draw(inline)))
        parts.append(members(**{group: " ".join(draw(st.sets(st.sampled_from(names))))}))
    parts.append(policies(own=draw(documents)))
    return account(*parts, summary={"GroupsPerUserQuota": draw(st.integers(1, 4))})


def migration(now: Account) -> tuple[Change, ...]:
    return planner.draft(now, with_settings(groups.control), SCOPE, RESOURCES).changes


@settings(max_examples=examples(150), deadline=None)
@given(accounts())
def test_what_the_groups_control_plans_is_accepted_and_true(now: Account) -> None:
    changes = migration(now)  # the guard has looked at it
    assume(len(changes) <= 15)
    event("swap" if any(c.address.startswith("iam.group_member") and c.after is None for c in changes) else "join")
    assert fine(now, changes)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Account, tuple[Change, ...]]:
    """A migration with something wrong with it: now and then the damage does no harm."""
    now = draw(accounts())
    changes = list(migration(now))
    assume(1 <= len(changes) <= 12)
    for _ in range(draw(st.integers(1, 2))):
        n = draw(st.integers(0, len(changes) - 1))
        it = changes[n]
        match draw(
            st.sampled_from(["needs less", "never comes", "other document", "more in the group", "needs nothing"])
        ):
            case "needs less" if it.needs:
                left = tuple(i for i in it.needs if i != draw(st.sampled_from(it.needs)))
                changes[n] = msgspec.structs.replace(it, needs=left)
            case "needs nothing":
                changes[n] = msgspec.structs.replace(it, needs=())
            case "never comes" if not it.address.startswith("iam.policy/"):  # that one IAM would stop by itself
                changes[n] = msgspec.structs.replace(it, after=it.before)
            case "other document" if isinstance(it.after, Mapping) and "document" in it.after:
                changes[n] = msgspec.structs.replace(it, after={**it.after, "document": draw(documents)})
            case _:
                extra = at(f"iam.{draw(st.sampled_from(['group_policy/one', 'user_policy/ann']))}", READ_ONLY)
                if now.value(extra) is None and all(c.address != extra for c in changes):
                    changes.append(change(len(changes) + 1, extra, None, "attached"))
    return now, tuple(changes)


@settings(max_examples=examples(400), deadline=None)
@given(spoilt())
def test_a_spoilt_migration_is_accepted_only_if_it_does_no_harm(case: tuple[Account, tuple[Change, ...]]) -> None:
    now, changes = case
    harmless = fine(now, changes)
    event(f"harmless: {harmless}")
    assert judged_rightly(changes, accepted(now, changes), harmless)


@st.composite
def anything(draw: st.DrawFn) -> tuple[Account, tuple[Change, ...]]:
    """Any entries going to any values, in any order: nothing that a control would plan."""
    now = draw(accounts())
    addresses = [at("iam.group_member", g, u) for g in ("one", "two") for u in now.users]
    addresses += [
        at(f"iam.{h}_policy", n, a)
        for h, n in (("user", "ann"), ("group", "one"))
        for a in (READ_ONLY, DENY_ALL, mine("own"))
    ]
    addresses += [at("iam.user_inline", "ann", "p"), at("iam.group_inline", "two", "p"), at("iam.policy", mine("own"))]
    state = dict(now.state)
    changes: list[Change] = []
    last: dict[str, int] = {}
    for id in range(1, draw(st.integers(1, 7)) + 1):
        address = draw(st.sampled_from(addresses))
        before = state.get(address)
        after: Value = None
        if address.startswith("iam.policy"):
            after = {"path": "/", "document": draw(documents)}
        elif "_inline" in address:
            after = draw(st.none() | documents)
        elif before is None:
            after = "member" if "member" in address else "attached"
        needs = draw(st.sets(st.integers(1, id - 1), max_size=4)) if id > 1 else set()
        needs |= {last[address]} if address in last else set()
        changes.append(change(id, address, before, after, *sorted(needs)))
        last[address] = id
        state[address] = after
    return now, tuple(changes)


@settings(max_examples=examples(600), deadline=None)
@given(anything())
def test_any_plan_is_accepted_if_and_only_if_it_has_no_bad_moment(case: tuple[Account, tuple[Change, ...]]) -> None:
    now, changes = case
    ok = accepted(now, changes)
    event(f"accepted: {ok}")
    assert judged_rightly(changes, ok, fine(now, changes))


def declared(now: Account, changes: Sequence[Change], classes: frozenset[Risk]) -> bool:
    """Whether changes that all declare these classes do nothing else, in any state the account can pass through.

    Somebody gains by a new Allow and by a Deny that ends, and loses the other way round.
    """
    before = {name: may(now.state, name) for name in now.users}
    for done in downsets(changes):
        state = state_after(now.state, changes, done)
        for name, had in before.items():
            has = may(state, name)
            gains = {row for row in had ^ has if (row in has) != (row in (("ARN", DENY_ALL),) or row[0] == "Deny")}
            losses = (had ^ has) - gains
            if (gains and "additive" not in classes) or (losses and "restrictive" not in classes):
                return False
    return True


CLASSES: list[frozenset[Risk]] = [
    frozenset({"additive"}),
    frozenset({"restrictive"}),
    frozenset({"additive", "restrictive"}),
]


@settings(max_examples=examples(600), deadline=None)
@given(anything(), st.sampled_from(CLASSES))
def test_gains_and_losses_are_told_apart_allow_and_deny_alike(
    case: tuple[Account, tuple[Change, ...]], classes: frozenset[Risk]
) -> None:
    now, plain = case
    risk, also = gravest(classes)
    changes = [msgspec.structs.replace(c, risk=risk, also=also) for c in plain]
    ok = accepted(now, changes)
    event(f"accepted: {ok}, {sorted(classes)}")
    assert judged_rightly(changes, ok, declared(now, changes, classes))


OWN = at("iam.user_inline", "ann", "p")
GROUP, POLICY = at("iam.group", "new"), at("iam.policy", mine("new"))
ATTACHED, JOINED = at("iam.group_policy", "new", mine("new")), at("iam.group_member", "new", "ann")
BODY = document(READ, NO_DELETION, OFFICE)
DENIED, LESS_DENIED = at("iam.user_policy", "ann", DENY_ALL), {**NO_DELETION, "Resource": "arn:aws:s3:::b/*"}
OFFICE_READ = {**READ, "Condition": OFFICE["Condition"]}
ANN = account(holding("user", "ann", (), {"p": BODY}), holding("group", "none"), members(none="ann"))


def by_hand(*, body: Value = BODY, join: tuple[int, ...] = (3,), leave: tuple[int, ...] = (4,)) -> list[Change]:
    return [
        change(1, POLICY, None, {"path": "/", "document": body}),
        change(2, GROUP, None, {"path": "/"}),
        change(3, ATTACHED, None, "attached", 1, 2),
        change(4, JOINED, None, "member", *join),
        change(5, OWN, BODY, None, *leave),
    ]


EXTRA = change(6, at("iam.group_policy", "new", READ_ONLY), None, "attached", 2)
SABOTAGE = {
    "fine": (by_hand(), ""),
    "detached before the join": (by_hand(leave=(3,)), "#5"),
    "detached at any time": (by_hand(leave=()), "#5"),
    "wrong document": (by_hand(body=document(WRITE, NO_DELETION, OFFICE)), "s3:PutObject|s3:putobject|#5"),
    "missing Deny": (by_hand(body=document(READ, OFFICE)), "s3:delete"),
    "dropped condition": (by_hand(body=document(READ, NO_DELETION, ANYWHERE)), "ec2:stop"),
    "old version": (by_hand(body=document(READ, NO_DELETION, OFFICE, version="2008-10-17")), ""),
    "extra policy in the group": ([*by_hand(), EXTRA], "#6"),
    "joined before the group is complete": (by_hand(join=(2,)), "#5"),
    "no policy that can be read": (by_hand(body="text"), "#5"),
    "only taken": ([change(1, OWN, BODY, None)], "#1"),
    "only taken, and said so": ([change(1, OWN, BODY, None, risk="restrictive", also=("additive",))], ""),
    "a Deny that goes with it, unsaid": ([change(1, OWN, BODY, None, risk="restrictive")], "no longer denied"),
    "a new Deny": ([change(1, DENIED, None, "attached", risk="additive")], "take access from ann, newly denied"),
    "a new Deny, and said so": ([change(1, DENIED, None, "attached", risk="restrictive")], ""),
    "a Deny that only goes": (
        [change(1, OWN, BODY, document(READ, OFFICE), risk="restrictive")],
        "give ann new access, no longer denied",
    ),
    "a Deny that only goes, and said so": ([change(1, OWN, BODY, document(READ, OFFICE), risk="additive")], ""),
    "one Deny for another": (
        [change(1, OWN, BODY, document(READ, OFFICE, LESS_DENIED), risk="restrictive")],
        "no longer denied",
    ),
    "one Deny for another, and both said": (
        [change(1, OWN, BODY, document(READ, OFFICE, LESS_DENIED), risk="restrictive", also=("additive",))],
        "",
    ),
    "a gain of two ways, and one says so": (
        [change(1, at("iam.user_inline", "ann", "a"), None, document(WRITE), risk="additive"),
         change(2, at("iam.user_inline", "ann", "b"), None, document(WRITE))],
        "#2 iam.user_inline/ann/b would give ann new access",
    ),
    "less of what is there, and the same by a change that says nothing": (
        [change(1, at("iam.user_inline", "ann", "a"), None, document(OFFICE_READ), risk="restrictive"),
         change(2, at("iam.user_inline", "ann", "b"), None, document(OFFICE_READ))],
        "",
    ),
    "what has gone before it comes, and what comes": (
        [change(1, at("iam.group_member", "none", "ann"), "member", None),
         change(2, at("iam.group_policy", "none", READ_ONLY), None, "attached", 1),
         change(3, at("iam.user_policy", "ann", READ_ONLY), None, "attached")],
        "#3",
    ),
    "given, and said so": ([change(1, at("iam.user_policy", "ann", READ_ONLY), None, "attached", risk="additive")], ""),
    "a document replaced by one that says the same": (
        [change(1, OWN, BODY, document(OFFICE, READ_OTHERWISE, NO_DELETION))],
        "",
    ),
    "a document replaced by one that says less": ([change(1, OWN, BODY, document(READ, NO_DELETION))], "ec2:stop"),
    "a document replaced by one that says more": (
        [change(1, OWN, BODY, document(READ, NO_DELETION, OFFICE, WRITE))],
        "s3:put",
    ),
    "a user that the plan makes may be given anything": (
        [change(1, at("iam.user", "new"), None, {"path": "/"}),
         change(2, at("iam.user_policy", "new", READ_ONLY), None, "attached", 1)],
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "named"), SABOTAGE.values(), ids=SABOTAGE)
def test_plans_by_hand(changes: list[Change], named: str) -> None:
    found = list(access.violations(Access(Timeline(ANN, changes))))
    assert bool(found) == bool(named), found
    assert not named or any(word in "\n".join(found) for word in named.split("|")), found


EDGE = at("iam.policy", mine("edge"))
WITHIN: Value = {"path": "/", "document": document(READ, WRITE)}
NARROW: Value = {"path": "/", "document": document(READ)}
WIDE: Value = {"path": "/", "document": document(READ, WRITE, ANYWHERE)}
CLEAR = account(
    holding("user", "ann", (), {"p": document(READ, WRITE, OFFICE)}),
    policies(edge=document(READ, WRITE)),
    users=[user("ann", boundary=mine("edge"))],
)
"""Whoever has a permissions boundary may do what their policies and it both say: not stop instances, here."""
WIDENED = change(1, at("iam.user_inline", "ann", "q"), None, document(statement("ec2:Stop*")))
BOUNDED = {
    "a boundary that takes": ([change(1, EDGE, WITHIN, NARROW)], "would take access from ann: .*s3:put"),
    "and says so": ([change(1, EDGE, WITHIN, NARROW, risk="restrictive")], ""),
    "a boundary that gives": ([change(1, EDGE, WITHIN, WIDE)], "#1 iam.policy/.* would give ann .*ec2:stop"),
    "and says so, too": ([change(1, EDGE, WITHIN, WIDE, risk="additive")], ""),
    "a policy that gives what the boundary does not": ([WIDENED], ""),
    "a policy that goes and gave nothing within it": (
        [change(1, at("iam.user_inline", "ann", "p"), document(READ, WRITE, OFFICE), document(READ, WRITE))], ""
    ),
    "both halves of one gain": ([WIDENED, change(2, EDGE, WITHIN, WIDE, risk="restrictive")], "would give ann"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), BOUNDED.values(), ids=BOUNDED)
def test_what_a_boundary_keeps_is_no_access(changes: list[Change], said: str) -> None:
    found = "\n".join(access.violations(Access(Timeline(CLEAR, changes))))
    assert bool(found) == bool(said), found
    assert re.search(said, found)


def test_a_boundary_that_stands_elsewhere_allows_what_it_did() -> None:
    """AWS's own, whose document is no entry of the account: a policy that gives something gives it within that, too."""
    now = msgspec.structs.replace(CLEAR, users={"ann": user("ann", boundary=READ_ONLY)})
    (line,) = access.violations(Access(Timeline(now, [change(1, WIDENED.address, None, document(READ_MORE))])))
    assert "would give ann new access" in line


READ_MORE = statement("s3:GetObject", "arn:aws:s3:::c/*")


@pytest.mark.parametrize("length", [119, 120, 121, 400])
def test_long_statements_are_cut(length: int) -> None:
    bare = change(1, at("iam.user_inline", "ann", "a"), None, document(statement("s3:x", "")))
    empty = (
        next(access.violations(Access(Timeline(ANN, [bare])))).partition("new access: ")[2].partition(", such as")[0]
    )
    long = statement("s3:x", "x" * (length - len(empty)))
    (line,) = access.violations(Access(Timeline(ANN, [msgspec.structs.replace(bare, after=document(long))])))
    whole = empty.replace('[""]', json.dumps([long["Resource"]]))
    assert len(whole) == length
    shown = whole if length <= 120 else whole[:119] + "…"
    assert line.startswith(f"#1 iam.user_inline/ann/a would give ann new access: {shown}, such as s3:x on xx")
    assert len(line) < 400


HELD = account(
    holding("user", "ann"),
    holding("group", "g", [mine("own")]),
    holding("role", "r", [mine("own")]),
    members(g="ann"),
    policies(own=document(READ, WRITE)),
)
OTHER: Value = {"path": "/", "document": document(READ)}


def test_a_change_of_a_document_concerns_everybody_who_holds_it() -> None:
    update = change(1, at("iam.policy", mine("own")), HELD.value(at("iam.policy", mine("own"))), OTHER)
    found = list(access.violations(Access(Timeline(HELD, [update]))))
    assert {"ann", "r"} == {line.split("take access from ")[1].split(":")[0] for line in found}


def test_what_a_group_loses_its_members_lose() -> None:
    detach = change(1, at("iam.group_policy", "g", mine("own")), "attached", None)
    found = list(access.violations(Access(Timeline(HELD, [detach]))))
    assert [line.partition(": {")[0] for line in found] == [f"#1 {detach.address} would take access from ann"] * 2


@pytest.mark.parametrize("kind", ["iam.role_policy", "iam.role_inline"])
def test_a_role_is_held_to_the_same(kind: str) -> None:
    now = account(holding("role", "r", [READ_ONLY], {READ_ONLY: document(READ)}))
    address = at(kind, "r", READ_ONLY)
    (line,) = access.violations(Access(Timeline(now, [change(1, address, now.value(address), None)])))
    assert line.startswith(f"#1 {address} would take access from r: ")


def test_a_policy_that_cannot_be_read_is_like_no_other() -> None:
    now = account(holding("user", "ann", (), {"p": "one text"}))
    swap = change(1, at("iam.user_inline", "ann", "p"), "one text", "another")
    found = [line.partition(", as far as can be told")[0] for line in access.violations(Access(Timeline(now, [swap])))]
    assert sorted(found) == [
        f'#1 {swap.address} would give ann new access, no longer denied: "one text"',
        f'#1 {swap.address} would give ann new access: "another"',
        f'#1 {swap.address} would take access from ann, newly denied: "another"',
        f'#1 {swap.address} would take access from ann: "one text"',
    ]


@pytest.mark.parametrize(("needs", "gains"), [((1,), 0), ((), 1)])
def test_who_has_left_a_group_gains_nothing_from_it(needs: tuple[int, ...], gains: int) -> None:
    now = account(holding("user", "ann"), holding("group", "h"), members(h="ann"))
    leave = change(1, at("iam.group_member", "h", "ann"), "member", None)
    give = change(2, at("iam.group_policy", "h", READ_ONLY), None, "attached", *needs)
    assert len(list(access.violations(Access(Timeline(now, [leave, give]))))) == gains


def test_many_ways_to_one_statement_are_judged_at_once() -> None:
    """Ten policies that say the same, taken away with nothing in their place."""
    many = {f"p{n}": document(READ) for n in range(12)}
    ann = account(holding("user", "ann", (), many))
    changes = [change(n, at("iam.user_inline", "ann", f"p{n - 1}"), document(READ), None) for n in range(1, 13)]
    assert len(list(access.violations(Access(Timeline(ann, changes))))) == 1


def test_the_plan_with_a_violation_is_refused_with_the_way_out() -> None:
    with pytest.raises(Refused) as caught:
        guard.check(ANN, [change(1, OWN, BODY, None)], RESOURCES, (), NOW)
    assert caught.value.exit_code == 3
    assert "take access from ann" in "\n".join(caught.value.details)
    assert "exemptions:" in caught.value.remedy


def test_the_policies_of_awss_own_that_only_deny_are_known(sandbox: Sandbox) -> None:
    """Of all that moto knows; each of them is known by its ARN alone."""
    from remediate.sandbox.policies import load

    only_deny = {p.arn for p in load() if _effects(json.loads(p.versions[0].document)) == {"Deny"}}
    assert only_deny == {p.arn for p in load() if denies(p.arn)}
    assert DENY_ALL in only_deny


def _effects(policy: Mapping[str, Any]) -> set[str]:
    body = policy["Statement"]
    return {s["Effect"] for s in (body if isinstance(body, list) else [body])}
