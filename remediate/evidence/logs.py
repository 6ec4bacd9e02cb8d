"""Log files by their names: whose they are, of which day, and how to know one again without reading it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import re
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
    """Its path, or its key in a bucket."""
    size: int
    account: str
    """Empty where its name does not say."""
    region: str
    day: date | None
    mark: str
    """What it is known by. CloudTrail never gives a name twice, so with the size it is the file, wherever a copy of it
    lies. Empty where the name is not one of CloudTrail's: then its content is."""


def log(where: str, size: int) -> Log | None:
    """What a file is by its name; None where it is no log."""
    if not where.endswith(SUFFIX) or _OTHER.search(where):
        return None
    found = _NAMED.fullmatch(where)
    if not found:
        return Log(where, size, "", "", None, "")
    try:
        day = datetime.strptime(f"{found[4]}+0000", "%Y%m%d%z").date()
    except ValueError:
        return Log(where, size, "", "", None, "")
    return Log(where, size, found[2], found[3], day, marked(f"{found[1]} {size}".encode()))


def marked(content: bytes) -> str:
    """Sixteen digits that stand for a text: two of a million files have the same once in 37 million."""
    return blake2b(content, digest_size=8).hexdigest()
