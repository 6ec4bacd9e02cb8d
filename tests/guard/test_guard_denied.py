"""What the guard says of recorded calls that a plan would deny, word for word; tests/replay says which those are."""

from datetime import UTC, datetime

import pytest
from support.accounts import change

from remediate.errors import Refused
from remediate.guard import denied
from remediate.model import at
from remediate.replayed import Replay, Stopped

UNTIL = datetime(2026, 11, 28, 12, tzinfo=UTC)
MEMBER = change(7, at("iam.group_member", "RequireMFA", "ann"), None, "member")


def replay(sure: int = 0, perhaps: int = 0, *, sorts: int = 1, more: int = 0) -> Replay:
    """Of 48,211 calls; each sort of those that stop is one call of ann's."""
    stopped = [
        Stopped(
            who="arn:ann", name="ann", change=7, action=f"s3:Get{n}", calls=1, last=UNTIL, sure=bool(sure)
        )
        for n in range(sorts)
    ]  # fmt: skip
    since = datetime(2026, 8, 31, tzinfo=UTC)
    return Replay(
        since=since, until=UNTIL, calls=48_211, stopped=tuple(stopped), more=more, denied=sure, perhaps=perhaps
    )


@pytest.mark.parametrize(
    ("found", "most", "said"),
    [
        (None, 0, ""),
        (replay(), 0, ""),
        (replay(5), 5, ""),
        (replay(5), 4, "5 of 48,211 calls recorded in 90 days, the limit is 4"),
        (replay(0, 1), 1, ""),
        (replay(0, 1), 0, "1 of 48,211 calls recorded in 90 days, the limit is 0"),
        (replay(1200, 3000), 4200, ""),
        (replay(1200, 3000), 4199, "1,200 and perhaps 3,000 of 48,211 calls recorded in 90 days, the limit is 4,199"),
    ],
)  # fmt: skip
def test_at_the_limit_and_one_over(found: Replay | None, most: int, said: str) -> None:
    assert denied.over(found, most) == (said and f"it would have denied {said}")
    if not said:
        denied.refuse(found, [MEMBER], most)
        return
    with pytest.raises(Refused) as caught:
        denied.refuse(found, [MEMBER], most)
    assert str(caught.value) == f"the guard refuses this plan: it would have denied {said}"
    assert found
    assert caught.value.remedy == (
        "Give these people what they need first, exempt them in the playbook (`exemptions:`), leave the control out "
        f"with --control, or, where these calls are to end, allow it: --max-denied {found.denied + found.perhaps}."
    )


@pytest.mark.parametrize(
    ("found", "lines", "last"),
    [
        (replay(1), 1, "ann: 1 call of s3:Get0, last on 2026-11-28, by #7 iam.group_member/RequireMFA/ann"),
        (replay(0, 1), 1, "ann: perhaps 1 call of s3:Get0, last on 2026-11-28, by #7 iam.group_member/RequireMFA/ann"),
        (replay(8, sorts=8), 8, "ann: 1 call of s3:Get7, last on 2026-11-28, by #7 iam.group_member/RequireMFA/ann"),
        (replay(9, sorts=9), 9, "and 1 more sort of calls"),
        (replay(10, sorts=10), 9, "and 2 more sorts of calls"),
        (replay(9, sorts=9, more=1999), 9, "and 2,000 more sorts of calls"),
    ],
)
def test_who_would_be_stopped(found: Replay, lines: int, last: str) -> None:
    with pytest.raises(Refused) as caught:
        denied.refuse(found, [MEMBER], 0)
    assert (len(caught.value.details), caught.value.details[-1]) == (lines, last)


@pytest.mark.parametrize(
    ("found", "checked"), [(None, False), (replay(1), False), (replay(1, 1), False), (replay(), True)]
)
def test_that_nobody_is_stopped_is_among_what_was_checked(found: Replay | None, checked: bool) -> None:
    said = [(check.guard, check.detail) for check in denied.checks(found)]
    none = ("records", "none of 48,211 calls recorded in 90 days would have been denied")
    assert said == ([none] if checked else [])
