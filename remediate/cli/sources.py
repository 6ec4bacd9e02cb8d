"""Where CloudTrail's log files come from: a folder, or a bucket."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from remediate.cli.gathering import Fetch, Piece
from remediate.errors import BadInput
from remediate.evidence import layout
from remediate.evidence.logs import Log, Survey, log, survey
from remediate.store.logs import logs_in

if TYPE_CHECKING:
    from remediate.aws.bucket import Bucket
    from remediate.aws.session import Session

S3 = "s3://"
_BUCKET = re.compile(r"s3://([a-zA-Z0-9._-]+)(?:/(.*))?", re.DOTALL)
PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
Connect = Callable[[], "Session"]


class Source(Protocol):
    """Log files, asked for one after another."""

    @property
    def fetch(self) -> Fetch | None:
        """Brings what a file holds; None where every process can open it."""
        ...

    def survey(self) -> Survey: ...

    def logs(self, account: str, since: date) -> Iterator[Log]:
        """Those of an account and of this day and later; others as well, where nothing is saved by leaving them out."""
        ...


def named(text: str, connect: Connect, *, requester_pays: bool) -> Source:
    """What a person means by FOLDER or s3://BUCKET/PREFIX. Raises BadInput."""
    if not text.startswith(S3):
        return Folder(Path(text))
    found = _BUCKET.fullmatch(text)
    if not found:
        raise BadInput(f"{text} names no bucket", remedy="s3://BUCKET/PREFIX, as in the AWS CLI")
    from remediate.aws.bucket import Bucket

    prefix = (found[2] or "").strip("/")
    aws = connect()
    return Remote(Bucket(aws, found[1], requester_pays=requester_pays), f"{prefix}/" if prefix else "", aws.region)


class Folder:
    """A folder of this machine."""

    fetch = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def survey(self) -> Survey:
        return survey(logs_in(self._folder))

    def logs(self, account: str, since: date) -> Iterator[Log]:
        return logs_in(self._folder)


class Remote:
    """A bucket, or what lies below a prefix in it."""

    def __init__(self, bucket: "Bucket", prefix: str, region: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._region = region
        self._root = f"{S3}{bucket.name}/"
        self._homes: list[layout.Home] = []

    def survey(self) -> Survey:
        """By the names of folders, where CloudTrail laid them out; else by those of all objects."""
        self._homes = layout.homes(self._bucket, self._prefix)
        if self._homes:
            return Survey({home.account: self._region for home in self._homes}, None)
        return survey(self._logs(self._bucket.objects(self._prefix)))

    def logs(self, account: str, since: date) -> Iterator[Log]:
        if not self._homes:
            return self._logs(self._bucket.objects(self._prefix))
        places = layout.places(self._bucket, [home for home in self._homes if home.account == account])
        return self._logs(layout.logs(self._bucket, places, since))

    def fetch(self, wanted: Log) -> Piece:
        from remediate.aws.bucket import Lost

        try:
            return Piece(wanted, self._bucket.content(wanted.where.removeprefix(self._root)))
        except Lost as error:
            return Piece(wanted, failure=str(error))

    def _logs(self, objects: "Iterator[layout.Object]") -> Iterator[Log]:
        for key, size, tag in objects:
            if found := log(f"{self._root}{key}", size, tag):
                yield found


def account_of(source: str, found: Survey, asked: str) -> str:
    """Whose log files are read: the only account's, or the one that was asked for. Raises BadInput."""
    names = sorted(found.accounts)
    if not names and not found.files:
        raise BadInput(f"there is no log file of CloudTrail in {source}", remedy="Their names end in .json.gz.")
    if asked and found.files is None and asked not in names:
        raise BadInput(f"{source} has no log files of account {asked}", details=names[:10])
    if asked or len(names) == 1:
        return asked or names[0]
    several = f"log files of {len(names)} accounts" if names else "no file whose name says of which account it is"
    raise BadInput(f"{source} has {several}", details=names[:10], remedy="Say which with --account.")


def partition_of(found: Survey, account: str) -> str:
    """`aws`, `aws-cn` or `aws-us-gov`: the regions in the names of the account's files tell."""
    region = found.accounts.get(account, "")
    return next((name for begin, name in PARTITIONS.items() if region.startswith(f"{begin}-")), "aws")
