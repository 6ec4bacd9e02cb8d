"""Budgets and their notifications, cost anomaly monitors and their subscriptions."""

from collections.abc import Mapping

from remediate.model import Address, Value, at
from support.contract.case import Case

BUDGET = at("budgets.budget", "monthly-cost")
NOTIFICATION = at("budgets.notification", "monthly-cost", "ACTUAL:GREATER_THAN:80:PERCENTAGE")
MONITOR = at("ce.anomaly_monitor", "all-services")
SUBSCRIPTION = at("ce.anomaly_subscription", "cost-anomalies")
SERVICES: Value = {"type": "DIMENSIONAL", "dimension": "SERVICE"}
TEAM: Value = {"type": "CUSTOM", "specification": {"Tags": {"Key": "team", "Values": ["web"]}}}


def budget(amount: str) -> Value:
    return {"type": "COST", "time_unit": "MONTHLY", "limit": {"Amount": amount, "Unit": "USD"}}


def people(*addresses: str) -> Value:
    return [{"Address": address, "SubscriptionType": "EMAIL"} for address in addresses]


def subscription(amount: str, *addresses: str, **changed: Value) -> Mapping[str, Value]:
    return {
        "monitors": ["all-services"],
        "frequency": "DAILY",
        "subscribers": [{"Address": address, "Type": "EMAIL"} for address in addresses],
        "threshold": {
            "Dimensions": {
                "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                "Values": [amount],
            }
        },
        **changed,
    }


NEEDED: Mapping[Address, Value] = {BUDGET: budget("500")}
WATCHED: Mapping[Address, Value] = {MONITOR: SERVICES}
FILTERED: Value = {**subscription("1"), "type": "COST", "more": ["CostFilters"]}

CASES: tuple[Case, ...] = (
    Case(BUDGET, (None, budget("500"), budget("99.5"), None), never=((None, FILTERED),)),
    Case(
        NOTIFICATION,
        (None, people("a@example.com", "b@example.com"), None),
        NEEDED,
        never=((people("a@example.com"), people("b@example.com")),),
    ),
    Case(MONITOR, (None, SERVICES, None, TEAM, None), never=((SERVICES, TEAM),)),
    Case(
        SUBSCRIPTION,
        (
            None,
            subscription("100", "a@example.com", "b@example.com"),
            subscription("99.5", "a@example.com", frequency="WEEKLY"),
            None,
        ),
        WATCHED,
    ),
)
