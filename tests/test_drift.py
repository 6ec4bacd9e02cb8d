"""What has moved since, and what an unattended correction may take of a plan."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from support.accounts import change

from remediate.culprit import Trace
from remediate.drift import Drifted, Left, approved, compare, named, recorded, sent
from remediate.model import Address, Change, Event, Header, Plan, Record, Risk, Value, at

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


def journal(*events: Event) -> list[Record]:
    """What became of changes 1, 2, 3…, one a minute; each was begun first."""
    begun = [Record(seq=n, previous="", at=DAY, event="intent", change=n) for n in range(1, len(events) + 1)]
    ends = [
        Record(seq=9, previous="", at=minute(n), event=event, change=n, request_ids=(f"r{n}",))
        for n, event in enumerate(events, start=1)
    ]
    return [*begun, *ends]


def minute(n: int) -> datetime:
    return DAY + timedelta(minutes=n)


def test_the_last_run_that_settled_an_address_counts() -> None:
    first = plan(change(1, A, None, "x"), change(2, B, None, "x"), change(3, C, None, "x"))
    second = plan(change(1, A, "x", "y"), change(2, B, "x", "y"))
    journals = journal("done", "already", "failed"), journal("done", "conflict")
    left = recorded([("one", first, journals[0]), ("two", second, journals[1])])
    assert left == {A: ("y", "two", minute(1)), B: ("x", "one", minute(2))}
    assert sent(journals) == {"r1", "r2", "r3"}


def test_an_address_that_changed_twice_is_left_at_the_last_value_it_got() -> None:
    bridge = plan(change(1, A, None, "x"), change(2, A, "x", None))
    assert recorded([("p", bridge, journal("done", "done"))]) == {A: (None, "p", minute(2))}
    assert recorded([("p", bridge, journal("done", "failed"))]) == {A: ("x", "p", minute(1))}


def test_what_differs_has_drifted_and_what_cannot_be_read_has_not() -> None:
    left = {C: Left("x", "p", DAY), A: Left("x", "p", DAY), B: Left(None, "p", DAY)}
    live: dict[Address, Value | Exception] = {A: "x", B: "back", C: PermissionError("no")}
    [drifted] = compare(left, live)
    assert drifted == Drifted(address=B, expected=None, now="back", plan="p", since=DAY)
    trace = Trace(at=DAY, by="b", source="s", call="TagUser", agent="", region="r", event_id="e")
    others: dict[str, list[Trace]] = {B: [trace]}
    told = [named([drifted], {B: said}, may)[0] for said, may in ((trace, {}), ("why", {}), ("why", others))]
    assert [(d.who, d.nobody_knows, d.perhaps) for d in told] == [
        (trace, "", ()),
        (None, "why", ()),
        (None, "why", (trace,)),
    ]


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
