"""What has moved since, and what an unattended correction may take of a plan."""

from datetime import UTC, datetime

import msgspec
import pytest
from support.accounts import change

from remediate.drift import Drifted, approved, compare, recorded
from remediate.model import Address, Change, Event, Header, Plan, Risk, Value, at

A, B, C = (at("iam.user_tag", "ann", name) for name in "abc")
DAY = datetime(2026, 6, 1, tzinfo=UTC)
HEADER = Header(
    tool="1",
    account="1",
    alias="",
    partition="aws",
    caller="c",
    playbook="p",
    playbook_digest="",
    created=DAY,
    expires=DAY,
)
EMPTY = Plan(
    format=1, digest="d", header=HEADER, findings=(), changes=(), manual=(), unknowns=(), exempted=(), checks=()
)  # fmt: skip


def plan(*changes: Change) -> Plan:
    return msgspec.structs.replace(EMPTY, changes=changes)


def test_the_last_run_that_settled_an_address_counts() -> None:
    first = plan(change(1, A, None, "x"), change(2, B, None, "x"), change(3, C, None, "x"))
    second = plan(change(1, A, "x", "y"), change(2, B, "x", "y"))
    outcomes: list[dict[int, Event]] = [{1: "done", 2: "already", 3: "failed"}, {1: "done", 2: "conflict"}]
    assert recorded([("one", first, outcomes[0]), ("two", second, outcomes[1])]) == {A: ("y", "two"), B: ("x", "one")}


def test_an_address_that_changed_twice_is_left_at_the_last_value_it_got() -> None:
    bridge = plan(change(1, A, None, "x"), change(2, A, "x", None))
    assert recorded([("p", bridge, {1: "done", 2: "done"})]) == {A: (None, "p")}
    assert recorded([("p", bridge, {1: "done", 2: "failed"})]) == {A: ("x", "p")}


def test_what_differs_has_drifted_and_what_cannot_be_read_has_not() -> None:
    left: dict[Address, tuple[Value, str]] = {C: ("x", "p"), A: ("x", "p"), B: (None, "p")}
    live: dict[Address, Value | Exception] = {A: "x", B: "back", C: PermissionError("no")}
    assert compare(left, live) == [Drifted(address=B, expected=None, now="back", plan="p")]


CLASSES: dict[str, tuple[list[Risk], tuple[Risk, ...], list[int]]] = {
    "all": (["neutral", "neutral", "neutral"], ("neutral",), [1, 2, 3]),
    "none": (["neutral", "neutral", "neutral"], (), []),
    "not what needs one that is not": (["restrictive", "neutral", "neutral"], ("neutral",), []),
    "what comes before one that is not": (["neutral", "restrictive", "neutral"], ("neutral",), [1]),
    "several classes": (["neutral", "additive", "destructive"], ("neutral", "additive"), [1, 2]),
}


@pytest.mark.parametrize(("risks", "classes", "expected"), CLASSES.values(), ids=CLASSES)
def test_only_what_is_approved_together_with_all_it_needs(
    risks: list[Risk], classes: tuple[Risk, ...], expected: list[int]
) -> None:
    chain = [
        change(n, at("iam.user_tag", "ann", str(n)), None, "x", *range(1, n), risk=r) for n, r in enumerate(risks, 1)
    ]
    assert [c.id for c in approved(chain, classes)] == expected


@pytest.mark.parametrize("address", [at("iam.login_profile", "ann"), at("ds.directory", "us-east-1", "corp")])
def test_what_needs_somebody_to_watch_is_never_made_unattended(address: Address) -> None:
    assert approved([change(1, address, None, "x", risk="additive")], ("additive",)) == []
    assert len(approved([change(1, address, "x", None, risk="additive")], ("additive",))) == 1
