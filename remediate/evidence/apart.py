"""A JSON list taken apart without being understood, where something in it cannot be decoded.

Whoever calls chooses texts of a record: its user agent, its parameters. Half a character in one of them, or lists in
lists without end, makes no JSON of a whole file, and must hide no record but its own.
"""

import re
from collections.abc import Iterator

from remediate.evidence.unpack import Unusual

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]+|[\]}]+|[",]', re.DOTALL)
"""A string; brackets; a comma; or a quote that begins a string without an end."""


def apart(text: bytes) -> list[bytes]:
    """The elements of a list, as they are written. Raises Unusual where its brackets are not those of one list."""
    ends = list(_ends(text))
    if not text.startswith(b"[") or not ends or text[ends[-1] :].strip() != b"]":
        raise Unusual
    return [text[begin + 1 : end] for begin, end in zip((0, *ends[:-1]), ends, strict=True)]


def _ends(text: bytes) -> Iterator[int]:
    """Where each element ends: at a comma of the list's own, the last at its bracket."""
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == b",":
            if depth == 1:
                yield token.start()
        elif mark[:1] in b"[{":
            depth += len(mark)
        elif mark[:1] in b"]}":
            depth -= len(mark)
            if depth <= 0:
                yield token.end() - 1
                return
        elif mark == b'"':
            return
