"""Nothing is taken from those who get in when nobody else can."""

import msgspec
import pytest
from support.accounts import (
    ADMIN,
    NOW,
    READ_ONLY,
    account,
    change,
    document,
    holding,
    members,
    mine,
    policies,
    role,
    statement,
)

from remediate import guard
from remediate.aws.resources import RESOURCES
from remediate.cli.work import header
from remediate.errors import Refused
from remediate.guard import break_glass
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Matcher, Plan, Risk, Value, at
from remediate.playbook import Playbook
from remediate.rollback import inverse

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
    "something more": (
        change(1, at("iam.user_inline", "glass", "more"), None, document(statement("ec2:*")), risk="additive"), "",
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
        (Matcher(name="glas", path="/x/"), "name: glas, path: /x/"),
        (Matcher(name="emergency"), ""),
    ],
)
def test_a_line_that_fits_nobody_is_refused(matcher: Matcher, said: str) -> None:
    found = list(break_glass.violations(Access(Timeline(HERE, [])), RESOURCES, [matcher]))
    assert [said in line for line in found] == ([True] if said else [])


def test_a_role_for_emergencies_is_denied_nothing() -> None:
    it = change(1, at("iam.role_inline", "emergency", "no"), None, document(DENY))
    found = list(break_glass.violations(Access(Timeline(HERE, [it])), RESOURCES, [Matcher(name="emergency")]))
    assert found == [f"#1 {it.address} would deny something to emergency, who is for emergencies"]


@pytest.mark.parametrize("back", [False, True])
def test_the_plan_is_refused_and_so_is_a_rollback(back: bool) -> None:
    [it, _] = CASES["their password"]
    with pytest.raises(Refused) as caught:
        guard.check(HERE, [it], RESOURCES, (), NOW, break_glass=NAMED, rolls_back=back)
    assert any(line.startswith("break-glass: #1") for line in caught.value.details)
    checks = guard.check(HERE, [], RESOURCES, (), NOW, break_glass=NAMED, rolls_back=back)
    assert "break-glass" in [check.guard for check in checks]


def test_a_name_that_fits_nobody_stops_no_rollback() -> None:
    nobody = [Matcher(name="glas")]
    assert list(break_glass.violations(Access(Timeline(HERE, [])), RESOURCES, nobody))
    assert not list(break_glass.violations(Access(Timeline(HERE, [])), RESOURCES, nobody, rolls_back=True))


PLAN = Plan(
    format=1,
    digest="sha256:1",
    header=header(HERE, Playbook(name="t"), NOW),
    findings=(),
    changes=(
        change(1, at("iam.user_policy", "glass", READ_ONLY), None, "attached", risk="additive"),
        change(2, at("iam.user_policy", "other", READ_ONLY), None, "attached", risk="additive"),
        change(3, at("iam.group_inline", "both", "no"), document(DENY), None, risk="additive"),
        change(4, at("iam.group_inline", "locked", "no2"), None, document(DENY), risk="restrictive"),
    ),
    manual=(),
    unknowns=(),
    exempted=(),
    checks=(),
    break_glass=NAMED,
)


@pytest.mark.parametrize("named", [NAMED, ()])
def test_a_rollback_leaves_what_they_would_miss(named: tuple[Matcher, ...]) -> None:
    """What the plan gave them, and a Deny that it took from a group they are in; everything else is taken back."""
    state = {**HERE.state, **{c.address: c.after for c in PLAN.changes}}
    after = account({a: v for a, v in state.items() if v is not None}, roles=HERE.roles.values())
    plan = msgspec.structs.replace(PLAN, break_glass=named)
    back = inverse(plan, dict.fromkeys((1, 2, 3, 4), "done"), after, RESOURCES, NOW)
    left = {c.address for c in back.changes}
    kept = {k.address: k.why for k in back.kept}
    assert left == {c.address for c in PLAN.changes} - kept.keys()
    assert kept.keys() == ({PLAN.changes[0].address, PLAN.changes[2].address} if named else set())
    assert all("glass, who is for emergencies" in why for why in kept.values())
    assert ("break-glass" in [check.guard for check in back.checks]) is bool(named)
