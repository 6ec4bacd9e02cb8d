"""Directories and their trusts: found or made, never changed, and never with a password in anything that is written."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.accounts import NOW, account

from remediate.account import Account
from remediate.controls.directory import Settings, control
from remediate.controls.directory_settings import Directory, Trust
from remediate.errors import Unreadable
from remediate.model import Address, Fault, State, Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
REGION, NAME, FAR = "eu-west-1", "corp.example.com", "partner.example.com"
VPC, ONE, TWO = "vpc-0a1b2c3d", "subnet-0a1b2c3d", "subnet-1a1b2c3d"
SIMPLE = Directory(type="simple-ad", name=NAME, region=REGION, vpc=VPC, subnets=(TWO, ONE))
MICROSOFT = Directory(type="microsoft-ad", name=NAME, region=REGION, vpc=VPC, subnets=(ONE, TWO))
TRUSTING = Directory(
    type="microsoft-ad", name=NAME, region=REGION, vpc=VPC, subnets=(ONE, TWO),
    trusts=(Trust(domain=FAR, dns=("10.9.0.6", "10.9.0.5")),),
)  # fmt: skip
CONNECTOR = Directory(
    type="ad-connector", name=NAME, region=REGION, vpc=VPC, subnets=(ONE, TWO), size="Large", short_name="Office",
    dns=("10.1.0.6", "10.1.0.5"), user="svc-aws",
)  # fmt: skip
ADDRESS, FORWARDER = at("ds.directory", REGION, NAME), at("ds.forwarder", REGION, NAME, FAR)
TRUST = at("ds.trust", REGION, NAME, FAR)
PLACES: Mapping[Address, Value] = {
    at("ec2.subnet", REGION, ONE): {"vpc": VPC, "zone": "eu-west-1a"},
    at("ec2.subnet", REGION, TWO): {"vpc": VPC, "zone": "eu-west-1b"},
}
TWO_WAY: Value = {"direction": "two-way", "type": "forest"}


def stage(now: str = "Active", reason: str = "") -> dict[Address, Value]:
    return {at("ds.directory_stage", REGION, NAME): {"id": "d-0123456789", "stage": now, "reason": reason}}


def seen(*states: State, facts: Mapping[Address, Value] = PLACES, **more: Any) -> Account:
    return account(*states, facts=facts, **{"regions": (REGION, "us-east-1"), **more})


def found(directory: Directory, *states: State, facts: Mapping[Address, Value] = PLACES, **more: Any) -> list[Fault]:
    return list(control.check(seen(*states, facts=facts, **more), Settings(directories=(directory,)), SCOPE))


COMMON: dict[str, Value] = {"vpc": VPC, "subnets": [ONE, TWO]}
VALUES: Mapping[str, tuple[Directory, dict[str, Value]]] = {
    "Simple AD": (SIMPLE, {"type": "simple-ad", "short_name": "CORP", "size": "Small", **COMMON}),
    "Microsoft AD": (MICROSOFT, {"type": "microsoft-ad", "short_name": "CORP", "edition": "Standard", **COMMON}),
    "AD Connector": (
        CONNECTOR,
        {
            "type": "ad-connector", "short_name": "OFFICE", "size": "Large",
            "dns": ["10.1.0.5", "10.1.0.6"], "user": "svc-aws", **COMMON,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("directory", "value"), VALUES.values(), ids=VALUES)
def test_a_declared_directory_is_made(directory: Directory, value: Value) -> None:
    (fault,) = found(directory)
    (want,) = fault.wants
    assert (want.address, want.after, want.risk) == (ADDRESS, value, "additive")
    assert "https://aws.amazon.com/directoryservice/" in want.notice and "costs money" in want.notice
    assert "REMEDIATE_PASSWORD_CORP_EXAMPLE_COM" in want.notice
    assert f"remediate/directory/{NAME}" in want.notice


@pytest.mark.parametrize(("directory", "value"), VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("now", ["Requested", "Creating", "Created", "Active", "Updating"])
def test_one_that_is_there_is_found(directory: Directory, value: Value, now: str) -> None:
    assert found(directory, {ADDRESS: value}, facts=stage(now)) == []


def test_a_short_name_counts_where_the_playbook_has_one() -> None:
    there: Value = {**VALUES["Simple AD"][1], "short_name": "OLD"}
    assert found(SIMPLE, {ADDRESS: there}, facts=stage()) == []
    other: Value = {**VALUES["AD Connector"][1], "short_name": "OLD"}
    (fault,) = found(CONNECTOR, {ADDRESS: other}, facts=stage())
    assert fault.summary.endswith("another one than declared: short_name")


@pytest.mark.parametrize(
    "change",
    [{"type": "shared-microsoft-ad"}, {"size": "Large"}, {"vpc": "vpc-99999999"}, {"subnets": [ONE, "subnet-9"]}],
    ids=lambda change: next(iter(change)),
)
def test_what_is_fixed_is_reported_and_left(change: dict[str, Value]) -> None:
    (fault,) = found(SIMPLE, {ADDRESS: {**VALUES["Simple AD"][1], **change}}, facts=stage())
    assert fault.manual and not fault.wants
    assert fault.evidence.keys() == change.keys()


OTHER_VPC = {**PLACES, at("ec2.subnet", REGION, TWO): {"vpc": "vpc-99999999", "zone": "eu-west-1b"}}
ONE_ZONE = {**PLACES, at("ec2.subnet", REGION, TWO): {"vpc": VPC, "zone": "eu-west-1a"}}
NO_PLACE: Mapping[str, tuple[Mapping[Address, Value], str]] = {
    "no such subnet": ({}, f"there is no {TWO} in {REGION}"),
    "another network": (OTHER_VPC, f"{TWO} is in vpc-99999999, and not in {VPC}"),
    "one zone": (ONE_ZONE, "its subnets are both in eu-west-1a"),
}


@pytest.mark.parametrize(("facts", "said"), NO_PLACE.values(), ids=NO_PLACE)
def test_no_plan_promises_what_aws_would_refuse(facts: Mapping[Address, Value], said: str) -> None:
    (fault,) = found(SIMPLE, facts=facts)
    assert not fault.wants
    assert fault.manual and said in fault.manual.summary
    assert f"describe-subnets --region {REGION}" in fault.manual.steps[0]


@pytest.mark.parametrize(("now", "steps"), [("Failed", "delete-directory"), ("Impaired", "says what to do")])
def test_a_directory_that_does_not_work(now: str, steps: str) -> None:
    (fault,) = found(SIMPLE, {ADDRESS: VALUES["Simple AD"][1]}, facts=stage(now, "no route"))
    assert (fault.severity, fault.summary) == ("high", f"the directory {NAME} is {now.lower()}: no route")
    assert fault.manual and steps in " ".join(fault.manual.steps) and not fault.wants


def test_a_region_that_is_not_enabled() -> None:
    (fault,) = found(SIMPLE, regions=("us-east-1",))
    assert fault.manual and not fault.wants
    assert list(control.asks(seen(regions=("us-east-1",)), Settings(directories=(SIMPLE,)), SCOPE)) == []


MADE: State = {ADDRESS: VALUES["Microsoft AD"][1]}


@pytest.mark.parametrize(
    ("states", "facts"), [((), PLACES), ((MADE,), stage("Creating"))], ids=["not there", "not ready"]
)
def test_trusts_wait_for_the_directory(states: tuple[State, ...], facts: Mapping[Address, Value]) -> None:
    (waiting,) = [fault for fault in found(TRUSTING, *states, facts=facts) if fault.address == TRUST]
    assert waiting.manual and not waiting.wants


def test_trusts_of_a_directory_that_is_ready() -> None:
    (fault,) = found(TRUSTING, MADE, facts=stage())
    forwarder, trust = fault.wants
    assert (forwarder.address, forwarder.after, forwarder.risk) == (FORWARDER, ["10.9.0.5", "10.9.0.6"], "additive")
    assert (trust.address, trust.after, trust.risk) == (TRUST, TWO_WAY, "additive")
    assert "REMEDIATE_PASSWORD_CORP_EXAMPLE_COM_TRUST_PARTNER_EXAMPLE_COM" in trust.notice


def test_a_trust_as_declared_is_no_fault() -> None:
    there = {FORWARDER: ["10.9.0.5", "10.9.0.6"], TRUST: TWO_WAY}
    assert found(TRUSTING, MADE, there, facts=stage()) == []


def test_other_name_servers_are_replaced() -> None:
    (fault,) = found(TRUSTING, MADE, {FORWARDER: ["10.9.0.9"], TRUST: TWO_WAY}, facts=stage())
    (want,) = fault.wants
    assert (want.address, want.risk) == (FORWARDER, "restrictive")
    assert want.notice


def test_another_trust_is_left_to_a_person() -> None:
    (fault,) = found(TRUSTING, MADE, {TRUST: {"direction": "outgoing", "type": "forest"}}, facts=stage())
    assert fault.manual and not fault.wants


def test_a_trust_that_does_not_work() -> None:
    failed = {**stage(), at("ds.trust_state", REGION, NAME, FAR): {"state": "VerifyFailed", "reason": "no answer"}}
    there = {FORWARDER: ["10.9.0.5", "10.9.0.6"], TRUST: TWO_WAY}
    (fault,) = found(TRUSTING, MADE, there, facts=failed)
    assert fault.summary == f"the trust of {NAME} with {FAR} does not work: VerifyFailed no answer"
    assert fault.manual and not fault.wants


def test_it_asks_for_no_more_than_it_needs() -> None:
    settings = Settings(directories=(TRUSTING,))
    first = [at("ds.directory", REGION), at("ds.directory_stage", REGION)]
    subnets = [at("ec2.subnet", REGION, ONE), at("ec2.subnet", REGION, TWO)]
    trusts = [at(kind, REGION, NAME) for kind in ("ds.forwarder", "ds.trust", "ds.trust_state")]
    assert list(control.asks(seen(), settings, SCOPE)) == [*first, *subnets]
    assert list(control.asks(seen(MADE, facts=stage("Creating")), settings, SCOPE)) == first
    assert list(control.asks(seen(MADE, facts=stage()), settings, SCOPE)) == [*first, *trusts]
    assert list(control.asks(seen(MADE, facts=stage()), Settings(directories=(MICROSOFT,)), SCOPE)) == first
    assert list(control.asks(seen(), Settings(), SCOPE)) == []


@pytest.mark.parametrize(
    ("gap", "states"),
    [
        (at("ds.directory", REGION), ()),
        (at("ds.directory_stage", REGION), (MADE,)),
        (at("ec2.subnet", REGION, ONE), ()),
        (at("ds.trust", REGION, NAME), (MADE,)),
        (at("ds.forwarder", REGION, NAME), (MADE,)),
    ],
)
def test_what_could_not_be_read_is_never_a_pass(gap: str, states: tuple[State, ...]) -> None:
    """Nothing is concluded about it, and the planner names the control beside what was asked in vain."""
    facts = stage() if states else PLACES
    faults = found(TRUSTING, *states, facts=facts, unknown={gap: "denied"})
    assert not [want for fault in faults for want in fault.wants]
    asked = control.asks(seen(*states, facts=facts), Settings(directories=(TRUSTING,)), SCOPE)
    assert Address(gap) in set(asked)


def test_without_the_list_of_regions_nothing_is_concluded() -> None:
    with pytest.raises(Unreadable):
        found(SIMPLE, unknown={"regions": "denied"})
    assert list(control.check(seen(unknown={"regions": "denied"}), Settings(), SCOPE)) == []
