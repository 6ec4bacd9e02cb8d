"""Budgets and cost anomalies: what tells somebody is good enough, and what is missing is made or asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from support.accounts import NOW, account

from remediate.controls import CONTROLS, SETTINGS
from remediate.controls.base import Moment
from remediate.controls.billing_alerts import Settings, control
from remediate.errors import BadInput
from remediate.model import Address, Fault, Value, at
from remediate.planner import examine
from remediate.playbook import Playbook
from remediate.playbook.load import load
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
MAIL = ("b@example.com", "a@example.com")
SET = Settings(monthly_usd=500, emails=MAIL)
LABELS = [
    "ACTUAL:GREATER_THAN:80:PERCENTAGE",
    "ACTUAL:GREATER_THAN:100:PERCENTAGE",
    "FORECASTED:GREATER_THAN:100:PERCENTAGE",
]


def budget(amount: str = "500", **more: Value) -> Mapping[str, Value]:
    return {"type": "COST", "time_unit": "MONTHLY", "limit": {"Amount": amount, "Unit": "USD"}, **more}


def told(*labels: str) -> list[Address]:
    return [at("budgets.notification", "monthly-cost", label) for label in labels]


OURS, OLD = at("budgets.budget", "monthly-cost"), at("budgets.budget", "old")
PEOPLE: Value = [{"Address": a, "SubscriptionType": "EMAIL"} for a in sorted(MAIL)]
MADE: dict[Address, Value] = {OURS: budget(), **dict.fromkeys(told(*LABELS), PEOPLE)}
MONITOR, HEARD = at("ce.anomaly_monitor", "all-services"), at("ce.anomaly_subscription", "cost-anomalies")
SERVICES: Value = {"type": "DIMENSIONAL", "dimension": "SERVICE"}


def subscription(monitor: str = "all-services", amount: str = "100", **changed: Value) -> Mapping[str, Value]:
    impact = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": [amount]}
    return {
        "monitors": [monitor],
        "frequency": "DAILY",
        "subscribers": [{"Address": address, "Type": "EMAIL"} for address in sorted(MAIL)],
        "threshold": {"Dimensions": impact},
        **changed,
    }


WATCHED: dict[Address, Value] = {MONITOR: SERVICES, HEARD: subscription()}


@dataclass
class Case:
    title: str
    state: Mapping[Address, Value]
    alerts: tuple[str, ...] = ()
    """The budgets that notify somebody."""
    settings: Settings = SET
    expected: Mapping[Address, Value] = field(default_factory=dict)
    manual: str = ""
    partition: str = "aws"


BUDGETS = [
    Case("clean", MADE, ("monthly-cost",)),
    Case("none", {}, expected=MADE),
    Case("any cost budget that tells somebody is good enough", {OLD: budget("9")}, ("old",)),
    Case("even one that is filtered", {OLD: budget("9", more=["CostFilters"])}, ("old",), Settings()),
    Case("one that tells nobody is not", {OLD: budget("9")}, expected=MADE),
    Case("one of usage is not", {OLD: {**budget("9"), "type": "USAGE"}}, ("old",), expected=MADE),
    Case("nobody has said how much", {}, settings=Settings(emails=MAIL), manual="does not say monthly_usd"),
    Case("nobody has said whom", {}, settings=Settings(monthly_usd=5), manual="does not say emails"),
    Case("nobody has said anything", {}, settings=Settings(), manual="does not say monthly_usd and emails"),
    Case("the playbook's own follows it", {**MADE, OURS: budget("400")}, ("monthly-cost",), expected={OURS: budget()}),
    Case(
        "the playbook's own lacks a notification, and what tells others stays",
        {OURS: budget(), told(*LABELS)[0]: [{"Address": "else@example.com", "SubscriptionType": "EMAIL"}]},
        ("monthly-cost",),
        expected=dict.fromkeys(told(*LABELS[1:]), PEOPLE),
    ),
    Case("the playbook's own without figures stays as it is", {OURS: budget("1")}, ("monthly-cost",), Settings()),
    Case("the name is taken by a budget of usage", {OURS: {**budget(), "type": "USAGE"}}, manual="more than a limit"),
    Case("the name is taken by a filtered budget", {OURS: budget(more=["CostFilters"])}, manual="more than a limit"),
    Case("the name is taken, and another tells", {OURS: budget(more=["AutoAdjustData"]), OLD: budget()}, ("old",)),
    Case(
        "other figures",
        {},
        settings=Settings(monthly_usd=99.5, emails=MAIL, actual_percent=(50.5,), forecast_percent=()),
        expected={OURS: budget("99.5"), told("ACTUAL:GREATER_THAN:50.5:PERCENTAGE")[0]: PEOPLE},
    ),
    Case("yuan", {}, partition="aws-cn", manual="yuan"),
    Case("a budget in yuan", {OLD: budget()}, ("old",), partition="aws-cn"),
]
DEFAULT = at("ce.anomaly_monitor", "Default-Services-Monitor")
THEIRS, SECOND = at("ce.anomaly_subscription", "theirs"), at("ce.anomaly_subscription", "cost-anomalies-2")
DECLINED: Value = [{"Address": "a@b.cc", "Type": "EMAIL", "Status": "DECLINED"}]
ANOMALIES = [
    Case("clean", WATCHED),
    Case("nothing", {}, expected=WATCHED),
    Case(
        "other figures",
        {},
        settings=Settings(emails=MAIL, anomaly_usd=99.5),
        expected={MONITOR: SERVICES, HEARD: subscription(amount="99.5")},
    ),
    Case("nobody has said whom", {}, settings=Settings(), manual="does not say whom"),
    Case("yuan", {}, partition="aws-cn", manual="yuan"),
    Case(
        "the monitor that is there counts",
        {DEFAULT: SERVICES},
        expected={HEARD: subscription("Default-Services-Monitor")},
    ),
    Case(
        "somebody else hears",
        {DEFAULT: SERVICES, THEIRS: subscription("Default-Services-Monitor", "5", frequency="WEEKLY")},
        settings=Settings(),
    ),
    Case(
        "nobody wants to hear",
        {**WATCHED, HEARD: subscription(subscribers=DECLINED)},
        expected={SECOND: subscription()},
    ),
    Case(
        "a monitor of one team's costs is not enough",
        {MONITOR: {"type": "CUSTOM", "specification": {}}, HEARD: subscription()},
        expected={
            at("ce.anomaly_monitor", "all-services-2"): SERVICES,
            SECOND: subscription("all-services-2"),
        },
    ),
]


def judged(case: Case, others: Mapping[Address, Value], alerts: tuple[str, ...], *, prefix: str) -> None:
    facts = {at("budgets.alerts", name): LABELS[:1] for name in alerts}
    here = msgspec.structs.replace(account(case.state, others, facts=facts), partition=case.partition)
    faults = list(control.check(here, case.settings, SCOPE))
    assert all(fault.address.startswith(prefix) for fault in faults)
    assert {w.address: w.after for fault in faults for w in fault.wants} == case.expected
    manuals = [fault.manual.summary for fault in faults if fault.manual]
    assert case.manual in " ".join(manuals)
    assert bool(manuals) == bool(case.manual)
    assert all(bool(fault.wants) != bool(fault.manual) for fault in faults)


@pytest.mark.parametrize("case", BUDGETS, ids=lambda c: c.title)
def test_budgets(case: Case) -> None:
    judged(case, WATCHED, case.alerts, prefix="budgets.")


@pytest.mark.parametrize("case", ANOMALIES, ids=lambda c: c.title)
def test_anomalies(case: Case) -> None:
    judged(case, MADE, ("monthly-cost",), prefix="ce.")


def test_the_bill_of_govcloud_is_elsewhere() -> None:
    here = msgspec.structs.replace(account(), partition="aws-us-gov")
    assert list(control.asks(here, SET, SCOPE)) == []
    (fault,) = control.check(here, SET, SCOPE)
    assert fault.manual and not fault.wants
    assert "standard account" in fault.summary


def test_a_new_budget_adds_and_a_new_limit_is_neutral() -> None:
    def risks(state: Mapping[Address, Value]) -> dict[Address, str]:
        faults: list[Fault] = list(control.check(account(state, WATCHED), SET, SCOPE))
        return {w.address: w.risk for fault in faults for w in fault.wants}

    assert set(risks({}).values()) == {"additive"}
    assert risks({**MADE, OURS: budget("1")})[OURS] == "neutral"


def test_asks_for_listings_and_then_for_the_notifications_of_its_own_budget() -> None:
    listings = [at(k) for k in ("budgets.budget", "budgets.alerts", "ce.anomaly_monitor", "ce.anomaly_subscription")]
    assert list(control.asks(account({OLD: budget()}), SET, SCOPE)) == listings
    later = list(control.asks(account({OURS: budget()}), SET, SCOPE))
    assert later == [*listings, at("budgets.notification", "monthly-cost")]


@pytest.mark.parametrize(
    ("gap", "judged"),
    [
        ("budgets.budget", "ce."),
        ("budgets.alerts", "ce."),
        ("budgets.notification/monthly-cost", "ce."),
        ("ce.anomaly_monitor", "budgets."),
        ("ce.anomaly_subscription", "budgets."),
    ],
)
def test_what_cannot_be_read_of_one_says_nothing_about_the_other(gap: str, judged: str) -> None:
    here = account({OURS: budget("1")}, unknown={gap: "AccessDenied"}, asked=frozenset({Address(gap)}))
    faults, unknowns = examine(here, [(control, SET)], SCOPE)  # type: ignore[list-item]
    assert faults and all(fault.address.startswith(judged) for _, fault in faults)
    assert [(u.what, u.controls) for u in unknowns] == [(gap, ("billing-alerts",))]


START = "controls:\n  billing-alerts:\n    "
REFUSED = {
    "an address that is none": ("emails:\n      - a@example.com\n      - nobody\n", 5, "emails[1]", "regex"),
    "an address with a line break": ('emails: ["a@example.com\\n"]\n', 3, "emails[0]", "regex"),
    "an address twice": (
        "emails:\n      - a@example.com\n      - b@example.com\n      - a@example.com\n", 6, "emails[2]", "twice",
    ),
    "too many addresses": (f"emails: [{', '.join(f'a{n}@b.cc' for n in range(11))}]\n", 3, "emails", "<= 10"),
    "no amount": ("monthly_usd: 0\n", 3, "monthly_usd", ">= 1"),
    "an amount as text": ("monthly_usd: '500'\n", 3, "monthly_usd", "Expected"),
    "an amount without end": ("monthly_usd: .inf\n", 3, "monthly_usd", "<= 1000000000"),
    "a percentage of nothing": ("actual_percent: [80, 0]\n", 3, "actual_percent[1]", "> 0"),
    "a percentage twice": ("actual_percent:\n      - 80\n      - 80.0\n", 5, "actual_percent[1]", "twice"),
    "too many notifications": ("actual_percent: [10, 20, 30, 40, 50]\n", 3, "actual_percent", "here are 6"),
    "no notification": ("forecast_percent: []\n    actual_percent: []\n", 4, "actual_percent", "here are 0"),
    "a name that is a path": ("budget: a/b\n", 3, "budget", "regex"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "where", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_at_their_line(tmp_path: Path, text: str, line: int, where: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(START + text, encoding="utf-8")

    def complaints(control: str, settings: object) -> list[tuple[str, str]]:
        return list(CONTROLS[control].refuses(settings, Moment(now=NOW)))

    with pytest.raises(BadInput) as caught:
        load(str(path), SETTINGS, complaints)
    assert f"mine.yaml:{line}: controls.billing-alerts.{where}: " in str(caught.value)
    assert message in str(caught.value)
