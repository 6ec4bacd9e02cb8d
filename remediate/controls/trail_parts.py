"""What a trail needs around it: a bucket, and a log group with a role. Each says what to ask for and what to want."""

from collections.abc import Iterator, Mapping

from remediate.account import Account
from remediate.controls.trail_documents import (
    Names,
    bucket_statements,
    delivery_statement,
    kept_for,
    lengthened,
    loose,
    merged,
    only_encrypted,
    trust_statement,
)
from remediate.model import Address, Fault, Manual, Risk, Struct, Value, Want, at
from remediate.words import many

BUCKET = ("bucket", "bucket_policy", "bucket_public_access", "bucket_versioning", "bucket_lifecycle", "bucket_logging")
BLOCKED: Value = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


class Piece(Struct, frozen=True, kw_only=True):
    """A part of a trail's value, and what must be in place for it."""

    value: Mapping[str, Value] = {}
    wants: tuple[Want, ...] = ()
    manual: Manual | None = None


def bucket_asks(names: Names) -> Iterator[Address]:
    return (at(f"s3.{kind}", names.bucket) for kind in BUCKET)


def region_of(account: Account, bucket: str, default: str) -> str:
    """Where the bucket is, or will be."""
    account.known(at("s3.bucket", bucket))
    value = account.value(at("s3.bucket", bucket))
    return str(value["region"]) if isinstance(value, Mapping) else default


def bucket_faults(account: Account, names: Names, days: int | None) -> Iterator[Fault]:
    account.known(*bucket_asks(names))
    address = at("s3.bucket", names.bucket)
    wants = [w for w in _bucket(account, names, days) if w.after != account.value(w.address)]
    if wants:
        new = account.value(address) is None
        missing = ", ".join(sorted(w.address.partition("/")[0].removeprefix("s3.").replace("_", " ") for w in wants))
        yield Fault(
            address=address,
            severity="medium",
            summary=f"there is no bucket {names.bucket}" if new else f"bucket {names.bucket}: {missing} to be mended",
            wants=tuple(wants),
        )
    document = account.value(at("s3.bucket_policy", names.bucket))
    sids = loose(document, bucket_statements(names), names)
    if sids:
        yield _loose(names, sids)


def _bucket(account: Account, names: Names, days: int | None) -> Iterator[Want]:
    bucket = names.bucket
    new = account.value(at("s3.bucket", bucket)) is None
    if new:
        yield want(at("s3.bucket", bucket), {"region": names.home}, "audit logs have a bucket of their own")
    document = account.value(at("s3.bucket_policy", bucket))
    ours = [*bucket_statements(names), *([only_encrypted(names.where, bucket)] if new else [])]
    yield want(
        at("s3.bucket_policy", bucket),
        merged(document, ours, names),
        f"lets the trail {names.trail} write its logs, and no trail of another account; other statements stay",
    )
    yield Want(
        address=at("s3.bucket_public_access", bucket),
        after=BLOCKED,
        why="audit logs are nobody else's to read",
        risk="additive" if new else "restrictive",
        notice="" if new else f"whoever reads {bucket} without signing in to AWS no longer can",
    )
    yield want(at("s3.bucket_versioning", bucket), "Enabled", "a log that is overwritten or deleted can be had back")
    if days:
        live = account.value(at("s3.bucket_lifecycle", bucket))
        after = kept_for(names.folder, days) if new else lengthened(live, names.folder, days)
        yield want(
            at("s3.bucket_lifecycle", bucket), after, f"logs are kept for {many(days, 'day')}; never for less than now"
        )


def _loose(names: Names, sids: list[str]) -> Fault:
    address = at("s3.bucket_policy", names.bucket)
    what = f"{names.bucket} lets CloudTrail write for any account ({', '.join(sids)})"
    return Fault(
        address=address,
        severity="low",
        summary=what,
        manual=Manual(
            address=address,
            summary=what,
            steps=(
                "Find out whether another trail writes here too, and give it a statement with its own aws:SourceArn.",
                f"Then take out of the bucket's policy: {', '.join(sids)}. This trail has statements of its own.",
            ),
            check="The next plan finds aws:SourceArn in every statement for CloudTrail.",
        ),
    )


def delivery_asks(names: Names, live: Mapping[str, Value], group: str | None, role: str) -> Iterator[Address]:
    where = _group(names, live, group)
    if where:
        yield from (at("logs.group", *where), at("logs.retention", *where))
    if group and not live.get("log_group"):
        yield from (at("iam.role", role), at("iam.role_inline", role, role))


def _group(names: Names, live: Mapping[str, Value], group: str | None) -> tuple[str, str] | None:
    """Region and name of the log group: the trail's own, if it has one in this account; else the playbook's."""
    if not group or not live.get("log_group"):
        return (names.home, group) if group else None
    _, _, _, region, owner, _, name = str(live["log_group"]).split(":", 6)
    return (region, name.removesuffix(":*")) if owner == names.where.account else None


def delivery(
    account: Account, names: Names, live: Mapping[str, Value], *, group: str | None, days: int | None, role: str
) -> Piece:
    """Delivery to CloudWatch Logs. Where the trail has one, it stays, and only its log group is looked after."""
    account.known(*delivery_asks(names, live, group, role))
    where = _group(names, live, group)
    wants = list(_log_group(account, where, days)) if where else []
    if not group or live.get("log_group"):
        return Piece(wants=if_changed(account, *wants))
    found = account.value(at("iam.role", role))
    path, trust = (str(found["path"]), found["trust"]) if isinstance(found, Mapping) else ("/", None)
    why = "CloudTrail hands its events to CloudWatch Logs through this role, and it can do nothing else"
    after: Value = {"path": path, "trust": merged(trust, [trust_statement()], names)}
    inline = at("iam.role_inline", role, role)
    wants.append(want(at("iam.role", role), after, why))
    wants.append(want(inline, merged(account.value(inline), [delivery_statement(names, group)], names), why))
    base = f"{names.where.partition}:logs:{names.home}:{names.where.account}"
    value = {
        "log_group": f"arn:{base}:log-group:{group}:*",
        "role": f"arn:{names.where.partition}:iam::{names.where.account}:role{path}{role}",
    }
    return Piece(value=value, wants=if_changed(account, *wants))


def _log_group(account: Account, where: tuple[str, str], days: int | None) -> Iterator[Want]:
    new = account.value(at("logs.group", *where)) is None
    if new:
        yield want(at("logs.group", *where), {"class": "STANDARD"}, "alarms watch the events that arrive here")
    live = account.value(at("logs.retention", *where))
    if days and (new if live is None else isinstance(live, int) and live < days):
        yield want(
            at("logs.retention", *where), days, f"events are kept for {many(days, 'day')}; never for less than now"
        )


def if_changed(account: Account, *wants: Want) -> tuple[Want, ...]:
    return tuple(w for w in wants if w.after != account.value(w.address))


def want(address: Address, after: Value, why: str, risk: Risk = "additive") -> Want:
    return Want(address=address, after=after, why=why, risk=risk)
