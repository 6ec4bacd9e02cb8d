"""Cost anomaly detection: whether anybody hears of what costs more than usual."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.account import Account
from remediate.controls.billing_budget import CHINA
from remediate.controls.naming import free
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at

SERVICES: Value = {"type": "DIMENSIONAL", "dimension": "SERVICE"}
"""The monitor of all services, of which an account has one:
https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html#monitor-type-def"""
IMPACT = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
"""https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html"""


class Alerts(Struct, frozen=True, kw_only=True):
    """What the playbook says about its own monitor and subscription."""

    monitor: str
    subscription: str
    emails: tuple[str, ...]
    amount: str
    """Dollars that an anomaly costs at least."""


def anomaly_faults(account: Account, alerts: Alerts) -> Iterator[Fault]:
    monitors, subscriptions = account.names("ce.anomaly_monitor"), account.names("ce.anomaly_subscription")
    watching = [name for name in monitors if account.value(at("ce.anomaly_monitor", name)) == SERVICES]
    if any(_hears(account.value(at("ce.anomaly_subscription", name)), watching) for name in subscriptions):
        return
    address = at("ce.anomaly_subscription", free(alerts.subscription, subscriptions))
    why = _obstacle(account, alerts)
    yield Fault(
        address=address,
        severity="medium",
        summary="nobody is told of spikes in the bill" if watching else "nothing looks for spikes in the bill",
        evidence={"monitors": list(monitors), "subscriptions": list(subscriptions)},
        wants=() if why else tuple(_wants(address, alerts, watching, monitors)),
        manual=_by_hand(address, why) if why else None,
    )


def _hears(subscription: Value, watching: Sequence[str]) -> bool:
    """Whether somebody is subscribed to what one of these monitors finds, and has not declined."""
    value = subscription if isinstance(subscription, Mapping) else {}
    monitors, subscribers = _list(value.get("monitors")), _list(value.get("subscribers"))
    told = [s for s in subscribers if isinstance(s, Mapping) and s.get("Status") != "DECLINED"]
    return bool(told) and any(name in watching for name in monitors)


def _obstacle(account: Account, alerts: Alerts) -> str:
    if account.partition == CHINA:
        return "amounts are in yuan in China, and in dollars in the playbook"
    return "" if alerts.emails else "the playbook does not say whom to write to"


def _wants(address: Address, alerts: Alerts, watching: Sequence[str], monitors: Sequence[str]) -> Iterator[Want]:
    monitor = watching[0] if watching else free(alerts.monitor, monitors)
    if not watching:
        why = "what costs more than usual is found, in every service"
        yield Want(address=at("ce.anomaly_monitor", monitor), after=SERVICES, why=why, risk="additive")
    impact = {"Key": IMPACT, "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": [alerts.amount]}
    after: Value = {
        "monitors": [monitor],
        "frequency": "DAILY",
        "subscribers": [{"Address": email, "Type": "EMAIL"} for email in sorted(alerts.emails)],
        "threshold": {"Dimensions": impact},
    }
    why = f"people are told of anomalies of {alerts.amount} dollars and more"
    yield Want(address=address, after=after, why=why, risk="additive")


def _by_hand(address: Address, why: str) -> Manual:
    return Manual(
        address=address,
        summary=f"no cost anomaly subscription is made: {why}",
        steps=(
            "Write `emails: [billing@example.com]` into the playbook, under `billing-alerts:`;",
            "or in the console: Billing and Cost Management > Cost Anomaly Detection > Create monitor, of AWS "
            "services, with an alert subscription.",
        ),
        check="The next plan finds a monitor of all services and a subscription to it, or makes them.",
    )


def _list(value: Value) -> Sequence[Value]:
    return value if isinstance(value, list | tuple) else ()
