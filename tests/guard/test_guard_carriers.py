"""How a statement comes to reach somebody, and whether it stays: by which changes, in every order."""

import pytest
from support.accounts import account, change

from remediate.guard.carriers import begun, ends, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, at

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
G, P = at("iam.group_member", "g", "a"), at("iam.group_policy", "g", DENY_ALL)
OWN = at("iam.user_policy", "a", DENY_ALL)
BEGUN: dict[str, tuple[list[Change], tuple[str, ...], int | None]] = {
    "it is there": ([change(1, OWN, "attached", None)], (OWN,), None),
    "one change": ([change(1, OWN, None, "attached")], (OWN,), 1),
    "the last of those that one way takes": (
        [change(2, G, None, "member"), change(1, P, None, "attached")], (f"{G} {P}",), 2),
    "the first of two ways": (
        [change(3, OWN, None, "attached"), change(1, G, None, "member"), change(2, P, None, "attached")],
        (OWN, f"{G} {P}"),
        2,
    ),
    "it never comes": (
        [change(1, G, None, "member"), change(2, G, "member", None, 1), change(3, P, None, "attached", 2)],
        (f"{G} {P}",),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "ways", "expected"), BEGUN.values(), ids=BEGUN)
def test_the_change_by_which_a_statement_begins(
    changes: list[Change], ways: tuple[str, ...], expected: int | None
) -> None:
    timeline = Timeline(account({OWN: "attached"} if changes[0].before else {}), changes)
    carriers = [tuple(timeline.spans(Address(one))[0] for one in way.split()) for way in ways]
    found = begun(timeline, carriers)
    assert (found.id if found else None) == expected


TAG = at("iam.user_tag", "a", "k")
JOINED = [change(1, P, None, "attached"), change(2, G, None, "member", 1), change(3, OWN, "attached", None, 2)]
JOINED.append(change(4, TAG, None, "v"))
SINCE: dict[str, tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], bool]] = {
    "from the beginning": ((f"{G} {P}",), (), (), False),
    "once all of it is made": ((f"{G} {P}",), (2,), (), True),
    "once half of it is made": ((f"{G} {P}",), (1,), (), False),
    "half of it is made, and what it replaces is there": ((OWN, f"{G} {P}"), (1,), (), True),
    "one, and another at any time": ((OWN, TAG), (), (), False),
    "one after the other": ((OWN, f"{G} {P}"), (), (), True),
    "what ends later": ((OWN,), (2,), (), False),
    "what ends later, and nobody asks then": ((OWN,), (), (3,), True),
    "what ends when something else has ended": ((OWN,), (), (2,), True),
    "what ends, perhaps before something else does": ((OWN,), (), (4,), False),
    "what has ended, after another": ((OWN, f"{G} {P}"), (3,), (), True),
    "what has ended": ((OWN,), (3,), (), False),
}


@pytest.mark.parametrize(("ways", "since", "until", "expected"), SINCE.values(), ids=SINCE)
def test_whether_a_statement_stays_once_some_changes_are_done(
    ways: tuple[str, ...], since: tuple[int, ...], until: tuple[int, ...], expected: bool
) -> None:
    timeline = Timeline(account({OWN: "attached"}), JOINED)
    carriers = [tuple(timeline.spans(Address(one))[0] for one in way.split()) for way in ways]
    assert stays(timeline, carriers, since, until) is expected


def test_the_changes_that_take_away_what_is_there_now() -> None:
    other = at("iam.user_policy", "b", DENY_ALL)
    leaves = change(5, G, "member", None, 2)
    timeline = Timeline(account({OWN: "attached", other: "attached"}), [*JOINED, leaves])
    ways = [tuple(timeline.spans(Address(one))[0] for one in way.split()) for way in (OWN, other, f"{G} {P}")]
    assert [change.id for change in ends(timeline, ways)] == [3]
