"""Pages: AWS lists at most MaxItems, 100 unless asked, and the rest follows by Marker.

A page may have fewer items than asked for, and none at all, while IsTruncated is true; only IsTruncated ends a listing.
Moto ignores both parameters in most listings.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
"""

from collections.abc import Sequence
from typing import Any

from remediate.sandbox.strict.patch import fail
from remediate.sandbox.strict.state import settings

USUAL = 100
BIGGEST = 1000
FULL = "full"


def page(items: Sequence[Any], marker: str | None, size: str | int | None) -> tuple[list[Any], dict[str, Any]]:
    """One page of items, and what the answer says of the rest. A marker is where the page starts, and opaque."""
    wanted = int(size or USUAL)
    if not 1 <= wanted <= BIGGEST:
        fail("ValidationError", f"Value '{wanted}' at 'maxItems' failed to satisfy constraint: between 1 and {BIGGEST}")
    start, kind = _start(marker)
    if settings.empty_pages and kind != FULL:
        return [], {"IsTruncated": True, "Marker": f"{start}.{FULL}"}
    end = start + min(wanted, settings.page_size)
    rest = {"IsTruncated": True, "Marker": f"{end}.next"} if end < len(items) else {"IsTruncated": False}
    return list(items[start:end]), rest


def _start(marker: str | None) -> tuple[int, str]:
    if not marker:
        return 0, ""
    start, _, kind = marker.partition(".")
    if not start.isdecimal():
        fail("ValidationError", "Invalid Marker.")
    return int(start), kind
