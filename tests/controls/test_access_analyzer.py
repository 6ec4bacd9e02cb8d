"""An analyzer of external access in every region, judged region by region."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import pytest
from support.accounts import NOW, account
from support.aws import Aws
from support.faults import Call, Faults, denied

from remediate.aws.session import Session
from remediate.cli import work
from remediate.controls.access_analyzer import Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, Fault, Value, at, pair_of
from remediate.planner import examine
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.sandbox import fill
from remediate.sandbox.strict import settings

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
WEST, EAST = "eu-west-1", "us-east-1"
REGIONS = (WEST, EAST)


def analyzer(region: str, name: str = "external-access") -> Address:
    return at("access_analyzer.analyzer", region, name)


ACCOUNT: Value = {"type": "ACCOUNT"}
GOOD = {analyzer(region, "mine"): ACCOUNT for region in REGIONS}


@dataclass
class Case:
    title: str
    state: Mapping[Address, Value]
    wanted: tuple[Address, ...] = ()
    manual: tuple[Address, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)


CASES = [
    Case("clean", GOOD),
    Case("none", {}, (analyzer(WEST), analyzer(EAST))),
    Case("one region lacks", {analyzer(WEST): ACCOUNT}, (analyzer(EAST),)),
    Case("the organization's own", {**GOOD, analyzer(WEST, "mine"): {"type": "ORGANIZATION"}}),
    Case("unused access only", {**GOOD, analyzer(WEST, "mine"): {"type": "ACCOUNT_UNUSED_ACCESS"}}, (analyzer(WEST),)),
    Case(
        "the name is taken",
        {
            **GOOD,
            analyzer(WEST, "mine"): None,
            analyzer(WEST): {"type": "ACCOUNT_INTERNAL_ACCESS"},
            analyzer(WEST, "external-access-2"): {"type": "ACCOUNT_UNUSED_ACCESS"},
        },
        (analyzer(WEST, "external-access-3"),),
    ),
    Case(
        "the organization's has ended",
        {**GOOD, analyzer(WEST, "mine"): {"type": "ORGANIZATION", "status": "DISABLED"}},
        (analyzer(WEST),),
    ),
    Case(
        "the account's has failed, and takes the place of another",
        {**GOOD, analyzer(WEST, "mine"): {"type": "ACCOUNT", "status": "FAILED"}},
        manual=(analyzer(WEST, "mine"),),
    ),
    Case(
        "the account's has failed, and the organization's works",
        {
            **GOOD,
            analyzer(WEST, "mine"): {"type": "ACCOUNT", "status": "FAILED"},
            analyzer(WEST, "all"): {"type": "ORGANIZATION"},
        },
    ),
    Case("a region is closed", {}, (analyzer(EAST),), unknown={at("access_analyzer.analyzer", WEST): "AccessDenied"}),
]


def found(case: Case) -> list[Fault]:
    state = {a: v for a, v in case.state.items() if v is not None}
    return list(control.check(account(state, regions=REGIONS, unknown=case.unknown), Settings(), SCOPE))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_finds_and_wants(case: Case) -> None:
    faults = found(case)
    wants = [want for fault in faults for want in fault.wants]
    assert tuple(want.address for want in wants) == case.wanted
    assert all((want.after, want.risk) == (ACCOUNT, "additive") for want in wants)
    assert tuple(fault.manual.address for fault in faults if fault.manual) == case.manual
    assert all(len(fault.wants) == (0 if fault.manual else 1) for fault in faults)


def test_asks_once_a_region() -> None:
    asked = list(control.asks(account(regions=REGIONS), Settings(), SCOPE))
    assert asked == [at("access_analyzer.analyzer", region) for region in REGIONS]


def test_a_closed_region_is_an_unknown_of_this_control() -> None:
    closed = at("access_analyzer.analyzer", WEST)
    faults, unknowns = examine(
        account(regions=REGIONS, unknown={closed: "AccessDenied"}, asked=frozenset({closed})),
        [(control, Settings())],  # type: ignore[list-item]
        SCOPE,
    )
    assert [fault.wants[0].address for _, fault in faults] == [analyzer(EAST)]
    assert [(u.what, u.controls) for u in unknowns] == [(closed, ("access-analyzer",))]


def test_a_region_that_denies_leaves_the_others(aws: Aws) -> None:
    fill()
    closed = "eu-west-3"

    def there(call: Call) -> bool:
        return call.operation == "ListAnalyzers" and f"/{closed}/" in str(call.request.headers["Authorization"])

    session = Faults().when(there, denied).watch(Session())
    plan, _ = work.make_plan(session, work.playbook_named("cis-7.0"), (control.id,))
    assert [(u.what, u.controls) for u in plan.unknowns] == [(at("access_analyzer.analyzer", closed), (control.id,))]
    assert "AccessDenied" in plan.unknowns[0].reason
    made = {pair_of(change.address)[0] for change in plan.changes}
    assert made == set(settings.regions) - {closed, "eu-west-1"}


def test_without_the_list_of_regions_nothing_is_concluded() -> None:
    with pytest.raises(Unreadable):
        found(Case("", {}, unknown={"regions": "AccessDenied"}))


def test_names_for_a_shell_come_from_aws_s_own_alphabet() -> None:
    """An analyzer's name has no character that a shell reads: AWS takes letters, digits, dots, hyphens, low lines."""
    (fault,) = found(Case("", {**GOOD, analyzer(WEST, "mine"): {"type": "ACCOUNT", "status": "FAILED"}}))
    assert fault.manual
    assert "--region eu-west-1 --analyzer-name mine" in fault.manual.steps[0]


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "a" * 251])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": name}, Settings)
