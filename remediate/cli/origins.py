"""What a person means by SOURCE: log files, or CloudTrail itself, which is asked."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from remediate.cli.sources import S3, Bring, Folder, Remote, Source
from remediate.cli.work import SystemClock
from remediate.errors import BadInput
from remediate.evidence.gathered import Report, Span, span
from remediate.evidence.logs import Survey
from remediate.evidence.stretches import DAY
from remediate.store.evidence import ATHENA, HISTORY, LAKE, Store

if TYPE_CHECKING:
    from remediate.aws.lake import Lake
    from remediate.aws.session import Session
    from remediate.cli.records import Folded

ASKED = "cloudtrail:"
QUERIED = {"lake:": LAKE, "athena:": ATHENA}
ID = re.compile(r"[0-9]{12}")
_BUCKET = re.compile(r"s3://([a-zA-Z0-9._-]+)(?:/(.*))?", re.DOTALL)
PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
Connect = Callable[[], "Session"]
Moved = Callable[[], None]


class Whose(NamedTuple):
    """Whose records these are."""

    account: str
    partition: str
    files: int | None = None
    """How many there are, where that is known."""


class Origin(Protocol):
    """Records of CloudTrail, wherever they are."""

    def whose(self, asked: str) -> Whose:
        """The account: the only one, or the one that was asked for. Raises BadInput."""
        ...

    def gather(self, span: Span, now: datetime, store: Store, report: Report, moved: Moved) -> None:
        """Reads what was not read before."""
        ...


def named(text: str, connect: Connect, *, requester_pays: bool, scheduler: str = "") -> Origin:
    """FOLDER, s3://BUCKET/PREFIX, cloudtrail:[REGION,…], lake:ARN or athena:DATABASE.TABLE. Raises BadInput."""
    if scheduler and text.startswith((ASKED, *QUERIED)):
        raise BadInput(
            "only files are read by a cluster", remedy="--scheduler goes with FOLDER and s3://BUCKET/PREFIX."
        )
    if text.startswith(ASKED):
        return History(connect(), text.removeprefix(ASKED))
    for begin, kind in QUERIED.items():
        if text.startswith(begin):
            return _queried(connect, kind, text.removeprefix(begin))
    return Files(_files(text, connect, requester_pays), text, scheduler)


def _queried(connect: Connect, kind: str, name: str) -> Origin:
    """Whoever mistypes the name learns that before they are asked for credentials."""
    from remediate.aws import athena, lake

    athena.parts(name) if kind == ATHENA else lake.parts(name)
    return Queried(connect(), kind, name)


def account_id(text: str) -> str:
    """The account that --account names, if any: it ends up in paths and in SQL. Raises BadInput."""
    if text and not ID.fullmatch(text):
        raise BadInput(f"{text} is no account id", remedy="It has twelve digits: --account 111122223333")
    return text


def _files(text: str, connect: Connect, requester_pays: bool) -> Source:
    if not text.startswith(S3):
        return Folder(Path(text))
    found = _BUCKET.fullmatch(text)
    if not found:
        raise BadInput(f"{text} names no bucket", remedy="s3://BUCKET/PREFIX, as in the AWS CLI")
    from remediate.aws.bucket import Bucket

    prefix = (found[2] or "").strip("/")
    aws = connect()
    bucket = Bucket(aws, found[1], requester_pays=requester_pays)
    bring = Bring(found[1], requester_pays, aws.region, aws.endpoint)
    return Remote(bucket, f"{prefix}/" if prefix else "", aws.region, bring)


class Files:
    """Log files."""

    def __init__(self, source: Source, name: str, scheduler: str) -> None:
        self._source, self._name, self._scheduler = source, name, scheduler

    def whose(self, asked: str) -> Whose:
        found = self._source.survey()
        account = _account(self._name, found, asked)
        return Whose(account, _partition(found, account), found.files)

    def gather(self, span: Span, now: datetime, store: Store, report: Report, moved: Moved) -> None:
        from remediate.cli.cluster import there
        from remediate.cli.gathering import gather
        from remediate.cli.reading import here

        source = self._source
        reading = there(self._scheduler, source.bring) if self._scheduler else here(source.fetch)
        gather(source.logs(span.account, span.since), reading, span, store, report, moved)
        if not report.seen:
            raise BadInput(
                f"there is no log file of CloudTrail in {self._name} since {span.since}",
                remedy="Check the prefix; with --days more of the time before is read.",
            )


def _account(source: str, found: Survey, asked: str) -> str:
    names = sorted(found.accounts)
    if not names and not found.files:
        raise BadInput(f"there is no log file of CloudTrail in {source}", remedy="Their names end in .json.gz.")
    if asked and found.files is None and asked not in names:
        raise BadInput(f"{source} has no log files of account {asked}", details=names[:10])
    if asked or len(names) == 1:
        return asked or names[0]
    several = f"log files of {len(names)} accounts" if names else "no file whose name says of which account it is"
    raise BadInput(f"{source} has {several}", details=names[:10], remedy="Say which with --account.")


def _partition(found: Survey, account: str) -> str:
    """`aws`, `aws-cn` or `aws-us-gov`: the regions in the names of the account's files tell."""
    region = found.accounts.get(account, "")
    return next((name for begin, name in PARTITIONS.items() if region.startswith(f"{begin}-")), "aws")


class History:
    """What CloudTrail remembers without a trail, in every region that the account has enabled, or in some."""

    def __init__(self, aws: "Session", regions: str) -> None:
        self._aws = aws
        self._regions = [region for region in regions.split(",") if region]

    def whose(self, asked: str) -> Whose:
        own = _caller(self._aws)
        if asked not in ("", own.account):
            raise BadInput(
                f"CloudTrail tells account {own.account} what was done in it, and not in {asked}",
                remedy="Sign in to that account (--profile), or read its trail's bucket.",
            )
        return own

    def gather(self, span: Span, now: datetime, store: Store, report: Report, moved: Moved) -> None:
        from remediate.aws.history import DAYS
        from remediate.aws.history import History as Records
        from remediate.aws.reader.trails import read_regions
        from remediate.cli.asking import Asking
        from remediate.cli.records import Each

        regions = self._regions or read_regions(self._aws)
        begin = max(span.begin, now - timedelta(days=DAYS))
        records = Each(Records(self._aws, SystemClock(), regions))
        Asking(records, HISTORY, span, store, report).gather(begin, now, moved)


class Queried:
    """What is asked in SQL: an event data store of CloudTrail Lake, or a table of Athena over log files."""

    def __init__(self, aws: "Session", kind: str, name: str) -> None:
        self._aws, self._kind, self._name = aws, kind, name

    def whose(self, asked: str) -> Whose:
        own = _caller(self._aws)
        return own._replace(account=asked or own.account)

    def gather(self, span: Span, now: datetime, store: Store, report: Report, moved: Moved) -> None:
        from remediate.cli.asking import Asking
        from remediate.cli.records import Each

        records = self._athena(span) if self._kind == ATHENA else Each(self._lake(span))
        Asking(records, self._kind, span, store, report).gather(span.begin, now, moved)

    def statement(self, span: Span) -> str:
        """The query of the first day. The others differ from it in the day."""
        asked = self._athena(span) if self._kind == ATHENA else self._lake(span)
        return asked.statement(span.begin, span.begin + DAY)

    def _athena(self, span: Span) -> "Folded":
        from remediate.aws.athena import Athena
        from remediate.cli.records import Folded

        return Folded(Athena(self._aws, SystemClock(), self._name), span.account)

    def _lake(self, span: Span) -> "Lake":
        from remediate.aws.lake import Lake

        return Lake(self._aws, SystemClock(), self._name, span.account)


def statement(origin: Origin, account: str, days: int, now: datetime) -> str:
    """A query, for a person to see before it costs something. Raises BadInput."""
    if not isinstance(origin, Queried):
        raise BadInput("nothing is asked in SQL there", remedy="--print-sql goes with `lake:` and `athena:`.")
    whose = origin.whose(account)
    return origin.statement(span(whose.account, whose.partition, days, now))


def _caller(aws: "Session") -> Whose:
    return Whose(str(aws.read("sts", "get_caller_identity")["Account"]), aws.partition())
