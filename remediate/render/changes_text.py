"""The ordered changes of a plan, one line each, under headings that say what a run of them has in common."""

from collections.abc import Iterator, Sequence

from remediate.model import Change, Plan, kind_of
from remediate.render import facts
from remediate.render.text import BY_HAND, Cell, columns, count, fit, indent, paint, paint_sign, safe, table, wrap

WIDE = 120
"""From this width on, a line also says why."""


def details(plan: Plan, *, width: int, colour: bool) -> str:
    """Every change in order, then what stays, what is by hand, unknown and exempt, and what the guard proved."""
    parts = [
        _head(plan, width, colour),
        *(_batch(run, width, colour) for run in facts.batches(plan.changes)),
        *_rest(plan, width, colour),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(plan: Plan, width: int, colour: bool) -> str:
    header = plan.header
    word = f"Rollback of plan {header.rolls_back[:12]}" if header.rolls_back else "Plan"
    title = f"{word}: {count(len(plan.changes), 'change')} to {facts.account(header)}"
    made = f"made {header.created:%Y-%m-%d %H:%M} UTC by {header.caller}"
    lines = [
        paint(fit(title, width), "bold", colour),
        fit(f"playbook {header.playbook}, {made}", width),
        f"valid until {header.expires:%Y-%m-%d %H:%M} UTC",
    ]
    if plan.changes:
        lines.append(facts.risks(plan.changes, zeros=True))
    else:
        lines.append("nothing to take back" if header.rolls_back else "nothing to change")
    return "\n".join(lines)


def _batch(run: Sequence[Change], width: int, colour: bool) -> str:
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
    lines.append(indent(table([_row(change, width) for change in run], (), width - 2)))
    return "\n".join(lines)


def _row(change: Change, width: int) -> list[Cell]:
    """At 80 columns a line has no room to say what is added or removed: its name does."""
    wide = width >= WIDE
    cells: list[Cell] = [f"#{change.id}", change.sign, facts.name(change.address)]
    if wide or change.sign == "~":
        cells.append(facts.transition(change))
    if wide:
        cells.append("; ".join(dict.fromkeys(reason.why for reason in change.reasons)))
    return [*cells, facts.following(change)]


def _rest(plan: Plan, width: int, colour: bool) -> Iterator[str]:
    yield _section(
        f"! {count(len(plan.kept), 'entry', 'entries')} stay as the plan made them",
        (f"{kept.address}: {kept.why}" for kept in plan.kept),
        width,
        colour,
    )
    yield _section(
        f"{BY_HAND} {count(len(plan.manual), 'thing')} by hand (steps: --manual)",
        (f"{item.address}: {item.summary}" for item in plan.manual),
        width,
        colour,
    )
    yield _section(
        f"? {count(len(plan.unknowns), 'thing')} could not be read, which is not a pass",
        (
            f"{u.what}: {u.reason}" + (f" (not checked: {', '.join(u.controls)})" * bool(u.controls))
            for u in plan.unknowns
        ),
        width,
        colour,
    )
    yield _section(
        f"{count(len(plan.exempted), 'finding')} exempt",
        (f"{e.control}: {e.summary}; until {e.expires}, {e.owner}: {e.reason}" for e in plan.exempted),
        width,
        colour,
    )
    yield _section("Proven for every moment of the run", (check.detail for check in plan.checks), width, colour)


def _section(title: str, lines: Iterator[str], width: int, colour: bool) -> str:
    body = [wrap(line, width, "  ", "    ") for line in lines]
    return "\n".join([paint(title, "bold", colour), *body]) if body else ""
