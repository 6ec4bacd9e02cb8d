"""Somebody is told when the bill is about to be higher than expected.

Two things do that, and both are looked for. A budget: any cost budget that notifies somebody is good enough. Where
there is none, and the playbook says how much a month may cost (`monthly_usd`) and whom to write to (`emails`), one is
made that notifies them at the given percentages of actual and forecast cost. The budget that the playbook names follows
the playbook: its limit, and at least those notifications. Other budgets stay as they are.

And cost anomaly detection: a monitor of all services, of which AWS allows one in an account, so that one that is there
counts; and a subscription that sends somebody once a day what it found, above `anomaly_usd`. Where nobody hears of the
monitor, a subscription is added; those that are there stay.

Anomaly detection is free, and so are the first two budgets of an account. Both are of the whole account, and answered
in us-east-1. In China amounts are in yuan, so that what is missing there is a step for a person. An account in GovCloud
has no bill of its own: it is watched in the standard account that pays for it. Rollback deletes what was made.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.billing_anomalies import Alerts, anomaly_faults
from remediate.controls.billing_budget import Budget, budget_faults
from remediate.model import Address, Fault, Manual, Struct, at
from remediate.playbook.scope import Scope

EMAIL = r"^[A-Za-z0-9.!#$%&'*+=?^_{|}~-]+@[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$(?!\n)"
"""https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Subscriber.html"""
Email = Annotated[str, Meta(pattern=EMAIL, min_length=6, max_length=302)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$(?!\n)", max_length=96)]
Percent = Annotated[float, Meta(gt=0, le=1000)]
Dollars = Annotated[float, Meta(ge=1, le=1_000_000_000)]
NOTIFICATIONS = 5
"""A budget has no more: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html"""
GOVERNMENT = "aws-us-gov"


class Settings(Struct, frozen=True, kw_only=True):
    monthly_usd: Dollars | None = None
    """What a month may cost; `null` until somebody says so: then a missing budget is a step for a person."""
    emails: Annotated[tuple[Email, ...], Meta(max_length=10)] = ()
    """Who is told: at most 10, says AWS."""
    actual_percent: tuple[Percent, ...] = (80, 100)
    """People are told when a month has cost so much of the budget."""
    forecast_percent: tuple[Percent, ...] = (100,)
    """The same for what AWS thinks that the month will have cost."""
    anomaly_usd: Dollars = 100
    """People are told of anomalies that have cost at least so much."""
    budget: Name = "monthly-cost"
    """Of a budget that is made, and of the one that follows the playbook."""
    monitor: Name = "all-services"
    subscription: Name = "cost-anomalies"


def refuses(settings: Settings, _moment: Moment) -> Iterator[Complaint]:
    for field in ("emails", "actual_percent", "forecast_percent"):
        values = getattr(settings, field)
        yield from ((f"{field}[{i}]", f"{v} stands here twice") for i, v in enumerate(values) if v in values[:i])
    count = len(settings.actual_percent) + len(settings.forecast_percent)
    if not 1 <= count <= NOTIFICATIONS:
        said = (
            f"a budget has 1 to {NOTIFICATIONS} notifications, of actual and forecast cost together; here are {count}"
        )
        yield "actual_percent", said


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    """Four listings; then the notifications of the playbook's own budget, if it is there."""
    if account.partition == GOVERNMENT:
        return
    yield from (at("budgets.budget"), at("budgets.alerts"), at("ce.anomaly_monitor"), at("ce.anomaly_subscription"))
    if account.value(at("budgets.budget", settings.budget)) is not None:
        yield at("budgets.notification", settings.budget)


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    """Budgets and anomalies apart: what cannot be read of one says nothing about the other."""
    if account.partition == GOVERNMENT:
        yield _elsewhere()
        return
    if not any(account.gaps("budgets")):
        yield from budget_faults(account, _budget(settings))
    if not any(account.gaps("ce")):
        alerts = Alerts(
            monitor=settings.monitor,
            subscription=settings.subscription,
            emails=settings.emails,
            amount=_text(settings.anomaly_usd),
        )
        yield from anomaly_faults(account, alerts)


def _budget(settings: Settings) -> Budget:
    actual = (f"ACTUAL:GREATER_THAN:{_text(n)}:PERCENTAGE" for n in settings.actual_percent)
    forecast = (f"FORECASTED:GREATER_THAN:{_text(n)}:PERCENTAGE" for n in settings.forecast_percent)
    return Budget(
        name=settings.budget,
        amount=_text(settings.monthly_usd) if settings.monthly_usd else None,
        emails=settings.emails,
        notifications=(*actual, *forecast),
    )


def _text(number: float) -> str:
    """As values have numbers: `100`, `99.5`."""
    return f"{number:.12g}"


def _elsewhere() -> Fault:
    """https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/usage-and-payment.html"""
    address = at("budgets.budget")
    summary = "the bill of this account belongs to a standard account"
    manual = Manual(
        address=address,
        summary=summary,
        steps=(
            "Plan this control in the standard account that pays for this one.",
            "Then write `billing-alerts: false` in this account's playbook.",
        ),
        check="The standard account's next plan finds a budget and an anomaly monitor.",
    )
    return Fault(address=address, severity="low", summary=summary, manual=manual)


control = Control(
    id="billing-alerts",
    title="Somebody is told of spikes in the bill",
    guideline="G14",
    changes="a cost budget, and a cost anomaly monitor with a subscription",
    kinds=("budgets.budget", "budgets.notification", "ce.anomaly_monitor", "ce.anomaly_subscription"),
    rollback="exact",
    settings=Settings,
    check=check,
    asks=asks,
    refuses=refuses,
    doc=__doc__,
)
