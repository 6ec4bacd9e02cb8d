"""A security contact and an alias are set where there is none, and never changed."""

from dataclasses import dataclass, field

import pytest
from support.accounts import NOW, account, with_settings

from remediate import planner
from remediate.aws.resources import RESOURCES
from remediate.controls.security_contact import ALIAS, CONTACT, Contact, Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, Value
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
ANN = Contact(name="Ann", title="Security", email="security@acme.example", phone="+1 555 0100")
VALUE: Value = {"name": "Ann", "title": "Security", "email": "security@acme.example", "phone": "+1 555 0100"}
OTHER: Value = {"name": "Bob", "title": "CEO", "email": "bob@acme.example", "phone": "1"}


@dataclass
class Case:
    title: str
    settings: Settings
    state: dict[Address, Value] = field(default_factory=dict)
    wanted: dict[Address, Value] = field(default_factory=dict)
    manual: bool = False


CASES = [
    Case("none, and one to set", Settings(security=ANN), wanted={CONTACT: VALUE}),
    Case("none anywhere", Settings(), manual=True),
    Case("there", Settings(security=ANN), {CONTACT: VALUE}),
    Case("there, somebody else", Settings(security=ANN), {CONTACT: OTHER}),
    Case("there, and nobody in the playbook", Settings(), {CONTACT: OTHER}),
    Case("no alias", Settings(security=ANN, alias="acme"), {CONTACT: VALUE}, {ALIAS: "acme"}),
    Case("an alias", Settings(security=ANN, alias="acme"), {CONTACT: VALUE, ALIAS: "acme"}),
    Case("another alias", Settings(security=ANN, alias="acme"), {CONTACT: VALUE, ALIAS: "acme-2019"}),
    Case("neither", Settings(security=ANN, alias="acme"), wanted={CONTACT: VALUE, ALIAS: "acme"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_what_is_set(case: Case) -> None:
    faults = list(control.check(account(case.state), case.settings, SCOPE))
    wants = {want.address: want.after for fault in faults for want in fault.wants}
    assert wants == case.wanted
    assert {want.risk for fault in faults for want in fault.wants} <= {"additive"}
    assert [bool(fault.manual) for fault in faults] == [case.manual] * len(faults)
    assert len(faults) == len(case.wanted) + case.manual


def test_it_maps_to_its_standards_and_to_no_guideline() -> None:
    draft = planner.draft(account(), with_settings(control), SCOPE, RESOURCES)
    assert draft.findings[0].standards == ("CIS 7.0 2.3", "CIS 5.0 1.2", "Account.1")


def test_the_alias_is_only_looked_at_where_the_playbook_has_one() -> None:
    assert set(control.asks(account(), Settings(), SCOPE)) == {CONTACT}
    assert set(control.asks(account(), Settings(alias="acme"), SCOPE)) == {CONTACT, ALIAS}
    assert list(control.check(account({CONTACT: OTHER}, unknown={ALIAS: "denied"}), Settings(), SCOPE)) == []


@pytest.mark.parametrize("gap", [CONTACT, ALIAS])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={gap: "denied"}), Settings(alias="acme"), SCOPE))
