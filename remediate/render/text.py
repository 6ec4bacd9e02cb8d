"""Hostile names made inert, text that keeps to a width, tables, and colour that is never alone."""

import re
import shlex
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

Cell = str | int

BY_HAND = "✋"
"""The signs: `+` add, `-` remove, `~` change, `!` cannot be taken back, `?` unknown, and this one."""
STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
SIGN_STYLE = {"+": "green", "-": "red", "~": "yellow", "!": "red", "?": "yellow"}
NARROWEST = 8
"""Columns that a column of a table keeps when it is shortened."""
MARKS = 2
"""Combining marks that a character may carry, as many as writing needs. A flood of them paints over other lines."""
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What counts as printable and yet shows nothing: fillers, blanks, and the selectors that can hide a whole text.
https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point"""
_WIDE = re.compile("[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]")
"""Two columns wide since Unicode 16, which is newer than some Pythons."""
_FILL = "\0"
"""Stands after a character two columns wide, so that `len` counts columns; `safe` leaves no other."""


def safe(text: str) -> str:
    """A name as one line that a terminal shows as it is: what does not print, or reorders or hides text, is escaped.

    >>> safe("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return text if text.isascii() and text.isprintable() else "".join(_shown(text))


def _shown(text: str) -> Iterator[str]:
    """Each character, or its escape. A mark needs a letter to stand on, or it would change what is before the text."""
    marks = MARKS
    for c in text:
        kind = unicodedata.category(c)
        mark = kind in ("Mn", "Me")
        plain = c.isprintable() and not _HIDDEN.match(c) and (not mark or marks < MARKS)
        letter = plain and (kind.startswith("L") or kind == "Mc")
        marks = marks + 1 if mark else 0 if letter else MARKS
        yield c if plain else c.encode("unicode_escape").decode()


def columns(text: str) -> int:
    """How many columns of a terminal a safe text takes at most: a combining mark counts as if it stood alone."""
    return len(text) if text.isascii() else len(_filled(text))


def _filled(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c + _FILL if unicodedata.east_asian_width(c) in "WF" or _WIDE.match(c) else c for c in text)


def _cut(text: str, width: int) -> str:
    """As many of its first characters as fit."""
    while columns(text) > width:
        text = text[: min(len(text) - 1, width)]
    return text


def fit(text: str, width: int) -> str:
    """Safe, and shortened to a width: a sentence at its end, a name in its middle, where names differ least."""
    text = safe(text)
    if columns(text) <= width:
        return text
    if " " in text:
        return _cut(text, width - 1).rstrip() + "…"
    tail = _cut(text[::-1], (width - 1) // 2)[::-1]
    return f"{_cut(text, width - 1 - columns(tail))}…{tail}"


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> str:
    """Safe, broken at spaces; `first` stands before the first line, `rest` (or as much space) before the others."""
    rest = " " * columns(first) if rest is None else rest
    lines = textwrap.wrap(
        _filled(safe(text)),
        width,
        initial_indent=_filled(first),
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_FILL, "") or first.rstrip()


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style, where colour is wanted. The text says by itself what the style says."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colour and style in STYLES else text


def paint_sign(line: str, sign: str, colour: bool) -> str:
    return paint(line, SIGN_STYLE.get(sign, ""), colour)


def command(lead: str, words: Sequence[str], width: int) -> str:
    """A command to copy, after what it is for: on a line of its own where both do not fit."""
    line = safe(shlex.join(words))
    if columns(lead) + columns(line) <= width:
        return lead + line
    inner = " " * (len(lead) - len(lead.lstrip()) + 2)
    return f"{lead.rstrip()}\n{inner}{line}"


def indent(text: str, by: str = "  ") -> str:
    return textwrap.indent(text, by)


def table(rows: Sequence[Sequence[Cell]], headers: Sequence[str], width: int) -> str:
    """Columns two spaces apart; numbers to the right, and the widest text shortened until a row fits."""
    from tabulate import tabulate

    if not rows:
        return ""
    cells = [[safe(str(cell)) for cell in row] for row in ([headers] if headers else []) + list(rows)]
    limits = _limits(cells, width)
    text = tabulate(
        [[_filled(fit(cell, limit)) for cell, limit in zip(row, limits, strict=True)] for row in cells],
        tablefmt="plain",
        disable_numparse=True,
        colalign=["right" if _is_number(column) else "left" for column in zip(*rows, strict=True)],
    )
    return "\n".join(line.rstrip() for line in text.replace(_FILL, "").splitlines())


def _is_number(column: Sequence[Cell]) -> bool:
    return all(isinstance(cell, int) or cell in ("-", "?") for cell in column)


def _limits(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """The width of each column, so that all of them and the spaces between them fit."""
    widest = [min(width, max(columns(cell) for cell in column)) for column in zip(*cells, strict=True)]
    room = width - 2 * (len(widest) - 1)
    while sum(widest) > room and max(widest) > NARROWEST:
        widest[widest.index(max(widest))] -= 1
    return widest
