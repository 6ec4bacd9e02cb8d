"""Every instance has an instance profile, in every region; a profile that gives something is never handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.accounts import ME, NOW, READ_ONLY, account, document, role, statement, with_settings
from support.aws import Aws
from support.faults import Call, Faults, refusal

from remediate import planner
from remediate.account import Account, Role
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.cli import applying, work
from remediate.controls.instance_roles import Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, Fault, Value, at, kind_of, pair_of
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.sandbox import fill
from remediate.store.plans import save

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
WEST, EAST = "eu-west-1", "us-east-1"
REGIONS = (WEST, EAST)
NAME = "EC2-no-permissions"
ARN = f"arn:aws:iam::{ME}:instance-profile/{NAME}"
ROLE, PROFILE, MEMBER = (
    at("iam.role", NAME),
    at("iam.instance_profile", NAME),
    at("iam.instance_profile_role", NAME, NAME),
)
FOR_EC2 = {"Service": "ec2.amazonaws.com"}
Facts = Mapping[str, Value]
RUNNING: Facts = {"state": "running", "name": "reports"}


def instance(id: str = "i-1", region: str = WEST) -> Address:
    return at("ec2.instance", region, id)


def association(id: str = "i-1", region: str = WEST) -> Address:
    return at("ec2.profile_association", region, id)


def situation(instances: Mapping[Address, Facts], state: Mapping[Address, Value], *roles: Role, **more: Any) -> Account:
    entries = {at("iam.role", r.name): {"path": r.path, "trust": r.trust} for r in roles}
    return account({**entries, **state}, roles=roles, facts=instances, **{"regions": REGIONS, **more})


def found(now: Account) -> list[Fault]:
    return list(control.check(now, Settings(), SCOPE))


def changes(now: Account) -> dict[Address, Value]:
    """What the planner makes of it."""
    draft = planner.draft(now, with_settings(control), SCOPE, RESOURCES)
    return {change.address: change.after for change in draft.changes}


@dataclass
class Case:
    title: str
    instances: Mapping[Address, Facts]
    bare: tuple[Address, ...] = ()


CASES = [
    Case("none at all", {}),
    Case("it has one", {instance(): {**RUNNING, "profile": f"arn:aws:iam::{ME}:instance-profile/web"}}),
    *(Case(state, {instance(): {"state": state}}, (association(),)) for state in ("pending", "stopping", "stopped")),
    Case(
        "two regions",
        {instance(): RUNNING, instance("i-2", EAST): RUNNING, instance("i-3"): {**RUNNING, "profile": "arn"}},
        (association(), association("i-2", EAST)),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_which_instances_are_bare(case: Case) -> None:
    now = situation(case.instances, {})
    assert tuple(fault.address for fault in found(now)) == case.bare
    wanted = changes(now)
    assert {a: v for a, v in wanted.items() if kind_of(a) == "ec2.profile_association"} == dict.fromkeys(case.bare, ARN)
    assert wanted.keys() - set(case.bare) == ({ROLE, PROFILE, MEMBER} if case.bare else set())


def test_the_profile_is_there_with_its_role_before_an_instance_is_given_it() -> None:
    draft = planner.draft(situation({instance(): RUNNING}, {}), with_settings(control), SCOPE, RESOURCES)
    last = draft.changes[-1]
    number = {change.address: change.id for change in draft.changes}
    assert (last.address, last.needs) == (association(), (number[MEMBER],))
    assert set(draft.changes[number[MEMBER] - 1].needs) == {number[ROLE], number[PROFILE]}
    assert {change.risk for change in draft.changes} == {"additive"}


@dataclass
class There:
    title: str
    state: Mapping[Address, Value]
    roles: tuple[Role, ...] = ()
    made: frozenset[Address] | None = None
    """What is missing besides the association; None where nothing may be handed out."""
    reason: str = ""


EMPTY: Mapping[Address, Value] = {PROFILE: {"path": "/"}, MEMBER: "member"}
OURS = role(NAME, FOR_EC2)
LISTED: Mapping[str, Value] = {"Service": ["ec2.amazonaws.com"]}
AS_LISTS = msgspec.structs.replace(
    OURS, trust=document({"Sid": "1", "Effect": "Allow", "Principal": LISTED, "Action": ["sts:AssumeRole"]})
)
ATTACHED = {at("iam.role_policy", NAME, READ_ONLY): "attached"}
INLINE = {at("iam.role_inline", NAME, "own"): document(statement("s3:*"))}
LISTS: tuple[There, ...] = (
    There("all of it", EMPTY, (OURS,), frozenset()),
    There("written otherwise", EMPTY, (AS_LISTS,), frozenset()),
    There("the role alone", {}, (OURS,), frozenset({PROFILE, MEMBER})),
    There("the profile alone", {PROFILE: {"path": "/"}}, (), frozenset({ROLE, MEMBER})),
    There("both, apart", {PROFILE: {"path": "/"}}, (OURS,), frozenset({MEMBER})),
    There("attached", {**EMPTY, **ATTACHED}, (OURS,), None, "gives permissions"),
    There("inline", {**EMPTY, **INLINE}, (OURS,), None, "gives permissions"),
    There("attached to the role alone", ATTACHED, (OURS,), None, "gives permissions"),
    There("other trust", EMPTY, (role(NAME),), None, "trusts others"),
    There("no policy at all", EMPTY, (msgspec.structs.replace(OURS, trust="junk"),), None, "trusts others"),
    There(
        "other role",
        {PROFILE: {"path": "/"}, at("iam.instance_profile_role", NAME, "web"): "member"},
        (role("web", FOR_EC2),),
        None,
        "holds the role web",
    ),
    There("role in other letters", {}, (role(NAME.lower(), FOR_EC2),), None, "differs in case only"),
    There("profile in other letters", {at("iam.instance_profile", NAME.upper()): {"path": "/"}}, (), None, "in case"),
)


@pytest.mark.parametrize("case", LISTS, ids=lambda c: c.title)
def test_what_is_there_under_the_name_is_handed_out_only_if_it_gives_nothing(case: There) -> None:
    now = situation({instance(): RUNNING}, case.state, *case.roles)
    (fault,) = found(now)
    wanted = changes(now)
    if case.made is None:
        assert wanted == {} and fault.manual and case.reason in fault.manual.summary
    else:
        assert wanted.keys() == {association(), *case.made} and fault.manual is None


def test_a_profile_keeps_its_path() -> None:
    now = situation({instance(): RUNNING}, {PROFILE: {"path": "/a/"}, MEMBER: "member"}, OURS)
    assert changes(now) == {association(): f"arn:aws:iam::{ME}:instance-profile/a/{NAME}"}


def test_china_has_its_own_name_for_ec2() -> None:
    now = situation({instance(region="cn-north-1"): RUNNING}, {}, regions=("cn-north-1",))
    wanted = changes(msgspec.structs.replace(now, partition="aws-cn"))
    assert "ec2.amazonaws.com.cn" in msgspec.json.encode(wanted[ROLE]).decode()
    assert str(wanted[association(region="cn-north-1")]).startswith("arn:aws-cn:iam::")


def test_an_auto_scaling_group_is_named_once_a_region_and_quoted() -> None:
    group = {**RUNNING, "auto_scaling_group": "x'; rm -rf /"}
    now = situation({instance(f"i-{n}", region): group for n in (1, 2) for region in REGIONS}, {})
    faults = found(now)
    assert all(fault.wants and fault.evidence["auto_scaling_group"] == "x'; rm -rf /" for fault in faults)
    steps = [fault.manual.steps[0] for fault in faults if fault.manual]
    assert [step.partition("--region ")[2][:9] for step in steps] == list(REGIONS)
    assert all("""'x'"'"'; rm -rf /'""" in step for step in steps)


def test_asks_once_a_region_and_for_the_profile_only_when_it_is_needed() -> None:
    regions = [at("ec2.instance", region) for region in REGIONS]
    assert list(control.asks(situation({}, {}), Settings(), SCOPE)) == regions
    assert list(control.asks(situation({instance(): RUNNING}, {}), Settings(), SCOPE)) == [*regions, PROFILE]


@pytest.mark.parametrize("gap", ["regions", "iam.role", PROFILE])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        found(situation({instance(): RUNNING}, {}, unknown={gap: "denied"}))


def closed(region: str, operation: str = "DescribeInstances") -> Any:
    def there(call: Call) -> bool:
        return call.operation == operation and f"/{region}/" in str(call.request.headers["Authorization"])

    return there


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AuthFailure", "OptInRequired"])
def test_a_region_that_denies_or_is_off_leaves_the_others(aws: Aws, code: str) -> None:
    fill()
    session = Faults().when(closed(EAST), refusal(code, 403)).watch(Session())
    plan, _ = work.make_plan(session, work.playbook_named("guidelines"), (control.id,))
    assert [(u.what, u.controls) for u in plan.unknowns] == [(at("ec2.instance", EAST), (control.id,))]
    assert code in plan.unknowns[0].reason
    assert {pair_of(finding.address)[0] for finding in plan.findings} == {WEST}
    assert sum(kind_of(change.address) == "ec2.profile_association" for change in plan.changes) == 1


def test_what_others_came_to_use_stays_and_the_instances_are_bare_again(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody gave our role permissions since, so it is theirs now: only the instances are taken back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    fill()
    plan, _ = work.make_plan(Session(), work.playbook_named("guidelines"), (control.id,))
    path = Path("forward.plan.json")
    save(plan, path)
    applying.finish(plan, path, Session(), parallel=4, fail_fast=False, as_json=True)
    aws.client("iam").attach_role_policy(RoleName=NAME, PolicyArn=READ_ONLY)
    back, back_path = applying.inverse_of(plan, path, None, Session(), 4)
    assert {kept.address for kept in back.kept} == {ROLE, PROFILE, MEMBER}
    assert {kind_of(change.address) for change in back.changes} == {"ec2.profile_association"}
    applying.finish(back, back_path, Session(), parallel=4, fail_fast=False, as_json=True)
    west = aws.client("ec2", WEST)
    assert west.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"] == []
