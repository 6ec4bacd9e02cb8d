"""The ordered changes of a plan, one line each, under headings that say what a run of them has in common."""

from collections.abc import Iterator, Sequence

from remediate.model import Change, Plan, kind_of
from remediate.render import facts
from remediate.render.text import BY_HAND, Cell, columns, fit, indent, paint, paint_sign, safe, table, wrap
from remediate.words import many

WIDE = 120
"""From this width on, a line also says why."""


def details(plan: Plan, *, width: int, colour: bool, signed: Sequence[str] = ()) -> str:
    """Every change in order, then what stays, what is by hand, unknown and exempt, and what the guard proved.

    `signed` says who signed the plan.
    """
    parts = [
        "\n".join([_head(plan, width, colour), *(wrap(line, width, "", "  ") for line in signed)]),
        *(_batch(run, plan.header.account, width, colour) for run in facts.batches(plan.changes)),
        *_rest(plan, width, colour),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(plan: Plan, width: int, colour: bool) -> str:
    header = plan.header
    word = f"Rollback of plan {header.rolls_back[:12]}" if header.rolls_back else "Plan"
    title = f"{word}: {many(len(plan.changes), 'change')} to {facts.account(header)}"
    made = f"made {header.created:%Y-%m-%d %H:%M} UTC by {header.caller}"
    lines = [
        paint(fit(title, width), "bold", colour),
        wrap(f"playbook {header.playbook}, {made}", width, "", "  "),
        f"valid until {header.expires:%Y-%m-%d %H:%M} UTC",
    ]
    if plan.changes:
        lines += [facts.risks(plan.changes, zeros=True), "One of them, whole: remediate show FILE --address 1"]
    else:
        lines.append("nothing to take back" if header.rolls_back else "nothing to change")
    return "\n".join(lines)


def _batch(run: Sequence[Change], account: str, width: int, colour: bool) -> str:
    first = run[0]
    title = f"{first.sign} {kind_of(first.address)}"
    common = f"{', '.join(facts.controls_of(first))}   {first.risk}   {first.reversal}"
    number = f"   {len(run)}×" if len(run) > 1 else ""
    line = f"{title}{number}   {safe(common)}"
    lines = [paint_sign(line, first.sign, colour)] if columns(line) <= width else [title + number, f"  {safe(common)}"]
    if first.reversal == "impossible":
        lines.append(paint(wrap(f"cannot be taken back: {first.loss}", width, "! "), "red", colour))
    elif first.loss:
        lines.append(wrap(f"taken back, but for: {first.loss}", width, "  "))
    whys = {facts.whys(change) for change in run}
    if len(whys) == 1:
        lines.append(wrap(f"why: {whys.pop()}", width, "  ", "    "))
    rows = [_row(change, account, width >= WIDE, bool(whys)) for change in run]
    lines.append(indent(table(rows, (), width - 2)))
    return "\n".join(lines)


def _row(change: Change, account: str, wide: bool, whys: bool) -> list[Cell]:
    """In 80 columns a line has no room to say what is added or removed: its name does."""
    cells: list[Cell] = [f"#{change.id}", change.sign, facts.name(change.address, account)]
    if wide or change.sign == "~":
        cells.append(fit(facts.transition(change), 60))
    if wide and whys:
        cells.append(facts.whys(change))
    return [*cells, facts.following(change)]


def _rest(plan: Plan, width: int, colour: bool) -> Iterator[str]:
    yield _section(
        f"! {many(len(plan.kept), 'entry stays', 'entries stay')} as the plan left things",
        (f"{kept.address}: {kept.why}" for kept in plan.kept),
        width,
        colour,
    )
    yield _section(
        f"{BY_HAND} {many(len(plan.manual), 'thing')} by hand (steps: --manual)",
        (f"{item.address}: {item.summary}" for item in plan.manual),
        width,
        colour,
    )
    yield _section(
        f"? {many(len(plan.unknowns), 'thing')} could not be read, which is not a pass",
        (facts.unread(unknown) for unknown in plan.unknowns),
        width,
        colour,
    )
    yield _section("? Not looked into", iter(facts.unseen(plan)), width, colour)
    yield _section(
        f"{many(len(plan.exempted), 'finding')} exempt",
        (f"{e.control}: {e.summary}; until {e.expires}, {e.owner}: {e.reason}" for e in plan.exempted),
        width,
        colour,
    )
    yield _section("Proven for every moment of the run", (check.detail for check in plan.checks), width, colour)


def _section(title: str, lines: Iterator[str], width: int, colour: bool) -> str:
    body = [wrap(line, width, "  ", "    ") for line in lines]
    return "\n".join([paint(title, "bold", colour), *body]) if body else ""
