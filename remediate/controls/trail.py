"""One trail that records what is done in every region, and that is running before anything else is changed.

A trail covers the account if it records management events, read and write, in all regions and of global services, with
log files whose integrity can be proved, and if it is logging. Where there is none, the best of the account's own
trails is upgraded: one that already logs in all regions, else one that logs, else one that bears the name in the
playbook. Only where there is nothing to upgrade is one made: bucket, policy, key, log group, role, trail, then logging
starts. Trails that are not needed for this are left running.

An organization's trail that covers the account counts. It belongs to the management account, so what it lacks is a step
for the people there. A trail is changed from its home region only.

Nothing is weakened: a key, a log group, selectors and a longer retention that are there stay. Policies of buckets, keys
and roles are merged: the statements of other people stay as they are, byte for byte, and a statement that already says
enough is not said again. Logs in a bucket that keeps them for ever are kept for ever; the playbook's retention applies
to new buckets, and lengthens one that is shorter. If the bucket cannot be read, because it belongs to another account
or because permissions are missing, nothing is concluded and nothing is changed.

With `access_log_bucket: true` S3 records who reads or deletes the logs, in a second bucket that is made for it: closed
to the public, open to S3's log delivery for this one bucket, kept as long as the trail's, and without a log of its own.
With a name, in that bucket. Where the trail's bucket has an access log already, that one stays.

Every bucket is encrypted by S3 itself. With `kms: true` the logs are encrypted with a key of the account's own, which
is made once; with the alias or ARN of a key, with that one. Rollback stops and deletes a trail that was made, and
switches off an access log that was switched on. Buckets, the key and the log group stay: they hold what was recorded.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from remediate.account import Account, Trail
from remediate.controls.base import Control
from remediate.controls.trail_access_logs import access_log_asks, access_log_faults
from remediate.controls.trail_choice import organization_trail, owner, selectors_of, subject
from remediate.controls.trail_documents import Names
from remediate.controls.trail_key import key, key_asks
from remediate.controls.trail_parts import Piece, bucket_asks, bucket_faults, delivery, delivery_asks
from remediate.controls.trail_selectors import covers_management, widened
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope

LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
SAMPLE = {"account": "1" * 12, "region": "ap-southeast-9"}


class Settings(Struct, frozen=True, kw_only=True):
    """Bounds: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html"""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$", min_length=3, max_length=128)] = (
        "management-events"
    )
    """Of a trail that is made; a trail that is upgraded keeps its own."""
    home_region: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] | None = None
    """Where a trail is made; `null` means the region that the program runs in."""
    bucket: str = "aws-cloudtrail-logs-{account}-{region}"
    """Of a trail that is made. `{account}` and `{region}` stand for the account's number and the home region."""
    retention_days: Annotated[int, Meta(ge=1, le=36500)] | None = 365
    """How long a new bucket keeps logs, and the least that an old one may; `null` leaves that alone."""
    validation: bool = True
    kms: (
        bool
        | Annotated[
            str,
            Meta(
                pattern=r"^(alias/[A-Za-z0-9/_-]+|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+)$"
            ),
        ]
    ) = False
    """`true` for a key of the account's own, or the alias or ARN of one."""
    log_group: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/#-]+$", max_length=512)] | None = "aws-cloudtrail-logs"
    """CloudWatch Logs group that events are delivered to, which alarms need; `null` asks for none."""
    log_retention_days: LogDays | None = 365
    role: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+=,.@_-]+$", max_length=64)] = "CloudTrailToCloudWatchLogs"
    """Through which events are delivered to a log group that the trail has not had."""
    access_log_bucket: bool | Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """Where S3 records who reads the trail's bucket: `true` for a bucket that is made for it, or the name of one that
    you have in the same account and region. A log that is on stays where it goes; `null` asks for none."""

    def __post_init__(self) -> None:
        try:
            fits = BUCKET_NAME.fullmatch(self.bucket.format(**SAMPLE))
        except (KeyError, IndexError, ValueError):
            fits = None
        if not fits:
            raise ValueError(
                f"bucket: {self.bucket} gives no bucket name; only {{account}} and {{region}} are filled in, "
                "the rest is up to 63 small letters, digits and hyphens"
            )


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    """The bucket, the log group and the role of the trail that will do, then its key, which is where the bucket is."""
    if organization_trail(account):
        return
    names, live = subject(account, settings.home_region or account.region, settings.name, settings.bucket)
    yield from bucket_asks(names)
    yield from access_log_asks(account, names, settings.access_log_bucket)
    yield from delivery_asks(names, live, settings.log_group, settings.role)
    if not live.get("kms_key"):
        yield from key_asks(account, names, settings.kms)


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    organization = organization_trail(account)
    if organization:
        yield from _organization(account, organization, settings)
        return
    names, live = subject(account, settings.home_region or account.region, settings.name, settings.bucket)
    encrypted = Piece() if live.get("kms_key") else key(account, names, settings.kms)
    delivered = delivery(
        account, names, live, group=settings.log_group, days=settings.log_retention_days, role=settings.role
    )
    yield from _trail(account, names, live, settings, (encrypted, delivered))
    if encrypted.manual:
        manual = encrypted.manual
        yield Fault(address=manual.address, severity="medium", summary=manual.summary, manual=manual)
    yield from bucket_faults(account, names, settings.retention_days)
    yield from access_log_faults(account, names, settings.access_log_bucket, settings.retention_days)
    address = at("cloudtrail.selectors", names.home, names.trail)
    selectors = account.value(address)
    if not covers_management(selectors):
        why = "management events are recorded, read and write, from every source; data events stay as they are"
        yield Fault(
            address=address,
            severity="high",
            summary=f"the trail {names.trail} does not record all management events",
            evidence={"live": selectors},
            wants=(Want(address=address, after=widened(selectors), why=why, risk="additive"),),
        )


def _trail(
    account: Account, names: Names, live: Mapping[str, Value], settings: Settings, pieces: tuple[Piece, ...]
) -> Iterator[Fault]:
    address = at("cloudtrail.trail", names.home, names.trail)
    logging = at("cloudtrail.logging", names.home, names.trail)
    target: dict[str, Value] = {"organization": False, **live, "bucket": names.bucket}
    target.update(multi_region=True, global_services=True)
    target["validation"] = settings.validation or bool(live.get("validation"))
    for piece in pieces:
        target.update(piece.value)
    wants = [want for piece in pieces for want in piece.wants]
    if target != live:
        why = "one trail records every region, and its log files can be proved to be whole"
        wants.append(Want(address=address, after=target, why=why, risk="additive"))
    if account.value(logging) is None:
        why = "what is done is recorded before anything else is changed"
        wants.append(Want(address=logging, after="logging", why=why, risk="additive"))
    if wants:
        lacks = _lacks(live, target, stopped=account.value(logging) is None)
        yield Fault(
            address=address,
            severity="high" if lacks else "low",
            summary=_summary(names, live, lacks),
            evidence={"live": live or None, "other trails": _others(account, names)},
            wants=tuple(wants),
        )


def _summary(names: Names, live: Mapping[str, Value], lacks: list[str]) -> str:
    if not live:
        return "no trail of this account records all regions"
    return (
        f"the trail {names.trail} {', '.join(lacks)}" if lacks else f"what the trail {names.trail} uses is incomplete"
    )


def _lacks(live: Mapping[str, Value], target: Mapping[str, Value], *, stopped: bool) -> list[str]:
    names = {
        "multi_region": "covers one region",
        "global_services": "leaves out global services",
        "validation": "has no log file validation",
        "kms_key": "is not encrypted with a KMS key",
        "log_group": "is not delivered to CloudWatch Logs",
    }
    lacks = [text for part, text in names.items() if target.get(part) and not live.get(part)]
    return [*(["is stopped"] if stopped else []), *lacks]


def _others(account: Account, names: Names) -> list[Value]:
    """The trails that are left as they are."""
    return [
        f"{t.arn} ({'logging' if t.logging else 'not logging'})"
        for t in account.trails
        if (owner(t), t.home, t.name) != (account.id, names.home, names.trail)
    ]


def _organization(account: Account, trail: Trail, settings: Settings) -> Iterator[Fault]:
    """What the organization's trail lacks. What it does with its logs is not shown to a member account."""
    address = at("cloudtrail.trail", trail.home, trail.arn)
    value = account.value(address)
    if not isinstance(value, Mapping):
        account.known(address)
        value = {}
    account.known(at("cloudtrail.selectors", trail.home, trail.arn))
    lacks = {
        "global services": value.get("global_services"),
        "log file validation": value.get("validation") or not settings.validation,
        "encryption with a KMS key": value.get("kms_key") or not settings.kms,
        "all management events": covers_management(selectors_of(account, trail)),
    }
    missing = ", ".join(what for what, there in lacks.items() if not there)
    if missing:
        summary = f"the organization's trail {trail.name} lacks {missing}"
        yield Fault(
            address=address,
            severity="medium",
            summary=summary,
            manual=Manual(
                address=address,
                summary=summary,
                steps=(f"Ask the people of account {owner(trail)} to bring this into {trail.arn}: {missing}.",),
                check="The next plan finds it in the organization's trail.",
            ),
        )


control = Control(
    id="trail",
    title="CloudTrail in all regions",
    guideline="G13",
    cis_7=("4.1", "4.2", "4.4", "4.5"),
    cis_5=("3.1", "3.2", "3.4", "3.5"),
    security_hub=tuple(f"CloudTrail.{n}" for n in (1, 2, 4, 5, 6, 7)),
    changes="a trail and what it needs",
    kinds=(
        "cloudtrail.trail",
        "cloudtrail.logging",
        "cloudtrail.selectors",
        *(f"s3.bucket{part}" for part in ("", "_policy", "_public_access", "_versioning", "_lifecycle", "_logging")),
        "kms.key",
        "kms.rotation",
        "kms.key_policy",
        "logs.group",
        "logs.retention",
        "iam.role",
        "iam.role_inline",
    ),
    rollback="exact, but that buckets, keys and log groups that were made stay: they hold what was recorded",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
