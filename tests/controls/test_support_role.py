"""Some role has AWSSupportAccess; one that happens to have our name is never taken over."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from support.accounts import ADMIN, ME, NOW, account, document, holding, role, with_settings

from remediate import planner
from remediate.account import Account, Role
from remediate.aws.resources import RESOURCES
from remediate.controls.support_role import Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, State, Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
SUPPORT = "arn:aws:iam::aws:policy/AWSSupportAccess"
ROLE, ATTACHED = at("iam.role", "SupportAccess"), at("iam.role_policy", "SupportAccess", SUPPORT)
MFA: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
ROOT = f"arn:aws:iam::{ME}:root"


def trust(*arns: str, condition: Value = MFA) -> dict[str, Value]:
    more = {"Condition": condition} if condition else {}
    statements: list[dict[str, Value]] = [
        {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole", **more} for arn in arns
    ]
    return document(*statements)


def with_role(made: Role, *attached: str) -> dict[str, Any]:
    value = {at("iam.role", made.name): {"path": made.path, "trust": made.trust}}
    return {"state": {**holding("role", made.name, attached), **value}, "roles": [made]}


OURS = Role(name="SupportAccess", arn="", path="/", trust=trust(ROOT))


@dataclass
class Case:
    title: str
    state: State
    roles: tuple[Role, ...] = ()
    wanted: tuple[Address, ...] = ()
    manual: str = ""


def case(title: str, made: Role, *attached: str, wanted: tuple[Address, ...] = (), manual: str = "") -> Case:
    return Case(title, with_role(made, *attached)["state"], (made,), wanted, manual)


CASES = [
    Case("nothing", {}, wanted=(ROLE, ATTACHED)),
    case("a role has it", role("helpdesk"), SUPPORT),
    case("a role has another policy", role("helpdesk"), ADMIN, wanted=(ROLE, ATTACHED)),
    Case("only a user has it", holding("user", "ann", [SUPPORT]), wanted=(ROLE, ATTACHED)),
    Case("only a group has it", holding("group", "helpers", [SUPPORT]), wanted=(ROLE, ATTACHED)),
    case("the role without the policy", OURS, wanted=(ATTACHED,)),
    case("the name with another trust", role("SupportAccess"), manual="trusts others"),
    case("the name in other letters", role("supportaccess"), manual="differs in case only"),
]


def now(case: Case, **more: Any) -> Account:
    return account(case.state, roles=case.roles, **more)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_what_is_wanted(case: Case) -> None:
    draft = planner.draft(now(case), with_settings(control), SCOPE, RESOURCES)
    assert tuple(change.address for change in draft.changes) == case.wanted
    assert {change.risk for change in draft.changes} <= {"additive"}
    assert len(draft.findings) == bool(case.wanted or case.manual)
    assert bool(draft.manual) == bool(case.manual)
    assert all(case.manual in manual.summary for manual in draft.manual)


def test_who_holds_it_instead_is_evidence() -> None:
    state = {**holding("user", "ann", [SUPPORT]), **holding("group", "helpers", [SUPPORT])}
    (fault,) = control.check(account(state), Settings(), SCOPE)
    assert fault.evidence == {"users": ["ann"], "groups": ["helpers"]}


ANN = "arn:aws:iam::444455556666:user/ops/ann"


@pytest.mark.parametrize(
    ("settings", "trusted"),
    [
        (Settings(), trust(ROOT)),
        (Settings(mfa=False), trust(ROOT, condition=None)),
        (Settings(trusted=("444455556666", ANN)), trust("arn:aws:iam::444455556666:root", ANN)),
    ],
)
def test_whom_it_trusts(settings: Settings, trusted: Value) -> None:
    (fault,) = control.check(account(), settings, SCOPE)
    assert fault.wants[0].after == {"path": "/", "trust": trusted}


def test_other_partitions_have_their_own_policy() -> None:
    (fault,) = control.check(msgspec.structs.replace(account(), partition="aws-us-gov"), Settings(), SCOPE)
    assert fault.wants[1].address.endswith("/arn:aws-us-gov:iam::aws:policy/AWSSupportAccess")


def test_what_could_not_be_read_is_never_a_pass() -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={"iam.role": "denied"}), Settings(), SCOPE))
