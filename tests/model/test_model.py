"""Every state that two runs of three changes can reach, with crashes, lost answers, outside edits and lost locks."""

from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from support.invariants import RULES
from support.stress import STRESS

from model.explore import explore
from model.state import Budget
from model.steps import Rules

BUDGETS: Sequence[tuple[Budget, int]] = [
    (Budget(), 40),
    (Budget(crashes=1, faults=1, edits=1, runs=2), 150_000),
    (Budget(robberies=1), 4_000),
]
"""What may happen together, and the states that are reached at least. Pairs with a third run: see test_replay.py."""
MORE: Sequence[tuple[Budget, int]] = [
    (Budget(crashes=1, faults=1, edits=1), 700_000),
    (Budget(crashes=2, faults=1, runs=4), 100_000),
    (Budget(faults=3), 25_000),
    (Budget(crashes=1, robberies=1), 60_000),
    (Budget(faults=1, robberies=1), 70_000),
    (Budget(edits=1, robberies=1), 180_000),
]


@pytest.mark.parametrize(("budget", "least"), [*BUDGETS, *(MORE if STRESS else [])], ids=str)
def test_no_rule_is_broken_in_any_state(budget: Budget, least: int) -> None:
    explored = explore(budget)
    assert not explored.broken
    assert explored.states >= least
    print(f"{budget}: {explored.states} states, {explored.moves} moves, {len(explored.ended)} ends")


MISTAKES: Sequence[tuple[str, str, Budget]] = [
    ("intent_first", "written_ahead", Budget()),
    ("last_look", "looked_first", Budget()),
    ("looks_when_resumed", "looked_first", Budget(crashes=1)),
    ("asks_after_a_lost_answer", "written_ahead", Budget(faults=1)),
    ("reads_back", "done_is_seen", Budget(faults=1)),
    ("reads_back", "complete_at_last", Budget(faults=1)),
    ("doubts", "already_is_theirs", Budget(crashes=1)),
    ("doubts", "rollback_is_whole", Budget(crashes=1)),
    ("believes_refusals", "done_is_ours", Budget(faults=1, edits=1)),
    ("tells_theirs_from_ours", "done_is_ours", Budget(edits=1)),
    ("waits_for_needs", "needs_first", Budget(faults=1)),
    ("remembers", "one_outcome", Budget(crashes=1)),
    ("looks_when_resumed remembers", "never_again", Budget(crashes=1)),
    ("heeds_conflicts", "others_kept", Budget(edits=1)),
    ("fence", "one_run_at_a_time", Budget(robberies=1)),
    ("fence", "fenced", Budget(robberies=1)),
    ("lock", "one_run_at_a_time", Budget()),
    ("rolls_back_only_done", "rollback_takes_ours", Budget(edits=1)),
    ("asks_before_rollback", "rollback_is_whole", Budget(crashes=1)),
]
"""What a protocol could leave out, and a rule that notices."""


@pytest.mark.parametrize(("left_out", "rule", "budget"), MISTAKES, ids=lambda value: str(value).replace(" ", "-"))
def test_a_mistake_breaks_its_rule(left_out: str, rule: str, budget: Budget) -> None:
    wrong = replace(Rules(), **dict.fromkeys(left_out.split(), False))
    assert rule in explore(budget, wrong, stop_at=rule).broken


def test_each_rule_and_each_part_of_the_protocol_is_tried() -> None:
    assert {rule for _, rule, _ in MISTAKES} == {rule.__name__ for rule in RULES}
    assert {name for names, _, _ in MISTAKES for name in names.split()} == {field.name for field in fields(Rules)}
