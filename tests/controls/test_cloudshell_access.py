"""AWSCloudShellFullAccess goes from users, groups and roles, and from nobody whom a plan must not touch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from support.accounts import (
    ME,
    NOW,
    READ_ONLY,
    account,
    folded,
    holding,
    members,
    role,
    said,
    taken_back,
    user,
    with_settings,
)

from remediate import planner
from remediate.account import Account, Role, User
from remediate.aws.resources import RESOURCES
from remediate.controls import groups
from remediate.controls.cloudshell_access import Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, Exemption, Matcher, State, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SHELL = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
EXEMPT = Exemption(
    match=Matcher(name="boss"), controls=(control.id,), owner="security", reason="because", expires=date(2027, 1, 1)
)
BOTH = {control.id: Settings(), "groups": groups.Settings()}
SCOPE = Scope(playbook=Playbook(name="test", exemptions=(EXEMPT,), controls=BOTH), now=NOW)
PLAIN: State = holding("group", "staff", [READ_ONLY])
RESERVED = Role(name="AWSReservedSSO_Admin_1", arn="", path="/aws-reserved/sso.amazonaws.com/", trust=None)


def held(holder: str, name: str) -> Address:
    return at(f"iam.{holder}_policy", name, SHELL)


@dataclass
class Case:
    title: str
    state: State
    gone: tuple[Address, ...] = ()
    manual: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


STAFF = {**holding("group", "staff", [SHELL])}
CASES = [
    Case("nobody", PLAIN),
    Case("a user", holding("user", "ann", [SHELL]), (held("user", "ann"),)),
    Case("a group", STAFF, (held("group", "staff"),)),
    Case("a role", holding("role", "ops", [SHELL]), (held("role", "ops"),), facts={"roles": [role("ops")]}),
    Case("an exempt user", holding("user", "boss", [SHELL])),
    Case("a group with an exempt member", {**STAFF, **members(staff="ann boss")}, manual="boss is exempt"),
    Case("a group without it", {**STAFF, **members(staff="ann")}, (held("group", "staff"),)),
    Case(
        "a permission set",
        holding("role", RESERVED.name, [SHELL]),
        manual="only AWS changes",
        facts={"roles": [RESERVED]},
    ),
    Case(
        "the caller",
        holding("user", "me", [SHELL]),
        manual="works with it",
        facts={"caller": f"arn:aws:iam::{ME}:user/ops/me"},
    ),
    Case(
        "a group of the caller",
        {**STAFF, **members(staff="me")},
        manual="works with it",
        facts={"caller": f"arn:aws:iam::{ME}:user/me"},
    ),
    Case(
        "the caller's role",
        holding("role", "ops", [SHELL]),
        manual="works with it",
        facts={"roles": [role("ops")], "caller": f"arn:aws:sts::{ME}:assumed-role/ops/session"},
    ),
]


def situation(case: Case) -> Account:
    people = [user(name) for name in ("ann", "boss", "me")]
    return account(case.state, users=people, **case.facts)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_what_goes_and_what_stays(case: Case) -> None:
    """Through the planner: the guard refuses a plan that takes anything from the caller or the exempt."""
    draft = planner.draft(situation(case), with_settings(control), SCOPE, RESOURCES)
    assert tuple(change.address for change in draft.changes) == case.gone
    assert all((c.after, c.risk, bool(c.notice)) == (None, "restrictive", True) for c in draft.changes)
    assert bool(draft.manual) == bool(case.manual)
    assert all(case.manual in manual.summary for manual in draft.manual)
    assert len(draft.findings) + len(draft.exempted) == sum(a.endswith(SHELL) for a in case.state)


def test_names_are_quoted_for_the_shell() -> None:
    caller = f"arn:aws:sts::{ME}:assumed-role/a+=,.@-b/session"
    now = account(holding("role", "a+=,.@-b", [SHELL]), roles=[role("a+=,.@-b")], caller=caller)
    (fault,) = control.check(now, Settings(), SCOPE)
    assert fault.manual and "--role-name a+=,.@-b " in fault.manual.steps[0]


def both(now: Account, scope: Scope = SCOPE) -> planner.Draft:
    chosen: Any = [(groups.control, groups.Settings()), (control, Settings())]
    return planner.draft(now, chosen, scope, RESOURCES)


ANN: State = holding("user", "ann", [SHELL, READ_ONLY])


def test_groups_carries_over_the_rest_and_one_plan_is_enough() -> None:
    draft = both(account(ANN))
    after = folded(ANN, draft.changes)
    assert not [address for address in after if address.endswith(SHELL)]
    assert said(after, "ann") == {("ARN", READ_ONLY)}
    assert taken_back(ANN, draft.changes) == ANN
    (own,) = [change for change in draft.changes if change.address == held("user", "ann")]
    assert (own.risk, {r.control for r in own.reasons}) == ("restrictive", {control.id})
    again = both(account(after))
    assert (again.changes, again.findings) == ((), ())


def test_a_user_with_nothing_else_joins_no_group() -> None:
    now = account(holding("user", "ann", [SHELL]))
    assert [change.address for change in both(now).changes] == [held("user", "ann")]


def test_without_this_control_groups_carries_it_over() -> None:
    alone = Scope(playbook=Playbook(name="test", controls={"groups": groups.Settings()}), now=NOW)
    draft = planner.draft(account(ANN), with_settings(groups.control), alone, RESOURCES)
    after = folded(ANN, draft.changes)
    assert said(after, "ann") == said(ANN, "ann")
    assert held("user", "ann") not in after


@pytest.mark.parametrize("name", ["boss", "me"])
def test_what_stays_with_the_exempt_and_the_caller_is_carried_over(name: str) -> None:
    state: State = holding("user", name, [SHELL])
    draft = both(account(state, users=[user(name)], caller=f"arn:aws:iam::{ME}:user/me"))
    assert said(folded(state, draft.changes), name) == {("ARN", SHELL)}
    assert draft.changes


@pytest.mark.parametrize("gap", ["iam.user", "iam.group", "iam.role"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={gap: "denied"}), Settings(), SCOPE))


def test_a_member_whom_the_account_does_not_list_is_nobody() -> None:
    now = account({**STAFF, **members(staff="gone")}, users=[])
    people: list[User] = list(now.users.values())
    assert people == []
    (fault,) = control.check(now, Settings(), SCOPE)
    assert fault.wants
