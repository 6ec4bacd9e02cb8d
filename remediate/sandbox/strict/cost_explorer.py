"""Cost anomaly detection: monitors, and subscriptions to what they find. Moto has none of it.

An account has one monitor of all values of a dimension. A subscription needs a threshold and monitors that are there;
who gets mail gets it once a day or a week, and only a topic of SNS hears at once. Names need not be unique.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CreateAnomalyMonitor.html,
API_CreateAnomalySubscription,
https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2515
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, fail, instead


def install() -> None:
    from moto.ce.responses import CostExplorerResponse

    for operation in (
        create_anomaly_monitor,
        get_anomaly_monitors,
        delete_anomaly_monitor,
        create_anomaly_subscription,
        get_anomaly_subscriptions,
        update_anomaly_subscription,
        delete_anomaly_subscription,
    ):
        instead(CostExplorerResponse, operation.__name__, operation)


def monitors_of(backend: Any) -> dict[str, dict[str, Any]]:
    """By ARN; kept on moto's own object, so that a reset forgets them."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("anomaly_monitors", {})
    return found


def subscriptions_of(backend: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("anomaly_subscriptions", {})
    return found


def add_monitor(backend: Any, monitor: dict[str, Any]) -> str:
    dimension = monitor.get("MonitorDimension")
    if dimension and any(m.get("MonitorDimension") == dimension for m in monitors_of(backend).values()):
        fail("ValidationException", "Limit exceeded on dimensional spend monitor creation")
    if (monitor["MonitorType"] == "DIMENSIONAL") != bool(dimension):
        fail("ValidationException", "A monitor is DIMENSIONAL with a dimension, or CUSTOM with a specification")
    arn = _arn(backend, "anomalymonitor")
    monitors_of(backend)[arn] = {**monitor, "MonitorArn": arn}
    return arn


def add_subscription(backend: Any, subscription: dict[str, Any]) -> str:
    _check(backend, subscription)
    arn = _arn(backend, "anomalysubscription")
    subscriptions_of(backend)[arn] = _confirmed(
        {**subscription, "SubscriptionArn": arn, "AccountId": backend.account_id}
    )
    return arn


def _arn(backend: Any, noun: str) -> str:
    from moto.moto_api._internal import mock_random

    return f"arn:{backend.partition}:ce::{backend.account_id}:{noun}/{mock_random.uuid4()}"


def _check(backend: Any, subscription: dict[str, Any]) -> None:
    for arn in subscription["MonitorArnList"]:
        if arn not in monitors_of(backend):
            fail("UnknownMonitorException", f"No monitor found with ARN {arn}")
    if subscription.get("Threshold") is None and subscription.get("ThresholdExpression") is None:
        fail("ValidationException", "Threshold and ThresholdExpression cannot both be null")
    mail = any(s["Type"] == "EMAIL" for s in subscription["Subscribers"])
    if mail and subscription["Frequency"] == "IMMEDIATE":
        fail("ValidationException", "Immediate frequency is for SNS subscribers")


def _confirmed(subscription: dict[str, Any]) -> dict[str, Any]:
    """AWS asks nobody whether they want the mail, and shows whether they said no."""
    return {**subscription, "Subscribers": [{"Status": "CONFIRMED", **s} for s in subscription["Subscribers"]]}


def _result(answer: dict[str, Any]) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(answer)


def create_anomaly_monitor(response: Any, call: Call) -> Any:
    return _result({"MonitorArn": add_monitor(response.ce_backend, response._get_param("AnomalyMonitor"))})


def get_anomaly_monitors(response: Any, call: Call) -> Any:
    return _listed(response, monitors_of(response.ce_backend), "AnomalyMonitors")


def delete_anomaly_monitor(response: Any, call: Call) -> Any:
    arn = response._get_param("MonitorArn")
    if monitors_of(response.ce_backend).pop(arn, None) is None:
        fail("UnknownMonitorException", f"No monitor found with ARN {arn}")
    return _result({})


def create_anomaly_subscription(response: Any, call: Call) -> Any:
    arn = add_subscription(response.ce_backend, response._get_param("AnomalySubscription"))
    return _result({"SubscriptionArn": arn})


def get_anomaly_subscriptions(response: Any, call: Call) -> Any:
    return _listed(response, subscriptions_of(response.ce_backend), "AnomalySubscriptions")


def update_anomaly_subscription(response: Any, call: Call) -> Any:
    """What is left out stays."""
    arn = _subscription(response)
    found = subscriptions_of(response.ce_backend)
    fields = ("Threshold", "Frequency", "MonitorArnList", "Subscribers", "SubscriptionName", "ThresholdExpression")
    given = {field: response._get_param(field) for field in fields}
    changed = {**found[arn], **{field: value for field, value in given.items() if value is not None}}
    _check(response.ce_backend, changed)
    found[arn] = _confirmed(changed)
    return _result({"SubscriptionArn": arn})


def delete_anomaly_subscription(response: Any, call: Call) -> Any:
    del subscriptions_of(response.ce_backend)[_subscription(response)]
    return _result({})


def _subscription(response: Any) -> str:
    arn = str(response._get_param("SubscriptionArn"))
    if arn not in subscriptions_of(response.ce_backend):
        fail("UnknownSubscriptionException", f"No subscription found with ARN {arn}")
    return arn


def _listed(response: Any, found: dict[str, dict[str, Any]], key: str) -> Any:
    """Pages of as many as are asked for; the token is where the next one starts."""
    start, items = int(response._get_param("NextPageToken") or 0), list(found.values())
    end = start + int(response._get_param("MaxResults") or 100)
    return _result({key: items[start:end], **({"NextPageToken": str(end)} if items[end:] else {})})
