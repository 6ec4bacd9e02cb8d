"""R29: whatever anybody is called, a screen, a page, a table and a file of data say what they would say anyway."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len
from support.hostile import BREAKERS, names, raw_names
from support.stress import STRESS

from remediate.audit import Step, Told
from remediate.cli import applying, terminal
from remediate.culprit import Trace
from remediate.drift import Drifted
from remediate.errors import BadInput, CallFailed, CredentialsEnded, Denied, Partial, Refused, RemediateError
from remediate.executor import Result
from remediate.model import Address, Check, Exemption, Matcher, Plan, Proof, at
from remediate.render import facts, plan_text, text
from remediate.render.csv import HEADERS
from remediate.render.csv import csv as to_csv
from remediate.render.drift_text import drift
from remediate.render.error_text import error
from remediate.render.html import html
from remediate.render.journal_text import Verdict, journal, verdicts
from remediate.render.json import json as to_json
from remediate.render.markdown import markdown
from remediate.render.run_text import applied, question, secrets
from remediate.render.runs_text import runs
from remediate.standing import Run
from render import plans

FEW, MANY = (3000, 20000) if STRESS else (40, 120)
"""Examples of what renders whole plans, and of what renders one name."""
HARMLESS = "alice"
OURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m")
SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def everywhere(name: str, rolls_back: str = "") -> Plan:
    """A plan in which every text that AWS or a person may have chosen is this one."""
    plan = plans.named(name)
    replace = msgspec.structs.replace
    header = replace(
        plan.header,
        **dict.fromkeys(("tool", "account", "alias", "caller", "playbook", "playbook_digest"), name),
        rolls_back=rolls_back,
    )
    match = Matcher(name=name, path=name, tag={name: name})
    spared = Exemption(match=match, controls=(name,), owner=name, reason=name, expires=header.created.date())
    guard = "access" if rolls_back else "quotas"
    people = (at("iam.user", name), at("iam.role", name))
    effects = tuple(plans.effect(who, name, *changes) for who in people for changes in ((), (1, 2, 3, 4)))
    return replace(
        plan,
        digest=name,
        header=header,
        controls=(name,),
        checks=(Check(guard=guard, detail=name),),
        exemptions=(spared,),
        proof=Proof(effects=effects, open=(name,)),
        changes=tuple(replace(c, evidence={name: name, "b": {name: [name]}}) for c in plan.changes),
    )


def result(name: str) -> Result:
    came = Result(outcomes={1: "conflict", 2: "failed", 3: "done"})
    came.details = {1: name, 2: f"AccessDenied: {name}"}
    came.stopped = name
    came.secrets = [(at("iam.login_profile", name), "one-time"), (at("iam.login_profile", f"x{name}"), "two")]
    return came


def errors(name: str) -> list[RemediateError]:
    """What a file, an argument or AWS may have said."""
    calls = [kind(name, name, name, name) for kind in (CallFailed, Denied, CredentialsEnded)]
    kinds = (BadInput, Refused, Partial)
    return [
        *(kind(f"{name}:3: {name}", address=name, details=[name] * 30, remedy=name) for kind in kinds),
        *map(terminal.explained, calls),
    ]


def run_of(name: str) -> Run:
    return Run(
        plan=name,
        account=name,
        alias=name,
        playbook=name,
        caller=name,
        created=plans.BEGUN + timedelta(days=1),
        kind="plan",
        changes=1,
        done=0,
        state="planned",
        signed=(name, name),
    )


def told_of(name: str) -> Told:
    """A run in a journal."""
    step = Step(
        change=everywhere(name).changes[1],
        outcome="failed",
        at=plans.BEGUN,
        seconds=1.0,
        sends=2,
        request_ids=(name, name),
        detail=name,
    )
    return Told(caller=name, begun=plans.BEGUN, ended=plans.BEGUN, how=name, steps=(step,))


def verdict(name: str) -> Verdict:
    return Verdict(plan=name, changes=1, records=3, head=name, torn=3, faults=(name, name))


def drifted(name: str) -> list[Drifted]:
    values = ((name, {"a": name}), ({name: name, "b": 1}, {name: 1, "b": 2}), (None, name), (name, RuntimeError(name)))
    call: dict[str, Any] = dict.fromkeys(("by", "source", "call", "agent", "region", "event_id"), name)
    who = {"since": plans.BEGUN, "who": Trace(at=plans.BEGUN, behind=(name, name), **call)}
    found = [Drifted(address=Address(name), expected=was, now=now, plan=name, **who) for was, now in values]  # type: ignore[arg-type]
    return [*found, msgspec.structs.replace(found[0], who=None, nobody_knows=name)]


Screen = Callable[[str, int, bool], str]
SCREENS: Mapping[str, Screen] = {
    "plan": lambda n, w, c: plan_text.summary(everywhere(n), n, width=w, colour=c, calls=3, seconds=1, users=2),
    "plan of a rollback": lambda n, w, c: plan_text.summary(everywhere(n, n), n, width=w, colour=c),
    "show": lambda n, w, c: plan_text.details(everywhere(n), width=w, colour=c, signed=[n, n]),
    "show a rollback": lambda n, w, c: plan_text.details(everywhere(n, n), width=w, colour=c),
    "show --address": lambda n, w, c: "\n".join(
        plan_text.one(everywhere(n), a, width=w, colour=c) for a in ("1", "2", "3", "#4", str(at("iam.user", n)))
    ),
    "show --who": lambda n, w, _c: plan_text.who(everywhere(n, n), width=w),
    "show --manual": lambda n, w, _c: plan_text.manual(everywhere(n), width=w),
    "the question": lambda n, _w, _c: question(everywhere(n), 4),
    "a run": lambda n, _w, _c: applied(everywhere(n), result(n), n, n, 1),
    "a rollback's run": lambda n, _w, _c: applied(everywhere(n, n), result(n), n, n, 1, rolled_back=True),
    "passwords": lambda n, _w, _c: secrets(result(n)),
    "errors": lambda n, _w, c: "\n".join(error(e, colour=c) for e in errors(n)),
    "log": lambda n, w, c: journal(everywhere(n, n), n, [told_of(n)], width=w, colour=c),
    "verify": lambda n, w, _c: verdicts([verdict(n), verdict(f"x{n}")], width=w),
    "drift": lambda n, w, _c: drift(drifted(n), everywhere(n), known=2, width=w),
    "runs": lambda n, w, _c: runs([run_of(n), run_of(f"x{n}")], width=w),
    "a name of a control": lambda n, w, _c: text.table([(n, 1), (f"x{n}", 2)], ("control", n), w),
}
UNBROKEN = 100_000
"""Columns that no text here fills: then every line break is the renderer's own."""


def marks(line: str) -> int:
    """The most combining marks that pile up on one character."""
    kinds = "".join("m" if unicodedata.category(c) in ("Mn", "Me") else " " for c in line)
    return max(map(len, kinds.split(" ")), default=0)


def assert_inert(shown: str) -> None:
    for line in OURS.sub("", shown).split("\n"):
        assert line.isprintable(), ascii(line)
        assert not SHOWS_NOTHING.search(line), ascii(line)
        assert marks(line) <= 2, ascii(line)
    shown.encode()


@cache
def lines_of(screen: str, length: int) -> int:
    return SCREENS[screen]("x" * length, UNBROKEN, False).count("\n")


def told(name: str) -> bool:
    """Whether the renderer says a thing by that name at all: nothing is said of an empty one, or of `member`."""
    return bool(name.strip()) and name not in facts.SAID_BY_KIND and name != "groups"


@pytest.mark.parametrize("screen", SCREENS)
@given(name=raw_names | names)
@settings(max_examples=FEW // 4, deadline=None)
def test_a_screen_holds_nothing_that_a_terminal_acts_upon(screen: str, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:  # no JSON value can hold it: a surrogate comes by file names and messages alone
        assume(screen in ("errors", "passwords", "runs", "a name of a control"))
    for width in (80, 160):
        assert_inert(SCREENS[screen](name, width, True))


@pytest.mark.parametrize("screen", SCREENS)
@given(name=names)
@settings(max_examples=FEW // 4, deadline=None)
def test_no_name_breaks_a_line(screen: str, name: str) -> None:
    """As many lines as with a harmless name of that length."""
    name = name[:3] if screen.endswith("run") else name  # what is said of a run is always 80 columns wide
    assume(told(name) and ": aws " not in name)  # where a long step by hand goes on in another line
    assume("/" not in name)  # no user's or group's name has one: it would be two names
    assert SCREENS[screen](name, UNBROKEN, False).count("\n") == lines_of(screen, text.columns(text.safe(name)))


@given(name=raw_names, width=st.integers(8, 80))
@settings(max_examples=MANY, deadline=None)
def test_a_name_takes_the_columns_it_is_given(name: str, width: int) -> None:
    """Measured as rich measures, which is what Unicode 16 says of each character."""
    assert cell_len(text.safe(name)) <= text.columns(text.safe(name))
    assert cell_len(text.fit(name, width)) <= width
    for line in text.table([(name, name, 1), ("a", "b", 2)], ("one", "two", "three"), 80).split("\n"):
        assert cell_len(line) <= 80


@given(rows=st.lists(st.tuples(raw_names, st.integers(0, 999)), min_size=2, max_size=5))
@settings(max_examples=MANY, deadline=None)
def test_columns_stand_below_each_other(rows: list[tuple[str, int]]) -> None:
    assume(all(cell_len(text.safe(name)) == text.columns(text.safe(name)) for name, _ in rows))
    assert len({cell_len(line) for line in text.table(rows, (), 80).split("\n")}) == 1


def test_every_character_is_measured() -> None:
    """No character takes more columns than it is given, and what is shown as it is takes at least one or is a mark."""
    for number in range(0x110000):
        c = chr(number)
        shown = text.safe(f"a{c}")[1:]
        assert cell_len(shown) <= text.columns(shown), hex(number)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("screen", [io.StringIO, Terminal])
@given(name=raw_names)
@settings(max_examples=FEW // 2, deadline=None)
def test_progress_is_inert(screen: type[io.StringIO], name: str) -> None:
    """A bar of rich's own makes no markup, emoji or format of a name; elsewhere it is one line a change."""
    change = plans.change(1, at("iam.user", name), None, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        patch.setenv("TERM", "xterm")
        with redirect_stderr(screen()) as stream, terminal.stepping("applying", 1) as step:
            applying._show(step, change, "done")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", stream.getvalue())
    line = text.safe(f"#1 done + iam.user/{name}")
    assert (text.fit(line, terminal.STEP) if screen is Terminal else line) in shown
    assert_inert(shown)


@given(name=raw_names)
@settings(max_examples=FEW, deadline=None)
def test_a_question_asks_for_what_it_shows(name: str) -> None:
    told: list[str] = []

    def prompt(shown: str, **_: object) -> str:
        told.append(shown)
        return f" {text.safe(name.strip())} "

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", Terminal())
        patch.setattr("typer.prompt", prompt)
        terminal.confirm("Apply?", name.strip())
    assert_inert(told[0])


# --- data -----------------------------------------------------------------------------------------------------------


@given(name=names)
@settings(max_examples=FEW, deadline=None)
def test_json_reads_back_as_it_was_and_moves_no_terminal(name: str) -> None:
    assume(name)  # an exemption has an owner
    plan = everywhere(name)
    shown = to_json(plan)
    assert msgspec.json.decode(shown, type=Plan) == plan
    assert_inert(shown)


@given(name=names)
@example(name="=1+1")
@example(name=" =1+1")
@example(name="＝1+1")
@example(name="\u2003=1+1")
@settings(max_examples=FEW, deadline=None)
def test_csv_reads_back_and_computes_nothing(name: str) -> None:
    assume(told(name))
    plan = everywhere(name)
    shown = to_csv(plan)
    assert_inert(shown)
    head, *rows = csv.reader(io.StringIO(shown), strict=True)
    assert tuple(head) == HEADERS
    whats = ["change"] * 4 + ["by hand", "unknown", "exempt", "stays"]
    assert [row[0] for row in rows] == whats
    assert {len(row) for row in rows} == {len(HEADERS)}
    for row in rows:
        assert not any(cell.lstrip().startswith(("\t", "\r", *"=+-@＝＋－＠")) for cell in row), row
    for row, change in zip(rows, plan.changes, strict=False):
        cells = dict(zip(HEADERS, row, strict=True))
        assert cells["address"] == text.safe(change.address)
        assert cells["why"].removeprefix("'") == text.safe(facts.whys(change)).removeprefix("'")


def test_csv_says_what_a_reviewer_needs() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(plans.plan()))))
    assert len(rows) == 13
    assert rows[3] == {
        "what": "change",
        "id": "4",
        "address": "iam.access_key/ci-legacy/AKIAIOSFODNN7EXAMPLE",
        "deed": "change",
        "risk": "restrictive",
        "undo": "exact",
        "before": "Active",
        "after": "Inactive",
        "control": "unused-credentials",
        "why": "last used 231 days ago by s3 in us-east-1",
        "notice": "key AKIAIOSFODNN7EXAMPLE made inactive: last used 231 days ago by s3 in us-east-1",
        "standards": "G2, CIS 2.11",
        "needs": "",
    }
    assert (rows[6]["deed"], rows[6]["before"], rows[6]["needs"]) == ("add", "", "1 2")
    assert rows[8]["before"].startswith('{"Statement": [{"Action": ["s3:Get*", "s3:List*"]')
    assert rows[5]["undo"] == "impossible, but for: the key: its secret cannot be made again"
    assert [row["what"] for row in rows[10:]] == ["by hand", "unknown", "exempt"]
    lone = msgspec.structs.replace(plans.FINDINGS[0], changes=())
    last = next(csv.DictReader(io.StringIO(to_csv(plans.plan((), findings=(lone,))))))
    assert (last["what"], last["risk"], last["standards"]) == ("finding", "medium", "G8, CIS 2.13, IAM.2")


# --- pages ----------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page with their attributes, and the text of its script and style."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.code: list[str] = []
        self.comments: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in ("script", "style"):
            self.code.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_pi(self, data: str) -> None:
        self.comments.append(data)

    def unknown_decl(self, data: str) -> None:
        self.comments.append(data)

    @property
    def shape(self) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
        """Without the spans: how many lines a value takes depends on how long it is."""
        return [(tag, attrs) for tag, attrs in self.tags if tag not in ("span", "/span")]


@cache
def harmless_page(rolls_back: bool) -> Page:
    return Page(html(everywhere(HARMLESS, HARMLESS if rolls_back else ""), [HARMLESS]))


@given(name=names, rolls_back=st.booleans())
@settings(max_examples=FEW, deadline=None)
def test_a_page_has_the_same_tags_attributes_and_scripts(name: str, rolls_back: bool) -> None:
    assume(told(name))
    source = html(everywhere(name, name if rolls_back else ""), [name])
    page, harmless = Page(source), harmless_page(rolls_back)
    assert page.shape == harmless.shape
    assert set(page.tags) <= set(harmless.tags)
    assert page.code == harmless.code
    assert page.comments == harmless.comments
    assert_inert(source)


def test_nothing_in_a_page_comes_from_elsewhere() -> None:
    links = {value for _, attrs in harmless_page(False).tags for name, value in attrs if name in ("href", "src")}
    assert all(re.fullmatch(r"#c\d+", link or "") for link in links)


def blocks(source: str) -> Iterator[str]:
    """The blocks of a page and the cells of its tables, but for how many lines a value takes."""
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type not in ("inline", "fence"):
            yield token.type + (token.content if token.type == "html_block" else "").replace(HARMLESS, "")


MARKDOWN_OURS = {"<details>", "</details>", "<code>", "</code>", "<b>", "</b>", "<summary>", "</summary>"}


def cells(source: str) -> Iterator[str]:
    """What a reader sees in each cell of the tables."""
    inside = False
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        inside = token.type == "td_open" or (inside and token.type != "td_close")
        if inside and token.type == "inline":
            yield "".join(part.content for part in token.children or () if part.type in ("text", "code_inline"))


@given(name=st.sampled_from(BREAKERS) | names)
@settings(max_examples=FEW, deadline=None)
def test_markdown_keeps_its_tables_and_has_no_html_of_others(name: str) -> None:
    assume(told(name))
    source = markdown(everywhere(name), [name])
    assert {text.safe(c.address).strip() for c in everywhere(name).changes} <= {cell.strip() for cell in cells(source)}
    kinds = [kind.partition("<")[0] for kind in blocks(source)]
    assert kinds == [kind.partition("<")[0] for kind in blocks(markdown(everywhere(HARMLESS), [HARMLESS]))]
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        assert not re.search(r"<(?!/?(?:details|summary|b)>)", token.content if token.type == "html_block" else "")
        for part in token.children or ():
            assert part.type not in ("link_open", "image")
            assert part.type != "html_inline" or part.content in MARKDOWN_OURS
    assert_inert(source)


@pytest.mark.parametrize("name", BREAKERS)
def test_every_known_trick_on_every_screen(name: str) -> None:
    for screen in SCREENS.values():
        assert_inert(screen(name, 80, True))
