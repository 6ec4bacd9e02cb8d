"""What a plan means for everybody's access: caught where it would change unsaid, and said where it does."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    account,
    change,
    document,
    holding,
    members,
    mine,
    policies,
    role,
    statement,
    user,
    with_settings,
)
from support.stress import examples

from remediate import planner
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls import groups
from remediate.effective import AWS_POLICY, SERVICE_CONTROL, Effective, facts_of, parsed
from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Effect, Risk, Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.policy.compare import Policies
from remediate.policy.known import Known, effects
from remediate.policy.request import Request, context
from remediate.policy.witness import shows
from remediate.proof import asks, prove

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
HOME = "arn:aws:s3:::home/${aws:username}/*"
NO_DELETION = statement("s3:Delete*", "*") | {"Effect": "Deny"}
OFFICE = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
FULL = document(statement("s3:*"), NO_DELETION, statement("ec2:*", Condition=OFFICE), statement("sqs:*", HOME))
LITERAL = document(statement("s3:Get*", HOME), version="2008-10-17")
WITHOUT_DENY = document(statement("s3:*"), statement("ec2:*", Condition=OFFICE), statement("sqs:*", HOME))
ANYWHERE = document(statement("s3:*"), NO_DELETION, statement("ec2:*"), statement("sqs:*", HOME))

FAULTS: dict[str, tuple[Value, Value, str]] = {
    "its Deny": (FULL, WITHOUT_DENY, "no longer denied: .*such as s3:Delete"),
    "its condition": (FULL, ANYWHERE, "would give ann new access: .*such as ec2:"),
    "a variable that was only text": (
        LITERAL, {**LITERAL, "Version": "2012-10-17"}, "arn:aws:s3:::home/ann/example|take access from ann",
    ),
    "a variable that was one": (FULL, {**FULL, "Version": "2008-10-17"}, "take access from ann"),
}  # fmt: skip


def migration(inline: Value) -> tuple[Account, tuple[Change, ...]]:
    """ann's own policy becomes a group's."""
    now = account(holding("user", "ann", (), {"own": inline}), users=[user("ann")])
    return now, planner.draft(now, with_settings(groups.control), SCOPE, RESOURCES).changes


@pytest.mark.parametrize(("inline", "faulty", "said"), FAULTS.values(), ids=FAULTS)
def test_a_migration_that_loses_something_is_caught(inline: Value, faulty: Value, said: str) -> None:
    now, changes = migration(inline)
    assert not list(access.violations(Access(Timeline(now, changes))))
    spoilt = [
        msgspec.structs.replace(c, after={**c.after, "document": faulty})
        if c.address.startswith("iam.policy/") and isinstance(c.after, Mapping)
        else c
        for c in changes
    ]
    assert spoilt != list(changes)
    found = "\n".join(access.violations(Access(Timeline(now, spoilt))))
    assert re.search(said, found), found


ANN = at("iam.user", "ann")
BOUND = at("iam.policy", mine("bound"))
SOME = document(statement("s3:Get*"))
NARROW: Value = {"path": "/", "document": SOME}
WIDE: Value = {"path": "/", "document": document(statement("*"))}
BOUNDED = account(
    holding("user", "ann", [ADMIN]),
    policies(bound=SOME),
    users=[user("ann", boundary=mine("bound"))],
    roles=[role("r", boundary=mine("bound"))],
)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (WIDE, "#1 .*bound would give ann new access: .*such as "),
        (None, "#1 .*bound would take access from ann: .*such as s3:Get"),
        ({"path": "/", "document": document(statement(["s3:Get*", "s3:GetObject"]))}, ""),
    ],
)
def test_a_permissions_boundary_is_no_different(after: Value, said: str) -> None:
    found = "\n".join(access.violations(Access(Timeline(BOUNDED, [change(1, BOUND, NARROW, after)]))))
    assert re.search(said, found) if said else not found, found


def test_two_halves_of_a_gain_are_seen() -> None:
    """The boundary is widened, and a policy of ann's own: either by itself gives nothing."""
    now = account(
        holding("user", "ann", (), {"own": SOME}), policies(bound=SOME), users=[user("ann", boundary=mine("bound"))]
    )
    halves = [
        change(1, BOUND, NARROW, {"path": "/", "document": document(statement(["s3:Get*", "sqs:*"]))}),
        change(2, at("iam.user_inline", "ann", "more"), None, document(statement("sqs:*"))),
    ]
    assert not list(access.violations(Access(Timeline(now, halves[:1]))))
    found = "\n".join(access.violations(Access(Timeline(now, halves))))
    assert re.search("#2 .* would give ann new access: .*such as sqs:", found), found
    assert re.search("#1 .* would give ann new access: .*such as sqs:", found), found


@pytest.mark.parametrize("name", ["s3", "a", "home"])
def test_a_name_that_is_part_of_an_arn_spoils_none(name: str) -> None:
    now = account(holding("user", name, (), {"own": document(statement("s3:*", HOME))}), users=[user(name)])
    gone = [change(1, at("iam.user_inline", name, "own"), now.value(at("iam.user_inline", name, "own")), None)]
    resources = {w.resource for effect in prove(now, gone).effects for w in effect.loses}
    assert len(resources) == 1
    assert resources.pop().startswith("arn:aws:s3:::")


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_another_partition_has_its_own_arns_in_all_that_is_shown(partition: str) -> None:
    """Whoever is an administrator there, and what is moved, and what a request names."""
    where = f"arn:{partition}:"
    text = msgspec.json.encode(account(
        holding("user", "ann", [ADMIN]), holding("user", "bob", (), {"own": document(statement("s3:Get*", HOME))}),
        policies(bound=SOME), users=[user("bob", boundary=mine("bound"))],
    )).decode()  # fmt: skip
    now = msgspec.json.decode(text.replace("arn:aws:", where), type=Account)
    now = structs.replace(now, partition=partition)
    moved = planner.draft(now, with_settings(groups.control), SCOPE, RESOURCES)
    assert (len(moved.changes), moved.proof.effects) == (9, ())
    for address in (
        at("iam.user_policy", "ann", ADMIN.replace("arn:aws:", where)),
        at("iam.user_inline", "bob", "own"),
    ):
        gone = [change(1, address, now.state[address], None)]
        said = "\n".join(access.violations(Access(Timeline(now, gone))))
        shown = {w.resource for effect in prove(now, gone).effects for w in effect.loses} - {"*"}
        assert " take access from " in said
        assert "arn:aws:" not in said
        assert all(place.startswith(where) for place in shown)
        assert shown or "Administrator" in address


def test_a_boundary_is_in_the_proof() -> None:
    proof = prove(BOUNDED, [change(1, BOUND, NARROW, WIDE, risk="additive")])
    whole, step = proof.effects
    assert (whole.who, [(c.change, c.who) for c in step.changes]) == ((ANN,), [(1, (ANN,))])
    assert all(effect.gains and not effect.loses for effect in proof.effects)


POWER = "arn:aws:iam::aws:policy/PowerUserAccess"


def test_a_policy_of_awss_is_asked_for_and_named_where_it_cannot_be_read() -> None:
    now = account(holding("user", "ann", [POWER]), users=[user("ann")])
    swap = [change(1, at("iam.user_policy", "ann", POWER), "attached", None, risk="restrictive")]
    [wanted] = asks(now, swap) - {ORGANIZATION}
    assert wanted == at(AWS_POLICY, POWER)
    blind = msgspec.structs.replace(
        now, unknown={wanted: "GetPolicy: AccessDenied: no"}, asked=frozenset({wanted, ORGANIZATION})
    )
    assert not asks(blind, swap)
    proof = prove(blind, swap)
    assert proof.open == (f"{POWER}: GetPolicy: AccessDenied: no",)
    assert [e.loses[0].action for e in proof.effects] == ["", ""]
    seen = msgspec.structs.replace(now, facts={wanted: sorted(parsed(document(statement("sqs:*"))))})
    assert [e.loses[0].action.partition(":")[0] for e in prove(seen, swap).effects] == ["sqs", "sqs"]
    assert prove(seen, swap).open == ()


def test_what_is_not_understood_is_named() -> None:
    odd = document(statement("s3:*", Condition={"StringResembles": {"aws:x": "a"}}))
    now = account(holding("user", "ann", (), {"odd": odd, "text": "no policy"}), users=[user("ann")])
    gone = [change(n, at("iam.user_inline", "ann", name), now.value(at("iam.user_inline", "ann", name)), None)
            for n, name in ((1, "odd"), (2, "text"))]  # fmt: skip
    proof = prove(now, gone)
    assert any("StringResembles" in line for line in proof.open)
    assert any("no policy" in line for line in proof.open)
    assert all(witness.doubt for effect in proof.effects for witness in effect.loses)
    assert (
        len(list(access.violations(Access(Timeline(now, gone))))) == 3
    )  # what is no policy may have allowed, or denied


ACTIONS = ["s3:Get*", "s3:GetObject", "s3:*", "*", "ec2:Stop*", "s3:PutObject"]
PLACES = ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/x"]
WHEN: list[dict[str, Any]] = [
    {},
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}},
    {"Condition": OFFICE},
]
bodies = st.builds(
    lambda effect, action, place, when: statement(action, place, **when) | {"Effect": effect},
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(PLACES),
    st.sampled_from(WHEN),
)
documents = st.lists(bodies, min_size=1, max_size=2).map(lambda held: document(*held))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Account, list[Change]]:
    """Two users and a role, a group, two policies of which one may be a boundary, and any changes of them in order."""
    now = account(
        holding("user", "ann", [mine("one")], {"p": draw(documents)}),
        holding("user", "bob", (), {"p": draw(documents)}),
        holding("group", "g", [mine("two")]),
        holding("role", "r", [mine("one")]),
        members(g=draw(st.sampled_from(["", "ann", "bob", "ann bob"]))),
        policies(one=draw(documents), two=draw(documents)),
        users=[
            user("ann", tags={"team": "blue"}, boundary=draw(st.sampled_from(["", mine("two")]))),
            user("bob", tags={"team": "red"}),
        ],
        roles=[role("r", boundary=draw(st.sampled_from(["", mine("two")])))],
    )
    addresses = [
        at("iam.user_inline", "ann", "p"), at("iam.user_inline", "bob", "q"), at("iam.user_policy", "bob", mine("one")),
        at("iam.user_policy", "ann", mine("one")), at("iam.group_policy", "g", mine("two")),
        at("iam.group_member", "g", "ann"), at("iam.group_member", "g", "bob"), at("iam.policy", mine("one")),
        at("iam.policy", mine("two")), at("iam.role_inline", "r", "p"),
    ]  # fmt: skip
    state = dict(now.state)
    changes = []
    for id in range(1, draw(st.integers(1, 5)) + 1):
        address = draw(st.sampled_from(addresses))
        before = state.get(address)
        after: Value = draw(st.none() | documents)
        if address.startswith("iam.policy/"):
            after = {"path": "/", "document": draw(documents)}
        elif "_inline" not in address:
            after = ("member" if "member" in address else "attached") if before is None else None
        changes.append(change(id, address, before, after))
        state[address] = after
    return now, changes


requests = st.builds(
    lambda action, place, mfa, source: Request(
        action=action,
        resource=place,
        context={k: v for k, v in (("aws:multifactorauthpresent", mfa), ("aws:sourceip", source)) if v},
    ),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:StopInstances", "sqs:SendMessage"]),
    st.sampled_from(["arn:aws:s3:::b/ann/x", "arn:aws:s3:::b/bob/x", "arn:aws:s3:::c", "*"]),
    st.sampled_from(["", "true", "false"]),
    st.sampled_from(["", "203.0.113.9", "198.51.100.1"]),
)


def moments(now: Account, changes: Sequence[Change]) -> Iterator[tuple[int, Address, Policies, Policies]]:
    """What each user and role may do before and after each change, and before and after all: everybody, every time."""
    everybody = [at("iam.user", "ann"), at("iam.user", "bob"), at("iam.role", "r")]
    first = {who: Effective(now).of(who) for who in everybody}
    state = dict(now.state)
    last = first
    for it in changes:
        state[it.address] = it.after
        there = {a: v for a, v in state.items() if v is not None}
        current = Effective(msgspec.structs.replace(now, state=there))
        following = {who: current.of(who) for who in everybody}
        yield from ((it.id, who, last[who], following[who]) for who in everybody)
        last = following
    yield from ((0, who, first[who], last[who]) for who in everybody)


SESSION: Known = {
    "aws:principalaccount": ME,
    "aws:principaltype": "FederatedUser",
    "aws:principalarn": f"arn:aws:sts::{ME}:federated-user/ann",
    "aws:username": None,
}
"""What a request of a session says that ann made with GetFederationToken."""
FEDERATE = Request(action="sts:GetFederationToken", resource=str(SESSION["aws:principalarn"]))


def asking(who: Address, now: Account, sides: Sequence[Policies]) -> list[Known]:
    """Who asks with these policies: the user or role, and the sessions that a user may make with them."""
    known = facts_of(now, who)
    nothing: Policies = {"identity": frozenset()}
    makes = who.startswith("iam.user/") and any(
        shows(msgspec.structs.replace(FEDERATE, context=context), side, nothing, known)
        for side in sides
        for context in MFA_OR_OFFICE
    )
    return [known, SESSION] if makes else [known]


MFA_OR_OFFICE = [
    {"aws:multifactorauthpresent": mfa, "aws:sourceip": source}
    for mfa in ("true", "false")
    for source in ("203.0.113.9", "8.8.8.8")
]


def by(effect: Effect, change: int) -> tuple[Address, ...]:
    return next((concerned.who for concerned in effect.changes if concerned.change == change), ())


@settings(max_examples=examples(120), deadline=None)
@given(plans(), st.lists(requests, min_size=6, max_size=6))
def test_proof_and_evaluator_never_disagree(case: tuple[Account, list[Change]], asked: list[Request]) -> None:
    now, changes = case
    proof = prove(now, changes)
    for id, who, before, after in moments(now, changes):
        named = [e for e in proof.effects if who in (e.who if not id else by(e, id))]
        known = facts_of(now, who)
        callers = asking(who, now, (before, after))
        event(f"sessions: {len(callers) > 1}")
        for verb, more, less in (("loses", before, after), ("gains", after, before)):
            witnesses = [w for e in named for w in getattr(e, verb)]
            event(f"{verb}: {bool(witnesses)}")
            if not witnesses:
                assert not any(shows(r, more, less, keys) for r in asked for keys in callers), (id, who, verb)
            for w in witnesses:
                place = w.resource.replace("${aws:username}", who.partition("/")[2])
                request = Request(action=w.action, resource=place, context=context(w.context))
                keys = SESSION if w.context.get("aws:PrincipalType") == "FederatedUser" else known
                assert w.doubt or shows(request, more, less, keys), (id, who, verb, w)


ONLY_ANN: dict[str, Any] = {"Condition": {"StringEquals": {"aws:username": "ann"}}}
NOT_BOB: dict[str, Any] = {"Condition": {"StringNotEquals": {"aws:username": "bob"}}}
FEDERATED: dict[str, Any] = {"Condition": {"StringEquals": {"aws:PrincipalType": "FederatedUser"}}}
NOT_ANN: dict[str, Any] = {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ME}:user/ann"}}}
QUEUES = statement("sqs:*")
IN_SESSIONS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "a name that was a variable": (
        statement("sqs:*", HOME), [statement("sqs:*", HOME.replace("${aws:username}", "ann"))], "give"),
    "one value of a condition": (statement("sqs:*", **ONLY_ANN), [QUEUES], "give"),
    "what there is not, negated": (statement("sqs:*", **NOT_BOB), [QUEUES], ""),
    "a Deny of their own": (QUEUES, [QUEUES, statement("sqs:*", **FEDERATED) | {"Effect": "Deny"}], "take"),
    "a Deny for everybody else": (QUEUES, [QUEUES, statement("sqs:*", **NOT_ANN) | {"Effect": "Deny"}], "take"),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "does"), IN_SESSIONS.values(), ids=IN_SESSIONS)
@pytest.mark.parametrize("makes", [True, False])
def test_what_means_nothing_to_a_user_may_mean_something_to_a_session(
    one: dict[str, Any], other: list[dict[str, Any]], does: str, makes: bool
) -> None:
    more = document(statement("sts:Get*" if makes else "sts:GetCallerIdentity"))
    own, opposite = at("iam.user_inline", "ann", "own"), {"give": "take", "take": "give", "": ""}
    for before, after, what in (
        (document(one), document(*other), does), (document(*other), document(one), opposite[does]),
    ):  # fmt: skip
        now = account(holding("user", "ann", (), {"own": before, "more": more}), users=[user("ann")])
        swap = [change(1, own, before, after)]
        said = "\n".join(access.violations(Access(Timeline(now, swap))))
        shown = [(bool(e.gains), bool(e.loses)) for e in prove(now, swap).effects[:1]]
        if makes and what:
            assert re.search(rf"would {what} .*such as sqs:.*aws:PrincipalType is FederatedUser", said), said
            assert shown == [(what == "give", what == "take")]
        else:
            assert (said, shown) == ("", [])


def test_a_role_makes_no_such_sessions() -> None:
    free, denied = (
        document(statement("*"), *more) for more in ((), (statement("sqs:*", **FEDERATED) | {"Effect": "Deny"},))
    )
    now = account(holding("role", "r", (), {"own": free}), roles=[role("r")])
    swap = [change(1, at("iam.role_inline", "r", "own"), free, denied)]
    assert not list(access.violations(Access(Timeline(now, swap))))
    assert not prove(now, swap).effects


MIXED = "arn:aws:iam::aws:policy/AWSPrivateCAUser"
"""One of AWS's that allows some things and denies others."""


@pytest.mark.parametrize("known", [False, True])
def test_a_policy_of_awss_that_allows_and_denies_is_a_gain_and_a_loss(known: bool) -> None:
    address = at("iam.user_policy", "ann", MIXED)
    said = parsed(document(statement("sqs:*"), NO_DELETION))
    facts = {at(AWS_POLICY, MIXED): sorted(said)} if known else {}
    now = account(holding("user", "ann", (), {"own": document(statement("s3:*"))}), users=[user("ann")], facts=facts)
    declared: list[tuple[Risk, tuple[Risk, ...], int]] = [
        ("neutral", (), 2), ("additive", (), 1), ("restrictive", (), 1), ("additive", ("restrictive",), 0),
    ]  # fmt: skip
    for risk, also, left in declared:
        attached = change(1, address, None, "attached", risk=risk, also=also)
        detached = change(2, address, "attached", None, risk=risk, also=also)
        there = msgspec.structs.replace(now, state={**now.state, address: "attached"})
        for account_then, it in ((now, attached), (there, detached)):
            found = list(access.violations(Access(Timeline(account_then, [it]))))
            assert len(found) == left, (risk, also, found)
    whole = prove(now, [change(1, address, None, "attached")]).effects[0]
    assert [w.doubt == "" for w in (*whole.loses, *whole.gains)] == [known, known]


def test_what_counts_as_only_giving_or_only_taking_is_that() -> None:
    from remediate.sandbox.policies import load

    said = {p.arn: {msgspec.json.decode(s)["Effect"] for s in parsed(msgspec.json.decode(p.versions[0].document))}
            for p in load()}  # fmt: skip
    assert all(set(effects(arn)) >= found for arn, found in said.items())
    assert {len(effects(arn)) for arn in said} == {1, 2}


def test_a_boundary_that_says_nothing_was_read() -> None:
    now = account(
        holding("user", "ann", [ADMIN]), policies(bound=document()),
        users=[user("ann", boundary=mine("bound"))],
    )  # fmt: skip
    given = [change(1, at("iam.user_inline", "ann", "own"), None, SOME)]
    assert not list(access.violations(Access(Timeline(now, given))))
    assert not prove(now, given).effects


ORGANIZATION = Address(SERVICE_CONTROL)
NO_SQS = statement("sqs:*") | {"Effect": "Deny"}
LEVELS: dict[str, list[Value]] = {
    "a Deny at one level": [document(statement("*")), document(statement("*"), NO_SQS)],
    "an Allow that is missing at one level": [document(statement("*")), document(statement("s3:*"))],
}


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
def test_what_the_organization_forbids_is_nobodys_loss_or_gain(levels: list[Value]) -> None:
    """Whether an Allow goes or comes, or a Deny; for a role of a service's, which it does not bind, it is."""
    facts: dict[Address, Value] = {ORGANIZATION: [sorted(parsed(level)) for level in levels]}
    own = at("iam.user_inline", "ann", "own")
    allow, deny = document(statement("sqs:*")), document(NO_SQS)
    for before, after in ((allow, None), (None, allow), (deny, None), (None, deny)):
        held = holding("user", "ann", (), {"more": document(statement("*")), **({"own": before} if before else {})})
        free = account(held, users=[user("ann")])
        bound = msgspec.structs.replace(free, facts=facts)
        swap = [change(1, own, before, after)]
        assert not list(access.violations(Access(Timeline(bound, swap))))
        assert not prove(bound, swap).effects
        assert bool(list(access.violations(Access(Timeline(free, swap))))) is (deny in (before, after))
    service = structs.replace(role("r"), arn=role("r").arn.replace("role/", "role/aws-service-role/"))
    now = account(holding("role", "r", (), {"own": allow}), roles=[service], facts=facts)
    gone = [change(1, at("iam.role_inline", "r", "own"), allow, None)]
    assert list(access.violations(Access(Timeline(now, gone))))
    assert prove(now, gone).effects


def test_a_loss_beside_what_the_organization_forbids_is_shown_by_what_it_leaves() -> None:
    facts: dict[Address, Value] = {ORGANIZATION: [sorted(parsed(level)) for level in LEVELS["a Deny at one level"]]}
    now = account(holding("user", "ann", (), {"own": document(statement(["sqs:*", "sns:*"]))}), facts=facts)
    gone = [change(1, at("iam.user_inline", "ann", "own"), now.value(at("iam.user_inline", "ann", "own")), None)]
    assert {w.action[:4] for effect in prove(now, gone).effects for w in effect.loses} == {"sns:"}


def test_the_organization_is_asked_once_where_something_is_compared_and_named_where_it_does_not_tell() -> None:
    swap = [change(n, at("iam.user_inline", name, "own"), document(statement("sqs:*")), None)
            for n, name in enumerate(("ann", "bob"), start=1)]  # fmt: skip
    held = [holding("user", name, (), {"own": document(statement("sqs:*"))}) for name in ("ann", "bob")]
    now = account(*held)
    assert asks(now, swap) == {ORGANIZATION}
    assert not asks(now, [change(1, at("iam.group", "g"), None, {"path": "/"})])
    blind = structs.replace(
        now, unknown={ORGANIZATION: "ListPoliciesForTarget: AccessDenied"}, asked=frozenset({ORGANIZATION})
    )
    assert not asks(blind, swap)
    [said] = prove(blind, swap).open
    assert "service control policies" in said
    assert "AccessDenied" in said
    assert prove(blind, swap).effects == prove(now, swap).effects
