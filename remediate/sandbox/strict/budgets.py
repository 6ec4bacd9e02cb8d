"""Budgets: what they notify whom of.

AWS writes amounts with a decimal point, keeps a notification once, with five to a budget and the subscribers that came
with it, takes a percentage for what is not said to be a value, and knows a budget's notifications to be absent rather
than failing. Moto compares notifications as they were sent, keeps as many as it gets, and lacks UpdateBudget and the
listings of subscribers and of the account's notifications.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html,
API_budgets_CreateNotification, API_budgets_UpdateBudget, API_budgets_DescribeSubscribersForNotification,
API_budgets_DescribeBudgetNotificationsForAccount
"""

from copy import deepcopy
from typing import Any

from remediate.sandbox.strict.patch import Call, around, before, fail, instead

PER_BUDGET = 5


def install() -> None:
    from moto.budgets.models import Budget, BudgetsBackend
    from moto.budgets.responses import BudgetsResponse

    around(Budget, "to_dict", _shown)
    before(BudgetsBackend, "create_budget", _new)
    before(BudgetsBackend, "create_notification", _notify)
    instead(BudgetsBackend, "delete_notification", _silence)
    before(BudgetsBackend, "describe_notifications_for_budget", _budget)
    for operation in (update_budget, describe_subscribers_for_notification, describe_budget_notifications_for_account):
        instead(BudgetsResponse, operation.__name__, operation)


def plain(notification: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a notification the same as another: its state is AWS's to say."""
    kind, operator = notification["NotificationType"], notification["ComparisonOperator"]
    return kind, operator, float(notification["Threshold"]), notification.get("ThresholdType", "PERCENTAGE")


def _shown(original: Any, budget: Any, call: Call) -> Any:
    answer = original()
    for spend in (answer.get("BudgetLimit"), *answer.get("PlannedBudgetLimits", {}).values()):
        if spend:
            spend["Amount"] = str(float(spend["Amount"]))
    return answer


def _budget(budgets: Any, call: Call) -> Any:
    name = call["budget_name"]
    if name not in budgets.budgets[call["account_id"]]:
        fail("NotFoundException", f"Unable to find the budget: {name} - the budget doesn't exist.")
    return budgets.budgets[call["account_id"]][name]


def _new(budgets: Any, call: Call) -> None:
    if len(call["notifications"]) > PER_BUDGET:
        fail("CreationLimitExceededException", f"A budget has at most {PER_BUDGET} notifications.")


def _notify(budgets: Any, call: Call) -> None:
    budget = _budget(budgets, call)
    if not call["subscribers"]:
        fail("InvalidParameterException", "A notification needs a subscriber.")
    if any(plain(n.details) == plain(call["notification"]) for n in budget.notifications):
        fail("DuplicateRecordException", "Unable to create notification - the notification already exists.")
    if len(budget.notifications) >= PER_BUDGET:
        fail("CreationLimitExceededException", f"A budget has at most {PER_BUDGET} notifications.")


def _silence(budgets: Any, call: Call) -> None:
    budget = _budget(budgets, call)
    left = [n for n in budget.notifications if plain(n.details) != plain(call["notification"])]
    if len(left) == len(budget.notifications):
        fail("NotFoundException", "Unable to delete notification - the notification doesn't exist.")
    budget.notifications = left


def update_budget(response: Any, call: Call) -> str:
    """Everything but the notifications is replaced."""
    from moto.core.utils import unix_time

    new = deepcopy(response._get_param("NewBudget"))
    of = {"account_id": response._get_param("AccountId"), "budget_name": new["BudgetName"]}
    budget = _budget(response.backend, of)
    if not new.get("BudgetLimit") and not new.get("PlannedBudgetLimits") and not new.get("AutoAdjustData"):
        fail("InvalidParameterException", "A budget needs a limit.")
    budget.budget = {"TimePeriod": budget.budget["TimePeriod"], **new, "LastUpdatedTime": unix_time()}
    return "{}"


def describe_subscribers_for_notification(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    of = {"account_id": response._get_param("AccountId"), "budget_name": response._get_param("BudgetName")}
    wanted = plain(response._get_param("Notification"))
    found = [n for n in _budget(response.backend, of).notifications if plain(n.details) == wanted]
    if not found:
        fail("NotFoundException", "Unable to get subscribers - the notification doesn't exist.")
    return ActionResult({"Subscribers": found[0].subscribers})


def describe_budget_notifications_for_account(response: Any, call: Call) -> Any:
    from moto.core.responses import ActionResult

    budgets = response.backend.budgets[response._get_param("AccountId")]
    found = [
        {"BudgetName": name, "Notifications": [n.details for n in budget.notifications]}
        for name, budget in budgets.items()
        if budget.notifications
    ]
    return ActionResult({"BudgetNotificationsForAccount": found})
