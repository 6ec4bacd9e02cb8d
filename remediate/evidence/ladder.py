"""What a summary gives up, in which order, so that it stays small whatever it is made from.

Each value has a ladder of forms, from itself to `*`, every one a pattern that matches the value: an address of a
network, the network, a larger one, any. A group has all of its values on one rung: the finest on which it has no more
forms than its limit. More values only ever make more forms, so a rung that was left is never wanted back: the same
comes of the same values in whatever order they are seen, and however they are split.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network

Rungs = tuple[str | None, ...]
Ladder = Callable[[str], Rungs]
"""The forms of a value, finest first and `*` last. A form that is cut already has none on the rungs below its own."""

LONGEST = 256
LATELY = 10_000
"""So many addresses are remembered with their networks: the same ones come again."""
_V4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
ANY = "*"


def plain(text: str) -> str:
    """A text of a record as a summary holds it: of a bounded length, and with `*` for what was cut off alone.

    In patterns `?` stands for any one character, so that the text still matches.
    """
    if "*" in text:
        text = text.replace("*", "?")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}*"


def address(text: str) -> str:
    """Where a call came from: an address in one spelling; a service of AWS that made it has a name instead."""
    try:
        return str(ip_address(text))
    except ValueError:
        return plain(text).replace("/", "?")


def program(agent: str) -> str:
    """The first product of a user agent, such as `aws-cli/2.31.3`: the rest tells the machine it runs on."""
    return plain(agent.lstrip("[").partition(" ")[0].rstrip("]"))


@lru_cache(LATELY)
def networks(value: str) -> Rungs:
    """An address, its /24 (/56 of version 6), its /16 (/40), any. A service keeps its name until there is none."""
    if value == ANY:
        return (None, None, None, ANY)
    if _V4.fullmatch(value):  # most are such, and `ip_network` takes thirty times as long
        first, second, third, _ = value.split(".")
        return (value, f"{first}.{second}.{third}.0/24", f"{first}.{second}.0.0/16", ANY)
    if value[:1].isdigit() or ":" in value:
        try:
            found = ip_network(value)
        except ValueError:
            return (value, value, value, ANY)
        at = (found.max_prefixlen, *((24, 16) if found.version == 4 else (56, 40)))
        return (*(_widened(value, n) for n in at), ANY)
    return (value, value, value, ANY)


def _widened(value: str, prefix: int) -> str | None:
    network = ip_network(value)
    if network.prefixlen < prefix:
        return None
    return value if network.prefixlen == prefix else str(network.supernet(new_prefix=prefix))


def parted(value: str) -> Rungs:
    """Two parts with a slash between: both, the first, any. A program and its version, a session's name and its key, a
    service and an event."""
    if value == ANY:
        return (None, None, ANY)
    first, slash, second = value.partition("/")
    whole = f"{first}/*" if slash else value
    return (None if slash and second == ANY else value, whole, ANY)


def whole(value: str) -> Rungs:
    """A value that is kept, or not."""
    return (None if value == ANY else value, ANY)


def settled(values: Iterable[str], ladder: Ladder, limit: int) -> Mapping[str, str]:
    """The form that each of these values of one group has in the summary. Nothing stands for itself."""
    forms = {value: ladder(value) for value in values if value}
    if not forms:
        return {"": ""}
    rung = max(form.count(None) for form in forms.values())
    top = len(next(iter(forms.values()))) - 1
    while rung < top and len({form[rung] for form in forms.values()}) > limit:
        rung += 1
    return {"": "", **{value: form[rung] or ANY for value, form in forms.items()}}
