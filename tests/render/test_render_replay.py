"""What a plan would have denied, in words."""

from datetime import timedelta

import pytest
from msgspec import structs

from remediate.model import Plan
from remediate.render import replay_text
from remediate.render.address_text import one
from remediate.render.people_text import who
from remediate.render.plan_text import summary
from remediate.replayed import Replay
from render import plans

FOUND = plans.replayed(who="arn:aws:iam::123456789012:user/alice")


def unsaid(found: Replay) -> list[str]:
    return list(replay_text.unsaid(plans.plan(replay=found)))


SAID: dict[str, tuple[Replay, str]] = {
    "some": (FOUND, "would have denied 12 of 48,211 calls in 90 days, by CloudTrail's records"),
    "perhaps some": (plans.replayed(sure=False), "would have denied 0 and perhaps 12 of 48,211 calls in 90 days"),
    "none": (structs.replace(FOUND, denied=0), "would have denied 0 of 48,211 calls in 90 days"),
    "one": (structs.replace(FOUND, calls=1, since=FOUND.until, denied=1), "would have denied 1 of 1 call in 1 day"),
}


@pytest.mark.parametrize("case", SAID)
def test_the_line_of_a_plan(case: str) -> None:
    found, line = SAID[case]
    assert replay_text.line(plans.plan(replay=found)).startswith(line)


def test_nothing_is_said_of_a_plan_without_records_or_changes() -> None:
    for made in (plans.plan(), plans.plan((), replay=FOUND)):
        assert replay_text.line(made) == ""
        assert list(replay_text.unsaid(made)) == []


UNSAID: dict[str, tuple[Replay, str]] = {
    "events": (FOUND, "of 31 calls it is not known which permission they needed: s3:NewThing"),
    "many events": (structs.replace(FOUND, unknown=tuple("abcdefghij")), "needed: a, b, c, d, e, f, g, h and 2 more"),
    "changes": (FOUND, "they do not tell whom 2 changes would have stopped: #1 #2"),
    "one change": (structs.replace(FOUND, unseen=(7,)), "they do not tell whom 1 change would have stopped: #7"),
    "many changes": (structs.replace(FOUND, unseen=tuple(range(20))), "#6 #7 and 12 more"),
    "reads": (structs.replace(FOUND, reads=False), "they have no calls that only read"),
    "a file": (structs.replace(FOUND, unread=1), "1 log file or region could not be read"),
    "files": (structs.replace(FOUND, unread=2), "2 log files or regions could not be read"),
    "data events": (structs.replace(FOUND, data=False), "they have no data events"),
    "the last days": (
        structs.replace(FOUND, until=plans.BEGUN - timedelta(days=4)), "the last of them is of 2026-11-19: what"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSAID)
def test_what_the_records_do_not_tell(case: str) -> None:
    found, line = UNSAID[case]
    assert [text for text in unsaid(found) if line in text]


def test_records_that_tell_everything() -> None:
    assert unsaid(structs.replace(FOUND, unmapped=0, unseen=())) == []


def plan() -> Plan:
    return plans.plan(replay=FOUND)


def test_who_will_notice_says_which_calls() -> None:
    text = " ".join(who(plan(), width=120).split())
    assert "would have been denied 12 calls of s3:GetObject on arn:aws:s3:::reports/q3.csv, last on 2026-11-17" in text
    assert "denied 12 of 48,211 calls in 90 days, by CloudTrail's records: 2026-08-26 to 2026-11-23." in text
    assert "would perhaps have been denied 12 calls" in who(plans.plan(replay=plans.replayed(sure=False)), width=200)


def test_the_summary_and_the_change_say_it_too() -> None:
    assert "the plan would have denied 12 of 48,211 calls" in summary(plan(), "p", width=160)
    shown = " ".join(one(plan(), "#3", width=160).split())
    assert "would have denied 12 of 640 calls of theirs in 90 days" in shown
    assert "alice: would have been denied 12 calls" in shown
    assert "would have denied" not in one(plan(), "#4", width=160)


def test_without_records_it_says_how_to_have_some() -> None:
    assert "? No records of CloudTrail are at hand: after `remediate evidence`" in who(plans.plan(), width=200)
    assert "No records" not in who(plans.rollback(), width=200)
