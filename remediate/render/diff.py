"""Two values of one address, line by line."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from remediate.model import Value
from remediate.render.text import columns, safe

AROUND = 3
"""Unchanged lines shown on each side of a difference."""
STEP = "  "


def diff(before: Value, after: Value, width: int) -> Iterator[tuple[str, str]]:
    """Pairs of a sign (`-`, `+` or a space) and a safe line; long runs of unchanged lines are one `…`."""
    if isinstance(before, str | int | float | None) or isinstance(after, str | int | float | None):
        yield from (("-", line) for line in lines(before, width))
        yield from (("+", line) for line in lines(after, width))
        return
    old, new = lines(before, width, whole=False), lines(after, width, whole=False)
    seen = 0
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if group[0][1] > seen:
            yield " ", "…"
        for tag, i, j, k, m in group:
            yield from ((" " if tag == "equal" else "-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m] if tag != "equal")
        seen = group[-1][2]
    if seen < len(old):
        yield " ", "…"


def compact(value: Value) -> str:
    """A value as JSON on one line, safe, with sorted keys and spaces to break at."""
    return safe(msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=0).decode())


def lines(value: Value, width: int, *, whole: bool = True) -> list[str]:
    """A value as JSON, each part of it on one line where it fits; absent is no line.

    With `whole` false the value itself is always taken apart, so that two of them can be compared.
    """
    return [] if value is None else list(_lines(value, width, "", "", whole))


def _lines(value: Value, width: int, lead: str, end: str, whole: bool) -> Iterator[str]:
    line = f"{lead}{compact(value)}{end}"
    step = lead[: len(lead) - len(lead.lstrip())]
    if (whole and columns(line) <= width) or not value or isinstance(value, str | int | float):
        yield line
    elif isinstance(value, Mapping):
        yield f"{lead}{{"
        names = sorted(value)
        for name in names:
            yield from _lines(value[name], width, f"{step}{STEP}{compact(name)}: ", _comma(name, names), True)
        yield f"{step}}}{end}"
    else:
        yield f"{lead}["
        for n, item in enumerate(value):
            yield from _lines(item, width, step + STEP, "," if n < len(value) - 1 else "", True)
        yield f"{step}]{end}"


def _comma(name: str, names: Sequence[str]) -> str:
    return "" if name == names[-1] else ","
