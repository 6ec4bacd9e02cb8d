"""CloudTrail: trails, whether they log, and which events.

A trail is changed from its home region only, which is the first name of its address. The second is its name, or its ARN
where it belongs to another account: an organization's trail, which can be read here and never written.
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.kms import canonical_arn
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of

GONE = "TrailNotFoundException"

FIELDS = {
    "bucket": "S3BucketName",
    "prefix": "S3KeyPrefix",
    "multi_region": "IsMultiRegionTrail",
    "global_services": "IncludeGlobalServiceEvents",
    "validation": "EnableLogFileValidation",
    "kms_key": "KmsKeyId",
    "log_group": "CloudWatchLogsLogGroupArn",
    "role": "CloudWatchLogsRoleArn",
    "organization": "IsOrganizationTrail",
}
"""Each part of a trail's value, and its parameter of CreateTrail and UpdateTrail."""
SWITCHES = frozenset({"multi_region", "global_services", "validation", "organization"})
SHOWN = {"EnableLogFileValidation": "LogFileValidationEnabled"}
"""The one parameter that DescribeTrails calls by another name."""

EVERYTHING: Mapping[str, Value] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
"""The selector of a new trail: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html"""


def trail_value(aws: Session | None, trail: Answer) -> Value:
    """DescribeTrails's answer as a value: switches always, texts only where they are set. The key of a trail that
    belongs to another account stays as it is shown: `aws` may not ask about it."""
    shown = {part: trail.get(SHOWN.get(field, field)) for part, field in FIELDS.items()}
    value: dict[str, Value] = {k: bool(v) if k in SWITCHES else v for k, v in shown.items() if k in SWITCHES or v}
    key = str(value.get("kms_key", ""))
    if aws and key.startswith("arn:"):
        value["kms_key"] = canonical_arn(aws, key, account_of(trail["TrailARN"]))
    return value


def selectors_value(answer: Answer) -> Value:
    """GetEventSelectors's answer as a value, with its defaults written out; None for what a new trail has."""
    basic = [_basic(selector) for selector in answer.get("EventSelectors") or ()]
    if basic:
        return None if basic == [EVERYTHING] else {"EventSelectors": basic}
    advanced = answer.get("AdvancedEventSelectors") or ()
    return {"AdvancedEventSelectors": [_advanced(s) for s in advanced]} if advanced else None


def _basic(selector: Mapping[str, Value]) -> Mapping[str, Value]:
    return {key: selector.get(key, default) for key, default in EVERYTHING.items()}


def _advanced(selector: Mapping[str, Value]) -> Mapping[str, Value]:
    """Without the operators that are not used: some answers have them as empty lists."""
    fields = selector.get("FieldSelectors")
    items = [f for f in fields if isinstance(f, Mapping)] if isinstance(fields, list) else []
    plain: list[Value] = [{key: item for key, item in field.items() if item} for field in items]
    return {**({"Name": selector["Name"]} if selector.get("Name") else {}), "FieldSelectors": plain}


def account_of(arn: str) -> str:
    return arn.split(":")[4]


class OfTrail(Resource):
    """A setting of one trail, under the same two names."""

    def parent(self, address: Address) -> Address | None:
        return at("cloudtrail.trail", *pair_of(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("cloudtrail.trail", *pair_of(address)),)


class Trail(Resource):
    """`cloudtrail.trail/<home region>/<name>`: {"bucket", "prefix"?, "multi_region", "global_services", "validation",
    "kms_key"?, "log_group"?, "role"?, "organization"}, where those with "?" are left out when unset."""

    kind = "cloudtrail.trail"
    named_by = ("awsRegion", "name")
    sample = {"role": "*", "kms_key": "arn:aws:kms:*:*:key/*", "organization": True}

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """Whatever CloudTrail tests before it takes the trail, and what keeps its logs from strangers."""
        if not isinstance(value, Mapping):
            return
        for kind in ("s3.bucket", "s3.bucket_policy", "s3.bucket_public_access"):
            yield at(kind, str(value["bucket"]))
        key = str(value.get("kms_key", "")).split(":", 5)
        if len(key) == 6:
            for kind in ("kms.key", "kms.key_policy"):
                yield at(kind, key[3], key[5].removeprefix("key/"))
        group = str(value.get("log_group", "")).split(":", 6)
        if len(group) == 7:
            yield at("logs.group", group[3], group[6].removesuffix(":*"))
        role = str(value.get("role", "")).rpartition("/")[2]
        if role:
            # The role that is made for this has one inline policy, under its own name.
            yield from (at("iam.role", role), at("iam.role_inline", role, role))

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the trail's tags, topic and Insights selectors, and the time it did not log"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = trail_arn(address, where)
        fresh = before is None or after is None
        names = ("CreateTrail", "DeleteTrail") if fresh else ("UpdateTrail",)
        yield Permission(action="cloudtrail:DescribeTrails")
        yield from (Permission(action=f"cloudtrail:{a}", resource=arn) for a in names)
        values = [v for v in (before, after) if isinstance(v, Mapping)]
        for role in sorted({str(v["role"]) for v in values if v.get("role")}):
            yield Permission(action="iam:PassRole", resource=role)
        for key in sorted({str(v["kms_key"]) for v in values if v.get("kms_key")}):
            keys = key if ":key/" in key else f"{key.rpartition(':')[0]}:key/*"
            yield Permission(action="kms:DescribeKey", resource=keys)
            yield Permission(action="kms:ListResourceTags", resource=keys)
        if any(v["organization"] for v in values):
            yield Permission(action="organizations:DescribeOrganization")
            yield Permission(action="organizations:ListAWSServiceAccessForOrganization")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, name = pair_of(address)
        answer = aws.read(
            "cloudtrail", "describe_trails", region=region, trailNameList=[name], includeShadowTrails=False
        )
        foreign = name.startswith("arn:")
        for trail in answer["trailList"]:
            if trail["TrailARN" if foreign else "Name"] == name and trail.get("HomeRegion", region) == region:
                return {address: trail_value(None if foreign else aws, trail)}
        return {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        if not isinstance(after, Mapping):
            answer = aws.write("cloudtrail", "delete_trail", region=region, Name=name)
        elif not isinstance(before, Mapping):
            settings = {FIELDS[part]: item for part, item in after.items() if item or part != "organization"}
            answer = aws.write("cloudtrail", "create_trail", region=region, Name=name, **settings)
        else:
            answer = aws.write("cloudtrail", "update_trail", region=region, Name=name, **difference(before, after))
        return Receipt(request_ids=(request_id(answer),))


def difference(before: Mapping[str, Value], after: Mapping[str, Value]) -> Answer:
    """The parameters of UpdateTrail: what is left out stays, and an empty text takes a setting away."""
    parts = [part for part in FIELDS if before.get(part) != after.get(part)]
    if "log_group" in parts or "role" in parts:
        parts = [*(p for p in parts if p not in ("log_group", "role")), "log_group", "role"]  # tested as a pair
    return {FIELDS[part]: after.get(part, "") for part in parts}


class Logging(OfTrail):
    """`cloudtrail.logging/<home region>/<name>`: "logging"; absent where the trail is stopped or not there."""

    kind = "cloudtrail.logging"
    named_by = ("awsRegion", "name")
    binary = True

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = trail_arn(address, where)
        return [
            Permission(action=f"cloudtrail:{a}", resource=arn)
            for a in ("GetTrailStatus", "StartLogging", "StopLogging")
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, name = pair_of(address)
        try:
            status = aws.read("cloudtrail", "get_trail_status", region=region, Name=name)
        except CallFailed as error:
            absent_if(error, GONE)
            return {}
        return {address: "logging"} if status["IsLogging"] else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        operation = "stop_logging" if after is None else "start_logging"
        return Receipt(request_ids=(request_id(aws.write("cloudtrail", operation, region=region, Name=name)),))


class Selectors(OfTrail):
    """`cloudtrail.selectors/<home region>/<name>`: {"EventSelectors": […]} or {"AdvancedEventSelectors": […]} as
    CloudTrail names them; absent for what a new trail has: management events, read and write."""

    kind = "cloudtrail.selectors"
    named_by = ("awsRegion", "trailName")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = trail_arn(address, where)
        return [Permission(action=f"cloudtrail:{a}EventSelectors", resource=arn) for a in ("Get", "Put")]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, name = pair_of(address)
        try:
            value = selectors_value(aws.read("cloudtrail", "get_event_selectors", region=region, TrailName=name))
        except CallFailed as error:
            absent_if(error, GONE)
            return {}
        return {} if value is None else {address: value}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        whole: Answer = dict(after) if isinstance(after, Mapping) else {"EventSelectors": [EVERYTHING]}
        answer = aws.write("cloudtrail", "put_event_selectors", region=region, TrailName=name, **whole)
        return Receipt(request_ids=(request_id(answer),))


def trail_arn(address: Address, where: AccountId) -> str:
    region, name = pair_of(address)
    return (
        name if name.startswith("arn:") else f"arn:{where.partition}:cloudtrail:{region}:{where.account}:trail/{name}"
    )


RESOURCES: tuple[Resource, ...] = (Trail(), Logging(), Selectors())
