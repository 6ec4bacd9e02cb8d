"""Which values of entries can be there at once, in any order that the needs of the changes allow."""

import pytest
from support.accounts import account, change

from remediate.guard.timeline import Span, Timeline
from remediate.model import at

TAG = at("iam.user_tag", "ann", "team")
NOW = Timeline(
    account(),
    [
        change(n, at("iam.user_tag", "ann", f"t{n}"), None, "x", *needs)
        for n, needs in enumerate([(), (1,), (), (2,)], 1)
    ],
)
"""2 comes after 1, and 4 after 2; 3 at any time."""
PAIRS: dict[str, tuple[list[tuple[int | None, int | None]], bool]] = {
    "none": ([], True),
    "always there": ([(None, None), (None, None)], True),
    "from one change to a later one": ([(1, 2)], True),
    "ends before the other begins": ([(None, 1), (2, None)], False),
    "ends long before the other begins": ([(2, None), (None, None), (None, 1)], False),
    "ends before one that rests on what rests on it": ([(None, 1), (4, None)], False),
    "ends by the change by which the other begins": ([(None, 3), (3, None)], False),
    "ends after the other has begun": ([(None, 2), (1, None)], True),
    "ends at any time": ([(None, 3), (2, None)], True),
    "begins at any time": ([(None, 2), (3, None)], True),
    "of three, the last two do not meet": ([(None, None), (1, 2), (4, None)], False),
}


@pytest.mark.parametrize(("spans", "meet"), PAIRS.values(), ids=PAIRS)
def test_what_can_be_there_at_once(spans: list[tuple[int | None, int | None]], meet: bool) -> None:
    found = [Span(address=TAG, value="x", made=made, ended=ended) for made, ended in spans]
    assert NOW.can_coexist(found) is meet


def test_each_value_from_the_change_that_makes_it_to_the_one_that_ends_it() -> None:
    held = at("iam.user_tag", "ann", "held")
    now = account({held: "a"})
    times = Timeline(now, [change(1, held, "a", "b"), change(2, held, "b", None, 1), change(3, held, None, "c", 2)])
    spans = [(span.value, span.made, span.ended) for span in times.spans(held)]
    assert spans == [("a", None, 1), ("b", 1, 2), ("c", 3, None)]
    assert times.spans(TAG) == []


def test_what_is_there_now_or_at_any_time_of_the_plan() -> None:
    now = account({at("iam.user_tag", "ann", "held"): "a", at("iam.user_tag", "bob", "his"): "b"})
    times = Timeline(now, [change(1, at("iam.user_tag", "ann", "came"), None, "x")])
    assert times.second_names("iam.user_tag", "ann") == ["came", "held"]
    assert times.second_names("iam.user_tag", "bob") == ["his"]
    assert times.second_names("iam.user_inline", "ann") == []
    assert list(times.changed_under("iam.user_tag")) == [("ann", "came")]
