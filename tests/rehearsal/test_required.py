"""`apply --require-rehearsal`: which plans it lets pass, and how a plan shows its rehearsal."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from support.engine import Step, plan_of

from remediate.errors import Refused
from remediate.model import at
from remediate.preflight import rehearsed
from remediate.render import rehearsal_text
from remediate.render.text import columns
from remediate.trial import Call, Rehearsal, Uncovered

AT = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
PLAN = plan_of(
    Step(at("iam.group", "Admins"), None, {"path": "/"}),
    Step(at("iam.group_member", "Admins", "alice"), None, "member", (1,)),
)
DIRECTORY = Uncovered(what="ds.directory/us-east-1/corp", reason="cannot be made in the emulator")
REFUSED = "#1 + iam.group/Admins (iam CreateGroup): create_group: LimitExceeded: no"
GAP = Uncovered(what="cloudtrail", reason="other trails", changes=(2,))


def rehearsal(**parts: Any) -> Rehearsal:
    well = {"changes": 2, "calls": 2, "left": 0, "kept": 0, "restored": True}
    return Rehearsal(at=AT, tool="0.1.0", emulator="moto 5.2.5", **{**well, **parts})


CASES: dict[str, tuple[Rehearsal | None, str, str]] = {
    "none": (None, "the plan was not rehearsed", ""),
    "well": (
        rehearsal(),
        "",
        "rehearsed 2026-11-23 10:15 UTC on moto 5.2.5: 2 of 2 changes applied, nothing left to change, taken back",
    ),
    "a gap that nothing rests on": (
        rehearsal(uncovered=(DIRECTORY,), kept=1),
        "",
        "rehearsed 2026-11-23 10:15 UTC on moto 5.2.5: 2 of 2 changes applied, nothing left to change, "
        "taken back but for 1 entry",
    ),
    "a change left out": (
        rehearsal(uncovered=(DIRECTORY, GAP), changes=1),
        "1 of 2 changes were not rehearsed",
        "rehearsed 2026-11-23 10:15 UTC on moto 5.2.5: 1 of 2 changes applied, nothing left to change, taken back, "
        "1 change NOT rehearsed",
    ),
    "a rollback": (
        rehearsal(left=None),
        "",
        "rehearsed 2026-11-23 10:15 UTC on moto 5.2.5: 2 of 2 changes applied, taken back",
    ),
    "failed": (
        rehearsal(failures=(REFUSED, "more"), left=None, restored=None, changes=0),
        "the plan's rehearsal failed",
        f"rehearsed 2026-11-23 10:15 UTC on moto 5.2.5: FAILED: {REFUSED}",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_let_pass_and_what_is_shown(case: str) -> None:
    done, refusal, line = CASES[case]
    plan = msgspec.structs.replace(PLAN, rehearsal=done)
    assert rehearsal_text.line(plan) == ([line] if line else [])
    if not refusal:
        rehearsed(plan)
        return
    with pytest.raises(Refused, match=refusal) as stopped:
        rehearsed(plan)
    assert "Nothing was read or written." in stopped.value.details
    assert stopped.value.exit_code == 3


def test_what_was_skipped_is_named_before_what_nothing_rests_on() -> None:
    with pytest.raises(Refused) as stopped:
        rehearsed(msgspec.structs.replace(PLAN, rehearsal=rehearsal(uncovered=(DIRECTORY, GAP))))
    assert stopped.value.details[0] == "cloudtrail: other trails"


CALLS = (
    (3, Call(service="iam", operation="CreateGroup", parameters={"GroupName": "Admins", "Path": "/"})),
    (12, Call(service="s3", operation="PutBucketPolicy", parameters={"Bucket": "b", "Policy": "x" * 300})),
    (13, Call(service="iam", operation="TagUser", parameters={"UserName": "\x1b[2J\n=1", "Tags": [{"Key": "a"}]})),
)


def test_calls_one_line_each_in_the_width_and_harmless() -> None:
    lines = rehearsal_text.calls(CALLS, 80).split("\n")
    assert lines[0] == "#3   iam CreateGroup GroupName=Admins Path=/"
    assert lines[1].startswith("#12  s3 PutBucketPolicy Bucket=b Policy=xxx")
    assert len(lines) == 3
    assert max(map(columns, lines)) <= 80
    assert "\x1b" not in lines[2]
    assert 'Tags=[{"Key":"a"}]' in lines[2]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_summary_fits_and_hides_no_gap(width: int) -> None:
    gaps = tuple(msgspec.structs.replace(GAP, what=f"iam.user/{n}", changes=(n,)) for n in range(1, 20))
    done = rehearsal(uncovered=gaps, kept=3)
    text = rehearsal_text.summary(PLAN, done, 5, 19.4, width)
    assert max(map(columns, text.split("\n"))) <= width
    assert "19 changes NOT rehearsed: #1 #2" in text
    assert "…and 14 more" in text
    assert text.endswith("Nothing was written to the account.")
