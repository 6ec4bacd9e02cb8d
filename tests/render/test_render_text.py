"""Names made inert, text kept to a width, tables."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.render import text
from render.plans import HOSTILE

ANYTHING = st.text(st.characters()) | st.text(st.sampled_from("ab \t\n\x1b\x9b\u202e\u2028名|`<&@#\ud800\u200b"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("alice", "alice"),
        ("=cmd+1@x", "=cmd+1@x"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202egnp", r"\u202egnp"),
        ("a\nb\tc", r"a\nb\tc"),
        ("a\u2028b\u2066c", r"a\u2028b\u2066c"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("Zoë 名前", "Zoë 名前"),
        ("\ud800", r"\ud800"),
    ],
)
def test_safe(name: str, shown: str) -> None:
    assert text.safe(name) == shown


@given(ANYTHING)
def test_safe_is_one_printable_line(name: str) -> None:
    shown = text.safe(name)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert text.safe(shown) == shown
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)
    shown.encode()


@given(ANYTHING, st.integers(1, 60))
def test_fit_keeps_to_the_width(name: str, width: int) -> None:
    assert text.columns(text.fit(name, width)) <= width


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("iam.user_policy/alice/AdministratorAccess", "iam.user_po…ratorAccess"),
        ("a sentence that says something in the end", "a sentence that says s…"),
        ("名前名前名前名前名前名前名前", "名前名前名前…前名前名前"),
    ],
)
def test_names_are_cut_in_the_middle_and_sentences_at_the_end(long: str, short: str) -> None:
    assert text.fit(long, 23) == short


@given(st.lists(st.tuples(ANYTHING, ANYTHING, st.integers(0, 10**9)), min_size=1, max_size=8), st.integers(80, 200))
def test_a_table_keeps_to_the_width_and_has_one_line_a_row(rows: list[tuple[str, str, int]], width: int) -> None:
    lines = text.table(rows, ("name", "what", "number"), width).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(text.columns(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)
    assert [int(line.split()[-1]) for line in lines[1:]] == [row[2] for row in rows]


def test_a_table_leaves_names_that_look_like_numbers() -> None:
    rows: list[tuple[str, int | str]] = [("0012", 7), ("1e5", 1234), ("=1+1", "-"), ("nan", 0)]
    assert text.table(rows, ("name", "count"), 80).splitlines() == [
        "name  count",
        "0012      7",
        "1e5    1234",
        "=1+1      -",
        "nan       0",
    ]


def test_a_table_counts_wide_characters() -> None:
    assert text.table([("名前", "x"), ("abc", "y")], (), 80).splitlines() == ["名前  x", "abc   y"]


def test_a_table_shortens_its_widest_column() -> None:
    rows = [
        ("short", "x" * 300, "a sentence of some length that can be cut"),
        *[(name, name, name) for name in HOSTILE],
    ]
    lines = text.table(rows, ("one", "two", "three"), 80).split("\n")
    assert max(map(text.columns, lines)) <= 80
    assert lines[1].startswith("short")


def test_no_rows_no_table() -> None:
    assert text.table([], ("a", "b"), 80) == ""


def test_wrap_hangs_and_keeps_long_words() -> None:
    assert text.wrap("one two three four", 12, "- ") == "- one two\n  three four"
    assert text.wrap("x" * 30, 10, "- ") == "- " + "x" * 30
    assert text.wrap("", 10, "- ") == "-"


def test_colour_only_where_it_is_wanted() -> None:
    assert text.paint("text", "red", True) == "\x1b[31mtext\x1b[0m"
    assert text.paint("text", "red", False) == "text"
    assert text.paint("text", "", True) == "text"
    assert text.paint_sign("+ line", "+", True) == "\x1b[32m+ line\x1b[0m"


def test_a_command_that_does_not_fit_stands_alone() -> None:
    assert text.command("Next: ", ["remediate", "apply", "a plan.json"], 80) == "Next: remediate apply 'a plan.json'"
    assert text.command("  Next: ", ["remediate", "apply", "x" * 70], 80) == "  Next:\n    remediate apply " + "x" * 70
