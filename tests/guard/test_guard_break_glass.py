"""Nothing is taken from those who get in when nobody else can."""

import pytest
from support.accounts import ADMIN, NOW, account, change, document, holding, members, mine, policies, role, statement

from remediate import guard
from remediate.aws.resources import RESOURCES
from remediate.errors import Refused
from remediate.guard import break_glass
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Matcher, Risk, Value, at

DENY = statement("s3:Delete*") | {"Effect": "Deny"}
HERE = account(
    holding("user", "glass", [ADMIN]),
    holding("user", "other", [ADMIN]),
    holding("group", "locked", (), {"no": document(DENY)}),
    holding("group", "both", [mine("own")]),
    members(both="glass other"),
    policies(own=document(statement("s3:*"))),
    roles=[role("emergency")],
)
NAMED = (Matcher(name="glass"),)
OWN = at("iam.policy", mine("own"))
SAYS = HERE.value(OWN)


DENIES: Value = {"path": "/", "document": document(statement("s3:*"), DENY)}


def joins(group: str, user: str, risk: Risk = "neutral") -> Change:
    return change(1, at("iam.group_member", group, user), None, "member", risk=risk)


def stopped(user: str) -> Change:
    return change(1, at("iam.access_key", user, "AKIA1"), "Active", "Inactive", risk="restrictive")


CASES: dict[str, tuple[Change, str]] = {
    "somebody else's key": (stopped("other"), ""),
    "their key": (
        stopped("glass"),
        "#1 iam.access_key/glass/AKIA1 would take something from glass",
    ),
    "their password": (
        change(1, at("iam.login_profile", "glass"), "password", None, risk="restrictive"), "#1 iam.login_profile/glass",
    ),
    "something new": (change(1, at("iam.user_tag", "glass", "k"), None, "v", risk="neutral"), ""),
    "a group that denies something": (
        joins("locked", "glass"), "would deny something to glass",
    ),
    "a group that others join": (joins("locked", "other", "restrictive"), ""),
    "a policy of a group they are in": (
        change(1, at("iam.group_policy", "both", mine("own")), "attached", None, risk="restrictive"),
        "would take something from glass",
    ),
    "a document that they hold through a group": (
        change(1, OWN, SAYS, DENIES, risk="restrictive"), "would deny something to glass",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("it", "said"), CASES.values(), ids=CASES)
def test_what_a_change_takes(it: Change, said: str) -> None:
    found = list(break_glass.violations(Access(Timeline(HERE, [it])), RESOURCES, NAMED))
    assert bool(found) == bool(said), found
    assert said in " ".join(found)
    assert not list(break_glass.violations(Access(Timeline(HERE, [it])), RESOURCES, ()))


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        (Matcher(name="glas"), "name: glas"),
        (Matcher(tag={"for": "emergencies"}), "tag: {'for': 'emergencies'}"),
        (Matcher(name="emergency"), ""),
    ],
)
def test_a_line_that_fits_nobody_is_refused(matcher: Matcher, said: str) -> None:
    found = list(break_glass.violations(Access(Timeline(HERE, [])), RESOURCES, [matcher]))
    assert [said in line for line in found] == ([True] if said else [])


def test_the_plan_is_refused_and_its_rollback_is_not() -> None:
    [it, _] = CASES["their password"]
    with pytest.raises(Refused) as caught:
        guard.check(HERE, [it], RESOURCES, (), NOW, break_glass=NAMED)
    assert any(line.startswith("break-glass: #1") for line in caught.value.details)
    checks = guard.check(HERE, [], RESOURCES, (), NOW, break_glass=NAMED)
    assert "break-glass" in [check.guard for check in checks]
    assert guard.check(HERE, [it], RESOURCES, (), NOW, break_glass=NAMED, rolls_back=True)
