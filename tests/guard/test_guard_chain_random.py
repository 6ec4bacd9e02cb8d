"""The way into the caller's role on random plans: where the evaluator finds it shut in an order, so does the guard."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.accounts import ADMIN, ME, account, change, document, downsets, holding, role, state_after, statement, user
from support.stress import STRESS

from remediate.account import Account
from remediate.effective import Effective, facts_of, parsed
from remediate.guard import chain, ways
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, State, Value, at
from remediate.policy.evaluate import Policies, decide
from remediate.policy.request import Caller, Request

ANN, OPS, ARN = at("iam.user", "ann"), at("iam.role", "ops"), f"arn:aws:iam::{ME}:role/ops"
BY_ANN = f"arn:aws:iam::{ME}:user/ann"
OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
WHEN: list[dict[str, Any]] = [
    {}, {}, {"Condition": OFFICE}, {"Condition": {"NotIpAddress": OFFICE["IpAddress"]}},
    {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
    {"Condition": {"StringEquals": {"aws:username": "ann"}}}, {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}},
]  # fmt: skip
effects = st.sampled_from(["Allow", "Allow", "Allow", "Deny"])
own = st.builds(
    lambda effect, action, place, when: statement(action, place, **when) | {"Effect": effect},
    effects, st.sampled_from(["sts:AssumeRole", "sts:*", "s3:*"]), st.sampled_from(["*", ARN, f"{ARN}2"]),
    st.sampled_from(WHEN),
)  # fmt: skip
trusting = st.builds(
    lambda effect, who, when: {"Effect": effect, "Action": "sts:AssumeRole", "Principal": {"AWS": who}, **when},
    effects, st.sampled_from([BY_ANN, f"arn:aws:iam::{ME}:root", "arn:aws:iam::999988887777:root", "*"]),
    st.sampled_from(WHEN),
)  # fmt: skip
documents = st.lists(own, min_size=1, max_size=2).map(lambda held: document(*held))
trusts = st.lists(trusting, min_size=1, max_size=2).map(lambda held: document(*held))
LETS: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ME}:root"}}
CONTEXTS = [{"aws:sourceip": source} for source in ("203.0.113.9", "8.8.8.8")]


@st.composite
def plans(draw: st.DrawFn) -> tuple[Account, list[Change]]:
    """A run as ops, which ann assumed with a key; and changes of what lets her."""
    trust = document(LETS, *draw(st.lists(trusting, max_size=1)))
    now = account(
        holding("role", "ops", [ADMIN]),
        holding("user", "ann", (), {"p": document(statement("sts:*", ARN), *draw(st.lists(own, max_size=1)))}),
        users=[user("ann")], roles=[role("ops")],
        caller=f"arn:aws:sts::{ME}:assumed-role/ops/x", assumed_by=BY_ANN, assumer_key="AKIAANN",
    )  # fmt: skip
    roles = {"ops": msgspec.structs.replace(now.roles["ops"], trust=trust)}
    entry: Value = {"path": "/", "trust": trust}
    now = msgspec.structs.replace(now, roles=roles, state={**now.state, OPS: entry})
    state: dict[Any, Value] = dict(now.state)
    changes: list[Change] = []
    for id in range(1, draw(st.integers(1, 4)) + 1):
        address = draw(st.sampled_from([OPS, at("iam.user_inline", "ann", "p"), at("iam.user_inline", "ann", "q")]))
        after: Value = {"path": "/", "trust": draw(trusts)} if address == OPS else draw(st.none() | documents)
        earlier = [c.id for c in changes if c.address == address or draw(st.booleans())]
        if after != state.get(address):
            changes.append(change(id, address, state.get(address), after, *earlier))
            state[address] = after
    return now, changes


def let_in(now: Account, state: State) -> Iterator[bool]:
    """For each request, whether ann may assume ops in a state of the account."""
    here = msgspec.structs.replace(now, state={a: v for a, v in state.items() if v is not None})
    entry = here.state[OPS]
    assert isinstance(entry, Mapping)
    held = Policies(
        identity=tuple(sorted(Effective(here).of(ANN)["identity"])),
        resource=tuple(sorted(parsed(entry["trust"]))),
        resource_decides=True,
    )
    known = {**facts_of(now, ANN), **ways.BY_KEY}
    facts = {key: value for key, value in known.items() if value is not None}
    who = Caller(kind="user", arn=BY_ANN, account=ME)
    for context in CONTEXTS:
        yield decide(
            held, Request(action="sts:AssumeRole", resource=ARN, context={**facts, **context}, caller=who)
        ).allowed


@settings(max_examples=20_000 if STRESS else 60, deadline=None)
@given(plans())
def test_whatever_shuts_the_way_is_refused(case: tuple[Account, list[Change]]) -> None:
    now, changes = case
    open_ = list(let_in(now, now.state))
    states = (state_after(now.state, changes, done) for done in downsets(changes))
    shut = any(before and not after for s in states for before, after in zip(open_, let_in(now, s), strict=True))
    found = list(chain.violations(Access(Timeline(now, changes))))
    event(f"open: {any(open_)}, shut: {shut}, refused: {bool(found)}")
    assert found or not shut
