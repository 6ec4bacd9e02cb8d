"""CloudWatch Logs: groups, how long each keeps its events, and metric filters, which count those of a kind.

Groups and retention are two kinds because they are two calls: a group whose retention was not set before a crash still
reads as what it was in between, so the run goes on where it stopped.
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of


def _find(aws: Session, address: Address) -> Answer | None:
    region, name = pair_of(address)
    for page in aws.pages("logs", "describe_log_groups", region=region, logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                return dict(group)
    return None


def _permissions(address: Address, where: AccountId, *actions: str) -> list[Permission]:
    region, name = pair_of(address)
    # DescribeLogGroups is a listing: AWS checks it against every group of the region.
    listing = Permission(action="logs:DescribeLogGroups", resource=f"{_groups(region, where)}*")
    return [listing, *_on_group(region, name, where, *actions)]


def _groups(region: str, where: AccountId) -> str:
    return f"arn:{where.partition}:logs:{region}:{where.account}:log-group:"


def _on_group(region: str, name: str, where: AccountId, *actions: str) -> list[Permission]:
    """Services and releases of IAM differ in whether a group's ARN ends in ":*": both name the same group."""
    group = _groups(region, where) + name
    return [Permission(action=f"logs:{a}", resource=group + end) for a in actions for end in ("", ":*")]


class LogGroup(Resource):
    """`logs.group/<region>/<name>`: {"class": "STANDARD"}. Never deleted from here."""

    kind = "logs.group"
    named_by = ("awsRegion", "logGroupName")
    also_by = ("logs:DeleteLogGroup",)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", "the log group stays: it holds the events delivered meanwhile"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return _permissions(address, where, "CreateLogGroup")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        group = _find(aws, address)
        return {address: {"class": group.get("logGroupClass", "STANDARD")}} if group else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if before is not None or after is None:
            raise CallFailed("delete_log_group", "NeverDone", "a log group is only ever created here: it holds events")
        region, name = pair_of(address)
        answer = aws.write("logs", "create_log_group", region=region, logGroupName=name)
        return Receipt(request_ids=(request_id(answer),))


class LogRetention(Resource):
    """`logs.retention/<region>/<name>`: days; absent where events are kept for ever."""

    kind = "logs.retention"
    named_by = ("awsRegion", "logGroupName")

    def parent(self, address: Address) -> Address | None:
        return at("logs.group", name_of(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("logs.group", name_of(address)),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        unset = before is None or after is None
        names = ("PutRetentionPolicy", "DeleteRetentionPolicy") if unset else ("PutRetentionPolicy",)
        return _permissions(address, where, *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        days = (_find(aws, address) or {}).get("retentionInDays")
        return {address: days} if days else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        if after is None:
            answer = aws.write("logs", "delete_retention_policy", region=region, logGroupName=name)
        else:
            days = {"retentionInDays": after}
            answer = aws.write("logs", "put_retention_policy", region=region, logGroupName=name, **days)
        return Receipt(request_ids=(request_id(answer),))


OF_FILTER = ("filterPattern", "applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")
OF_METRIC = ("metricName", "metricNamespace", "metricValue", "defaultValue", "dimensions", "unit")
"""The parts of a filter's one metric transformation."""
NO_GROUP = "ResourceNotFoundException"


class MetricFilter(Resource):
    """`logs.metric_filter/<region>/<log group>:<name>`, or without `:<name>` for all of a group.

    {"filterPattern", "metricName", "metricNamespace", "metricValue"} and what else is set, as PutMetricFilter names it;
    a filter has exactly one metric. Neither a group's name nor a filter's may hold a colon.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    """

    kind = "logs.metric_filter"
    named_by = ("awsRegion", "logGroupName", "filterName")
    reading = ("logs:DescribeMetricFilters",)

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return tuple((name,) for name in _filter(address))

    def container(self, address: Address) -> str:
        region, group, _ = _filter(address)
        return at(self.kind, region, group)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        region, group, _ = _filter(address)
        return (at("logs.group", region, group),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, group, _ = _filter(address)
        names = ("PutMetricFilter", "DeleteMetricFilter") if before is None or after is None else ("PutMetricFilter",)
        return _on_group(region, group, where, "DescribeMetricFilters", *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, group, _ = _filter(address)
        found: dict[Address, Value] = {}
        try:
            for page in aws.pages("logs", "describe_metric_filters", region=region, logGroupName=group):
                for item in page["metricFilters"]:
                    found[at(self.kind, region, f"{group}:{item['filterName']}")] = _filter_value(item)
        except CallFailed as error:
            absent_if(error, NO_GROUP)
            return {}
        return found

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, group, name = _filter(address)
        which = {"logGroupName": group, "filterName": name}
        if not isinstance(after, Mapping):
            answer = aws.write("logs", "delete_metric_filter", region=region, **which)
        else:
            own = {key: after[key] for key in OF_FILTER if key in after}
            metric = {key: after[key] for key in OF_METRIC if key in after}
            answer = aws.write(
                "logs", "put_metric_filter", region=region, metricTransformations=[metric], **which, **own
            )
        return Receipt(request_ids=(request_id(answer),))


def _filter(address: Address) -> tuple[str, str, str]:
    """Region, log group and name."""
    region, rest = pair_of(address)
    group, _, name = rest.partition(":")
    return region, group, name


def _filter_value(item: Answer) -> Value:
    """DescribeMetricFilters's answer as a value, without what is not set."""
    whole = {**item, **item["metricTransformations"][0]}
    shown = {key: whole.get(key) for key in (*OF_FILTER, *OF_METRIC)}
    return {
        key: part for key, part in shown.items() if part is not None and part not in ("", [], {}) and part is not False
    }


RESOURCES: tuple[Resource, ...] = (LogGroup(), LogRetention(), MetricFilter())
