"""Central root access: what the management account changes, and what others are told."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from support.accounts import ME, NOW, account, with_settings

from remediate import planner
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls.central_root_access import ORGANIZATION, TRUST, Settings, asks, check, control
from remediate.errors import Unreadable
from remediate.model import Address, Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
MANAGEMENT, SESSIONS = (at("iam.organizations_feature", f) for f in ("RootCredentialsManagement", "RootSessions"))
ON = {TRUST: "trusted", MANAGEMENT: "enabled", SESSIONS: "enabled"}


def organization(role: str, *, all_features: bool = True) -> Mapping[Address, Value]:
    management = ME if role == "management" else "999999999999"
    value: Value = {"id": "o-a", "management": management, "all_features": all_features, "role": role}
    return {ORGANIZATION: value}


@dataclass(frozen=True)
class Case:
    facts: Mapping[Address, Value]
    state: Mapping[Address, Value]
    found: int
    changes: tuple[Address, ...] = ()
    manual: str = ""


CASES = {
    "in no organization": Case({}, {}, 0),
    "manages, nothing is on": Case(organization("management"), {}, 2, (TRUST, MANAGEMENT, SESSIONS)),
    "manages, trusted": Case(organization("management"), {TRUST: "trusted"}, 2, (MANAGEMENT, SESSIONS)),
    "manages, half on": Case(organization("management"), {TRUST: "trusted", MANAGEMENT: "enabled"}, 1, (SESSIONS,)),
    "manages, all on": Case(organization("management"), ON, 0),
    "manages, billing alone": Case(organization("management", all_features=False), {}, 1, manual="all features"),
    "delegate, nothing is on": Case(organization("delegate"), {}, 2, manual="only the management account 999999999999"),
    "delegate, all on": Case(organization("delegate"), ON, 0),
    "member": Case(organization("member"), {}, 0),
    "member, billing alone": Case(organization("member", all_features=False), {}, 0),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_who_changes_what(case: Case) -> None:
    now = account(case.state, facts=case.facts)
    draft = planner.draft(now, with_settings(control), SCOPE, RESOURCES)
    assert len(draft.findings) == case.found
    assert tuple(change.address for change in draft.changes) == case.changes
    assert {change.risk for change in draft.changes} <= {"additive"}
    assert {change.reversal for change in draft.changes} <= {"exact"}
    assert all(case.manual in manual.summary for manual in draft.manual)
    assert bool(draft.manual) == bool(case.manual)
    assert all(finding.changes or case.manual for finding in draft.findings)


def test_trust_comes_first_and_goes_last() -> None:
    draft = planner.draft(account(facts=organization("management")), with_settings(control), SCOPE, RESOURCES)
    trust, *features = draft.changes
    assert trust.address == TRUST
    assert all(feature.needs == (trust.id,) for feature in features)


ASKED = {
    "at first": ({}, (ORGANIZATION,)),
    "management": (organization("management"), (ORGANIZATION, SESSIONS.split("/")[0], TRUST.split("/")[0])),
    "delegate": (organization("delegate"), (ORGANIZATION, SESSIONS.split("/")[0])),
    "member": (organization("member"), (ORGANIZATION,)),
    "billing alone": (organization("management", all_features=False), (ORGANIZATION,)),
}


@pytest.mark.parametrize(("facts", "asked"), ASKED.values(), ids=ASKED)
def test_nobody_asks_what_they_may_not_know(facts: Mapping[Address, Value], asked: tuple[str, ...]) -> None:
    assert tuple(asks(account(facts=facts), Settings(), SCOPE)) == asked


@pytest.mark.parametrize("gap", [ORGANIZATION, "iam.organizations_feature", "organizations.service_access"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    now: Account = account(facts=organization("management"), unknown={gap: "denied"})
    with pytest.raises(Unreadable):
        list(check(now, Settings(), SCOPE))
