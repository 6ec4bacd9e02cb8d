"""Own policies move to groups: each case as data, and all of them under random accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    READ_ONLY,
    account,
    document,
    folded,
    holding,
    members,
    mine,
    policies,
    said,
    statement,
    taken_back,
    user,
    with_settings,
)
from support.stress import examples

from remediate import planner, preflight, rollback
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls.groups import Settings, control
from remediate.controls.naming import MAX_LENGTH, Names
from remediate.errors import Unreadable
from remediate.model import Address, Event, Exemption, Header, Matcher, Plan, State, Value, at, kind_of, pair_of
from remediate.planner import Draft
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

POWER, S3, EC2 = (
    f"arn:aws:iam::aws:policy/{n}" for n in ("PowerUserAccess", "AmazonS3FullAccess", "AmazonEC2FullAccess")
)
EXEMPT = Exemption(match=Matcher(tag={"exempt": "*"}), owner="o", reason="r", expires=date(2027, 1, 1))
SCOPE = Scope(playbook=Playbook(name="test", exemptions=(EXEMPT,)), now=NOW)

READ = statement("s3:GetObject", "arn:aws:s3:::b/*")
READ_OTHERWISE = statement(["S3:getobject"], ["arn:aws:s3:::b/*"], Sid="Read")
WRITE = statement("s3:PutObject", "arn:aws:s3:::b/*")
OWN_FOLDER = statement("s3:*", "arn:aws:s3:::home/${aws:username}/*")
DENY = {**statement("s3:Delete*"), "Effect": "Deny"}
OFFICE = statement("ec2:*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})


def plan(now: Account, chosen: Settings = Settings()) -> Draft:  # noqa: B008
    return planner.draft(now, with_settings(control, chosen), SCOPE, RESOURCES)


def after(now: Account, state: State) -> Account:
    return msgspec.structs.replace(now, state=state)


def own(state: State, name: str) -> list[Address]:
    return [a for a in state if kind_of(a) in ("iam.user_policy", "iam.user_inline") and pair_of(a)[0] == name]


def moved(now: Account, chosen: Settings = Settings(), *, stuck: tuple[str, ...] = ()) -> dict[Address, Value]:  # noqa: B008
    """The state after the plan: access as it was, own policies only of who is stuck, and nothing left to plan."""
    draft = plan(now, chosen)
    state = folded(now.state, draft.changes)
    assert sorted(pair_of(m.address)[0] for m in draft.manual) == sorted(stuck)
    for name in now.users:
        assert said(state, name) == said(now.state, name), name
        assert not own(state, name) or name in stuck or "exempt" in now.users[name].tags
    again = plan(after(now, state), chosen)
    assert not again.changes
    assert len(again.manual) == len(stuck)
    assert taken_back(state, draft.changes) == now.state
    return state


def groups_of(state: State, name: str) -> set[str]:
    return {pair_of(a)[0] for a in state if kind_of(a) == "iam.group_member" and pair_of(a)[1] == name}


def gives(state: State, group: str) -> set[str]:
    return {pair_of(a)[1] for a in state if kind_of(a) == "iam.group_policy" and pair_of(a)[0] == group}


def names(state: State, kind: str) -> set[str]:
    return {a.partition("/")[2] for a in state if kind_of(a) == kind}


def in_groups(name: str, count: int, *policies_each: str) -> list[State]:
    held = [holding("group", f"g{n:02}", [mine(f"own{n}"), *policies_each]) for n in range(count)]
    documents = policies(**{f"own{n}": document(statement(f"sqs:Get{n}")) for n in range(count)})
    return [*held, documents, members(**{f"g{n:02}": name for n in range(count)})]


def test_a_clean_account_plans_nothing() -> None:
    now = account(holding("user", "ann"), holding("group", "g", [S3]), members(g="ann"))
    draft = plan(now)
    assert (draft.changes, draft.findings, draft.manual) == ((), (), ())


def test_documents_written_differently_become_one_policy_and_one_group() -> None:
    now = account(
        holding("user", "ann", (), {"read": document(READ)}),
        holding("user", "bob", (), {"other": {"Statement": READ_OTHERWISE, "Version": "2008-10-17"}}),
        holding("user", "cid", (), {"read": document(READ, READ_OTHERWISE)}),
    )
    state = moved(now)
    assert len(names(state, "iam.policy")) == len(names(state, "iam.group")) == 1
    assert groups_of(state, "ann") == groups_of(state, "bob") == groups_of(state, "cid")


def test_the_same_bundle_shares_a_group_and_another_has_its_own() -> None:
    now = account(holding("user", "ann", [S3, EC2]), holding("user", "bob", [EC2, S3]), holding("user", "cid", [S3]))
    state = moved(now)
    assert groups_of(state, "ann") == groups_of(state, "bob") == {"AmazonEC2FullAccess-and-1-more"}
    assert groups_of(state, "cid") == {"AmazonS3FullAccess"}


def test_job_policies_have_groups_of_their_own() -> None:
    now = account(holding("user", "ann", [ADMIN, READ_ONLY, S3]), holding("user", "bob", [POWER]))
    state = moved(now)
    assert groups_of(state, "ann") == {"Admins", "ReadOnlyUsers", "AmazonS3FullAccess"}
    assert groups_of(state, "bob") == {"PowerUsers"}
    assert gives(state, "Admins") == {ADMIN}


def test_a_playbooks_own_groups_and_path() -> None:
    now = account(holding("user", "ann", [mine("team"), READ_ONLY]), policies(team=document(READ)))
    chosen = Settings(groups={"Team": mine("team"), "Readers": "ReadOnlyAccess"}, path="/people/")
    state = moved(now, chosen)
    assert groups_of(state, "ann") == {"Team", "Readers"}
    assert state[at("iam.group", "Team")] == {"path": "/people/"}
    inline = account(holding("user", "ann", (), {"p": document(READ)}))
    (arn,) = names(moved(inline, chosen), "iam.policy")
    assert arn.startswith(f"arn:aws:iam::{ME}:policy/people/p-")


def test_another_partition_has_its_own_arns() -> None:
    arn = "arn:aws-us-gov:iam::aws:policy/AdministratorAccess"
    now = msgspec.structs.replace(account(holding("user", "ann", [arn])), partition="aws-us-gov")
    assert groups_of(folded(now.state, plan(now).changes), "ann") == {"Admins"}


def test_a_policy_that_nobody_can_read_is_left_alone() -> None:
    now = account(holding("user", "ann", [mine("odd")], {"p": document(READ)}), policies(odd="text"))
    state = folded(now.state, plan(now).changes)
    assert state[at("iam.policy", mine("odd"))] == now.state[at("iam.policy", mine("odd"))]
    assert mine("odd") in gives(state, *groups_of(state, "ann"))


def test_a_group_that_gives_exactly_that_is_used() -> None:
    now = account(holding("user", "ann", [S3]), holding("group", "storage", [S3]), holding("group", "two", [S3, EC2]))
    assert groups_of(moved(now), "ann") == {"storage"}


def test_a_policy_that_says_the_same_is_used() -> None:
    now = account(
        holding("user", "ann", (), {"p": document(READ_OTHERWISE)}), policies(zzz=document(READ), aaa=document(READ))
    )
    state = moved(now)
    assert names(state, "iam.policy") == {mine("aaa"), mine("zzz")}
    assert gives(state, *groups_of(state, "ann")) == {mine("aaa")}


@pytest.mark.parametrize("name", ["Admins", "admins", "ADMINS"])
def test_a_group_of_that_name_with_other_content_is_left_alone(name: str) -> None:
    now = account(holding("user", "ann", [ADMIN]), holding("group", name, [S3]))
    (joined,) = groups_of(moved(now), "ann")
    assert joined.startswith("Admins-") and joined.lower() != name.lower()


@pytest.mark.parametrize("held", [{"p": document(READ)}, {"p": "text"}])
def test_a_group_that_gives_more_than_that_is_not_used(held: Mapping[str, Value]) -> None:
    now = account(holding("user", "ann", [S3]), holding("group", "AmazonS3FullAccess", [S3], held))
    (joined,) = groups_of(folded(now.state, plan(now).changes), "ann")
    assert joined.startswith("AmazonS3FullAccess-")


def test_a_policy_of_that_name_with_other_content_is_left_alone() -> None:
    now = account(holding("user", "ann", (), {"p": document(READ)}))
    (wanted,) = names(moved(now), "iam.policy")
    taken = {at("iam.policy", wanted.upper().replace("ARN:AWS:IAM", "arn:aws:iam")): {"document": document(WRITE)}}
    state = moved(account(now.state, taken))
    (made,) = names(state, "iam.policy") - {a.partition("/")[2] for a in taken}
    assert made != wanted and made.startswith(wanted)


def test_what_a_membership_covers_already_just_goes() -> None:
    now = account(
        holding("user", "ann", [S3], {"p": document(READ_OTHERWISE), "q": document(READ, WRITE)}),
        holding("group", "g", [S3, mine("write")], {"read": document(READ)}),
        members(g="ann"),
        policies(write=document(WRITE)),
    )
    draft = plan(now)
    assert {c.after for c in draft.changes} == {None}
    assert groups_of(moved(now), "ann") == {"g"}


@dataclass(frozen=True)
class Kept:
    one: Value
    other: Value


MEANINGS = {
    "deny": Kept(document(READ, DENY), document(READ)),
    "condition": Kept(document(OFFICE), document(statement("ec2:*"))),
    "variables in the old version": Kept(document(OWN_FOLDER, version="2008-10-17"), document(OWN_FOLDER)),
    "resources in another case": Kept(document(READ), document(statement("s3:GetObject", "arn:aws:s3:::B/*"))),
}


@pytest.mark.parametrize("case", MEANINGS.values(), ids=MEANINGS)
def test_documents_that_differ_in_meaning_stay_apart(case: Kept) -> None:
    now = account(holding("user", "ann", (), {"p": case.one}), holding("user", "bob", (), {"p": case.other}))
    draft = plan(now)
    state = folded(now.state, draft.changes)
    assert len(names(state, "iam.policy")) == 2
    assert not groups_of(state, "ann") & groups_of(state, "bob")
    made = [c.after for c in draft.changes if kind_of(c.address) == "iam.policy"]
    assert all(isinstance(v, Mapping) and v["document"]["Version"] == "2012-10-17" for v in made)  # type: ignore[call-overload, index]


def test_variables_of_the_old_version_become_plain_text_in_the_new_one() -> None:
    now = account(holding("user", "ann", (), {"p": document(OWN_FOLDER, version="2008-10-17")}))
    (made,) = [c.after for c in plan(now).changes if kind_of(c.address) == "iam.policy"]
    assert made["document"]["Statement"][0]["Resource"] == "arn:aws:s3:::home/${$}{aws:username}/*"  # type: ignore[call-overload, index]


def test_a_boundary_stays_and_the_exempt_are_untouched() -> None:
    people = [user("ann", boundary=mine("b")), user("glass", tags={"exempt": "yes"})]
    now = account(holding("user", "ann", [S3]), holding("user", "glass", [S3]), users=people)
    draft = plan(now)
    assert not [c for c in draft.changes if "glass" in c.address]
    assert [(e.address, e.owner) for e in draft.exempted] == [("iam.user/glass", "o")]
    state = moved(now)
    assert own(state, "glass") and not own(state, "ann")


def test_full_of_groups_swaps_one_and_keeps_access_meanwhile() -> None:
    now = account(holding("user", "ann", [S3]), *in_groups("ann", 10))
    draft = plan(now)
    left = [c for c in draft.changes if kind_of(c.address) == "iam.group_member" and c.after is None]
    assert len(left) == 1
    bridge = [c for c in draft.changes if c.address == at("iam.user_policy", "ann", mine("own0"))]
    assert [(c.before, c.after) for c in bridge] == [(None, "attached"), ("attached", None)]
    state = moved(now)
    assert len(groups_of(state, "ann")) == 10
    assert {mine("own0"), S3} in [gives(state, g) for g in groups_of(state, "ann")]


def test_a_swap_takes_over_what_the_left_group_has_inline() -> None:
    now = account(
        holding("user", "ann", [S3]),
        *(holding("group", f"g{n}", (), {"p": document(statement(f"sqs:Get{n}"))}) for n in range(10)),
        members(**{f"g{n}": "ann" for n in range(10)}),
    )
    assert len(groups_of(moved(now), "ann")) == 10


def test_one_place_left_takes_all_in_one_group() -> None:
    now = account(holding("user", "ann", [ADMIN, READ_ONLY, S3]), *in_groups("ann", 9))
    state = moved(now)
    (joined,) = groups_of(state, "ann") - groups_of(now.state, "ann")
    assert gives(state, joined) == {ADMIN, READ_ONLY, S3}


def test_more_policies_than_a_group_may_have_are_spread() -> None:
    inline = {f"p{n}": document(statement(f"sqs:Do{n}")) for n in range(23)}
    state = moved(account(holding("user", "ann", (), inline)))
    assert sorted(len(gives(state, g)) for g in groups_of(state, "ann")) == [3, 10, 10]


FULL = [f"arn:aws:iam::aws:policy/P{n}" for n in range(9)]
MANY = {f"p{n}": document(statement(f"sqs:Do{n}")) for n in range(12)}
NO_WAY: dict[str, tuple[Account, str]] = {
    "ten groups and none to combine": (
        account(holding("user", "ann", [S3]), *in_groups("ann", 10, *FULL)),
        "already in 10 groups",
    ),
    "ten groups and no place for a bridge": (
        account(holding("user", "ann", [S3, EC2]), *in_groups("ann", 10), summary={"AttachedPoliciesPerUserQuota": 2}),
        "already in 10 groups",
    ),
    "nine groups and more than one group can carry": (
        account(holding("user", "ann", (), MANY), *in_groups("ann", 9)),
        "already in 9 groups",
    ),
    "ten groups that nobody can read": (
        account(
            holding("user", "ann", [S3]),
            *(holding("group", f"g{n}", (), {"p": "text"}) for n in range(10)),
            members(**{f"g{n}": "ann" for n in range(10)}),
        ),
        "already in 10 groups",
    ),
    "no group left in the account": (
        account(holding("user", "ann", [S3]), summary={"GroupsQuota": 0}),
        "no room for another group or policy",
    ),
    "no policy left in the account": (
        account(holding("user", "ann", (), {"p": document(READ)}), summary={"PoliciesQuota": 0}),
        "no room for another group or policy",
    ),
    "no group left for a swap": (
        account(holding("user", "ann", [S3]), *in_groups("ann", 10), summary={"GroupsQuota": 10}),
        "no room for another group or policy",
    ),
    "a document that is none": (account(holding("user", "ann", (), {"p": "text"})), "cannot become a managed policy"),
    "a document too long for a managed policy": (
        account(holding("user", "ann", (), {"p": document(statement("s3:Get", "x" * 7000))})),
        "longer than",
    ),
}


@pytest.mark.parametrize(("now", "reason"), NO_WAY.values(), ids=NO_WAY)
def test_where_there_is_no_way_a_person_is_told_why(now: Account, reason: str) -> None:
    draft = plan(now)
    assert not draft.changes
    (manual,) = draft.manual
    assert manual.address == "iam.user/ann"
    assert reason in manual.summary


def test_one_users_obstacle_is_not_anothers() -> None:
    now = account(
        holding("user", "ann", (), {"p": "text"}), holding("user", "bob", [S3]), holding("user", "cid", [EC2]),
        holding("user", "dan", [EC2]), summary={"GroupsQuota": 1},
    )  # fmt: skip
    draft = plan(now)
    state = folded(now.state, draft.changes)
    assert names(state, "iam.group") == {"AmazonEC2FullAccess"}, "the bundle that most users share comes first"
    assert sorted(m.address for m in draft.manual) == ["iam.user/ann", "iam.user/bob"]


TEN, OTHERS = ([f"arn:aws:iam::aws:policy/{some}{n}" for n in range(10)] for some in ("Some", "Other"))
LAST = {
    # how many groups are left, and who has which policies: which groups come to be
    "two policies": (1, {"ann": [S3, EC2]}, {"AmazonEC2FullAccess-and-1-more"}),
    "two jobs": (1, {"ann": [ADMIN, READ_ONLY]}, {"AdministratorAccess-and-1-more"}),
    "two jobs, and what more people share": (
        2,
        {"ann": [ADMIN, READ_ONLY], "bob": [S3], "cid": [S3]},
        {"AmazonS3FullAccess", "AdministratorAccess-and-1-more"},
    ),
    "more than one group carries": (1, {"ann": [ADMIN, *TEN], "bob": [READ_ONLY]}, {"ReadOnlyUsers"}),
    "that twice": (2, {"ann": [ADMIN, *TEN], "bob": [POWER, *OTHERS]}, {"Admins", "Some0-and-9-more"}),
}


@pytest.mark.parametrize(("left", "who", "made"), LAST.values(), ids=LAST)
def test_no_room_is_kept_for_a_group_that_nobody_joins(left: int, who: Mapping[str, list[str]], made: set[str]) -> None:
    now = account(*(holding("user", name, arns) for name, arns in who.items()), summary={"GroupsQuota": left})
    state = folded(now.state, plan(now).changes)
    assert names(state, "iam.group") == made
    assert plan(after(now, state)).changes == ()


def test_no_room_is_kept_for_a_policy_that_no_group_carries() -> None:
    one, other = {"p": document(READ)}, {"q": document(WRITE)}
    now = account(
        holding("user", "ann", [ADMIN, *TEN], one), holding("user", "bob", (), other),
        summary={"GroupsQuota": 2, "PoliciesQuota": 1},
    )  # fmt: skip
    moved(now, stuck=("ann",))


def test_the_last_policy_and_group_are_used() -> None:
    now = account(holding("user", "ann", (), {"p": document(READ)}), summary={"GroupsQuota": 1, "PoliciesQuota": 1})
    moved(now)


@pytest.mark.parametrize("name", ["=cmd+1@x", "a,b", "-rf", "x" * 128, "Admins", "..", "a.b@c_d+e=f,g-h"])
def test_hostile_and_long_names(name: str) -> None:
    now = account(holding("user", name[:64], [S3], {name: document(READ)}))
    state = moved(now)
    made = [a.rpartition("/")[2] for a in (*names(state, "iam.policy"), *names(state, "iam.group"))]
    assert all(0 < len(n) <= MAX_LENGTH for n in made), made


def test_two_names_of_128_characters_that_end_differently() -> None:
    long = "x" * 127
    now = account(holding("user", "ann", (), {f"{long}1": document(READ), f"{long}2": document(WRITE)}))
    assert len({n.lower() for n in names(moved(now), "iam.policy")}) == 2


def test_names_are_the_same_each_time_and_unique_without_case() -> None:
    first, second = Names(["Taken"]), Names(["Taken"])
    for take in ("free", "taken", "TAKEN", "free"):
        assert first.take(take, "abcdef0123456789") == second.take(take, "abcdef0123456789")
    assert Names(["Taken"]).take("taken", "abcdef") == "taken-abcd"
    assert Names(["taken", "taken-abcd"]).take("Taken", "abcdef") == "Taken-abcde"
    assert Names([]).take("free", "abcdef", always=True) == "free-abcd"
    assert len(Names(["y" * 128]).take("y" * 128, "abcdef")) == 128


@pytest.mark.parametrize("gap", ["iam.user", "iam.group", "iam.policy"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={gap: "denied"}), Settings(), SCOPE))


documents = st.lists(
    st.sampled_from([READ, READ_OTHERWISE, WRITE, OWN_FOLDER, DENY, OFFICE]), min_size=1, max_size=3
).flatmap(lambda body: st.sampled_from(["2012-10-17", "2008-10-17"]).map(lambda v: document(*body, version=v)))
attached = st.sets(st.sampled_from([ADMIN, READ_ONLY, S3, mine("a"), mine("b")]), max_size=3)
inline = st.dictionaries(st.sampled_from(["p", "Q", "admins"]), documents, max_size=3)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    people, groups = ["ann", "bob", "cid", "dan"], ["admins", "ReadOnlyUsers", "s3", "t"]
    parts = [holding("user", name, draw(attached), draw(inline)) for name in people]
    for group in draw(st.sets(st.sampled_from(groups))):
        parts.append(holding("group", group, draw(attached), draw(inline)))
        parts.append(members(**{group: " ".join(draw(st.sets(st.sampled_from(people))))}))
    now = account(*parts, policies(a=draw(documents), b=draw(documents)))
    fullest = max(len(now.groups_of(name)) for name in people)
    quotas = {
        "GroupsPerUserQuota": max(1, fullest + draw(st.integers(0, 2))),
        "AttachedPoliciesPerGroupQuota": draw(st.integers(3, 6)),
        "AttachedPoliciesPerUserQuota": draw(st.integers(4, 10)),
        "GroupsQuota": draw(st.sampled_from([4, 6, 300])),
        "PoliciesQuota": draw(st.sampled_from([2, 4, 1500])),
    }
    return msgspec.structs.replace(now, summary=quotas)


@settings(max_examples=examples(400), deadline=None)
@given(accounts())
def test_any_account_moves_with_access_unchanged_and_back_again(now: Account) -> None:
    draft = plan(now)
    stuck = tuple(pair_of(m.address)[0] for m in draft.manual)
    event(f"stuck: {len(stuck)}")
    event(
        "swap" if any(kind_of(c.address) == "iam.group_member" and c.after is None for c in draft.changes) else "join"
    )
    state = folded(now.state, draft.changes)
    for name in now.users:
        assert said(state, name) == said(now.state, name)
        assert not own(state, name) or name in stuck
    again = plan(after(now, state))
    assert not again.changes, "planning again plans nothing"
    assert taken_back(state, draft.changes) == now.state
    assert plan(now) == draft


@settings(max_examples=examples(200), deadline=None)
@given(accounts(), st.data())
def test_from_any_moment_the_guard_lets_it_go_on_and_back(now: Account, data: st.DataObject) -> None:
    """A run may stop anywhere: what is left of the plan is safe then, and so is taking back what was done."""
    draft = plan(now)
    done: set[int] = set()
    for change in draft.changes:
        if done.issuperset(change.needs) and data.draw(st.booleans(), label=f"#{change.id}"):
            done.add(change.id)
    then = after(now, folded(now.state, [c for c in draft.changes if c.id in done]))
    whole = msgspec.structs.replace(EMPTY, changes=draft.changes)
    left = [c for c in draft.changes if c.id not in done]
    values = {c.address: then.state.get(c.address) for c in left}
    preflight.guarded(whole, left, then, values, RESOURCES, NOW)
    if done:
        outcomes: dict[int, Event] = dict.fromkeys(done, "done")
        back = rollback.inverse(whole, outcomes, then, RESOURCES, NOW)
        assert back.kept == ()
        assert folded(then.state, back.changes) == now.state


HEADER = Header(
    tool="1",
    account=ME,
    alias="",
    partition="aws",
    caller="c",
    playbook="p",
    playbook_digest="",
    created=NOW,
    expires=NOW,
)
EMPTY = Plan(
    format=1, digest="d", header=HEADER, findings=(), changes=(), manual=(), unknowns=(), exempted=(), checks=()
)  # fmt: skip
