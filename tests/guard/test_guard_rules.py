"""What may share a plan, who is left alone, which trails stay on."""

from datetime import date

import msgspec
import pytest
from support.accounts import NOW, READ_ONLY, account, change, holding, members, role, user

from remediate import guard
from remediate.aws.resources import RESOURCES
from remediate.errors import Refused
from remediate.guard import rules
from remediate.guard.timeline import Timeline
from remediate.model import Change, Exemption, Matcher, Reason, Risk, Value, at

KEY = at("iam.access_key", "ann", "AKIA1")
OTHER = at("iam.access_key", "ann", "AKIA2")

ROOT_KEY = at("iam.root_access_key", "210987654321", "AKIA1")


def root_key(id: int, before: Value, after: Value, **evidence: Value) -> Change:
    return msgspec.structs.replace(change(id, ROOT_KEY, before, after), evidence=evidence)


KEYS: dict[str, tuple[list[Change], bool]] = {
    "deactivate": ([change(1, KEY, "Active", "Inactive")], False),
    "delete after the quarantine": ([change(1, KEY, "Inactive", None)], False),
    "both of one key": ([change(1, KEY, "Active", "Inactive"), change(2, KEY, "Inactive", None, 1)], True),
    "both, without an order": ([change(1, KEY, "Inactive", None), change(2, KEY, "Active", "Inactive")], True),
    "each of another key": ([change(1, KEY, "Active", "Inactive"), change(2, OTHER, "Inactive", None)], False),
    "delete at once": ([change(1, KEY, "Active", None)], True),
    "activate": ([change(1, KEY, "Inactive", "Active")], False),
    "delete a root key by its last use": ([root_key(1, "Active", None, last_used="2020-01-01T00:00:00Z")], False),
    "delete a root key that was never used": ([root_key(1, "Inactive", None, last_used=None)], False),
    "delete a root key blindly": ([root_key(1, "Active", None)], True),
    "delete an inactive root key blindly": ([root_key(1, "Inactive", None)], True),
    "both of one root key": (
        [root_key(1, "Active", "Inactive"), root_key(2, "Inactive", None, last_used=None)],
        True,
    ),
}


@pytest.mark.parametrize(("changes", "refused"), KEYS.values(), ids=KEYS)
def test_deactivation_and_deletion_never_share_a_plan(changes: list[Change], refused: bool) -> None:
    assert bool(list(rules.one_step_at_a_time(Timeline(account(), changes)))) is refused


EXEMPT = Exemption(
    match=Matcher(tag={"exempt": "*"}), controls=("groups",), owner="o", reason="glass", expires=date(2026, 6, 1)
)
NOBODY = account(
    holding("user", "ann"),
    holding("group", "ann"),
    holding("group", "g"),
    members(g="ann bob"),
    holding("user", "bob"),
    users=[user("ann", tags={"exempt": "yes"})],
    roles=[role("ops", tags={"exempt": "yes"}), role("g", tags={"exempt": "yes"})],
)


def by(control: str, kind: str, *names: str, risk: Risk = "neutral") -> Change:
    return msgspec.structs.replace(
        change(1, at(kind, *names), None, "attached", risk=risk), reasons=(Reason(control=control, why="w"),)
    )


TOUCHED: dict[str, tuple[Change, bool]] = {
    "their policy": (by("groups", "iam.user_policy", "ann", READ_ONLY), True),
    "their membership": (by("groups", "iam.group_member", "g", "ann"), True),
    "their tag": (by("groups", "iam.user_tag", "ann", "t"), True),
    "for another control": (by("unused-credentials", "iam.user_policy", "ann", READ_ONLY), False),
    "somebody else": (by("groups", "iam.user_policy", "bob", READ_ONLY), False),
    "an exempt role": (by("groups", "iam.role_policy", "ops", READ_ONLY), True),
    "a group with an exempt role's name": (by("groups", "iam.group", "ops"), False),
    "a group with an exempt user's name": (by("groups", "iam.group_policy", "ann", READ_ONLY), False),
    "their group, and nobody notices": (by("groups", "iam.group_policy", "g", READ_ONLY), False),
    "their group, and they notice": (by("groups", "iam.group_policy", "g", READ_ONLY, risk="restrictive"), True),
    "a setting of the account": (by("groups", "iam.password_policy"), False),
}


@pytest.mark.parametrize(("it", "refused"), TOUCHED.values(), ids=TOUCHED)
def test_the_exempt_are_untouched(it: Change, refused: bool) -> None:
    found = list(rules.exempt_untouched(Timeline(NOBODY, [it]), RESOURCES, [EXEMPT], NOW))
    assert bool(found) is refused
    assert not refused or "glass" in found[0]


def test_an_exemption_that_ended_protects_nobody() -> None:
    ended = msgspec.structs.replace(EXEMPT, expires=date(2026, 5, 31))
    it = by("groups", "iam.user_policy", "ann", READ_ONLY, risk="additive")
    assert guard.check(NOBODY, [it], RESOURCES, [ended], NOW)
    with pytest.raises(Refused) as caught:
        guard.check(NOBODY, [it], RESOURCES, [EXEMPT], NOW)
    assert caught.value.details == (f"exemptions: #1 {it.address} concerns ann, exempt: glass",)


LOGGING = at("cloudtrail.logging", "us-east-1", "main")
TRAIL = at("cloudtrail.trail", "us-east-1", "main")


@pytest.mark.parametrize(
    ("it", "refused"),
    [
        (change(1, LOGGING, "logging", None), True),
        (change(1, TRAIL, {"bucket": "b"}, None), True),
        (change(1, LOGGING, None, "logging"), False),
        (change(1, TRAIL, {"bucket": "b"}, {"bucket": "c"}), False),
        (change(1, TRAIL, None, {"bucket": "b", "multi_region": False}), False),
        (change(1, TRAIL, {"multi_region": False}, {"multi_region": True}), False),
        (change(1, TRAIL, {"bucket": "b", "validation": True}, {"bucket": "c", "validation": True}), False),
        (change(1, TRAIL, {"multi_region": True}, {"multi_region": False}), True),
        (change(1, TRAIL, {"validation": True}, {"bucket": "b"}), True),
        (change(1, at("cloudtrail.selectors", "us-east-1", "main"), None, {"EventSelectors": []}), True),
        (change(1, at("s3.bucket", "b"), {"region": "us-east-1"}, None), True),
        (change(1, at("s3.bucket", "other"), {"region": "us-east-1"}, None), False),
        (change(1, at("cloudtrail.selectors", "us-east-1", "main"), {"x": 1}, None), False),
    ],
)
def test_no_trail_goes_dark(it: Change, refused: bool) -> None:
    logged = account({TRAIL: {"bucket": "b"}})
    assert bool(list(rules.trails_stay_on(Timeline(logged, [it])))) is refused


def test_a_rollback_restores_even_so() -> None:
    """It may stop the trail that the plan started, and touch the exempt whom it touched."""
    dark = [change(1, LOGGING, "logging", None)]
    with pytest.raises(Refused, match="guard refuses"):
        guard.check(account(), dark, RESOURCES, (), NOW)
    names = [c.guard for c in guard.check(account(), dark, RESOURCES, (), NOW, rolls_back=True)]
    assert names == ["access", "lockout", "quotas", "quarantine"]


@pytest.mark.parametrize(("count", "last"), [(8, "quarantine: #8 "), (9, "and 1 more"), (11, "and 3 more")])
def test_many_violations_are_named_in_part_and_counted(count: int, last: str) -> None:
    keys: list[Change] = [
        change(n, at("iam.access_key", "ann", f"AKIA{n}"), "Active", None) for n in range(1, count + 1)
    ]
    with pytest.raises(Refused) as caught:
        guard.check(account(), keys, RESOURCES, (), NOW)
    assert len(caught.value.details) == min(count, guard.SHOWN + 1)
    assert caught.value.details[-1].startswith(last)


def test_the_spans_of_an_entry() -> None:
    value: Value = "member"
    bridge = at("iam.group_member", "g", "cid")
    timeline = Timeline(NOBODY, [change(1, bridge, None, value), change(2, bridge, value, None, 1)])
    (span,) = timeline.spans(bridge)
    assert (span.made, span.ended) == (1, 2)
    assert timeline.before(1, 2) and timeline.before(2, 2) and not timeline.before(2, 1)
