"""Where log files lie in a bucket, as CloudTrail puts them, so that no more is listed than a span of days needs.

    [prefix/]AWSLogs/[o-…/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_….json.gz

What stands beside `CloudTrail/`, such as `CloudTrail-Digest/` and `CloudTrail-Insight/`, holds no logs of calls.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from heapq import merge
from typing import NamedTuple, Protocol

ROOT = "AWSLogs"
TRAIL = "CloudTrail"
LOOKED = 100
"""Folders that are looked into for one that has `AWSLogs/`: a trail's prefix, or an organization's id."""
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ORGANIZATION = re.compile(r"o-[a-z0-9]+", re.ASCII)
"""https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html"""
_DAY = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/[^/]+$", re.ASCII)


Object = tuple[str, int, str]
"""A file in a bucket: its key, its size, and a tag that changes with its content."""


class Listing(Protocol):
    """A bucket, as far as it is listed."""

    def folders(self, prefix: str) -> Iterable[str]:
        """What begins with a prefix, up to the next slash after it, that slash included."""
        ...

    def objects(self, prefix: str, after: str = "") -> Iterator[Object]:
        """All objects that begin with a prefix, those alone that come after a key."""
        ...


class Home(NamedTuple):
    """A folder of one account, or one below it."""

    account: str
    prefix: str


class Place(NamedTuple):
    """A folder of one account and region: the region's, or that of one of its years, months or days."""

    prefix: str
    whole: str
    """The region's."""
    region: str


def homes(bucket: Listing, prefix: str) -> list[Home]:
    """Whose logs lie below a prefix, which may be anywhere in that layout; none where nothing is laid out like that."""
    roots = [prefix] if ROOT in prefix.split("/") else list(_roots(bucket, prefix))
    return [home for root in roots for home in _homes(bucket, root)]


def _roots(bucket: Listing, prefix: str) -> Iterator[str]:
    here = list(bucket.folders(prefix))
    if f"{prefix}{ROOT}/" in here:
        yield f"{prefix}{ROOT}/"
        return
    for folder in here[:LOOKED]:
        if f"{folder}{ROOT}/" in bucket.folders(folder):
            yield f"{folder}{ROOT}/"


def _homes(bucket: Listing, prefix: str) -> Iterator[Home]:
    inside = _inside(prefix)
    if inside:
        yield Home(inside[0], prefix)
        return
    for folder in bucket.folders(prefix):
        name = _last(folder)
        if _ACCOUNT.fullmatch(name):
            yield Home(name, folder)
        elif _ORGANIZATION.fullmatch(name):
            yield from _homes(bucket, folder)


def places(bucket: Listing, found: Iterable[Home]) -> list[Place]:
    """The folders of the regions that there are logs of."""
    return [place for home in found for place in _places(bucket, home.prefix)]


def _places(bucket: Listing, prefix: str) -> Iterator[Place]:
    _, *inside = _inside(prefix)
    if not inside:
        prefix, inside = f"{prefix}{TRAIL}/", [TRAIL]
    if inside == [TRAIL]:
        yield from (Place(folder, folder, _last(folder)) for folder in bucket.folders(prefix))
    elif inside[0] == TRAIL:
        depth = len(inside) - 2
        yield Place(prefix, prefix.rsplit("/", depth + 1)[0] + "/", inside[1])


def _inside(prefix: str) -> Sequence[str]:
    """What follows `AWSLogs/` and an organization's id: account, `CloudTrail`, region, year, month, day."""
    parts = prefix.rstrip("/").split("/")
    inside = parts[len(parts) - parts[::-1].index(ROOT) :]
    return inside[1:] if inside and _ORGANIZATION.fullmatch(inside[0]) else inside


def logs(bucket: Listing, found: Iterable[Place], since: date) -> Iterator[Object]:
    """What lies in these folders of this day and later, one day after another, whatever their regions."""
    listed = (bucket.objects(place.prefix, f"{place.whole}{since:%Y/%m/%d}") for place in found)
    return merge(*listed, key=_day)


def _day(one: Object) -> tuple[str, ...]:
    found = _DAY.search(one[0])
    return found.groups() if found else ()


def _last(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[2]
