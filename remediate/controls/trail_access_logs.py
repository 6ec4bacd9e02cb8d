"""The access log of the trail's bucket: who reads or deletes audit logs is on record, in another bucket.

S3 writes it into a bucket of the same account and region, with SSE-S3 and no other encryption:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from collections.abc import Iterator

from remediate.account import Account
from remediate.controls.trail_documents import Names, access_log_statement, kept_for, lengthened, merged, only_encrypted
from remediate.controls.trail_parts import BLOCKED, region_of, want
from remediate.model import Address, Fault, Manual, Value, Want, at
from remediate.words import many

OWN_BUCKET = "aws-cloudtrail-access-logs-{account}-{region}"
"""The bucket that is made where the playbook asks for one: a log bucket must not log to itself."""
PARTS = ("bucket", "bucket_policy", "bucket_public_access", "bucket_lifecycle", "bucket_encryption")


def access_log_asks(account: Account, names: Names, target: bool | str | None) -> Iterator[Address]:
    """The bucket that the log goes to, once it is known where the trail's bucket is and that it has no log yet."""
    if not target or not {at("s3.bucket", names.bucket), _logging(names)} <= account.asked:
        return
    if account.value(_logging(names)) is None:
        yield from (at(f"s3.{part}", _bucket(account, names, target)) for part in PARTS)


def access_log_faults(account: Account, names: Names, target: bool | str | None, days: int | None) -> Iterator[Fault]:
    """Nothing where the trail's bucket has an access log, wherever that goes: it stays."""
    address = _logging(names)
    account.known(address)
    if not target or account.value(address):
        return
    account.known(*access_log_asks(account, names, target))
    bucket = _bucket(account, names, target)
    obstacle = _obstacle(account, names, bucket, own=target is True)
    wants = () if obstacle else tuple(_wants(account, names, bucket, days, own=target is True))
    yield Fault(
        address=address,
        severity="low",
        summary=f"nobody records who reads or deletes the audit logs in {names.bucket}",
        wants=tuple(w for w in wants if w.after != account.value(w.address)),
        manual=_by_hand(address, bucket, obstacle) if obstacle else None,
    )


def _logging(names: Names) -> Address:
    return at("s3.bucket_logging", names.bucket)


def _bucket(account: Account, names: Names, target: bool | str) -> str:
    if isinstance(target, str):
        return target
    return OWN_BUCKET.format(account=account.id, region=region_of(account, names.bucket, names.home))


def _obstacle(account: Account, names: Names, bucket: str, *, own: bool) -> str:
    """Why S3 would not write the log there, if it would not."""
    here = region_of(account, names.bucket, names.home)
    place = account.value(at("s3.bucket", bucket))
    if bucket == names.bucket:
        return "it is the bucket whose log it would be"
    if place is None and not own:
        return "there is no such bucket"
    if place is not None and region_of(account, bucket, here) != here:
        return f"it is not in {here}, where {names.bucket} is"
    if account.value(at("s3.bucket_encryption", bucket)) is not None:
        return "it is encrypted with a KMS key, and S3 writes access logs with SSE-S3 alone"
    return ""


def _wants(account: Account, names: Names, bucket: str, days: int | None, *, own: bool) -> Iterator[Want]:
    why = f"who reads or deletes audit logs is recorded in {bucket}"
    new = account.value(at("s3.bucket", bucket)) is None
    if new:
        here = region_of(account, names.bucket, names.home)
        yield want(at("s3.bucket", bucket), {"region": here}, "access logs have a bucket of their own")
    if own:
        yield from _looked_after(account, names, bucket, days, new=new)
    policy = at("s3.bucket_policy", bucket)
    ours = [access_log_statement(names, bucket), *([only_encrypted(names.where, bucket)] if new else [])]
    yield want(policy, merged(account.value(policy), ours, names), f"lets S3 write the access log of {names.bucket}")
    after: Value = {"TargetBucket": bucket, "TargetPrefix": _folder(names)}
    yield want(_logging(names), after, why)


def _looked_after(account: Account, names: Names, bucket: str, days: int | None, *, new: bool) -> Iterator[Want]:
    """What a bucket of our own is like; one that somebody named is left as it is."""
    yield Want(
        address=at("s3.bucket_public_access", bucket),
        after=BLOCKED,
        why="access logs are nobody else's to read",
        risk="additive" if new else "restrictive",
        notice="" if new else f"whoever reads {bucket} without signing in to AWS no longer can",
    )
    if days:
        address = at("s3.bucket_lifecycle", bucket)
        folder = _folder(names)
        after = kept_for(folder, days) if new else lengthened(account.value(address), folder, days)
        yield want(address, after, f"access logs are kept for {many(days, 'day')}; never for less than now")


def _folder(names: Names) -> str:
    return f"{names.bucket}/"


def _by_hand(address: Address, bucket: str, why: str) -> Manual:
    return Manual(
        address=address,
        summary=f"{bucket} cannot take the access log: {why}",
        steps=(
            "Name another bucket of this account and region as `access_log_bucket` in the playbook, or write `true` "
            "there for one that is made for it.",
        ),
        check="The next plan finds a bucket that can take the log and switches it on.",
    )
