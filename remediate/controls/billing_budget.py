"""The budget: whether one tells somebody, and what the playbook's own lacks."""

from collections.abc import Iterator, Mapping

from remediate.account import Account
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at

CHINA = "aws-cn"


class Budget(Struct, frozen=True, kw_only=True):
    """What the playbook says about its own budget."""

    name: str
    amount: str | None
    """Dollars a month."""
    emails: tuple[str, ...]
    notifications: tuple[str, ...]
    """As `budgets.notification` labels them."""


def budget_faults(account: Account, budget: Budget) -> Iterator[Fault]:
    address = at("budgets.budget", budget.name)
    live = account.value(address)
    # A notification always has a subscriber.
    good = any(at("budgets.alerts", name) in account.facts for name in _costs(account))
    obstacle = _obstacle(account, budget, live)
    if good and live is None:
        return
    wants = () if obstacle else tuple(_wants(account, budget, address, live))
    if wants or not good:
        yield Fault(
            address=address,
            severity="low" if good else "medium",
            summary=f"the budget {budget.name} is not what the playbook says" if good else "no budget tells anybody",
            evidence={"budgets": {name: account.value(at("budgets.budget", name)) for name in _costs(account)}},
            wants=wants,
            manual=_by_hand(address, *obstacle) if obstacle else None,
        )


def _costs(account: Account) -> list[str]:
    """The cost budgets of the account, whatever they are about."""
    values = {name: account.value(at("budgets.budget", name)) for name in account.names("budgets.budget")}
    return [name for name, value in values.items() if isinstance(value, Mapping) and value.get("type") == "COST"]


def _obstacle(account: Account, budget: Budget, live: Value) -> tuple[str, str] | None:
    """Why the playbook's budget cannot be made or changed, and what to do about it."""
    if isinstance(live, Mapping) and (live.get("type") != "COST" or "more" in live):
        why = f"the budget {budget.name} is there, and is more than a limit on the whole bill"
        return why, "Write another name in the playbook: `budget:` under `billing-alerts:`."
    if account.partition == CHINA:
        step = "Billing and Cost Management > Budgets > Create budget: a cost budget in yuan, with an alert."
        return "amounts are in yuan in China, and in dollars in the playbook", step
    missing = [key for key, said in (("monthly_usd", budget.amount), ("emails", budget.emails)) if not said]
    if missing:
        step = (
            "Write into the playbook, under `billing-alerts:`, what a month may cost in dollars and whom to write to, "
        )
        return f"the playbook does not say {' and '.join(missing)}", f"{step}such as {_sample()}."
    return None


def _sample() -> str:
    return "`monthly_usd: 500` and `emails: [billing@example.com]`"


def _wants(account: Account, budget: Budget, address: Address, live: Value) -> Iterator[Want]:
    after: Value = {"type": "COST", "time_unit": "MONTHLY", "limit": {"Amount": budget.amount, "Unit": "USD"}}
    if after != live:
        why = f"a month may cost {budget.amount} dollars, says the playbook"
        yield Want(address=address, after=after, why=why, risk="additive" if live is None else "neutral")
    subscribers: Value = [{"Address": email, "SubscriptionType": "EMAIL"} for email in sorted(budget.emails)]
    for label in budget.notifications:
        notification = at("budgets.notification", budget.name, label)
        if account.value(notification) is None:  # one that tells others stays as it is
            why = "people are told before the bill comes"
            yield Want(address=notification, after=subscribers, why=why, risk="additive")


def _by_hand(address: Address, why: str, step: str) -> Manual:
    return Manual(
        address=address,
        summary=f"no budget tells anybody, and none is made: {why}",
        steps=(step,),
        check="The next plan makes the budget, or finds a cost budget that tells somebody.",
    )
