"""What a journal tells, and the stories that no run can have written."""

from datetime import UTC, datetime, timedelta

import pytest
from support.engine import plan_of, step

from remediate import audit
from remediate.model import Event, Plan, Record

BEGUN = datetime(2030, 1, 1, 12, tzinfo=UTC)
ANA = "arn:aws:iam::123456789012:user/ana"
PLAN = plan_of(
    step("iam.group", "ops", to={"path": "/"}),
    step("iam.group_member", "ops", "alice", to="member", needs=(1,)),
    created=BEGUN,
)
Line = tuple[Event, int] | tuple[Event, int, str]
"""An event, the number of its change (0 for the run), and its detail."""
WHOLE: tuple[Line, ...] = (
    ("start", 0),
    ("intent", 1),
    ("sent", 1),
    ("done", 1),
    ("intent", 2),
    ("sent", 2),
    ("done", 2),
    ("end", 0, "complete"),
)


def written(*lines: Line, plan: Plan = PLAN, digest: str = "") -> list[Record]:
    """A journal of one record a second."""
    addresses = {0: "", 9: "iam.group/none", **{c.id: c.address for c in plan.changes}}
    return [
        Record(
            seq=n,
            previous="",
            at=BEGUN + timedelta(seconds=n),
            event=line[0],
            change=line[1],
            address=addresses[line[1]],
            plan=(digest or plan.digest) if line[0] in ("start", "end") else "",
            caller=ANA,
            request_ids=(f"r-{n}",) if line[0] == "sent" else (),
            detail=line[2] if len(line) > 2 else "",
        )
        for n, line in enumerate(lines, start=1)
    ]


def test_a_run_is_told() -> None:
    (run,) = audit.runs(PLAN, written(*WHOLE))
    assert (run.caller, run.how) == (ANA, "complete")
    assert run.ended
    assert (run.ended - run.begun).total_seconds() == 7
    first, second = run.steps
    assert (first.change.id, first.outcome, first.seconds, first.sends) == (1, "done", 2, 1)
    assert (second.at, second.request_ids) == (BEGUN + timedelta(seconds=7), ("r-6",))


def test_a_crash_and_the_run_that_went_on_are_two() -> None:
    lines = (*WHOLE[:3], ("start", 0), ("done", 1), *WHOLE[4:])
    first, second = audit.runs(PLAN, written(*lines))
    assert (first.ended, first.how, [s.outcome for s in first.steps]) == (None, "broke off", ["sent"])
    assert [(s.change.id, s.outcome, s.sends, s.seconds) for s in second.steps] == [
        (1, "done", 0, None),  # asked, not sent
        (2, "done", 1, 2),
    ]


def test_what_was_sent_twice_says_so() -> None:
    lines = (("start", 0), ("intent", 1), ("intent", 1), ("sent", 1), ("done", 1), ("end", 0, "partial"))
    ((only,),) = (run.steps for run in audit.runs(PLAN, written(*lines)))  # type: ignore[arg-type]
    assert (only.sends, only.seconds) == (2, 3)


def test_no_journal_tells_nothing() -> None:
    assert audit.runs(PLAN, []) == []
    assert list(audit.faults(PLAN, [])) == []


def test_a_note_of_the_rollback_is_no_run() -> None:
    note = written(("end", 0, "elsewhere/back.plan.json"), digest="f" * 64)
    records = [*written(*WHOLE), *note]
    assert len(audit.runs(PLAN, records)) == 1
    assert list(audit.faults(PLAN, records)) == []


POSSIBLE: dict[str, tuple[Line, ...]] = {
    "whole": WHOLE,
    "nothing left": (*WHOLE, ("start", 0), ("end", 0, "complete")),
    "killed": WHOLE[:5],
    "refused, and tried again": (
        ("start", 0),
        ("intent", 1),
        ("failed", 1),
        ("end", 0, "partial"),
        ("start", 0),
        *WHOLE[1:],
    ),
    "sent, not seen, sent again": (("start", 0), ("intent", 1), ("sent", 1), ("intent", 1), ("done", 1)),
    "somebody was faster": (("start", 0), ("intent", 1), ("already", 1), ("end", 0, "partial")),
    "done before": (("start", 0), ("already", 1), ("already", 2), ("end", 0, "complete")),
}
IMPOSSIBLE: dict[str, tuple[tuple[Line, ...], str]] = {
    "a settled change again": ((*WHOLE[:4], ("intent", 1)), "record 5 says intent of #1, after done"),
    "sent out of nothing": ((("start", 0), ("sent", 1)), "record 2 says sent of #1, after nothing"),
    "done and never sent": (
        (("start", 0), ("conflict", 1), ("done", 1)),
        "record 3 says that #1 is done, which was never about to be sent",
    ),
    "out of order": ((("start", 0), ("intent", 2)), "record 2 is about to send #2, which needs #1"),
    "before its need was done": (
        (("start", 0), ("intent", 1), ("intent", 2)),
        "record 3 is about to send #2, which needs #1",
    ),
    "outside a run": (WHOLE[1:2], "record 1 stands outside a run"),
    "after the end": ((*WHOLE[:4], WHOLE[-1], ("failed", 2)), "record 6 stands outside a run"),
    "an end without a beginning": (WHOLE[-1:], "record 1 ends a run that was not begun"),
    "not complete": ((*WHOLE[:4], WHOLE[-1]), "record 5 says complete, and not every change is done"),
    "of no change": ((("start", 0), ("failed", 9)), "record 2 speaks of #9 iam.group/none"),
}


@pytest.mark.parametrize("case", POSSIBLE)
def test_what_can_have_happened(case: str) -> None:
    assert list(audit.faults(PLAN, written(*POSSIBLE[case]))) == []


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_have_happened(case: str) -> None:
    lines, told = IMPOSSIBLE[case]
    assert any(fault.startswith(told) for fault in audit.faults(PLAN, written(*lines)))


def test_a_journal_of_another_plan() -> None:
    told = list(audit.faults(PLAN, written(*WHOLE[:4], digest="f" * 64)))
    assert told == ["record 1 begins a run of another plan"]


def test_an_address_that_is_not_the_change_s() -> None:
    other = plan_of(step("iam.group", "dev", to={"path": "/"}), created=BEGUN)
    mixed = [*written(*WHOLE[:1]), *written(*WHOLE[:2], plan=other)[1:]]
    assert list(audit.faults(PLAN, mixed)) == ["record 2 speaks of #1 iam.group/dev, which this plan does not have"]
