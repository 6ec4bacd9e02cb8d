"""Which budgets tell somebody, in one listing."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.resources.budgets import label
from remediate.aws.session import Session
from remediate.model import Address, Value, at


class BudgetAlerts(Fact):
    """`budgets.alerts/<budget>`: its notifications, as `budgets.notification` labels them; absent where it has none."""

    kind = "budgets.alerts"
    actions = ("budgets:ViewBudget",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        pages = aws.pages("budgets", "describe_budget_notifications_for_account", AccountId=account.id)
        found = [item for page in pages for item in page.get("BudgetNotificationsForAccount") or ()]
        return {
            at(self.kind, item["BudgetName"]): sorted(label(n) for n in item["Notifications"])
            for item in found
            if item.get("Notifications")
        }


FACTS: tuple[Fact, ...] = (BudgetAlerts(),)
