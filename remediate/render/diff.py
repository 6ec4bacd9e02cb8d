"""Two values of one address, line by line."""

import difflib
import json
from collections.abc import Iterator

import msgspec

from remediate.model import Value
from remediate.render.text import columns, safe

AROUND = 3
"""Unchanged lines shown on each side of a difference."""


def diff(before: Value, after: Value, width: int) -> Iterator[tuple[str, str]]:
    """Pairs of a sign (`-`, `+` or a space) and a safe line."""
    old, new = lines(before, width), lines(after, width)
    if len(old) == len(new) == 1 or not old or not new:
        yield from (("-", line) for line in old)
        yield from (("+", line) for line in new)
        return
    old, new = pretty(before), pretty(after)
    for line in list(difflib.unified_diff(old, new, n=AROUND, lineterm=""))[2:]:
        yield (" ", "…") if line.startswith("@@") else (line[0], line[1:])


def lines(value: Value, width: int) -> list[str]:
    """A value as JSON: on one line where it fits, absent as no line."""
    if value is None:
        return []
    short = safe(msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=0).decode())
    return [short] if columns(short) <= width else pretty(value)


def pretty(value: Value) -> list[str]:
    """A value as JSON over as many lines as it has parts, with sorted keys."""
    text = json.dumps(msgspec.to_builtins(value), indent=2, sort_keys=True, ensure_ascii=False)
    return [safe(line) for line in text.split("\n")]
