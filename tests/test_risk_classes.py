"""A change that gives one thing and takes another says both, in the plan, in its rollback, and to `drift --correct`."""

from collections.abc import Iterable

import pytest
from support.accounts import account, ago, change, holding, password, user

from remediate import drift, planner, rollback
from remediate.aws.resources import RESOURCES
from remediate.model import Address, Risk, Want, at, gravest

JOIN = at("iam.group_member", "g", "ann")
CASES: dict[str, tuple[list[Risk], Risk, tuple[Risk, ...]]] = {
    "one": (["additive"], "additive", ()),
    "the same twice": (["restrictive", "restrictive"], "restrictive", ()),
    "gives and takes": (["additive", "restrictive"], "restrictive", ("additive",)),
    "neutral says nothing more": (["neutral", "additive"], "additive", ()),
    "neutral alone": (["neutral"], "neutral", ()),
    "everything": (["additive", "destructive", "neutral", "restrictive"], "destructive", ("restrictive", "additive")),
}


@pytest.mark.parametrize(("risks", "risk", "also"), CASES.values(), ids=CASES)
def test_the_gravest_class_and_the_others(risks: list[Risk], risk: Risk, also: tuple[Risk, ...]) -> None:
    assert gravest(risks) == (risk, also)


def test_wants_of_one_entry_make_one_change_of_all_their_classes() -> None:
    now = account(holding("group", "g"), users=[user("ann", password=password(ago(1)))])
    wants: dict[Address, list[tuple[str, Want]]] = {
        JOIN: [("mfa", Want(address=JOIN, after="member", why=why, risk=risk)) for why, risk in WHYS]
    }
    (made,) = planner.ordered(planner._steps(now, wants), now, RESOURCES)
    assert made.risk == "restrictive"
    assert made.also == ("additive",)
    assert made.classes == {"restrictive", "additive"}
    assert {reason.why for reason in made.reasons} == {"may enrol", "may do nothing else"}


WHYS: tuple[tuple[str, Risk], ...] = (("may do nothing else", "restrictive"), ("may enrol", "additive"))


@pytest.mark.parametrize(
    ("risk", "also", "back"),
    [
        ("restrictive", ("additive",), {"restrictive", "additive"}),
        ("restrictive", (), {"additive"}),
        ("additive", (), {"restrictive"}),
        ("destructive", ("additive",), {"additive", "restrictive"}),
        ("neutral", (), {"neutral"}),
    ],
)
def test_what_was_given_is_taken_back_and_what_was_taken_given(
    risk: Risk, also: tuple[Risk, ...], back: Iterable[Risk]
) -> None:
    forward = change(1, JOIN, None, "member", risk=risk, also=also)
    assert rollback._swapped(forward, {1: 1}, set(), RESOURCES).classes == back


@pytest.mark.parametrize(
    ("approved", "chosen"),
    [
        (("neutral", "additive"), []),
        (("restrictive",), []),
        (("additive", "restrictive"), [1]),
    ],
)
def test_every_class_must_be_approved(approved: tuple[Risk, ...], chosen: list[int]) -> None:
    both = change(1, JOIN, None, "member", risk="restrictive", also=("additive",))
    assert [c.id for c in drift.approved([both], approved)] == chosen
