"""Where CloudTrail's log files come from: a folder, or a bucket."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from remediate.cli.reading import Fetch, Piece
from remediate.evidence import layout
from remediate.evidence.logs import Log, Survey, log, survey
from remediate.model import Struct
from remediate.store.logs import logs_in

if TYPE_CHECKING:
    from remediate.aws.bucket import Bucket

S3 = "s3://"


class Source(Protocol):
    """Log files, asked for one after another."""

    @property
    def fetch(self) -> Fetch | None:
        """Brings what a file holds; None where every process can open it."""
        ...

    @property
    def bring(self) -> Fetch | None:
        """The same for another machine, which has credentials of its own."""
        ...

    def survey(self) -> Survey: ...

    def logs(self, account: str, since: date) -> Iterator[Log]:
        """Those of an account and of this day and later; others as well, where nothing is saved by leaving them out."""
        ...


class Folder:
    """A folder of this machine."""

    fetch = None
    bring = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def survey(self) -> Survey:
        return survey(logs_in(self._folder))

    def logs(self, account: str, since: date) -> Iterator[Log]:
        return logs_in(self._folder)


class Remote:
    """A bucket, or what lies below a prefix in it."""

    def __init__(self, bucket: "Bucket", prefix: str, region: str, bring: "Bring") -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._region = region
        self.bring: Fetch | None = bring
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
        return _piece(self._bucket, wanted)

    def _logs(self, objects: "Iterator[layout.Object]") -> Iterator[Log]:
        for key, size, tag in objects:
            if found := log(f"{self._root}{key}", size, tag):
                yield found


class Bring(Struct, frozen=True):
    """Brings objects of a bucket to whichever machine it is sent to, with the credentials that are found there."""

    bucket: str
    requester_pays: bool
    region: str
    endpoint: str | None

    def __call__(self, wanted: Log) -> Piece:
        return _piece(_bucket(self), wanted)


@cache
def _bucket(bring: Bring) -> "Bucket":
    from remediate.aws.bucket import Bucket
    from remediate.aws.session import Session

    return Bucket(Session(None, bring.region, bring.endpoint), bring.bucket, requester_pays=bring.requester_pays)


def _piece(bucket: "Bucket", wanted: Log) -> Piece:
    from remediate.aws.bucket import Lost

    try:
        return Piece(wanted, bucket.content(wanted.where.removeprefix(f"{S3}{bucket.name}/")))
    except Lost as error:
        return Piece(wanted, failure=str(error))
