"""AWS Budgets: budgets, and whom each notifies.

They are of an account, not of a region. A notification is a kind of its own because it is a call of its own; it always
has a subscriber, because AWS deletes it with its last one.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DeleteSubscriber.html
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of

GONE = "NotFoundException"
PARTS = {"type": "BudgetType", "time_unit": "TimeUnit", "limit": "BudgetLimit"}
"""Each part of a budget's value, and its name in the API."""
DERIVED = ("CalculatedSpend", "LastUpdatedTime", "HealthStatus")
MORE = ("AutoAdjustData", "CostFilters", "FilterExpression", "PlannedBudgetLimits")
"""What makes a budget more than a limit on the whole bill."""


def account_of(aws: Session) -> str:
    """The account that the credentials belong to, which every call of this API has to name."""
    return str(aws.read("sts", "get_caller_identity")["Account"])


def number(text: object) -> str:
    """`100.0` and `100` are the same amount: the shortest of them."""
    return f"{float(str(text)):.12g}"


def _permissions(budget: str, where: AccountId) -> list[Permission]:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html
    arn = f"arn:{where.partition}:budgets::{where.account}:budget/{budget}"
    return [
        Permission(action="budgets:ViewBudget", resource=f"{arn.partition('/')[0]}/*"),
        Permission(action="budgets:ModifyBudget", resource=arn),
    ]


class Budget(Resource):
    """`budgets.budget/<name>`: {"type": "COST", "time_unit": "MONTHLY", "limit": {"Amount": "500", "Unit": "USD"}}.

    With "more", the names of settings such as CostFilters, where a budget is not just a limit on the whole bill: such a
    budget is never changed. AWS deletes a budget when it ends, so that one that is there counts.
    """

    kind = "budgets.budget"
    named_by = ("budgetName",)
    events: Mapping[str, tuple[str, ...]] = {
        "budgets:ModifyBudget": ("budgets:CreateBudget", "budgets:UpdateBudget", "budgets:DeleteBudget")
    }
    reading = ("budgets:ViewBudget",)

    def container(self, address: Address) -> str:
        return self.kind

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is not None and not _plain(before):
            return "impossible", "what makes the budget more than a limit on the whole bill"
        if after is None:
            return "equivalent", "the budget's history, and what it counts if that is not the default"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return _permissions(name_of(address), where)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        """Every budget of the account, in one listing."""
        pages = aws.pages("budgets", "describe_budgets", AccountId=account_of(aws))
        return {at(self.kind, b["BudgetName"]): _value(b) for page in pages for b in page.get("Budgets") or ()}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        account, name = account_of(aws), name_of(address)
        if after is None:
            answer = aws.write("budgets", "delete_budget", AccountId=account, BudgetName=name)
            return Receipt(request_ids=(request_id(answer),))
        if not isinstance(after, Mapping) or not _plain(after):
            raise CallFailed("update_budget", "NeverDone", "only budgets of a limit on the whole bill are written here")
        wanted = {PARTS[part]: value for part, value in after.items()}
        if before is None:
            answer = aws.write("budgets", "create_budget", AccountId=account, Budget={"BudgetName": name, **wanted})
        else:
            live = aws.read("budgets", "describe_budget", AccountId=account, BudgetName=name)["Budget"]
            answer = aws.write("budgets", "update_budget", AccountId=account, NewBudget={**_kept(live), **wanted})
        return Receipt(request_ids=(request_id(answer),))


def _plain(value: Value) -> bool:
    """Whether a budget is a limit on the whole bill, and nothing else."""
    return isinstance(value, Mapping) and value.keys() == PARTS.keys() and value["limit"] is not None


def _value(budget: Answer) -> Value:
    limit = budget.get("BudgetLimit")
    value: dict[str, Value] = {
        "type": budget["BudgetType"],
        "time_unit": budget["TimeUnit"],
        "limit": {"Amount": number(limit["Amount"]), "Unit": limit["Unit"]} if limit else None,
    }
    more: list[Value] = [name for name in MORE if budget.get(name)]
    return {**value, "more": more} if more else value


def _kept(budget: Answer) -> Answer:
    """What an update has to say again, because what it leaves out is lost. It takes cost types or metrics, not both:
    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_UpdateBudget.html"""
    dropped = {*DERIVED, *(("Metrics",) if budget.get("CostTypes") else ())}
    return {key: value for key, value in budget.items() if key not in dropped}


class Notification(Resource):
    """`budgets.notification/<budget>/ACTUAL:GREATER_THAN:80:PERCENTAGE`: its subscribers, sorted by address, as
    [{"Address": "ops@example.com", "SubscriptionType": "EMAIL"}].

    A budget's name may hold a slash, and never a colon.
    """

    kind = "budgets.notification"
    named_by = ("budgetName", "notificationType", "comparisonOperator", "threshold")
    events: Mapping[str, tuple[str, ...]] = {
        "budgets:ModifyBudget": tuple(
            f"budgets:{verb}{what}"
            for verb in ("Create", "Update", "Delete")
            for what in ("Notification", "Subscriber")
        )
    }
    reading = ("budgets:ViewBudget",)

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        budget, spec = _names(address)
        return tuple((name,) for name in (budget, *spec.split(":")[:3]))

    def container(self, address: Address) -> str:
        return at(self.kind, _names(address)[0])

    def parent(self, address: Address) -> Address | None:
        return at("budgets.budget", _names(address)[0])

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("budgets.budget", _names(address)[0]),)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is not None and after is not None:
            return "impossible", "the subscribers of a notification are not changed here"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return _permissions(_names(address)[0], where)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        """Every notification of one budget: a call each for its subscribers."""
        budget = {"AccountId": account_of(aws), "BudgetName": _names(address)[0]}
        try:
            pages = list(aws.pages("budgets", "describe_notifications_for_budget", **budget))
            found = [n for page in pages for n in page.get("Notifications") or ()]
            return {at(self.kind, budget["BudgetName"], label(n)): self._subscribers(aws, budget, n) for n in found}
        except CallFailed as error:
            absent_if(error, GONE)
            return {}

    def _subscribers(self, aws: Session, budget: Mapping[str, str], found: Answer) -> list[Value]:
        """In the address's own order, so that equal lists are equal."""
        wanted = _notification(label(found))
        pages = aws.pages("budgets", "describe_subscribers_for_notification", **budget, Notification=wanted)
        plain = [(s["Address"], s["SubscriptionType"]) for page in pages for s in page.get("Subscribers") or ()]
        return [{"Address": address, "SubscriptionType": kind} for address, kind in sorted(plain)]

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if before is not None and after is not None:
            raise CallFailed("create_subscriber", "NeverDone", "the subscribers of a notification are not changed here")
        budget, spec = _names(address)
        wanted: Answer = {"AccountId": account_of(aws), "BudgetName": budget, "Notification": _notification(spec)}
        if after is None:
            answer = aws.write("budgets", "delete_notification", **wanted)
        else:
            answer = aws.write("budgets", "create_notification", **wanted, Subscribers=after)
        return Receipt(request_ids=(request_id(answer),))


def label(notification: Answer) -> str:
    """What a notification is known by. Percentages are what AWS means where it says nothing:
    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html"""
    kind, operator = notification["NotificationType"], notification["ComparisonOperator"]
    return f"{kind}:{operator}:{number(notification['Threshold'])}:{notification.get('ThresholdType', 'PERCENTAGE')}"


def _notification(spec: str) -> Answer:
    kind, operator, threshold, unit = spec.split(":")
    return {
        "NotificationType": kind,
        "ComparisonOperator": operator,
        "Threshold": float(threshold),
        "ThresholdType": unit,
    }


def _names(address: Address) -> tuple[str, str]:
    """The budget, and which notification of it; none for an address that asks for all."""
    name = name_of(address)
    budget, _, spec = name.rpartition("/")
    return (budget, spec) if ":" in spec else (name, "")


RESOURCES: tuple[Resource, ...] = (Budget(), Notification())
