"""How far a plan got, as `remediate runs` lists it, and what a run that ended a moment ago left in hand."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest
from support.engine import MADE, plan_of, step

from remediate.model import Event, Kept, Plan, Record
from remediate.standing import Backs, in_hand, standing
from remediate.store.plans import sealed

STEPS = [step("iam.group", name, to={"path": "/"}) for name in ("a", "b", "c", "d")]
PLAN = plan_of(*STEPS, created=MADE)
SOON, LATE = MADE + timedelta(hours=1), MADE + timedelta(hours=25)


def journal(plan: Plan, events: str) -> list[Record]:
    """Words such as `1done`. What was sent, done or failed was about to be sent first."""
    records = [Record(seq=1, previous="", at=MADE, event="start", plan=plan.digest)] if events else []
    for word in events.split():
        sent: tuple[Event, ...] = () if word[1:] in ("already", "conflict", "intent") else ("intent",)
        names = (*sent, msgspec.convert(word[1:], Event))
        records += [Record(seq=0, previous="", at=MADE, event=name, change=int(word[0])) for name in names]
    return records


def rollback_of(plan: Plan, back: int, kept: int = 0) -> Plan:
    """One that takes back so many changes, and leaves as many."""
    return sealed(
        msgspec.structs.replace(
            plan,
            changes=tuple(plan.changes[:back]),
            kept=tuple(Kept(address=c.address, why="it stays") for c in plan.changes[back : back + kept]),
            header=msgspec.structs.replace(plan.header, rolls_back=plan.digest),
        )
    )


class Case(NamedTuple):
    events: str
    state: str
    done: int
    unknown: int = 0
    back: tuple[int, int] = (0, 0)
    """How many changes its rollback takes back, and how many it leaves."""
    backs: Sequence[str] = ()
    """The journal of its rollback, of that one's rollback, and so on."""
    late: bool = False


ALL = "1done 2done 3done 4done"
CASES: Mapping[str, Case] = {
    "never applied": Case("", "planned", 0),
    "never applied, and too old": Case("", "expired", 0, late=True),
    "applied": Case("1done 2already 3done 4done", "applied", 4, late=True),
    "a part": Case("1done 2failed 3conflict", "partly applied", 1, 1),
    "killed with two in hand": Case("1done 2sent 3intent", "partly applied", 1, 2),
    "taken back": Case(ALL, "rolled back", 4, 0, (4, 0), ["1done 2done 3done 4done"]),
    "taken back but for what stays": Case(ALL, "rolled back", 4, 0, (2, 2), ["1done 2done"]),
    "killed, and done further": Case("1done 2sent 3intent 4intent", "rolled back", 3, 0, (3, 0), ["1done 2done 3done"]),
    "what somebody else had done counts too": Case("1already 2done", "rolled back", 2, 0, (1, 0), ["1done"]),
    "taken back in part": Case(ALL, "partly rolled back", 4, 0, (4, 0), ["1done 2sent"]),
    "applied again": Case(ALL, "applied", 4, 0, (4, 0), [ALL, ALL]),
    "a part of it, again": Case("1done", "partly applied", 1, 0, (1, 0), ["1done", "1done"]),
    "taken back, and in part again": Case(ALL, "partly rolled back", 4, 0, (4, 0), [ALL, "1done"]),
    "taken back for the second time": Case(ALL, "rolled back", 4, 0, (4, 0), [ALL, ALL, ALL]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_how_far_it_got(case: Case) -> None:
    plan, backs = PLAN, dict[str, tuple[Plan, Sequence[Record]]]()
    for events in case.backs:
        back = rollback_of(plan, *(case.back if plan is PLAN else (case.back[0], 0)))
        backs[plan.digest] = back, journal(back, events)
        plan = back
    found = standing(PLAN, journal(PLAN, case.events), backs, LATE if case.late else SOON)
    assert tuple(found) == (case.state, case.done, case.unknown)


def test_a_rollback_of_another_plan_is_none_of_its_own() -> None:
    other = plan_of(*STEPS[:2], created=MADE)
    backs: Backs = {other.digest: (rollback_of(other, 2), journal(other, "1done 2done"))}
    assert standing(PLAN, journal(PLAN, ALL), backs, SOON).state == "applied"


# --- what is in hand ------------------------------------------------------------------------------------------------


def left(events: str, seconds: float) -> tuple[list[int], float]:
    held, waits = in_hand(PLAN, journal(PLAN, events), MADE + timedelta(seconds=seconds))
    return [change.id for change in held], waits


def test_what_was_sent_a_moment_ago_and_has_no_outcome() -> None:
    assert left("1done 2sent 3intent 4already", 5) == ([2, 3], 115)
    assert left("1sent", 119.5) == ([1], 0.5)
    assert left("1sent", 120) == left(ALL, 5) == left("", 5) == ([], 0)


def test_a_clock_that_was_ahead_makes_nobody_wait_longer() -> None:
    assert left("1sent", -3600) == ([1], 120)


def test_what_aws_refused_is_not_in_hand_and_what_nobody_could_find_out_is() -> None:
    assert left("1failed", 5) == ([1], 115)
    *sent, failed = journal(PLAN, "1failed")
    assert in_hand(PLAN, [*sent, msgspec.structs.replace(failed, request_ids=("an-id",))], MADE) == ([], 0)
