"""Filter patterns of CloudWatch Logs for JSON events, in a form in which equal means the same.

White space, needless quotes and parentheses, and the order of what `&&` and `||` join say nothing; `&&` binds tighter.
What is no pattern for JSON events, or is not understood here, is equal only to itself.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

AND, OR = "&&", "||"
COMPARISONS = ("=", "!=", ">", "<", ">=", "<=")
TESTS = {"IS": ("NULL", "TRUE", "FALSE"), "NOT": ("EXISTS",)}
SIGN = r"&&|\|\||[(){}]|!=|>=|<=|[=<>]"
QUOTED = r'"(?:[^"\\]|\\.)*"'
REGEX = r"%[^%]*%"
WORD = r'[^\s(){}&|=!<>"]+'
TOKEN = re.compile(rf"\s*({SIGN}|{QUOTED}|{REGEX}|{WORD})")
PLAIN = re.compile(r'"[A-Za-z*][A-Za-z0-9*._:/-]*"')
"""A text that means the same without its quotes. A number does not."""
END = ""

Tree = str | tuple[str, frozenset["Tree"]]
"""One test, or the terms that an operator joins."""


@lru_cache(maxsize=4096)  # one plan compares each filter with each pattern, several times
def canonical(pattern: str) -> str:
    """Equal for two patterns only where both match the same events."""
    try:
        reader = _Reader(_tokens(pattern))
        reader.take("{")
        tree = reader.either()
        reader.take("}")
        reader.take(END)
    except ValueError:
        return " ".join(pattern.split())
    return _written(tree)


def _tokens(pattern: str) -> list[str]:
    """Raises ValueError where the text is not made of tokens."""
    text, place, tokens = pattern.rstrip(), 0, list[str]()
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise ValueError(text[place:])
        tokens.append(match[1])
        place = match.end()
    return [*tokens, END]


class _Reader:
    """Reads one expression from left to right. Raises ValueError at what it does not know."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of those."""
        if self.tokens[self.place] not in wanted:
            raise ValueError(self.tokens[self.place])
        self.place += 1
        return self.tokens[self.place - 1]

    def either(self) -> Tree:
        return _joined(OR, self._terms(OR, self._both))

    def _both(self) -> Tree:
        return _joined(AND, self._terms(AND, self._term))

    def _terms(self, operator: str, term: Callable[[], Tree]) -> Iterable[Tree]:
        yield term()
        while self.tokens[self.place] == operator:
            self.take(operator)
            yield term()

    def _term(self) -> Tree:
        if self.tokens[self.place] != "(":
            return self._test()
        self.take("(")
        inner = self.either()
        self.take(")")
        return inner

    def _test(self) -> str:
        field = self._text()
        sign = self.take(*COMPARISONS, *TESTS)
        value = self.take(*TESTS[sign]) if sign in TESTS else self._text()
        if not field.startswith("$"):
            raise ValueError(field)
        return f"{field} {sign} {value[1:-1] if PLAIN.fullmatch(value) else value}"

    def _text(self) -> str:
        """A field or a value."""
        token = self.tokens[self.place]
        if token == END or re.fullmatch(SIGN, token):
            raise ValueError(token)
        return self.take(token)


def _joined(operator: str, terms: Iterable[Tree]) -> Tree:
    """Each term once; what the same operator joins in parentheses is as if they were not there."""
    flat: set[Tree] = set()
    for term in terms:
        flat |= term[1] if isinstance(term, tuple) and term[0] == operator else {term}
    return (operator, frozenset(flat)) if len(flat) > 1 else flat.pop()


def _written(tree: Tree) -> str:
    if isinstance(tree, str):
        return tree
    operator, terms = tree
    return f"({f' {operator} '.join(sorted(map(_written, terms)))})"
