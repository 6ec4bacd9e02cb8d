"""A plan on a terminal: what `remediate plan` prints, and by their names the parts that `remediate show` prints."""

from collections.abc import Iterator, Mapping

from remediate.model import Plan, Reversal
from remediate.render import facts, rehearsal_text, replay_text
from remediate.render.address_text import one
from remediate.render.changes_text import details
from remediate.render.noticed import noticed, short
from remediate.render.people_text import manual, notices, uncovered, who
from remediate.render.text import BY_HAND, Cell, columns, command, fit, indent, paint, safe, table, wrap
from remediate.words import many

__all__ = ["details", "manual", "one", "summary", "who"]

FEW = 5
"""Entries of a list that the summary shows; the rest are counted, with the command that shows them."""
REVERSAL: Mapping[Reversal, str] = {
    "exact": "can be taken back exactly",
    "equivalent": "can be taken back, but for:",
    "impossible": "cannot be taken back:",
}


def summary(
    plan: Plan,
    path: str,
    *,
    width: int = 80,
    colour: bool = False,
    calls: int = 0,
    seconds: float = 0.0,
    users: int = 0,
) -> str:
    """The whole of what `remediate plan` prints. `path` is where the plan was saved."""
    parts = (
        _head(plan, width, calls, seconds, users),
        _findings(plan, width, colour),
        _notices(plan, path, width, colour, users),
        _counts(plan, path, width, colour),
        _foot(plan, path, width),
    )
    return "\n\n".join(part for part in parts if part)


def _head(plan: Plan, width: int, calls: int, seconds: float, users: int) -> str:
    header = plan.header
    what = f"rollback of plan {header.rolls_back[:12]}" if header.rolls_back else f"playbook {header.playbook}"
    parts = [f"account {facts.account(header)}", what, f"{header.created:%Y-%m-%d %H:%M} UTC"]
    line = "   ".join(safe(part) for part in parts)
    lines = [line] if columns(line) <= width else [fit(part, width) for part in parts]
    if calls:
        people = f", {many(users, 'user')}" if users else ""
        lines.append(f"read with {many(calls, 'call')}{people} in {seconds:.1f} s")
    return "\n".join(lines)


def _findings(plan: Plan, width: int, colour: bool) -> str:
    rows = facts.by_control(plan)
    if not rows or plan.header.rolls_back:
        return ""
    unknown = any(row.unknown for row in rows)
    cells: list[list[Cell]] = []
    for row in rows:
        found = row.findings or ("?" if row.unknown else "-")
        numbers = [n or "-" for n in (row.changes, row.manual, row.exempt)]
        cells.append([row.control, found, *numbers, *([row.unknown or "-"] if unknown else [])])
    headers = ["control", "findings", "changes", "by hand", "exempt", *(["unknown"] if unknown else [])]
    return paint("Findings by guideline", "bold", colour) + "\n" + indent(table(cells, headers, width - 2))


def _notices(plan: Plan, path: str, width: int, colour: bool, users: int) -> str:
    if plan.header.rolls_back or not plan.changes:
        return ""
    people = noticed(plan)
    concerned = sum(someone.user for someone in people)
    lines = [paint("Who will notice", "bold", colour), *_unconcerned(plan, users, concerned, bool(people), width)]
    lines += [indent(line) for line in notices([short(someone) for someone in people[:FEW]], width - 2)]
    lines += [indent(line) for line in uncovered(plan, width - 2)[:1]]
    lines += [wrap(f"the plan {said}", width, "  ") for said in [replay_text.line(plan)] if said]
    if len(people) > FEW:
        lines.append(command(f"  …and {len(people) - FEW} more: ", ["remediate", "show", path, "--who"], width))
    return "\n".join(lines)


def _unconcerned(plan: Plan, users: int, concerned: int, anybody: bool, width: int) -> Iterator[str]:
    """What is proven about everybody else."""
    if not facts.proven(plan):
        return
    if users:
        left = f"{max(users - concerned, 0):,} of {users:,} users keep" if concerned else f"all {users:,} users keep"
    else:
        left = "everybody else keeps" if anybody else "everybody keeps"
    yield wrap(f"{'' if anybody else 'nobody: '}{left} exactly the access they have (proven)", width, "  ")


def _counts(plan: Plan, path: str, width: int, colour: bool) -> str:
    lines: list[str] = []
    if plan.changes:
        word = "Rollback" if plan.header.rolls_back else "Plan"
        counts = f"{word}: {many(len(plan.changes), 'change')}   {facts.risks(plan.changes, zeros=True)}"
        lines.append(paint(fit(counts, width), "bold", colour))
        lines += _reversals(plan, width, colour)
    else:
        lines.append(paint(wrap(facts.nothing(plan), width), "bold", colour))
    lines += _kept(plan, path, width)
    lines += _by_hand(plan, path, width)
    lines += _unknowns(plan, width)
    lines += [wrap(f"not looked into: {fit(said, 400)}", width, "? ", "    ") for said in facts.unseen(plan)]
    lines += [wrap(said, width, "", "  ") for said in rehearsal_text.line(plan)]
    return "\n".join(lines)


def _reversals(plan: Plan, width: int, colour: bool) -> Iterator[str]:
    """What can be taken back, and what not, in words. A rollback itself is not taken back: a new plan is made."""
    if plan.header.rolls_back:
        return
    for reversal, number in facts.by_reversal(plan.changes).items():
        if not number:
            continue
        sign = "!" if reversal == "impossible" else " "
        every = "all" if number == len(plan.changes) else f"{number:,}"
        yield paint(f"{sign} {every:>5} {REVERSAL[reversal]}", "red" if sign == "!" else "", colour)
        lost = facts.losses(plan.changes, reversal) if reversal != "exact" else []
        yield from (wrap(loss, width, "        ", "          ") for loss in lost[:FEW])
        if len(lost) > FEW:
            yield f"        …and {many(len(lost) - FEW, 'other loss', 'other losses')}"


def _kept(plan: Plan, path: str, width: int) -> Iterator[str]:
    if not plan.kept:
        return
    stay = "entry stays" if len(plan.kept) == 1 else "entries stay"
    yield f"! {len(plan.kept):,} {stay} as the plan made {'it' if len(plan.kept) == 1 else 'them'}:"
    for kept in plan.kept[:FEW]:
        yield wrap(f"{kept.address}: {kept.why}", width, "    ", "      ")
    if len(plan.kept) > FEW:
        yield command(f"    …and {len(plan.kept) - FEW} more: ", ["remediate", "show", path], width)


def _by_hand(plan: Plan, path: str, width: int) -> Iterator[str]:
    if not plan.manual:
        return
    yield f"{BY_HAND} {many(len(plan.manual), 'thing')} by hand:"
    yield from (fit(f"    {item.summary}", width) for item in plan.manual[:FEW])
    more = f"…and {len(plan.manual) - FEW} more, with the steps: " if len(plan.manual) > FEW else "the steps: "
    yield command(f"    {more}", ["remediate", "show", path, "--manual"], width)


def _unknowns(plan: Plan, width: int) -> Iterator[str]:
    if not plan.unknowns:
        return
    yield f"? {many(len(plan.unknowns), 'thing')} could not be read, which is not a pass:"
    for unknown in plan.unknowns[:FEW]:
        yield wrap(fit(facts.unread(unknown), 300), width, "    ", "      ")
    if len(plan.unknowns) > FEW:
        yield f"    …and {len(plan.unknowns) - FEW} more"


def _foot(plan: Plan, path: str, width: int) -> str:
    until = f"valid until {plan.header.expires:%Y-%m-%d %H:%M} UTC"
    saved = f"Saved {safe(path)}"
    both = f"{saved}   {until}"
    lines = [both if columns(both) <= width else f"{saved}\n  {until}"]
    if plan.header.rolls_back:
        return "\n".join(lines)
    if plan.changes:
        lines.append(command("Review: ", ["remediate", "show", path], width))
        lines.append(command("Next: ", ["remediate", "apply", path], width))
    elif plan.unknowns:
        lines.append(command("Next, what reading needs: ", ["remediate", "permissions", "--plan-role"], width))
    elif plan.manual:
        lines.append(command("Next: ", ["remediate", "show", path, "--manual"], width))
    return "\n".join(lines)
