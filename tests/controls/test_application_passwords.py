"""Applications have no password, people no keys; who is which, and what is left alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from support.accounts import NOW, account, ago, password, slot, user

from remediate.controls.application_passwords import Settings, control
from remediate.errors import Unreadable
from remediate.model import Matcher, Value, at
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

PRINCIPALS = Principals(
    applications=(Matcher(path="/apps/*"), Matcher(tag={"type": "service"})), people=(Matcher(name="p-*"),)
)
SCOPE = Scope(playbook=Playbook(name="test", principals=PRINCIPALS), now=NOW)
PROFILE = at("iam.login_profile", "a")
KEY = {"keys": (slot(last_used=ago(1)),)}


@dataclass(frozen=True)
class Case:
    facts: Mapping[str, Any]
    sign_ins: Mapping[str, datetime | None] = field(default_factory=dict)
    profile: bool = True
    removed: bool = False
    manual: str = ""
    asked: bool = False


APP = {"path": "/apps/", "password": password(None)}
CASES = {
    "by path": Case(APP, {"a": None}, removed=True, asked=True),
    "by tag": Case({"tags": {"type": "service"}, "password": password(None)}, {"a": None}, removed=True, asked=True),
    "by evidence": Case({**KEY, "password": password(None)}, {"a": None}, removed=True, asked=True),
    "by evidence, and signed in in fact": Case({**KEY, "password": password(None)}, {"a": ago(60)}, asked=True,
                                               manual="with an access key|a works with an access key"),
    "a person who signs in": Case({"password": password(ago(1))}),
    "a person with a key in use": Case({**KEY, "password": password(ago(1))}, manual="a works with an access key"),
    "a person with an idle key": Case({"keys": (slot(last_used=ago(40)),), "password": password(ago(1))}),
    "a person with an inactive key": Case({"keys": (slot(False, last_used=ago(1)),), "password": password(ago(1))}),
    "neither": Case({"password": password(None)}),
    "an application without a password": Case({"path": "/apps/", **KEY}, profile=False),
    "an idle sign-in": Case({**APP, "password": password(ago(31))}, {"a": ago(31)}, removed=True, asked=True),
    "a recent sign-in": Case(APP, {"a": ago(30)}, manual="somebody signs in", asked=True),
    "idle by the report, recent in fact": Case({**APP, "password": password(ago(90))}, {"a": ago(1)}, asked=True,
                                               manual="somebody signs in"),
    "not asked": Case(APP, asked=True),
    "gone in fact": Case(APP, {"a": None}, profile=False, asked=True),
    "a new user": Case({**APP, "created": ago(7)}, {"a": None}),
    "a user past grace": Case({**APP, "created": ago(7.1), "password": password(None, ago(7.1))}, {"a": None},
                              removed=True, asked=True),
    "a new password": Case({**KEY, "password": password(None, ago(2))}, {"a": None}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wanted(case: Case) -> None:
    state: dict[Any, Value] = {PROFILE: "password"} if case.profile else {}
    now = account(state, users=[user("a", **case.facts)], sign_ins=case.sign_ins)
    faults = list(control.check(now, Settings(), SCOPE))
    wants = [want for fault in faults for want in fault.wants]
    assert [(w.address, w.after, w.risk) for w in wants] == [(PROFILE, None, "restrictive")] * case.removed
    assert all(w.evidence.keys() == {"last_used"} and w.notice for w in wants)
    manual = "".join(fault.manual.summary for fault in faults if fault.manual)
    assert bool(manual) == bool(case.manual)
    assert any(text in manual for text in case.manual.split("|"))
    assert set(control.asks(now, Settings(), SCOPE)) == ({PROFILE} if case.asked else set())


def test_the_playbooks_word_comes_before_evidence() -> None:
    natures = {
        "p-app": ({"path": "/apps/"}, "application"),  # the first list that fits wins
        "p-key": (KEY, "person"),
        "tagged": ({"tags": {"type": "service"}, "password": password(ago(1))}, "application"),
        "signs-in": ({**KEY, "password": password(ago(300))}, "person"),
        "key": (KEY, "application"),
        "idle-key": ({"keys": (slot(last_used=ago(300)),)}, "application"),
        "inactive-key": ({"keys": (slot(False, last_used=ago(1)),)}, "unknown"),
        "new-key": ({"keys": (slot(),)}, "unknown"),
        "nothing": ({}, "unknown"),
    }
    for name, (facts, nature) in natures.items():
        assert SCOPE.nature(user(name, **facts))[0] == nature, name  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", ["iam.user", "credential-report", "iam.login_profile/a"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    now = account({PROFILE: "password"}, users=[user("a", **APP)], unknown={gap: "denied"})
    with pytest.raises(Unreadable):
        list(control.check(now, Settings(), SCOPE))
