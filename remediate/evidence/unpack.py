"""Log files, piece by piece: what a file holds at once in memory does not grow with its size.

CloudTrail writes `{"Records":[{"eventVersion":…},{"eventVersion":…}]}`, gzipped. A piece ends where the next record
begins: the quotes of that text would be escaped inside a string, and where it stands inside a record, the piece is no
JSON, which the reader notices.
"""

import zlib
from collections.abc import Iterable, Iterator

MAGIC = b"\x1f\x8b"
HEAD = b'{"Records":['
NEXT = b'},{"eventVersion"'
TAIL = b"]}"
PIECE = 256 * 1024
WHOLE = 64 * 1024 * 1024
"""The largest file, unpacked, that is read in one where it is not written as CloudTrail writes."""


class NoLog(Exception):
    """This is no log file of CloudTrail that can be read. `str()` says why."""


class Unusual(Exception):
    """It is not written as CloudTrail writes, and may be a log file all the same."""


def unpacked(data: bytes) -> Iterator[bytes]:
    """The content of a gzip file, in pieces. Raises NoLog, also where only its end tells that something is missing."""
    from isal import isal_zlib  # twice as fast as the standard library's

    if not data:
        raise NoLog("it is empty")
    while data:
        if not data.startswith(MAGIC):
            raise NoLog("it is no gzip file, or damaged")
        stream = isal_zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            piece = stream.decompress(data, PIECE)
            while piece:
                yield piece
                piece = stream.decompress(stream.unconsumed_tail, PIECE)
        except isal_zlib.error:  # type: ignore[misc]  # its stub says that it is no class
            raise NoLog("it is damaged") from None
        if not stream.eof:
            raise NoLog("it is cut short")
        data = stream.unused_data


def lists(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """JSON lists that hold the records one after another. Raises Unusual."""
    rest, begun = b"", False
    for piece in pieces:
        text = rest + piece
        if not begun and len(text) >= len(HEAD):
            if not text.startswith(HEAD):
                raise Unusual
            text, begun = text[len(HEAD) :], True
        end = text.rfind(NEXT) if begun else -1
        if end >= 0:
            yield b"[%b]" % text[: end + 1]
        elif len(text) > WHOLE:
            raise Unusual
        rest = text[end + 2 :] if end >= 0 else text
    rest = rest.rstrip()
    if not begun or not rest.endswith(TAIL):
        raise Unusual
    yield b"[%b" % rest[:-1]


def whole(pieces: Iterable[bytes]) -> bytes:
    """All of a file that is not too large. Raises NoLog."""
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > WHOLE:
            raise NoLog(f"it is larger than {WHOLE >> 20} MB, and not written as CloudTrail writes")
    return b"".join(found)
