"""Values of conditions that are more than text: numbers, moments, truth, addresses, bytes. None is no such value."""

import re
from base64 import b64decode
from binascii import Error
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EPOCH = re.compile(r"\d{1,3}|\d{5,}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d)(?:-(\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d))?)?", re.ASCII
)  # fmt: skip
_CIDR = re.compile(r"[^/]+(/\d+)?", re.ASCII)


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=4096)
def moment(text: str) -> float | None:
    """Seconds since 1970, of one of W3C's forms of ISO 8601 or of such seconds themselves.

    Four digits could be either a year or seconds, and AWS does not say which: they are no moment here.
    https://www.w3.org/TR/NOTE-datetime
    """
    if _EPOCH.fullmatch(text):
        return float(text)
    parts = _MOMENT.fullmatch(text)
    if not parts:
        return None
    month, day, time, zone = parts.groups()
    try:
        return (
            datetime.fromisoformat(f"{month}-{day or '01'}T{time or '00:00'}{zone or 'Z'}").astimezone(UTC).timestamp()
        )
    except ValueError:  # the 31st of February
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
