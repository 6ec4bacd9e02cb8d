"""Data as JSON for programs, and for the terminal that a person may send it to."""

import json as text
import re

import msgspec

from remediate.render.text import safe

_BEYOND = re.compile(r"[^\n\x20-\x7e]")


def json(value: object) -> str:
    """The value with sorted keys; it reads back exactly. What a terminal would act upon, or hide, is escaped."""
    try:
        encoded = msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:  # the name of a file that is no UTF-8
        return text.dumps(msgspec.to_builtins(value), indent=2, sort_keys=True)
    return _BEYOND.sub(_escaped, msgspec.json.format(encoded, indent=2).decode())


def _escaped(found: re.Match[str]) -> str:
    """RFC 8259, section 7: any character may be escaped, one beyond 16 bits as two."""
    c = found[0]
    if safe(c) == c:
        return c
    units = c.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
