"""Cost anomaly detection: monitors, and who is told of what they find.

AWS knows both by ARNs that nobody can foresee, so an address names them as people did. Names need not be unique: where
two are the same, the first by ARN has the name, and the others go by their ARN.
"""

from collections.abc import Iterable, Iterator, Mapping

from remediate.aws.resources.base import Resource
from remediate.aws.resources.budgets import number
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of

GONE = "UnknownMonitorException"
IMPACT = "ANOMALY_TOTAL_IMPACT_"
"""The dimensions whose values are numbers."""


def _all(aws: Session, operation: str, key: str) -> Iterator[Answer]:
    """Every item of a listing. Not all versions of botocore know that these have pages."""
    token: Answer = {}
    while True:
        page = aws.read("ce", operation, **token)
        yield from page[key]
        if not page.get("NextPageToken"):
            return
        token = {"NextPageToken": page["NextPageToken"]}


def _monitors(aws: Session) -> dict[str, Answer]:
    return _named(_all(aws, "get_anomaly_monitors", "AnomalyMonitors"), "Monitor")


def _subscriptions(aws: Session) -> dict[str, Answer]:
    return _named(_all(aws, "get_anomaly_subscriptions", "AnomalySubscriptions"), "Subscription")


def _named(items: Iterable[Answer], noun: str) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for item in sorted(items, key=lambda item: str(item[f"{noun}Arn"])):
        name, arn = item[f"{noun}Name"], item[f"{noun}Arn"]
        found[arn if name in found else name] = item
    return found


def _permissions(noun: str, where: AccountId, *verbs: str) -> list[Permission]:
    # What is created has no id yet, and a listing is of all:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscostexplorerservice.html
    arn = f"arn:{where.partition}:ce::{where.account}:anomaly{noun.lower()}/*"
    read = ("GetAnomalyMonitors", *(("GetAnomalySubscriptions",) if noun == "Subscription" else ()))
    return [
        *(Permission(action=f"ce:{a}") for a in (*read, f"CreateAnomaly{noun}")),
        *(Permission(action=f"ce:{verb}Anomaly{noun}", resource=arn) for verb in verbs),
    ]


class AnomalyMonitor(Resource):
    """`ce.anomaly_monitor/<name>`: {"type": "DIMENSIONAL", "dimension": "SERVICE"}, or {"type", "specification"} as
    Cost Explorer has them."""

    kind = "ce.anomaly_monitor"
    named_by = ("monitorName|monitorArn",)
    reading = ("ce:GetAnomalyMonitors",)

    def container(self, address: Address) -> str:
        return self.kind

    def makes_another(self, before: Value, after: Value) -> bool:
        """Names may repeat, and each has an ARN of its own."""
        return before is None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is not None and after is not None:
            return "impossible", "what a monitor looks at is fixed when it is made"
        if after is None:
            return "equivalent", "the anomalies that it has found"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return _permissions("Monitor", where, "Delete")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        fields = {"type": "MonitorType", "dimension": "MonitorDimension", "specification": "MonitorSpecification"}
        return {
            at(self.kind, name): {part: monitor[field] for part, field in fields.items() if monitor.get(field)}
            for name, monitor in _monitors(aws).items()
        }

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        if after is None:
            arn = _arn(_monitors(aws), name, "Monitor")
            answer = aws.write("ce", "delete_anomaly_monitor", MonitorArn=arn)
        elif before is not None or not isinstance(after, Mapping):
            raise CallFailed("update_anomaly_monitor", "NeverDone", "what a monitor looks at is fixed when it is made")
        else:
            rest = {f"Monitor{part.capitalize()}": value for part, value in after.items()}
            answer = aws.write("ce", "create_anomaly_monitor", AnomalyMonitor={"MonitorName": name, **rest})
        return Receipt(request_ids=(request_id(answer),))


class AnomalySubscription(Resource):
    """`ce.anomaly_subscription/<name>`: {"monitors": [names], "frequency": "DAILY", "subscribers": [{"Address",
    "Type"}], "threshold": expression}; a subscriber who wants no more mail has "Status": "DECLINED".

    The threshold is left out where a subscription has the old kind, one number, which is not written here.
    """

    kind = "ce.anomaly_subscription"
    named_by = ("subscriptionName|subscriptionArn",)
    reading = ("ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions")

    def container(self, address: Address) -> str:
        return self.kind

    def makes_another(self, before: Value, after: Value) -> bool:
        """Names may repeat, and each has an ARN of its own."""
        return before is None

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        names = value.get("monitors") if isinstance(value, Mapping) else None
        return [at("ce.anomaly_monitor", str(name)) for name in (names if isinstance(names, list | tuple) else ())]

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return _permissions("Subscription", where, "Update", "Delete")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        names = {monitor["MonitorArn"]: name for name, monitor in _monitors(aws).items()}
        return {at(self.kind, name): _value(found, names) for name, found in _subscriptions(aws).items()}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        if not isinstance(after, Mapping):
            arn = _arn(_subscriptions(aws), name, "Subscription")
            answer = aws.write("ce", "delete_anomaly_subscription", SubscriptionArn=arn)
        elif before is None:
            wanted = {"SubscriptionName": name, **_fields(aws, after)}
            answer = aws.write("ce", "create_anomaly_subscription", AnomalySubscription=wanted)
        else:
            arn = _arn(_subscriptions(aws), name, "Subscription")
            answer = aws.write("ce", "update_anomaly_subscription", SubscriptionArn=arn, **_fields(aws, after))
        return Receipt(request_ids=(request_id(answer),))


def _value(subscription: Answer, names: Mapping[str, str]) -> Value:
    value: dict[str, Value] = {
        "monitors": sorted(names.get(arn, arn) for arn in subscription["MonitorArnList"]),
        "frequency": subscription["Frequency"],
        "subscribers": [_subscriber(s) for s in sorted(subscription["Subscribers"], key=lambda s: str(s["Address"]))],
    }
    threshold = subscription.get("ThresholdExpression")
    return {**value, "threshold": _numbers(threshold)} if threshold else value


def _subscriber(found: Answer) -> Value:
    declined = {"Status": "DECLINED"} if found.get("Status") == "DECLINED" else {}
    return {"Address": found["Address"], "Type": found["Type"], **declined}


def _numbers(expression: Value) -> Value:
    """The same expression with each amount written in one way."""
    if isinstance(expression, list | tuple):
        return [_numbers(item) for item in expression]
    if not isinstance(expression, Mapping):
        return expression
    values = expression.get("Values")
    if str(expression.get("Key", "")).startswith(IMPACT) and isinstance(values, list | tuple):
        return {**expression, "Values": [number(value) for value in values]}
    return {key: _numbers(item) for key, item in expression.items()}


def _fields(aws: Session, after: Mapping[str, Value]) -> Answer:
    monitors, wanted = _monitors(aws), after["monitors"]
    names = [str(name) for name in wanted] if isinstance(wanted, list | tuple) else []
    threshold = {"ThresholdExpression": after["threshold"]} if "threshold" in after else {}
    return {
        "MonitorArnList": [_arn(monitors, name, "Monitor") for name in names],
        "Frequency": after["frequency"],
        "Subscribers": after["subscribers"],
        **threshold,
    }


def _arn(found: Mapping[str, Answer], name: str, noun: str) -> str:
    if name not in found:
        raise CallFailed("get_anomaly_monitors", GONE, f"there is no {noun.lower()} {name} any more")
    return str(found[name][f"{noun}Arn"])


RESOURCES: tuple[Resource, ...] = (AnomalyMonitor(), AnomalySubscription())
