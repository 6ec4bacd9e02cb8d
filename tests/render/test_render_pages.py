"""Markdown for pull requests and HTML pages: whole, and inert whatever anybody is called."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from support.stress import examples

from remediate.model import Plan
from remediate.render import facts
from remediate.render.html import html
from remediate.render.markdown import code, markdown, prose
from render import plans

ANYTHING = st.text() | st.text(st.sampled_from("ab`|\\<>&@#*_[]()!~-+.1 \n\t:/"))
PLANS = {"small": plans.plan, "empty": plans.empty, "rollback": plans.rollback, "big": plans.big}
OURS = {"<details>", "</details>", "<code>", "</code>", "<b>", "</b>", "<summary>", "</summary>"}
INERT = ("text", "code_inline", "html_inline", "softbreak", "strong_open", "strong_close")


def tokens(source: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(source)


def inline(source: str) -> Iterator[Token]:
    for token in tokens(source):
        yield from token.children or ()


def assert_inert(source: str) -> None:
    """Nothing is a link, an image, a mention, an issue or HTML that is not ours."""
    inside = False
    for token in inline(source):
        assert token.type in INERT
        if token.type == "html_inline":
            assert token.content in OURS
            inside = token.content == "<code>"
        elif token.type == "text" and not inside:
            assert "@" not in token.content
            assert "://" not in token.content
            assert "<" not in token.content


@pytest.mark.parametrize("name", PLANS)
def test_markdown_names_every_change(name: str) -> None:
    plan: Plan = PLANS[name]()
    text = markdown(plan)
    assert all(f"| {change.id} `{change.sign}` | `{change.address}` |" in text for change in plan.changes)
    assert_inert(text)


def test_markdown_says_what_a_reviewer_needs() -> None:
    text = markdown(plans.plan())
    for part in (
        "## Plan: 10 changes to 123456789012 (acme-prod)",
        "- 7 neutral, 0 additive, 2 restrictive, 1 destructive",
        "**! cannot be taken back:** `iam.access_key/dave/AKIAI44QH8DHBEXAMPLE`: the key: its secret",
        "| `groups` | 1 | 6 | – | 1 | – |",
        "| `alice` | password removed: not used since 2025-11-02; can be given a new one |",
        '+   "MaxPasswordAge": 90,',
        "### ✋ By hand",
        "- [ ] root has no MFA device (`root-mfa`)",
        "`aws iam delete-login-profile --user-name 'somebody-with-a-long-name'; aws iam list-mfa-devices`",
        "`https://console.aws.amazon.com/iam`",
        "### ? Could not be read, which is not a pass",
        "`ops@example.com`: goes away",
        "nobody gains or loses access that no change declares",
    ):
        assert part in text, part


def test_markdown_of_the_other_plans() -> None:
    assert "- Nothing to change: the account meets the playbook." in markdown(plans.empty())
    rollback = markdown(plans.rollback())
    assert "## Rollback: 2 changes" in rollback
    assert "### ! Stays as the plan made it" in rollback
    assert "Who will notice" not in rollback


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("alice", "`alice`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("a`b", "<code>a&#96;b</code>"),
        ("", "`(empty)`"),
        ("<b>", "`<b>`"),
        ("a\nb", "<code>a&#92;nb</code>"),
    ],
)
def test_code(name: str, shown: str) -> None:
    assert code(name) == shown


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("bob's own policy; the same now comes from readers-3f2a (61 members)",) * 2,
        ("ask @alice, or #12.", "ask `@alice`, or `#12`."),
        ("see https://example.com/x now", "see `https://example.com/x` now"),
        ("1. first - then * more", "`1`. first – then `*` more"),
        ("_all_ of www.example.com", "`_all_` of `www.example.com`"),
        ("=cmd+1@x's policy", "`=cmd+1@x's` policy"),
    ],
)
def test_prose_leaves_words_and_fences_what_would_act(sentence: str, shown: str) -> None:
    assert prose(sentence) == shown


@given(ANYTHING)
@settings(max_examples=examples(400), deadline=None)
def test_a_name_is_one_piece_of_code(name: str) -> None:
    found = list(inline(f"x {code(name)} y"))
    assert found[0].content == "x "
    assert found[-1].content == " y"
    assert_inert(f"x {code(name)} y")


@given(ANYTHING)
@settings(max_examples=examples(400), deadline=None)
def test_prose_is_inert_and_stays_in_its_cell(text: str) -> None:
    source = f"| a | b |\n|---|---|\n| x {prose(text)} | y {code(text)} |\n"
    assert_inert(source)
    parsed = tokens(source)
    assert sum(token.type == "td_open" for token in parsed) == 2
    assert sum(token.type == "tr_open" for token in parsed) == 2


@given(ANYTHING | st.sampled_from(plans.HOSTILE))
@settings(max_examples=examples(80), deadline=None)
def test_a_plan_of_hostile_names_keeps_its_shape_in_markdown(name: str) -> None:
    assume(name.strip() and name not in facts.SAID_BY_KIND)
    text = markdown(plans.named(name))
    assert_inert(text)
    assert all(line.isprintable() for line in text.split("\n"))
    assert shape(text) == shape(markdown(plans.named("alice")))


def shape(source: str) -> list[str]:
    """The blocks of a page, but for how many lines a value takes."""
    return [token.type for token in tokens(source) if token.type not in ("inline", "fence")]


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.attributes: set[str] = set()
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "span":
            self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("name", PLANS)
def test_html_names_every_change(name: str) -> None:
    plan: Plan = PLANS[name]()
    page = html(plan)
    text = "".join(Page(page).text)
    for change in plan.changes:
        assert f'id="c{change.id}"' in page
        assert change.address in text


def test_html_fetches_nothing() -> None:
    page = html(plans.plan())
    assert not {"src", "srcset", "action", "onclick", "onerror"} & Page(page).attributes
    assert 'href="http' not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_html_of_the_other_plans() -> None:
    assert "Nothing to change: the account meets the playbook." in html(plans.empty())
    rollback = html(plans.rollback())
    assert "Rollback: 2 changes" in rollback
    assert "in use since" in rollback


@given(ANYTHING | st.sampled_from(plans.HOSTILE))
@settings(max_examples=examples(80), deadline=None)
def test_a_page_of_hostile_names_keeps_its_tags(name: str) -> None:
    assume(name.strip() and name not in facts.SAID_BY_KIND)
    page = html(plans.named(name))
    assert Page(page).tags == Page(html(plans.named("alice"))).tags
    assert all(line.isprintable() for line in page.split("\n"))
    page.encode()
