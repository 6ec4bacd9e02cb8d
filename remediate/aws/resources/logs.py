"""CloudWatch Logs: groups, and how long each keeps its events.

They are two kinds because they are two calls: a group whose retention was not set before a crash still reads as what it
was in between, so the run goes on where it stopped.
"""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource
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
    base = f"arn:{where.partition}:logs:{region}:{where.account}:log-group:"
    # DescribeLogGroups is a listing: AWS checks it against every group of the region.
    listing = Permission(action="logs:DescribeLogGroups", resource=f"{base}*")
    # Services and releases of IAM differ in whether a group's ARN ends in ":*": both name the same group.
    return [
        listing,
        *(Permission(action=f"logs:{a}", resource=base + name + end) for a in actions for end in ("", ":*")),
    ]


class LogGroup(Resource):
    """`logs.group/<region>/<name>`: {"class": "STANDARD"}. Never deleted from here."""

    kind = "logs.group"

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


RESOURCES: tuple[Resource, ...] = (LogGroup(), LogRetention())
