"""Sign-ins as an application are found, with evidence; people who sign in are not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from support.accounts import NOW, account, ago, password, slot, user, with_settings

from remediate import planner
from remediate.aws.resources import RESOURCES
from remediate.controls.application_logins import Settings, asks, check, control
from remediate.errors import Unreadable
from remediate.model import Matcher, at
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

PRINCIPALS = Principals(
    applications=(Matcher(path="/apps/*"), Matcher(tag={"type": "service"})), people=(Matcher(name="p-*"),)
)
SCOPE = Scope(playbook=Playbook(name="test", principals=PRINCIPALS), now=NOW)
APP = {"path": "/apps/"}


@dataclass(frozen=True)
class Case:
    facts: Mapping[str, Any]
    sign_ins: Mapping[str, datetime | None] = field(default_factory=dict)
    found: bool = False
    asked: bool = True


CASES = {
    "by path, today": Case({**APP, "password": password(NOW)}, {"a": NOW}, found=True),
    "by tag": Case({"tags": {"type": "service"}, "password": password(ago(3))}, {"a": ago(3)}, found=True),
    "at the limit": Case({**APP, "password": password(ago(30))}, {"a": ago(30)}, found=True),
    "long ago": Case({**APP, "password": password(ago(30.1))}, {"a": ago(30.1)}),
    "never by the report, today in fact": Case({**APP, "password": password(None)}, {"a": NOW}, found=True),
    "today by the report, not asked": Case({**APP, "password": password(NOW)}),
    "never": Case({**APP, "password": password(None)}, {"a": None}),
    "without a password": Case(APP, asked=False),
    "a person": Case({"password": password(NOW)}, {"a": NOW}, asked=False),
    "an application by evidence, who signed in in fact": Case(
        {"keys": (slot(last_used=NOW),), "password": password(None)}, {"a": NOW}, asked=False
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_found(case: Case) -> None:
    now = account(users=[user("a", **case.facts)], sign_ins=case.sign_ins)
    found = list(check(now, Settings(), SCOPE))
    assert [(f.address, f.wants, bool(f.manual)) for f in found] == [(at("iam.user", "a"), (), True)] * case.found
    assert set(asks(now, Settings(), SCOPE)) == ({at("iam.login_profile", "a")} if case.asked else set())


def test_what_it_rests_on_is_told() -> None:
    facts = {**APP, "mfa": True, "keys": (slot(last_used=ago(2)), slot(False, last_used=ago(1)))}
    now = account(users=[user("a", password=password(ago(3), ago(640)), **facts)], sign_ins={"a": ago(3)})
    (fault,) = check(now, Settings(), SCOPE)
    assert fault.evidence == {
        "last_sign_in": "2026-05-29T12:00:00Z",
        "password_changed": "2024-08-30T12:00:00Z",
        "mfa": True,
        "keys_last_used": ["2026-05-30T12:00:00Z"],
        "nature": "the playbook says so",
    }
    draft = planner.draft(now, with_settings(control), SCOPE, RESOURCES)
    assert (len(draft.findings), draft.changes, len(draft.manual)) == (1, (), 1)


def test_names_are_quoted_in_commands() -> None:
    name = "a; rm -rf '/'"
    now = account(users=[user(name, password=password(NOW), **APP)], sign_ins={name: NOW})
    (fault,) = check(now, Settings(), SCOPE)
    assert fault.manual
    assert """AttributeValue='a; rm -rf '"'"'/'"'"'' --start-time 2026-05-31""" in fault.manual.steps[0]


@pytest.mark.parametrize("gap", ["iam.user", "credential-report", "iam.login_profile/a"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    now = account(users=[user("a", password=password(None), **APP)], unknown={gap: "denied"})
    with pytest.raises(Unreadable):
        list(check(now, Settings(), SCOPE))
