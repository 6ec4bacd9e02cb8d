"""What somebody may call a thing, or write into a file, to harm whoever reads it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

BREAKERS = (
    # terminals: clear the screen, set the title, answer back, C1 forms of the same, overwrite the line, ring
    *("\x1b[2J", "\x1b[1;31m", "\x1b]0;owned\x07", "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "\x1b[6n"),
    *("\x9b2J", "\x9d0;owned\x9c", "\r", "\x08\x08\x08", "\x07", "\x7f", "\0", "\t", "\n", "\x0b\x0c", "\x85"),
    # text that is reordered, hidden, piled up, or wider than it is long
    *("\u202egnp.exe", "\u2066a\u2069", "\u2067", "\u061c", "\u200e\u200f", "\u200b\u200c\u200d\u2060\ufeff", "\u00ad"),
    *("\u2028", "\u2029", "\u00a0\u3000\u2003", "\u115f\u1160\u3164\uffa0\u2800", "\ufe0f", "\U000e0100\U000e01ef"),
    *("\U000e0041\U000e007f", "a" + "\u0335\u0489\u20dd" * 30, "\u0301", "e\u0301", "名前", "👨‍👩‍👧", "🇩🇪", "\u4dc0"),
    *("\ue000\U0010ffff", "\ufffe\uffff", "\u0430dmin", "اب", "x" * 300),
    # HTML, Markdown, spreadsheets, templates, rich, printf, JSON, YAML, shells
    *(
        "<script>alert(1)</script>",
        "</script>",
        "</style>",
        "</title>",
        "</pre></details></table>",
        "--><!--",
        "<![CDATA[",
    ),
    *(
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "&lt;b&gt;",
        "&#60;b&#62;",
        "&",
    ),
    *(
        "[click](javascript:alert(1))",
        "![](https://evil.example/x)",
        "<https://evil.example>",
        "https://evil.example/x",
    ),
    *(
        "a|b",
        "|",
        "`rm`",
        "```",
        "~~~",
        "**b**",
        "_i_",
        "# h",
        "- [ ] x",
        "1. x",
        "> q",
        "@everyone",
        "#1",
        "\\",
        "\\|",
    ),
    *(
        "=cmd|'/C calc'!A0",
        "=1+1",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1",
        "＝1",
        '=HYPERLINK("https://e.example")',
    ),
    *(
        "{{ 7 * 7 }}",
        "{% raw %}",
        "{# #}",
        "${7*7}",
        "{0}",
        "{task}",
        "%s%n",
        "%(x)s",
        "[red]",
        "[/]",
        "[link=x]",
        ":bomb:",
    ),
    *(
        '"',
        "'",
        '"}]',
        "\\u0000",
        "\\",
        ",",
        ";",
        ": aws x; rm",
        "!!python/object",
        "&a",
        "*a",
        "$(rm)",
        "arn:aws:iam::aws:policy/",
    ),
    *("AKIAIOSFODNN7EXAMPLE", "null", "true", "0012", "1e5", "…", "/", "//", "../..", " ", "   "),
)

names = st.lists(st.sampled_from(BREAKERS) | st.text(max_size=12), min_size=1, max_size=4).map("".join)
"""Texts as AWS, a playbook, a plan or a journal may hold them."""

raw_names = names | st.lists(st.sampled_from(BREAKERS) | st.text(st.characters(), max_size=9), max_size=3).map("".join)
"""The same, with the lone surrogates that a file name or an argument of the command line may hold."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Ends what works for longer, on a busy machine too, or waits for ten times as long, such as for a pipe. In the
    main thread alone."""

    def late(*_: object) -> None:
        raise AssertionError(f"more than {seconds} s")  # no OSError, which the product explains

    limits = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, 10 * seconds))
    before = [signal.signal(sign, late) for sign, _, _ in limits]
    for _, timer, most in limits:
        signal.setitimer(timer, most)
    try:
        yield
    finally:
        for (sign, timer, _), handler in zip(limits, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(sign, handler)


Damage = Callable[[bytes], bytes]

_garbage = st.binary(max_size=40) | st.sampled_from(
    (b"[" * 10_000, b'{"a":' * 10_000, b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 64, b"1e999", b"NaN", b"Infinity", b"-")
)


@st.composite
def damage(draw: st.DrawFn) -> Damage:
    """What a disk, an editor or an enemy may do to the bytes of a file."""
    where, length = draw(st.floats(0, 1)), draw(st.integers(0, 60))
    kind = draw(st.sampled_from(("flip", "cut", "drop", "twice", "put", "utf-16", "bom", "swap")))
    garbage = draw(_garbage)

    def damaged(content: bytes) -> bytes:
        at = int(where * len(content))
        head, part, tail = content[:at], content[at : at + length], content[at + length :]
        flipped = bytes([content[at] ^ (1 + length)]) if at < len(content) else b""
        return {
            "flip": head + flipped + content[at + 1 :],
            "cut": head,
            "drop": head + tail,
            "twice": head + part + part + tail,
            "put": head + garbage + part + tail,
            "swap": tail + part + head,
            "utf-16": content.decode("utf-8", "replace").encode("utf-16"),
            "bom": b"\xef\xbb\xbf" + content,
        }[kind]

    return damaged


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 1e308, 5e-324, -0.0))
    | st.floats(allow_nan=False, allow_infinity=False)
    | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def paths_in(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each part of a JSON value stands."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths_in(part, (*at, key))


def put(value: Any, at: tuple[str | int, ...], new: Any) -> Any:
    """The value with another part in one place."""
    if not at:
        return new
    head, *rest = at
    if isinstance(value, dict):
        return {**value, head: put(value[head], tuple(rest), new)}
    return [put(part, tuple(rest), new) if n == head else part for n, part in enumerate(value)]
