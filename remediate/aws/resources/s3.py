"""S3 buckets that hold audit logs, and the settings of a bucket.

Reads follow S3's redirect to the bucket's own region; a write is sent once, so it asks for the region first.

A bucket that does not exist yet has None for each of its settings, and the executor expects to find exactly that when
the bucket has just been made. AWS gives every new bucket two settings by itself: SSE-S3 encryption
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html) and blocked public access
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html). So SSE-S3 reads as
absent, because no bucket is without it; and blocked public access reads as it is: a control that wants it blocked finds
its `after` there already, which counts as done. Where the defaults are missing (moto), both read as absent.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime

from remediate.aws.documents import as_text, parsed
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, when

GONE = "NoSuchBucket"
OLD_NAMES = {"EU": "eu-west-1"}
"""Buckets made long ago still answer so: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"""


def bucket_arn(where: AccountId, bucket: str) -> str:
    return f"arn:{where.partition}:s3:::{bucket}"


def region_of(aws: Session, bucket: str) -> str:
    """Where the bucket is: us-east-1 has no name of its own. Raises CallFailed, NoSuchBucket included."""
    place = aws.read("s3", "get_bucket_location", Bucket=bucket).get("LocationConstraint") or "us-east-1"
    return OLD_NAMES.get(place, place)


def _told_in(aws: Session, bucket: str) -> str:
    """Where CloudTrail tells of a bucket; of one that is gone, where this run works: nothing else knows."""
    try:
        return region_of(aws, bucket)
    except CallFailed as error:
        absent_if(error, GONE)
        return aws.region


class Bucket(Resource):
    """`s3.bucket/<name>`: {"region": "eu-west-1"}. Never deleted from here."""

    kind = "s3.bucket"
    named_by = ("bucketName",)
    also_by = ("s3:DeleteBucket",)

    def told_in(self, aws: Session, address: Address) -> str:
        return _told_in(aws, name_of(address))

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", "the bucket stays: it holds the audit logs"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = bucket_arn(where, name_of(address))
        return [Permission(action=f"s3:{a}", resource=arn) for a in ("GetBucketLocation", "CreateBucket")]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            return {address: {"region": region_of(aws, name_of(address))}}
        except CallFailed as error:
            absent_if(error, GONE)
            return {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if before is not None or not isinstance(after, Mapping):
            raise CallFailed("delete_bucket", "NeverDone", "a bucket is only ever created here: it holds audit logs")
        region = str(after["region"])
        # us-east-1 is the one region that must not be named.
        place: Answer = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            answer = aws.write("s3", "create_bucket", region=region, Bucket=name_of(address), **place)
        except CallFailed as error:
            absent_if(error, "BucketAlreadyOwnedByYou")  # an earlier call whose answer was lost
            return Receipt()
        return Receipt(request_ids=(request_id(answer),))


class OfBucket(Resource):
    """One setting of one bucket. A kind names its three operations, its permissions, and its two translations."""

    reads: str
    puts: str
    deletes: str
    missing: tuple[str, ...] = ()
    """The codes with which S3 says that the setting is not there."""
    actions: tuple[str, ...]
    named_by = ("bucketName",)

    def told_in(self, aws: Session, address: Address) -> str:
        return _told_in(aws, name_of(address))

    def parent(self, address: Address) -> Address | None:
        return at("s3.bucket", name_of(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("s3.bucket", name_of(address)),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = bucket_arn(where, name_of(address))
        return [Permission(action=f"s3:{a}", resource=arn) for a in ("GetBucketLocation", *self.actions)]

    @abstractmethod
    def value(self, answer: Answer) -> Value:
        """What S3 shows, in canonical form; None for what it does by default."""
        ...

    @abstractmethod
    def parameters(self, after: Value) -> Answer:
        """The value as the arguments of the call that sets it."""
        ...

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            value = self.value(aws.read("s3", self.reads, Bucket=name_of(address)))
        except CallFailed as error:
            absent_if(error, GONE, *self.missing)
            return {}
        return {} if value is None else {address: value}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        bucket = name_of(address)
        region = region_of(aws, bucket)
        if after is None:
            return Receipt(request_ids=(request_id(self.clear(aws, bucket, region)),))
        answer = aws.write("s3", self.puts, region=region, Bucket=bucket, **self.parameters(after))
        return Receipt(request_ids=(request_id(answer),))

    def clear(self, aws: Session, bucket: str, region: str) -> Answer:
        return aws.write("s3", self.deletes, region=region, Bucket=bucket)


class BucketPolicy(OfBucket):
    """`s3.bucket_policy/<bucket>`: the document."""

    kind = "s3.bucket_policy"
    reads, puts, deletes = "get_bucket_policy", "put_bucket_policy", "delete_bucket_policy"
    missing = ("NoSuchBucketPolicy",)
    actions = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy")

    def value(self, answer: Answer) -> Value:
        return parsed(self.reads, answer["Policy"])

    def parameters(self, after: Value) -> Answer:
        return {"Policy": as_text(after)}


SMALLEST, DEFAULT_SMALLEST = "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


class BucketPublicAccess(OfBucket):
    """`s3.bucket_public_access/<bucket>`: the four switches by S3's names; absent where none was ever set.

    It comes after the bucket's policy: S3 refuses to write a policy with a public statement once they are blocked.
    """

    kind = "s3.bucket_public_access"
    reads, puts, deletes = "get_public_access_block", "put_public_access_block", "delete_public_access_block"
    missing = ("NoSuchPublicAccessBlockConfiguration",)
    actions = ("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock")
    also_by = ("s3:DeleteBucketPublicAccessBlock",)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("s3.bucket", name_of(address)), at("s3.bucket_policy", name_of(address)))

    def value(self, answer: Answer) -> Value:
        return {flag: bool(answer["PublicAccessBlockConfiguration"].get(flag)) for flag in FLAGS}

    def parameters(self, after: Value) -> Answer:
        return {"PublicAccessBlockConfiguration": after}


class BucketVersioning(OfBucket):
    """`s3.bucket_versioning/<bucket>`: "Enabled"; absent where no versions are kept, be it never or no longer."""

    kind = "s3.bucket_versioning"
    binary = True
    reads, puts = "get_bucket_versioning", "put_bucket_versioning"
    actions = ("GetBucketVersioning", "PutBucketVersioning")

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is None:
            return "equivalent", "the bucket ends with versioning suspended: AWS cannot take it away; versions stay"
        return "exact", ""

    def value(self, answer: Answer) -> Value:
        return "Enabled" if answer.get("Status") == "Enabled" else None

    def parameters(self, after: Value) -> Answer:
        return {"VersioningConfiguration": {"Status": "Enabled"}}

    def clear(self, aws: Session, bucket: str, region: str) -> Answer:
        suspended = {"Status": "Suspended"}
        return aws.write("s3", self.puts, region=region, Bucket=bucket, VersioningConfiguration=suspended)


class BucketEncryption(OfBucket):
    """`s3.bucket_encryption/<bucket>`: the rules; absent where S3's own SSE-S3 applies, which no bucket is without."""

    kind = "s3.bucket_encryption"
    reads, puts, deletes = "get_bucket_encryption", "put_bucket_encryption", "delete_bucket_encryption"
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)
    actions = ("GetEncryptionConfiguration", "PutEncryptionConfiguration")
    events: Mapping[str, tuple[str, ...]] = {
        "s3:PutEncryptionConfiguration": ("s3:PutBucketEncryption", "s3:DeleteBucketEncryption")
    }

    def value(self, answer: Answer) -> Value:
        rules = answer["ServerSideEncryptionConfiguration"].get("Rules", [])
        plain = [{**rule, "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled"))} for rule in rules]
        applied = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in plain]
        return plain if any(a.get("SSEAlgorithm", "AES256") != "AES256" for a in applied) else None

    def parameters(self, after: Value) -> Answer:
        return {"ServerSideEncryptionConfiguration": {"Rules": after}}


class BucketLifecycle(OfBucket):
    """`s3.bucket_lifecycle/<bucket>`: {"Rules": […]} as S3 names them, sorted by their ID.

    Which objects are too small for a transition belongs to it where it is not S3's default: what is left out is reset.
    """

    kind = "s3.bucket_lifecycle"
    reads, puts = "get_bucket_lifecycle_configuration", "put_bucket_lifecycle_configuration"
    deletes = "delete_bucket_lifecycle"
    missing = ("NoSuchLifecycleConfiguration",)
    actions = ("GetLifecycleConfiguration", "PutLifecycleConfiguration")
    events: Mapping[str, tuple[str, ...]] = {
        "s3:PutLifecycleConfiguration": ("s3:PutBucketLifecycle", "s3:DeleteBucketLifecycle")
    }

    def value(self, answer: Answer) -> Value:
        rules: list[Value] = [_plain(rule) for rule in sorted(answer["Rules"], key=lambda r: str(r.get("ID", "")))]
        smallest = answer.get(SMALLEST, DEFAULT_SMALLEST)
        return {"Rules": rules} if smallest == DEFAULT_SMALLEST else {"Rules": rules, SMALLEST: smallest}

    def parameters(self, after: Value) -> Answer:
        whole: Answer = dict(after) if isinstance(after, Mapping) else {}
        smallest = {SMALLEST: whole[SMALLEST]} if SMALLEST in whole else {}
        return {"LifecycleConfiguration": {"Rules": whole["Rules"]}, **smallest}


class BucketLogging(OfBucket):
    """`s3.bucket_logging/<bucket>`: {"TargetBucket", "TargetPrefix", …} as S3 names them.

    It comes after the other bucket's policy, which S3 tests, and after that bucket is closed to the public.
    """

    kind = "s3.bucket_logging"
    reads, puts = "get_bucket_logging", "put_bucket_logging"
    actions = ("GetBucketLogging", "PutBucketLogging")

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        target = str(value.get("TargetBucket", "")) if isinstance(value, Mapping) else ""
        yield from (at(kind, name_of(address)) for kind in ("s3.bucket", "s3.bucket_policy"))
        if target:
            yield from (at(kind, target) for kind in ("s3.bucket", "s3.bucket_policy", "s3.bucket_public_access"))

    def value(self, answer: Answer) -> Value:
        return _plain(answer["LoggingEnabled"]) if answer.get("LoggingEnabled") else None

    def parameters(self, after: Value) -> Answer:
        return {"BucketLoggingStatus": {"LoggingEnabled": after}}

    def clear(self, aws: Session, bucket: str, region: str) -> Answer:
        return aws.write("s3", self.puts, region=region, Bucket=bucket, BucketLoggingStatus={})


def _plain(value: object) -> Value:
    """botocore's answer as JSON: its dates as text, which botocore takes back."""
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value  # type: ignore[return-value]


RESOURCES: tuple[Resource, ...] = (
    Bucket(),
    BucketPolicy(),
    BucketPublicAccess(),
    BucketVersioning(),
    BucketEncryption(),
    BucketLifecycle(),
    BucketLogging(),
)
