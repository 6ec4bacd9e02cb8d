"""Filter patterns: those that say the same are equal, and no others."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.controls.filter_pattern import canonical

SAME: Mapping[str, tuple[str, str]] = {
    "white space": ("{$.a=b&&$.c!=d}", "{  $.a  =\n b  &&\t$.c != d }"),
    "parentheses around a test": ("{$.a=b || $.c=d}", "{($.a=b) || (($.c=d))}"),
    "parentheses around everything": ("{$.a=b || $.c=d}", "{($.a=b || $.c=d)}"),
    "parentheses that only group": ("{$.a=1 && $.b=2 && $.c=3}", "{$.a=1 && ($.b=2 && $.c=3)}"),
    "the order of or": ("{$.a=b || $.c=d || $.e=f}", "{$.e=f || $.a=b || $.c=d}"),
    "the order of and": ("{$.a=b && ($.c=d || $.e=f)}", "{($.e=f || $.c=d) && $.a=b}"),
    "said twice": ("{$.a=b || $.c=d}", "{$.a=b || $.c=d || $.a=b}"),
    "and binds tighter": ("{$.a=b || $.c=d && $.e=f}", "{$.a=b || ($.c=d && $.e=f)}"),
    "quotes": ("{$.a=ConsoleLogin}", '{$.a="ConsoleLogin"}'),
    "quotes around an asterisk": ("{$.a=AccessDenied*}", '{$.a="AccessDenied*"}'),
    "not exists": ("{$.a NOT EXISTS && $.b IS NULL}", "{ $.b  IS   NULL && ($.a   NOT\nEXISTS) }"),
    "a regular expression": ("{$.a=%Access.*%}", "{ $.a = %Access.*% }"),
    "no pattern for JSON": ("ERROR  404", "ERROR 404"),
}
DIFFERENT: Mapping[str, tuple[str, str]] = {
    "another operator": ("{$.a=b || $.c=d}", "{$.a=b && $.c=d}"),
    "another comparison": ("{$.a=b}", "{$.a!=b}"),
    "another value": ("{$.eventName=CreateRoute}", "{$.eventName=CreateRouteTable}"),
    "one more": ("{$.a=b || $.c=d}", "{$.a=b || $.c=d || $.e=f}"),
    "parentheses that change what binds": ("{($.a=b || $.c=d) && $.e=f}", "{$.a=b || $.c=d && $.e=f}"),
    "a number and a text": ("{$.a=404}", '{$.a="404"}'),
    "case": ("{$.a=root}", "{$.a=Root}"),
    "a word and white space in a text": ('{$.a="Failed authentication"}', '{$.a="Failed  authentication"}'),
    "an operator in a text": ('{$.a="b || $.c = d"}', "{$.a=b || $.c=d}"),
    "IS TRUE and IS FALSE": ("{$.a IS TRUE}", "{$.a IS FALSE}"),
    "terms and JSON": ("ERROR", "{$.a=ERROR}"),
    "half a pattern": ("{$.a=b", "{$.a=b}"),
    "more than a pattern": ("{$.a=b} x", "{$.a=b}"),
    "no field": ("{a=b}", "{$.a=b}"),
    "no value": ("{$.a=}", "{$.a=b}"),
    "an operator too many": ("{$.a=b ||}", "{$.a=b}"),
    "nothing": ("", "{}"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_equal(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_not_equal(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


TESTS = st.sampled_from(["$.a=b", "$.c != d", '$.e="f g"', "$.h NOT EXISTS", "$.i IS TRUE", "$.j>=1"])
Tree = str | tuple[str, list["Tree"]]
TREES: st.SearchStrategy[Tree] = st.recursive(
    TESTS,
    lambda inner: st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)


@given(tree=TREES, shuffle=st.randoms(use_true_random=False))
def test_however_it_is_written(tree: Tree, shuffle: st.DataObject) -> None:
    """One tree written twice: in order and close, and shuffled, spread and with more parentheses than needed."""

    def close(part: Tree) -> str:
        return part if isinstance(part, str) else f"({part[0].join(map(close, part[1]))})"

    def spread(part: Tree) -> str:
        if isinstance(part, str):
            return f"( {part} )"
        terms = list(part[1])
        shuffle.shuffle(terms)  # type: ignore[attr-defined]
        return f"(\n {f'  {part[0]} '.join(map(spread, terms))} )"

    assert canonical(f"{{{close(tree)}}}") == canonical(f"{{ {spread(tree)} }}")


@given(st.text(alphabet='${}()&|=!<>". abNOTEXISTS%*', max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    assert canonical(text) == canonical(f"  {text}\n")
