"""Log files by their names: whose they are, of which day, and how to know one again without reading it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from typing import NamedTuple

SUFFIX = ".json.gz"
_NAMED = re.compile(r"(?:.*/)?((\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8})T\d{4}Z_\w+\.json\.gz)", re.DOTALL)
_OTHER = re.compile(r"CloudTrail-(?:Digest|Insight|Aggregated|NetworkActivity)")
"""Files that CloudTrail writes beside its logs: they hold no calls, or not one by one."""


class Log(NamedTuple):
    """A file that may be a log."""

    where: str
    """Its path, or its bucket and key as `s3://bucket/key`."""
    size: int
    account: str
    """Empty where its name does not say."""
    region: str
    day: date | None
    mark: str
    """What it is known by. CloudTrail never gives a name twice, so with the size it is the file, wherever a copy of it
    lies. Where the name is none of CloudTrail's, its content is, or a bucket's tag for it; empty until it is read."""


def log(where: str, size: int, tag: str = "") -> Log | None:
    """What a file is by its name; None where it is no log. `tag` stands for its content, where that is known."""
    if not where.endswith(SUFFIX) or _OTHER.search(where):
        return None
    found = _NAMED.fullmatch(where)
    other = Log(where, size, "", "", None, marked(f"{tag} {size}".encode()) if tag else "")
    if not found:
        return other
    try:
        day = datetime.strptime(f"{found[4]}+0000", "%Y%m%d%z").date()
    except ValueError:
        return other
    return Log(where, size, found[2], found[3], day, marked(f"{found[1]} {size}".encode()))


class Survey(NamedTuple):
    """What there is to read."""

    accounts: Mapping[str, str]
    """Of which accounts, by the names of the files, and one of the regions of each."""
    files: int | None
    """How many there are; None where nobody has counted them."""


def survey(logs: Iterable[Log]) -> Survey:
    """Goes through all of them and keeps none."""
    accounts: dict[str, str] = {}
    files = 0
    for files, one in enumerate(logs, start=1):  # noqa: B007  # it is the count
        if one.account:
            accounts.setdefault(one.account, one.region)
    return Survey(accounts, files)


def marked(content: bytes) -> str:
    """Sixteen digits that stand for a text: two of a million files have the same once in 37 million."""
    return blake2b(content, digest_size=8).hexdigest()
