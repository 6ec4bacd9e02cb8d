"""A plan as Markdown for a pull request: facts first, every change below, and no name that Markdown acts upon."""

import re
from collections.abc import Iterable, Iterator, Sequence

from remediate.model import Change, Manual, Plan, kind_of
from remediate.render import facts, replay_text
from remediate.render.diff import diff
from remediate.render.noticed import noticed
from remediate.render.text import BY_HAND, safe
from remediate.words import many

PLAIN = re.compile(r"[(\"'‘“]?[^\W_][\w’'.,;:/()–-]*[^\W_]?[\"'’”).,;:…!?%]*")
"""A word that neither Markdown nor a forge makes anything of."""
ACTED_ON = re.compile(r"^\d+[.)]$|://|^www\.|_|^GH-\d|^(?=.*[a-f])(?=.*\d)[0-9a-f]{7,40}\W*$", re.IGNORECASE)
"""Words that would become a list, a link, an emphasis, an issue or a commit all the same."""
VALUES = 40
"""Lines of a difference that a review shows; `remediate show` has all."""


def code(text: str) -> str:
    """A name or value as code: no Markdown, HTML, link or mention acts inside it, in a table or out of it."""
    text = safe(text)
    if not text.strip():
        return "`(empty)`"
    if not any(c in text for c in "`|\\"):
        return f"`{text}`"
    return "<code>" + "".join(c if c.isalnum() or c in " .-:/" else f"&#{ord(c)};" for c in text) + "</code>"


def prose(text: str) -> str:
    """A sentence, with each word in it that could act on the page as code."""
    return " ".join(_word(word) for word in safe(text).split())


def _word(word: str) -> str:
    if word in ("-", "→", "…", "&"):
        return {"-": "–", "&": "&amp;"}.get(word, word)
    if PLAIN.fullmatch(word) and not ACTED_ON.search(word):
        return word
    inner = word.rstrip(".,;:")
    return code(inner) + word[len(inner) :] if inner else code(word)


def markdown(plan: Plan, signed: Sequence[str] = ()) -> str:
    """The whole plan, for review; `signed` says who signed it."""
    head = (*_head(plan), *(f"- {prose(line)}" for line in signed))
    sections = (head, _findings(plan), _notices(plan), _changes(plan), _rest(plan))
    return "\n\n".join(text for section in sections if (text := "\n".join(section))) + "\n"


def _head(plan: Plan) -> Iterator[str]:
    header = plan.header
    word = "Rollback" if header.rolls_back else "Plan"
    yield f"## {word}: {many(len(plan.changes), 'change')} to {prose(facts.account(header))}"
    yield ""
    yield f"- playbook {code(header.playbook)}, made {header.created:%Y-%m-%d %H:%M} UTC by {code(header.caller)}"
    yield f"- valid until {header.expires:%Y-%m-%d %H:%M} UTC"
    if header.rolls_back:
        yield f"- takes back plan {code(header.rolls_back)}"
    yield f"- {facts.risks(plan.changes, zeros=True)}" if plan.changes else f"- {facts.nothing(plan)}"
    for loss in facts.losses(plan.changes, "impossible"):
        yield f"- **! cannot be taken back:** {prose(loss)}"
    yield f"- digest {code(plan.digest)}"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headers)} |"
    yield f"|{'---|' * len(headers)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _findings(plan: Plan) -> Iterator[str]:
    rows = [] if plan.header.rolls_back else facts.by_control(plan)
    if rows:
        yield "### Findings by guideline\n"
        cells = ([code(row.control), *(str(number or "–") for number in row[1:])] for row in rows)
        yield from _table(("control", "findings", "changes", "by hand", "exempt", "unknown"), cells)


def _notices(plan: Plan) -> Iterator[str]:
    people = noticed(plan)
    if not plan.changes or plan.header.rolls_back:
        return
    yield "### Who will notice\n"
    if facts.proven(plan):
        yield f"{'Everybody else' if people else 'Everybody'} keeps exactly the access they have (proven).\n"
    if people:
        yield from _table(("who", "what"), ([code(p.who), prose("; ".join(p.notices))] for p in people))
    if said := replay_text.line(plan):
        yield f"\nThe plan {prose(said)}."
        yield from (f"- {prose(text)}" for text in replay_text.unsaid(plan))
    if plan.proof.open:
        yield "\nThe proof does not cover:\n"
        yield from (f"- {code(text)}" for text in plan.proof.open)


def _changes(plan: Plan) -> Iterator[str]:
    if plan.changes:
        yield "### Changes, in order"
    for run in facts.batches(plan.changes):
        yield from _batch(run)


def _batch(run: Sequence[Change]) -> Iterator[str]:
    first = run[0]
    risk = f"<b>{first.risk}</b>" if first.risk in ("restrictive", "destructive") else first.risk
    controls = ", ".join(safe(control) for control in facts.controls_of(first))
    yield "\n<details>"
    title = f"{first.sign} {kind_of(first.address)}, {many(len(run), 'change')}: {controls}; {first.reversal}"
    yield f"<summary>{_html(title)}; {risk}</summary>\n"
    if first.loss:
        undo = "! Cannot be taken back" if first.reversal == "impossible" else "Taken back, but for"
        yield f"{undo}: {prose(first.loss)}\n"
    whys = {facts.whys(change) for change in run}
    if len(whys) == 1:
        yield f"Why: {prose(whys.pop())}\n"
    columns = [_columns(change) for change in run]
    used = [title for title in columns[0] if any(cells[title] for cells in columns) and (whys or title != "why")]
    yield from _table(used, ([cells[title] for title in used] for cells in columns))
    for change in run:
        yield from _document(change)
    yield "\n</details>"


def _columns(change: Change) -> dict[str, str]:
    what = facts.transition(change)
    after = ", ".join(str(n) for n in change.needs[:5]) + (", …" if len(change.needs) > 5 else "")
    return {
        "change": f"{change.id} {code(change.sign)}",
        "setting": code(change.address),
        "what": code(what) if what else "",
        "why": prose(facts.whys(change)),
        "after": after,
    }


def _document(change: Change) -> Iterator[str]:
    """The difference of a value that has many lines, such as a policy."""
    lines = [f"{sign} {line}" for sign, line in diff(change.before, change.after, 100)]
    if len(lines) < 3:
        return
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    yield f"\n{code(f'{change.id} {change.address}')}\n"
    yield f"{fence}diff"
    yield from lines[:VALUES]
    if len(lines) > VALUES:
        yield f"… {len(lines) - VALUES} more lines"
    yield fence


def _rest(plan: Plan) -> Iterator[str]:
    yield from _list("! Stays as the plan made it", (f"{code(k.address)}: {prose(k.why)}" for k in plan.kept))
    by_hand = (line for item in plan.manual for line in _by_hand(item))
    yield from _list(f"{BY_HAND} By hand", by_hand)
    yield from _list("? Could not be read, which is not a pass", (prose(facts.unread(u)) for u in plan.unknowns))
    yield from _list("? Not looked into", map(prose, facts.unseen(plan)))
    exempted = (
        f"{code(e.control)} {prose(e.summary)}; until {prose(e.expires)}, {prose(e.owner)}: {prose(e.reason)}"
        for e in plan.exempted
    )
    yield from _list("Exempt", exempted)
    yield from _list("Proven for every moment of the run", (prose(check.detail) for check in plan.checks))


def _by_hand(item: Manual) -> Iterator[str]:
    yield f"[ ] {prose(item.summary)} ({code(item.control)})"
    for number, step in enumerate(item.steps, start=1):
        text, found, command = step.partition(": aws ")
        yield f"  {number}. {prose(text)}" + (f": {code('aws ' + command)}" if found else "")
    yield f"  {len(item.steps) + 1}. Then: {prose(item.check)}"


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if lines:
        yield f"\n### {title}\n"
        yield from (line if line.startswith("  ") else f"- {line}" for line in lines)


def _html(text: str) -> str:
    return safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
