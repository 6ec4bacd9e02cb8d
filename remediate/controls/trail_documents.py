"""What a trail needs to have written down: statements of policies, and the rules of a bucket's lifecycle. All pure.

Statements of other people stay as they are. Ours are known by their Sid, and are left out where a statement of somebody
else already says as much: to the same service, on the same things, for this trail alone.
Sources: create-s3-bucket-policy-for-cloudtrail, create-kms-key-policy-for-cloudtrail and
cloudtrail-required-policy-for-cloudwatch-logs in https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from remediate import policy
from remediate.model import AccountId, Struct, Value

SERVICE: Mapping[str, Value] = {"Service": "cloudtrail.amazonaws.com"}
ACCESS_LOGS: Mapping[str, Value] = {"Service": "logging.s3.amazonaws.com"}

Statement = Mapping[str, Value]


class Names(Struct, frozen=True, kw_only=True):
    """The trail that the documents are for, and where its logs go."""

    where: AccountId
    home: str
    trail: str
    bucket: str
    prefix: str = ""
    organization: bool = False

    @property
    def arn(self) -> str:
        return f"arn:{self.where.partition}:cloudtrail:{self.home}:{self.where.account}:trail/{self.trail}"

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.where.partition}:s3:::{self.bucket}"

    @property
    def folder(self) -> str:
        """Where in the bucket CloudTrail writes."""
        return f"{self.prefix}/AWSLogs/" if self.prefix else "AWSLogs/"


def bucket_statements(names: Names) -> list[Statement]:
    """Lets this trail, and no other, look at the bucket and write its logs."""
    source: Value = {"StringEquals": {"aws:SourceArn": names.arn}}
    owned: Value = {"StringEquals": {"aws:SourceArn": names.arn, "s3:x-amz-acl": "bucket-owner-full-control"}}
    logs = f"{names.bucket_arn}/{names.folder}{names.where.account}/*"
    return [
        _allow("RemediateTrailAcl", "s3:GetBucketAcl", names.bucket_arn, SERVICE, source),
        _allow("RemediateTrailWrite", "s3:PutObject", logs, SERVICE, owned),
    ]


def only_encrypted(where: AccountId, bucket: str) -> Statement:
    """Turns away whoever comes without TLS. Only for a new bucket: in an old one somebody may depend on it."""
    arn = f"arn:{where.partition}:s3:::{bucket}"
    return {
        "Sid": "RemediateOnlyEncrypted",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def access_log_statement(names: Names, target: str) -> Statement:
    """Lets S3 write the access log of the trail's bucket into another bucket.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
    condition: Value = {
        "ArnLike": {"aws:SourceArn": names.bucket_arn},
        "StringEquals": {"aws:SourceAccount": names.where.account},
    }
    place = f"arn:{names.where.partition}:s3:::{target}/{names.bucket}/*"
    # One bucket may take the access logs of several: each has its own statement.
    return _allow(f"RemediateAccessLogs-{names.bucket}", "s3:PutObject", place, ACCESS_LOGS, condition)


def key_statements(names: Names) -> list[Statement]:
    context = f"arn:{names.where.partition}:cloudtrail:*:{names.where.account}:trail/*"
    condition: Value = {
        "StringEquals": {"aws:SourceArn": names.arn},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": context},
    }
    return [
        _allow("RemediateTrailEncrypt", "kms:GenerateDataKey*", "*", SERVICE, condition),
        _allow("RemediateTrailDescribe", "kms:DescribeKey", "*", SERVICE, None),
    ]


def owner_statement(where: AccountId) -> Statement:
    """Lets the account's own IAM policies decide about the key; without it nobody could ever change it again."""
    root = f"arn:{where.partition}:iam::{where.account}:root"
    return _allow("RemediateOwner", "kms:*", "*", {"AWS": root}, None)


def trust_statement() -> Statement:
    """Without a condition on aws:SourceArn: "Confused deputy prevention is not applicable to the role policy for
    CloudWatch Logs monitoring", says cloudtrail-required-policy-for-cloudwatch-logs, and one that is never met would
    stop the delivery. What protects the role is that only a caller with iam:PassRole can name it in a trail."""
    return {"Sid": "RemediateTrail", "Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}


def delivery_statement(names: Names, group: str) -> Statement:
    """Lets the role write the trail's own streams of this log group; an organization's are named by its id."""
    stream = "*" if names.organization else f"{names.where.account}_CloudTrail_{names.home}*"
    base = f"arn:{names.where.partition}:logs:{names.home}:{names.where.account}"
    return {
        "Sid": "RemediateTrailDelivery",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{base}:log-group:{group}:log-stream:{stream}",
    }


def _allow(sid: str, action: str, resource: str, principal: Mapping[str, Value], condition: Value) -> Statement:
    body: dict[str, Value] = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action}
    body["Resource"] = resource
    return {**body, "Condition": condition} if condition else body


def merged(document: Value, ours: Sequence[Statement], names: Names) -> Value:
    """The document with those of our statements that nothing in it says yet; the same document if none is missing."""
    missing = [wanted for wanted in ours if not any(_says(s, wanted, names) for s in body(document))]
    return policy.merge(document, missing) if missing else document


def loose(document: Value, ours: Sequence[Statement], names: Names) -> list[str]:
    """Other people's statements that let any trail of any account do what ours let this one do, by Sid or number."""
    asked = [{**wanted, "Condition": {}} for wanted in ours]
    found = [(i, s) for i, s in enumerate(body(document), 1) if any(_says(s, w, names) for w in asked)]
    return [str(s.get("Sid") or f"number {i}") for i, s in found if "aws:sourcearn" not in dict(_tests(s))]


def body(document: Value) -> list[Statement]:
    found = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [s for s in _list(found) if isinstance(s, Mapping)]


def _says(theirs: Statement, wanted: Statement, names: Names) -> bool:
    """Whether a statement gives all that is wanted, and to this trail alone where ours would."""
    if theirs.get("Effect") != wanted["Effect"] or {"NotPrincipal", "NotAction", "NotResource"} & theirs.keys():
        return False
    if wanted["Effect"] == "Deny":
        return {**theirs, "Sid": ""} == {**wanted, "Sid": ""}
    actions = [str(a).lower() for a in _list(theirs.get("Action"))]
    things = [str(r) for r in _list(theirs.get("Resource", "*"))]
    return (
        _principals(wanted) <= _principals(theirs)
        and ("Principal" in wanted) == ("Principal" in theirs)
        and all(_any(actions, str(action).lower()) for action in _list(wanted["Action"]))
        and all(_any(things, str(thing)) for thing in _list(wanted.get("Resource", "*")))
        and _lets_through(theirs, wanted, names)
    )


def _principals(statement: Statement) -> set[str]:
    principal = statement.get("Principal", {})
    kinds = principal.items() if isinstance(principal, Mapping) else [("*", principal)]
    return {f"{kind}:{name}" for kind, names in kinds for name in _list(names)}


def _any(patterns: Sequence[str], text: str) -> bool:
    """Whether one of them covers the text; a star in the text stands for itself, and only a star covers it."""
    return any(fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _tests(statement: Statement) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    condition = statement.get("Condition") or {}
    for operator, tests in condition.items() if isinstance(condition, Mapping) else ():
        for key, values in tests.items() if isinstance(tests, Mapping) else ():
            yield key.lower(), (operator, [str(v) for v in _list(values)])


def _lets_through(theirs: Statement, wanted: Statement, names: Names) -> bool:
    """Whether every condition is one that this trail meets, and those on aws:SourceArn that we would set are set."""
    source = dict(_tests(wanted)).get("aws:sourcearn", ("", [names.arn]))[1][0]
    met = {
        "aws:sourcearn": source,
        "aws:sourceaccount": names.where.account,
        "s3:x-amz-acl": "bucket-owner-full-control",
        "kms:encryptioncontext:aws:cloudtrail:arn": names.arn,
    }
    tests = list(_tests(theirs))
    for key, (operator, values) in tests:
        like = operator in ("StringLike", "ArnLike", "ArnEquals")
        if not (like or operator == "StringEquals"):
            return False
        if key not in met or not (_any(values, met[key]) if like else met[key] in values):
            return False
    return "aws:sourcearn" in dict(tests) or "aws:sourcearn" not in dict(_tests(wanted))


def kept_for(folder: str, days: int) -> Value:
    """The lifecycle of a new bucket: logs end after so many days; one that was deleted can be had back for as long."""
    rule: dict[str, Value] = {"ID": "audit-logs", "Status": "Enabled", "Filter": {"Prefix": folder}}
    ends: Value = {"NoncurrentDays": days}
    return {"Rules": [{**rule, "Expiration": {"Days": days}, "NoncurrentVersionExpiration": ends}]}


def lengthened(lifecycle: Value, folder: str, days: int) -> Value:
    """The lifecycle with every rule that would end logs there earlier made to wait; no rule means that they stay."""
    if not isinstance(lifecycle, Mapping):
        return lifecycle
    return {**lifecycle, "Rules": [_rule(rule, folder, days) for rule in _list(lifecycle.get("Rules", []))]}


def _rule(rule: Value, folder: str, days: int) -> Value:
    if not isinstance(rule, Mapping) or rule.get("Status") != "Enabled" or not _reaches(rule, folder):
        return rule
    ends = rule.get("Expiration")
    if not isinstance(ends, Mapping):
        return rule
    after = ends.get("Days")
    early = "Date" in ends or (isinstance(after, int) and after < days)
    return {**rule, "Expiration": {"Days": days}} if early else rule


def _reaches(rule: Mapping[str, Value], folder: str) -> bool:
    """Whether a rule is about log files, which bear no tags."""
    found = rule.get("Filter")
    outer: Mapping[str, Value] = found if isinstance(found, Mapping) else {}
    both = outer.get("And")
    inner: Mapping[str, Value] = both if isinstance(both, Mapping) else outer
    if inner.get("Tag") or inner.get("Tags"):
        return False
    prefix = str(inner.get("Prefix", rule.get("Prefix", "")))
    return folder.startswith(prefix) or prefix.startswith(folder)


def _list(value: Value) -> list[Value]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
