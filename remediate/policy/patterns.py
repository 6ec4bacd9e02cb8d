"""Texts with wildcards and variables, as actions, resources and conditions have them.

`*` stands for any text and `?` for one character, in all of these; `${aws:username}` stands for a value of the request,
and what it stands for has no wildcards; `${*}`, `${?}` and `${$}` are the characters themselves.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class Wild(Enum):
    """A wildcard."""

    ANY = "*"
    """Any text, the empty one too."""
    ONE = "?"


class Variable(NamedTuple):
    """A value of the request, by its key in lower case, and what stands for it where the request has no such key."""

    key: str
    default: str | None = None


Part = str | Wild | Variable
Pattern = tuple[Part, ...]
"""Literal texts are never empty and never stand side by side."""

Lookup = Callable[[Variable], str | None]
"""The value of a variable; None where the request has none, and then nothing matches."""

_SPECIAL = re.compile(r"\$\{([*?$])\}|\$\{\s*([\w:/.@+=-]+(?: +[\w:/.@+=-]+)*)\s*(?:,\s*'([^']*)'\s*)?\}|([*?])")


@lru_cache(maxsize=65536)
def pattern(text: str) -> Pattern:
    """The pattern that a text of a policy of today's version stands for."""
    found: list[Part] = []
    plain, last = "", 0
    for special in _SPECIAL.finditer(text):
        plain += text[last : special.start()]
        last = special.end()
        itself, key, default, wildcard = special.groups()
        if itself:
            plain += itself
            continue
        if plain:
            found.append(plain)
            plain = ""
        found.append(Wild(wildcard) if wildcard else Variable(key.lower(), default))
    plain += text[last:]
    return (*found, plain) if plain else tuple(found)


@lru_cache(maxsize=65536)
def letters(text: str) -> Pattern:
    """The pattern of a text where variables count and wildcards do not, as `StringEquals` has it."""
    found: list[Part] = []
    for part in pattern(text):
        character = part.value if isinstance(part, Wild) else part
        if isinstance(character, str) and found and isinstance(found[-1], str):
            found[-1] += character
        else:
            found.append(character)
    return tuple(found)


def plain(text: str) -> str:
    """The way to write a text so that nothing in it is a wildcard or a variable."""
    return re.sub(r"[*?$]", lambda character: f"${{{character[0]}}}", text)


def variables(of: Pattern) -> frozenset[str]:
    """The keys of the request that a pattern depends on."""
    return frozenset(part.key for part in of if isinstance(part, Variable))


def bound(of: Pattern, lookup: Lookup) -> Pattern | None:
    """The pattern with the values of its variables in their places; None where one has no value."""
    found: list[Part] = []
    for part in of:
        text = part if not isinstance(part, Variable) else lookup(part)
        if text is None:
            return None
        if isinstance(text, str) and found and isinstance(found[-1], str):
            found[-1] += text
        elif text != "":
            found.append(text)
    return tuple(found)


def matches(of: Pattern, text: str) -> bool:
    """Whether a pattern without variables stands for a text, to the letter."""
    if not of:
        return not text
    first, *others = of
    if isinstance(first, str):  # most patterns begin like no text they are asked about
        if not text.startswith(first):
            return False
        if not others:
            return text == first
    return of == (Wild.ANY,) or bool(_expression(of).fullmatch(text))


@lru_cache(maxsize=65536)
def _expression(of: Pattern) -> re.Pattern[str]:
    return re.compile(expression(of), re.DOTALL)


def expression(of: Pattern) -> str:
    """The regular expression of a pattern without variables. What stands between two asterisks is sought once, from the
    left, and never again: no pattern takes long, however many it has."""
    between = [""]
    for part in of:
        if part is Wild.ANY:
            between.append("")
        else:
            between[-1] += "." if part is Wild.ONE else re.escape(str(part))
    first, *others = between
    return "".join((first, *(f"(?>.*?{text})" for text in others[:-1]), *(f".*{text}" for text in others[-1:])))
