"""What reading log files came to, as a person sees it: what the evidence covers, and what to type next."""

from datetime import UTC, date, datetime, timedelta

import pytest

from remediate.evidence.gathered import Person, Report, missing
from remediate.render.evidence_text import evidence, short

MONDAY = date(2026, 8, 31)


def shown(weeks: tuple[int, ...], width: int = 80, **more: object) -> str:
    report = Report(
        account="123456789012",
        source="logs",
        since=MONDAY,
        until=date(2026, 11, 29),
        weeks=[MONDAY + timedelta(weeks=n) for n in weeks],
        kept="plans/evidence/123456789012",
        next=["remediate", "plan", "--evidence", "a folder"],
        **more,  # type: ignore[arg-type]
    )
    text = evidence(report, width=width)
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) <= width
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(
    ("weeks", "words"),
    [
        ((), "since 2026-08-31 read 0 log files with 0 calls Kept in"),
        ((0,), "covers 1 week, 2026-08-31 to 2026-09-06, without a gap Kept in"),
        ((0, 1, 2), "covers 3 weeks, 2026-08-31 to 2026-09-20, without a gap"),
        (
            (0, 2, 3, 5, 6),
            "covers 5 weeks, 2026-08-31 to 2026-10-18, but nothing of those that begin on 2026-09-07, 2026-09-28: "
            "`plan` relies on what is since 2026-10-05",
        ),
        (
            (0, 9),
            "2026-09-07, 2026-09-14, 2026-09-21, 2026-09-28 and 4 more: `plan` relies on what is since 2026-11-02",
        ),
    ],
)
def test_which_weeks_are_covered(weeks: tuple[int, ...], words: str, width: int) -> None:
    assert words in shown(weeks, width)


def test_what_to_type_next_and_what_was_asked() -> None:
    said = shown((0,), unit="stretches of time", files=7, known=8)
    assert "read 7 stretches of time with 0 calls read before 8 stretches of time" in said
    assert said.endswith("Next: remediate plan --evidence 'a folder'")


def test_what_was_passed_over_and_what_is_still_to_come() -> None:
    one = shown((0,), files=1, known=1, coming=1, failed=1, passed=0, named=["a.json.gz: it is empty"])
    assert "read 1 log file with 0 calls read before 1 log file to come 1 file of days still to come, not read" in one
    assert "passed over 1 file that is not as CloudTrail writes it a.json.gz: it is empty Kept in" in one
    several = shown((0,), failed=9, passed=2, named=[f"{n}.json.gz: it is empty" for n in range(9)])
    assert "9 files and 2 records that are not as CloudTrail writes them 0.json.gz" in several
    assert "4.json.gz: it is empty and 4 more: --json names them Kept in" in several


def test_who_stands_behind_a_role() -> None:
    role, many = "arn:aws:iam::123456789012:role/deploy", [f"arn:aws:iam::123456789012:user/u{n}" for n in range(7)]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    said = shown(
        (0,), people=[Person(role, 1, 0, 1, 1, at, tuple(many)), Person("arn:aws:iam::1:user/x", 1, 0, 1, 1, at)]
    )
    assert (
        "Roles, and who took them: role/deploy by user/u0, user/u1, user/u2, user/u3, user/u4 and 2 more Kept" in said
    )
    assert "Roles" not in shown((0,), people=[Person(role, 1, 0, 1, 1, at)])


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("arn:aws:iam::123456789012:user/apps/robot", "user/apps/robot"),
        ("arn:aws-cn:iam::123456789012:root", "root"),
        ("arn:aws:iam::123456789012:user/x:root", "user/x:root"),
        ("arn:aws:iam::999999999999:user/eve", "arn:aws:iam::999999999999:user/eve"),
        ("arn:*::123456789012:*", "arn:*::123456789012:*"),
        ("lambda.amazonaws.com", "lambda.amazonaws.com"),
    ],
)
def test_strangers_are_not_called_as_people_of_the_account_are(principal: str, name: str) -> None:
    assert short(principal, "123456789012") == name


def test_weeks_between() -> None:
    weeks = [MONDAY, MONDAY + timedelta(weeks=3)]
    assert missing(weeks) == [MONDAY + timedelta(weeks=1), MONDAY + timedelta(weeks=2)]
    assert missing([]) == missing(weeks[:1]) == []
