"""Hard expiry is never set, and nobody is locked out by a shorter age whom nobody could let in again."""

from typing import Any

import pytest
from support.accounts import ADMIN, NOW, account, ago, change, holding, password, role, slot, user

from remediate.account import Account
from remediate.guard import expiry
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Value, at


def here(*users: Any, ops: bool = False) -> Account:
    """Administrators, and perhaps a role of one."""
    held = [holding("user", who.name, [ADMIN]) for who in users]
    return account(*held, holding("role", "ops", [ADMIN]), users=users, roles=[role("ops")] if ops else [])


OLD, FRESH = password(None, changed=ago(100)), password(None, changed=ago(10))
HARD: Value = {"HardExpiry": True, "MaxPasswordAge": 180}
SHORT: dict[str, Value] = {"HardExpiry": True, "MaxPasswordAge": 90}
NO_END: Value = {"HardExpiry": True}
CASES: dict[str, tuple[Account, Value, Value, str]] = {
    "set": (here(ops=True), {"MaxPasswordAge": 90}, SHORT, "would set hard expiry"),
    "set where there was no policy": (here(), None, NO_END, "would set hard expiry"),
    "shorter, and the only one is locked out": (here(user("a", password=OLD)), HARD, SHORT, "lock out 1 people"),
    "new, and the only one is locked out": (here(user("a", password=OLD)), NO_END, SHORT, "lock out 1 people"),
    "shorter, of a password of which nobody knows": (
        here(user("a", password=password(None, changed=None))), HARD, SHORT, "lock out 1 people"),
    "shorter, all of them": (here(user("a", password=OLD), user("b", password=OLD)), HARD, SHORT, "lock out 2 people"),
    "shorter, and one is left": (here(user("a", password=OLD), user("b", password=FRESH)), HARD, SHORT, ""),
    "shorter, and one has a key": (here(user("a", password=OLD, keys=(slot(),))), HARD, SHORT, ""),
    "shorter, and a role is left": (here(user("a", password=OLD), ops=True), HARD, SHORT, ""),
    "shorter, and nobody's is older": (here(user("a", password=FRESH)), HARD, SHORT, ""),
    "longer": (here(user("a", password=OLD)), SHORT, HARD, ""),
    "the same age": (here(user("a", password=OLD)), SHORT, {**SHORT, "MinimumPasswordLength": 14}, ""),
    "shorter, and one has a key and no password": (
        here(user("a", password=OLD), user("b", keys=(slot(),))), HARD, SHORT, ""),
    "shorter, and somebody who has neither": (
        here(user("a", password=OLD), user("b")), HARD, SHORT, "lock out 1 people"),
    "shorter, of a password of just that age": (
        here(user("a", password=password(None, changed=ago(90)))), HARD, SHORT, "lock out 1 people"),
    "shorter, of a password a day younger": (
        here(user("a", password=password(None, changed=ago(89)))), HARD, SHORT, ""),
    "no expiry": (here(user("a", password=OLD)), HARD, NO_END, ""),
    "shorter, and not hard": (here(user("a", password=OLD)), {"MaxPasswordAge": 180}, {"MaxPasswordAge": 90}, ""),
    "no policy any more": (here(user("a", password=OLD)), SHORT, None, ""),
}  # fmt: skip


@pytest.mark.parametrize(("now", "before", "after", "said"), CASES.values(), ids=CASES)
def test_a_change_of_hard_expiry(now: Account, before: Value, after: Value, said: str) -> None:
    changed = change(1, at("iam.password_policy"), before, after)
    found = list(expiry.violations(Access(Timeline(now, [changed])), NOW))
    assert len(found) == bool(said), found
    assert all(line.startswith("#1 iam.password_policy ") and said in line for line in found)


def test_every_change_of_the_policy_counts_and_the_credentials_that_are_left_after_all() -> None:
    """What shortens the age comes after one that is not hard, one that changes nothing of it, and one of a key."""
    policy, first, second = at("iam.password_policy"), {"MaxPasswordAge": 365}, {**SHORT, "MaxPasswordAge": 180}
    now = here(user("a", password=OLD, keys=(slot(),)))
    no_key = change(4, at("iam.access_key", "a", "AKIAA"), "Active", "Inactive", risk="restrictive")
    changes = [
        change(1, policy, HARD, first),
        change(2, policy, first, second, 1),
        change(3, policy, second, SHORT, 2),
    ]
    for more, said in ([], ["#2 "]), ([no_key], ["#2 ", "#3 "]):
        found = list(expiry.violations(Access(Timeline(now, [*changes, *more])), NOW))
        assert [line[:3] for line in found] == said, found
    longer = change(1, policy, SHORT, HARD)
    found = list(expiry.violations(Access(Timeline(now, [longer, change(2, policy, HARD, SHORT, 1), no_key])), NOW))
    assert [line[:3] for line in found] == ["#2 "]
