"""Documents against IAM's sizes: one by one, and the inline policies of a holder together, in the fullest state."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.accounts import account, change, document, downsets, statement
from support.stress import examples

from remediate.account import Account
from remediate.guard import quotas
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at
from remediate.policy import size

EMPTY = document(statement("s3:x", "x"))


def long(length: int) -> dict[str, Value]:
    """A document of exactly that many characters."""
    return document(statement("s3:x", "x" * (1 + length - size(EMPTY))))


def refused(now: Account, *changes: Change) -> list[str]:
    return list(quotas.violations(Timeline(now, changes)))


def put(id: int, kind: str, name: str, length: int | None, before: int | None = None, *needs: int) -> Change:
    was, wanted = (None if n is None else long(n) for n in (before, length))
    return change(id, at(kind, "ann", name), was, wanted, *needs)


HOLDERS = {"iam.user_inline": 2048, "iam.group_inline": 5120, "iam.role_inline": 10240}


@pytest.mark.parametrize(("kind", "quota"), HOLDERS.items())
def test_inline_policies_count_together(kind: str, quota: int) -> None:
    now = account({at(kind, "ann", "old"): long(1000)})
    assert not refused(now, put(1, kind, "new", quota - 1000))
    [said] = refused(now, put(1, kind, "new", quota - 999))
    assert f"up to {quota + 1} characters, IAM allows {quota}" in said


def test_what_is_taken_away_before_makes_room() -> None:
    kind = "iam.user_inline"
    now = account({at(kind, "ann", "old"): long(2000)})
    takes, adds = put(1, kind, "old", None, 2000), put(2, kind, "new", 2000, None, 1)
    assert not refused(now, takes, adds)
    assert refused(now, takes, put(2, kind, "new", 2000))  # in either order
    assert refused(now, takes, put(2, kind, "new", 2049, None, 1))


def test_a_trust_policy_has_a_size_of_its_own() -> None:
    role = at("iam.role", "job")
    now = account({role: {"path": "/", "trust": long(500)}})
    for length, over in ((2048, False), (2049, True)):
        changed = change(1, role, {"path": "/", "trust": long(500)}, {"path": "/", "trust": long(length)})
        assert bool(refused(now, changed)) is over


def test_sizes_are_the_accounts_own_where_they_are_known() -> None:
    raised = account(summary={"AssumeRolePolicySizeQuota": 4096, "UserPolicySizeQuota": 3000})
    role = change(1, at("iam.role", "job"), None, {"path": "/", "trust": long(4096)})
    assert not refused(raised, role, put(2, "iam.user_inline", "in", 3000))
    assert len(refused(account(), role, put(2, "iam.user_inline", "in", 3000))) == 2


@st.composite
def amounts(draw: st.DrawFn) -> tuple[Sequence[Change], dict[int, int]]:
    """Changes in an order that is partly free, and what each adds or takes away."""
    changes = []
    for id in range(1, draw(st.integers(1, 8)) + 1):
        needs = draw(st.sets(st.integers(1, id - 1), max_size=3)) if id > 1 else set()
        changes.append(change(id, at("iam.user_inline", "ann", f"p{id}"), None, "x", *sorted(needs)))
    return changes, {c.id: draw(st.integers(-5, 5)) for c in changes}


@settings(max_examples=examples(300), deadline=None)
@given(amounts())
def test_the_fullest_state_is_found(case: tuple[Sequence[Change], dict[int, int]]) -> None:
    changes, adds = case
    fullest = max(sum(adds[id] for id in done) for done in downsets(changes))
    assert quotas._fullest(Timeline(account(), changes), adds) == fullest
