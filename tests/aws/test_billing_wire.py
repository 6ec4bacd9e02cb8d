"""Budgets and cost anomalies at the wire: exact requests, and AWS's several ways of saying the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from remediate.account import Account
from remediate.aws.facts.budgets import BudgetAlerts
from remediate.aws.resources.budgets import Budget, Notification
from remediate.aws.resources.cost_explorer import AnomalyMonitor, AnomalySubscription
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Value, at

ME = "123456789012"
OURS = at("budgets.budget", "monthly-cost")
WHOLE: Value = {"type": "COST", "time_unit": "MONTHLY", "limit": {"Amount": "500", "Unit": "USD"}}
ARN = f"arn:aws:ce::{ME}:anomalymonitor/1"
SUBSCRIPTION = f"arn:aws:ce::{ME}:anomalysubscription/1"


class Stubs:
    """A session whose clients answer what they are told, in that order."""

    def __init__(self) -> None:
        self.session = Session(region="eu-west-1")
        self.made: dict[tuple[str, bool], Stubber] = {}

    def of(self, service: str, *, once: bool = False) -> Stubber:
        key = service, once
        if key not in self.made:
            self.made[key] = Stubber(self.session._client(service, "", once=once))
            self.made[key].activate()
        return self.made[key]

    def caller(self) -> None:
        answer = {"Account": ME, "Arn": f"arn:aws:iam::{ME}:user/me", "UserId": "AIDA"}
        self.of("sts").add_response("get_caller_identity", answer, {})

    def done(self) -> None:
        for stub in self.made.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Stubs:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return Stubs()


def shown(name: str = "monthly-cost", amount: str = "500.0", **more: Any) -> dict[str, Any]:
    return {
        "BudgetName": name,
        "BudgetLimit": {"Amount": amount, "Unit": "USD"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "TimePeriod": {"Start": datetime(2026, 1, 1, tzinfo=UTC), "End": datetime(2087, 6, 15, tzinfo=UTC)},
        "CostFilters": {},
        "CostTypes": {"IncludeCredit": False},
        "Metrics": ["UnblendedCost"],
        "BillingViewArn": f"arn:aws:billing::{ME}:billingview/primary",
        "CalculatedSpend": {"ActualSpend": {"Amount": "3.2", "Unit": "USD"}},
        "LastUpdatedTime": datetime(2026, 5, 1, tzinfo=UTC),
        **more,
    }


def test_budgets_as_they_are_shown(stubs: Stubs) -> None:
    stubs.caller()
    budgets = [
        shown(),
        shown("a/b", "99.50", CostFilters={"Service": ["Amazon EC2"]}),
        {k: v for k, v in shown("planned", PlannedBudgetLimits={"1": {"Amount": "1", "Unit": "USD"}}).items()
         if k != "BudgetLimit"},
    ]  # fmt: skip
    stubs.of("budgets").add_response("describe_budgets", {"Budgets": budgets}, {"AccountId": ME})
    assert Budget().read(stubs.session, OURS) == {
        OURS: WHOLE,
        at("budgets.budget", "a/b"): {
            "type": "COST",
            "time_unit": "MONTHLY",
            "limit": {"Amount": "99.5", "Unit": "USD"},
            "more": ["CostFilters"],
        },
        at("budgets.budget", "planned"): {
            "type": "COST",
            "time_unit": "MONTHLY",
            "limit": None,
            "more": ["PlannedBudgetLimits"],
        },
    }


def test_no_budgets_at_all(stubs: Stubs) -> None:
    stubs.caller()
    stubs.of("budgets").add_response("describe_budgets", {}, {"AccountId": ME})
    assert Budget().read(stubs.session, OURS) == {}


def test_a_budget_is_made_and_its_limit_changes_with_all_the_rest_kept(stubs: Stubs) -> None:
    limit = {"Amount": "500", "Unit": "USD"}
    wanted = {"BudgetName": "monthly-cost", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    stubs.caller()
    stubs.of("budgets", once=True).add_response("create_budget", {}, {"AccountId": ME, "Budget": wanted})
    Budget().write(stubs.session, OURS, None, WHOLE)
    stubs.caller()
    of = {"AccountId": ME, "BudgetName": "monthly-cost"}
    stubs.of("budgets").add_response("describe_budget", {"Budget": shown(amount="400.0")}, of)
    kept = {k: v for k, v in shown().items() if k not in ("CalculatedSpend", "LastUpdatedTime", "Metrics")}
    new = {"AccountId": ME, "NewBudget": {**kept, "BudgetLimit": limit}}
    stubs.of("budgets", once=True).add_response("update_budget", {}, new)
    Budget().write(stubs.session, OURS, {"type": "COST"}, WHOLE)
    stubs.done()


def test_a_percentage_is_what_a_notification_means_where_it_says_nothing(stubs: Stubs) -> None:
    of = {"AccountId": ME, "BudgetName": "a/b"}
    plain = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    people = [{"Address": a, "SubscriptionType": "EMAIL"} for a in ("b@example.com", "a@example.com")]
    stubs.caller()
    found = {"Notifications": [{**plain, "NotificationState": "OK"}]}
    stubs.of("budgets").add_response("describe_notifications_for_budget", found, of)
    asked = {**of, "Notification": {**plain, "ThresholdType": "PERCENTAGE"}}
    stubs.of("budgets").add_response("describe_subscribers_for_notification", {"Subscribers": people}, asked)
    address = at("budgets.notification", "a/b", "ACTUAL:GREATER_THAN:80:PERCENTAGE")
    assert Notification().read(stubs.session, at("budgets.notification", "a/b")) == {
        address: sorted(people, key=lambda s: s["Address"])
    }
    assert Notification().parent(address) == at("budgets.budget", "a/b")
    assert Notification().container(address) == at("budgets.notification", "a/b")
    stubs.caller()
    new = {**asked, "Subscribers": people}
    stubs.of("budgets", once=True).add_response("create_notification", {}, new)
    Notification().write(stubs.session, address, None, people)
    stubs.caller()
    stubs.of("budgets", once=True).add_response("delete_notification", {}, asked)
    Notification().write(stubs.session, address, people, None)
    stubs.done()


def test_a_budget_that_is_not_there_has_no_notifications(stubs: Stubs) -> None:
    stubs.caller()
    stubs.of("budgets").add_client_error("describe_notifications_for_budget", "NotFoundException", "no")
    assert Notification().read(stubs.session, at("budgets.notification", "x")) == {}
    stubs.caller()
    stubs.of("budgets").add_client_error("describe_notifications_for_budget", "AccessDeniedException", "no")
    with pytest.raises(CallFailed):
        Notification().read(stubs.session, at("budgets.notification", "x"))


def test_which_budgets_notify_somebody(stubs: Stubs) -> None:
    account = Account(id=ME, partition="aws", caller="", state={})
    plain = {"NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN", "Threshold": 100.0}
    items = [
        {"BudgetName": "a/b", "Notifications": [{**plain, "ThresholdType": "ABSOLUTE_VALUE"}, plain]},
        {"BudgetName": "quiet", "Notifications": []},
        {"BudgetName": "silent"},
    ]
    answer = {"BudgetNotificationsForAccount": items}
    stubs.of("budgets").add_response("describe_budget_notifications_for_account", answer, {"AccountId": ME})
    labels = [f"FORECASTED:GREATER_THAN:100:{unit}" for unit in ("ABSOLUTE_VALUE", "PERCENTAGE")]
    found = BudgetAlerts().read(stubs.session, account, at("budgets.alerts"))
    assert found == {at("budgets.alerts", "a/b"): labels}


def monitor(number: int, name: str, **more: str) -> dict[str, Any]:
    return {"MonitorArn": f"{ARN[:-1]}{number}", "MonitorName": name, "MonitorType": "CUSTOM", **more}


SERVICES = {"MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}


def test_monitors_of_one_name_are_told_apart_and_every_page_is_read(stubs: Stubs) -> None:
    ce = stubs.of("ce")
    ce.add_response("get_anomaly_monitors", {"AnomalyMonitors": [monitor(2, "x")], "NextPageToken": "n"}, {})
    ce.add_response("get_anomaly_monitors", {"AnomalyMonitors": [monitor(1, "x", **SERVICES)]}, {"NextPageToken": "n"})
    assert AnomalyMonitor().read(stubs.session, at("ce.anomaly_monitor")) == {
        at("ce.anomaly_monitor", "x"): {"type": "DIMENSIONAL", "dimension": "SERVICE"},
        at("ce.anomaly_monitor", f"{ARN[:-1]}2"): {"type": "CUSTOM"},
    }


IMPACT = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": ["100.0"]}
PLAIN = {**IMPACT, "Values": ["100"]}


def test_a_subscription_names_monitors_and_amounts_as_people_do(stubs: Stubs) -> None:
    stubs.of("ce").add_response("get_anomaly_monitors", {"AnomalyMonitors": [monitor(1, "main", **SERVICES)]}, {})
    old = {
        "SubscriptionArn": SUBSCRIPTION,
        "SubscriptionName": "alerts",
        "MonitorArnList": [ARN, f"{ARN[:-1]}9"],
        "Subscribers": [
            {"Address": "b@example.com", "Type": "EMAIL", "Status": "DECLINED"},
            {"Address": "a@example.com", "Type": "EMAIL", "Status": "CONFIRMED"},
        ],
        "Frequency": "DAILY",
        "Threshold": 100.0,
        "ThresholdExpression": {"And": [{"Dimensions": IMPACT}, {"Dimensions": {"Key": "SERVICE", "Values": ["1.0"]}}]},
    }
    stubs.of("ce").add_response("get_anomaly_subscriptions", {"AnomalySubscriptions": [old]}, {})
    assert AnomalySubscription().read(stubs.session, at("ce.anomaly_subscription")) == {
        at("ce.anomaly_subscription", "alerts"): {
            "monitors": [f"{ARN[:-1]}9", "main"],
            "frequency": "DAILY",
            "subscribers": [
                {"Address": "a@example.com", "Type": "EMAIL"},
                {"Address": "b@example.com", "Type": "EMAIL", "Status": "DECLINED"},
            ],
            "threshold": {"And": [{"Dimensions": PLAIN}, {"Dimensions": {"Key": "SERVICE", "Values": ["1.0"]}}]},
        }
    }


WANTED: Value = {
    "monitors": ["main"],
    "frequency": "DAILY",
    "subscribers": [{"Address": "a@example.com", "Type": "EMAIL"}],
    "threshold": {"Dimensions": PLAIN},
}
FIELDS = {
    "MonitorArnList": [ARN],
    "Frequency": "DAILY",
    "Subscribers": [{"Address": "a@example.com", "Type": "EMAIL"}],
    "ThresholdExpression": {"Dimensions": PLAIN},
}
ALERTS = at("ce.anomaly_subscription", "alerts")


def test_what_is_sent_names_monitors_by_their_arns(stubs: Stubs) -> None:
    kind, ce, once = AnomalySubscription(), stubs.of("ce"), stubs.of("ce", once=True)
    listed = {"AnomalyMonitors": [monitor(1, "main", **SERVICES)]}
    ours = {"SubscriptionArn": SUBSCRIPTION, "SubscriptionName": "alerts", **FIELDS}
    ce.add_response("get_anomaly_monitors", listed, {})
    new = {"AnomalySubscription": {"SubscriptionName": "alerts", **FIELDS}}
    once.add_response("create_anomaly_subscription", {"SubscriptionArn": SUBSCRIPTION}, new)
    kind.write(stubs.session, ALERTS, None, WANTED)
    ce.add_response("get_anomaly_subscriptions", {"AnomalySubscriptions": [ours]}, {})
    ce.add_response("get_anomaly_monitors", listed, {})
    changed = {"SubscriptionArn": SUBSCRIPTION, **FIELDS}
    once.add_response("update_anomaly_subscription", {"SubscriptionArn": SUBSCRIPTION}, changed)
    kind.write(stubs.session, ALERTS, {}, WANTED)
    ce.add_response("get_anomaly_subscriptions", {"AnomalySubscriptions": [ours]}, {})
    once.add_response("delete_anomaly_subscription", {}, {"SubscriptionArn": SUBSCRIPTION})
    kind.write(stubs.session, ALERTS, WANTED, None)
    made = {"AnomalyMonitor": {"MonitorName": "main", **SERVICES}}
    once.add_response("create_anomaly_monitor", {"MonitorArn": ARN}, made)
    address, value = at("ce.anomaly_monitor", "main"), {"type": "DIMENSIONAL", "dimension": "SERVICE"}
    AnomalyMonitor().write(stubs.session, address, None, value)
    ce.add_response("get_anomaly_monitors", listed, {})
    once.add_response("delete_anomaly_monitor", {}, {"MonitorArn": ARN})
    AnomalyMonitor().write(stubs.session, address, value, None)
    stubs.done()


def test_a_monitor_that_is_gone_is_named(stubs: Stubs) -> None:
    stubs.of("ce").add_response("get_anomaly_monitors", {"AnomalyMonitors": []}, {})
    with pytest.raises(CallFailed, match="there is no monitor main any more"):
        AnomalySubscription().write(stubs.session, ALERTS, None, WANTED)
    assert list(AnomalySubscription().uses(ALERTS, WANTED)) == [at("ce.anomaly_monitor", "main")]
