"""What Budgets and Cost Explorer refuse and show, as plain boto3 sees them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws

EMAIL = [{"SubscriptionType": "EMAIL", "Address": "a@example.com"}]
LIMIT = {"Amount": "500", "Unit": "USD"}


class Budgets:
    """The budgets of the sandbox's account."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.client("budgets")
        self.account = aws.account_id

    def __call__(self, operation: str, **parameters: Any) -> Any:
        return getattr(self.client, operation)(AccountId=self.account, **parameters)

    def code(self, operation: str, **parameters: Any) -> str:
        return code(lambda: self(operation, **parameters))


def code(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def notification(threshold: float = 80, **more: str) -> dict[str, Any]:
    return {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": threshold, **more}


@pytest.fixture
def budgets(aws: Aws) -> Budgets:
    found = Budgets(aws)
    budget = {"BudgetName": "main", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": LIMIT}
    found("create_budget", Budget=budget)
    return found


def test_amounts_have_a_point(budgets: Budgets) -> None:
    assert budgets("describe_budget", BudgetName="main")["Budget"]["BudgetLimit"]["Amount"] == "500.0"
    assert budgets("describe_budgets")["Budgets"][0]["BudgetLimit"]["Amount"] == "500.0"


def test_an_update_replaces_all_but_the_notifications(budgets: Budgets) -> None:
    budgets("create_notification", BudgetName="main", Notification=notification(), Subscribers=EMAIL)
    before = budgets("describe_budget", BudgetName="main")["Budget"]
    new = {"BudgetName": "main", "BudgetType": "COST", "TimeUnit": "ANNUALLY", "BudgetLimit": {**LIMIT, "Amount": "9"}}
    budgets("update_budget", NewBudget=new)
    after = budgets("describe_budget", BudgetName="main")["Budget"]
    assert (after["TimeUnit"], after["BudgetLimit"]["Amount"]) == ("ANNUALLY", "9.0")
    assert after["TimePeriod"] == before["TimePeriod"]
    assert len(budgets("describe_notifications_for_budget", BudgetName="main")["Notifications"]) == 1
    assert budgets.code("update_budget", NewBudget={**new, "BudgetName": "x"}) == "NotFoundException"
    without = {k: v for k, v in new.items() if k != "BudgetLimit"}
    assert budgets.code("update_budget", NewBudget=without) == "InvalidParameterException"


def test_a_notification_is_there_once_whatever_its_state(budgets: Budgets) -> None:
    of = {"BudgetName": "main"}
    budgets("create_notification", **of, Notification=notification(), Subscribers=EMAIL)
    again = notification(80.0, ThresholdType="PERCENTAGE", NotificationState="ALARM")
    assert (
        budgets.code("create_notification", **of, Notification=again, Subscribers=EMAIL) == "DuplicateRecordException"
    )
    value = notification(ThresholdType="ABSOLUTE_VALUE")
    assert budgets.code("create_notification", **of, Notification=value, Subscribers=EMAIL) == ""
    assert budgets("describe_subscribers_for_notification", **of, Notification=again)["Subscribers"] == EMAIL
    budgets("delete_notification", **of, Notification=again)
    assert budgets.code("delete_notification", **of, Notification=again) == "NotFoundException"
    assert budgets.code("describe_subscribers_for_notification", **of, Notification=again) == "NotFoundException"


def test_five_notifications_a_budget(budgets: Budgets) -> None:
    for n in range(5):
        budgets("create_notification", BudgetName="main", Notification=notification(n + 1), Subscribers=EMAIL)
    more = {"BudgetName": "main", "Notification": notification(99), "Subscribers": EMAIL}
    assert budgets.code("create_notification", **more) == "CreationLimitExceededException"
    many = [{"Notification": notification(n), "Subscribers": EMAIL} for n in range(6)]
    budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": LIMIT}
    refused = budgets.code("create_budget", Budget=budget, NotificationsWithSubscribers=many)
    assert refused == "CreationLimitExceededException"


def test_a_budget_that_is_not_there(budgets: Budgets) -> None:
    assert budgets.code("describe_notifications_for_budget", BudgetName="x") == "NotFoundException"
    told = {"BudgetName": "x", "Notification": notification(), "Subscribers": EMAIL}
    assert budgets.code("create_notification", **told) == "NotFoundException"


def test_the_account_s_notifications(budgets: Budgets) -> None:
    listing = "describe_budget_notifications_for_account"
    assert budgets(listing)["BudgetNotificationsForAccount"] == []
    budgets("create_notification", BudgetName="main", Notification=notification(), Subscribers=EMAIL)
    [found] = budgets(listing)["BudgetNotificationsForAccount"]
    assert (found["BudgetName"], [n["Threshold"] for n in found["Notifications"]]) == ("main", [80.0])


@pytest.fixture
def costs(aws: Aws) -> Any:
    return aws.client("ce")


SERVICES = {"MonitorName": "all", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
TEAM = {
    "MonitorName": "all",
    "MonitorType": "CUSTOM",
    "MonitorSpecification": {"Tags": {"Key": "team", "Values": ["a"]}},
}
IMPACT = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": ["100"]}


def subscription(arn: str, **changed: Any) -> dict[str, Any]:
    whole = {
        "SubscriptionName": "alerts",
        "MonitorArnList": [arn],
        "Subscribers": [{"Address": "a@example.com", "Type": "EMAIL"}],
        "Frequency": "DAILY",
        "ThresholdExpression": {"Dimensions": IMPACT},
        **changed,
    }
    return {key: value for key, value in whole.items() if value is not None}


def test_one_monitor_of_all_services(costs: Any) -> None:
    arn = costs.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    with pytest.raises(ClientError, match="Limit exceeded on dimensional spend monitor creation"):
        costs.create_anomaly_monitor(AnomalyMonitor={**SERVICES, "MonitorName": "other"})
    costs.create_anomaly_monitor(AnomalyMonitor=TEAM)
    assert [m["MonitorName"] for m in costs.get_anomaly_monitors()["AnomalyMonitors"]] == ["all", "all"]
    odd = {"MonitorName": "odd", "MonitorType": "DIMENSIONAL"}
    assert code(lambda: costs.create_anomaly_monitor(AnomalyMonitor=odd)) == "ValidationException"
    costs.delete_anomaly_monitor(MonitorArn=arn)
    assert code(lambda: costs.delete_anomaly_monitor(MonitorArn=arn)) == "UnknownMonitorException"
    costs.create_anomaly_monitor(AnomalyMonitor=SERVICES)


def test_pages(costs: Any) -> None:
    for n in range(3):
        costs.create_anomaly_monitor(AnomalyMonitor={**TEAM, "MonitorName": f"m{n}"})
    first = costs.get_anomaly_monitors(MaxResults=2)
    rest = costs.get_anomaly_monitors(MaxResults=2, NextPageToken=first["NextPageToken"])
    assert [m["MonitorName"] for page in (first, rest) for m in page["AnomalyMonitors"]] == ["m0", "m1", "m2"]
    assert "NextPageToken" not in rest


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"MonitorArnList": ["arn:aws:ce::123456789012:anomalymonitor/none"]}, "UnknownMonitorException"),
        ({"ThresholdExpression": None}, "ValidationException"),
        ({"Frequency": "IMMEDIATE"}, "ValidationException"),
        ({"ThresholdExpression": None, "Threshold": 5.0}, ""),
    ],
)
def test_a_subscription_is_read_before_it_is_taken(costs: Any, changed: dict[str, Any], refused: str) -> None:
    arn = costs.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    whole = subscription(arn, **changed)
    assert code(lambda: costs.create_anomaly_subscription(AnomalySubscription=whole)) == refused


def test_a_subscription_from_its_making_to_its_end(aws: Aws, costs: Any) -> None:
    monitor = costs.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    made = costs.create_anomaly_subscription(AnomalySubscription=subscription(monitor))["SubscriptionArn"]
    costs.update_anomaly_subscription(SubscriptionArn=made, Frequency="WEEKLY")
    [found] = costs.get_anomaly_subscriptions()["AnomalySubscriptions"]
    assert (found["Frequency"], found["ThresholdExpression"]) == ("WEEKLY", {"Dimensions": IMPACT})
    assert found["Subscribers"] == [{"Address": "a@example.com", "Type": "EMAIL", "Status": "CONFIRMED"}]
    costs.delete_anomaly_subscription(SubscriptionArn=made)
    gone = code(lambda: costs.delete_anomaly_subscription(SubscriptionArn=made))
    assert gone == "UnknownSubscriptionException"
    aws.sandbox.reset()
    assert costs.get_anomaly_monitors()["AnomalyMonitors"] == []
