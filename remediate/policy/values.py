"""Values of conditions that are more than text: numbers, moments, truth, addresses, bytes. None is no such value."""

import re
from base64 import b64decode
from binascii import Error
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EPOCH = re.compile(r"\d{1,3}|\d{5,}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d)(?:-(\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d))?)?", re.ASCII
)  # fmt: skip
FIRST, LAST = -62_135_596_800.0, 253_402_300_799.0
"""The years 1 to 9999, in seconds since 1970."""
_CIDR = re.compile(r"[^/]+(/\d+)?", re.ASCII)


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal | None:
    """None beyond what a floating-point number holds: AWS does not say what it makes of that."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:  # an exponent of more digits than there are
        return None
    return found if abs(found.adjusted()) <= 308 else None


@lru_cache(maxsize=4096)
def moment(text: str) -> float | None:
    """Seconds since 1970, of one of W3C's forms of ISO 8601 or of such seconds themselves.

    Four digits could be either a year or seconds, and AWS does not say which: they are no moment here.
    https://www.w3.org/TR/NOTE-datetime
    """
    if _EPOCH.fullmatch(text):
        return found if (found := float(text)) <= LAST else None
    parts = _MOMENT.fullmatch(text)
    if not parts:
        return None
    month, day, time, zone = parts.groups()
    try:
        return (
            datetime.fromisoformat(f"{month}-{day or '01'}T{time or '00:00'}{zone or 'Z'}").astimezone(UTC).timestamp()
        )
    except (ValueError, OverflowError):  # the 31st of February, or a year before the first
        return None


def truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


@lru_cache(maxsize=4096)
def network(text: str) -> Network | None:
    """A range of addresses in CIDR notation; without a prefix, the one address."""
    if not _CIDR.fullmatch(text):  # a mask such as /255.255.255.0 is no CIDR notation
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def octets(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        return None
