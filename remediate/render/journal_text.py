"""What a journal tells a person: each run of a plan, and in it each change, what was sent and what came of it."""

from collections.abc import Iterator, Sequence

from remediate.audit import Step, Told
from remediate.errors import BadInput
from remediate.model import Plan, Struct
from remediate.render import facts
from remediate.render.diff import diff
from remediate.render.run_text import duration
from remediate.render.text import columns, fit, paint, paint_sign, safe, table, wrap
from remediate.words import many

HEAD = 16
"""Characters of a hash that are shown where people compare."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What checking one plan and its journal came to."""

    plan: str
    changes: int
    records: int
    head: str
    """The hash of the journal's last record; empty where the plan was never applied."""
    torn: int
    """Bytes that a crash left behind the last record; the next run drops them."""
    faults: tuple[str, ...]


def journal(plan: Plan, path: str, runs: Sequence[Told], *, address: str = "", width: int, colour: bool) -> str:
    """Every run, or what they did to one address or change (`#214`). Raises BadInput if that is not in the plan."""
    chosen = [c for c in plan.changes if not address or address in (c.address, f"#{c.id}", str(c.id))]
    if not chosen and address:
        raise BadInput(
            f"{address} is not in this plan", remedy=f"`remediate show {path}` lists its changes and their numbers."
        )
    ids = {change.id for change in chosen}
    parts = ["\n".join(_head(plan, path, width, colour))]
    for n, run in enumerate(runs, start=1):
        parts.append("\n".join(_run(run, n, len(runs), width, colour)))
        parts += ["\n".join(_step(step, width, colour)) for step in run.steps if step.change.id in ids]
    return "\n\n".join(parts)


def _head(plan: Plan, path: str, width: int, colour: bool) -> Iterator[str]:
    header = plan.header
    what = f"Rollback of plan {header.rolls_back[:12]}" if header.rolls_back else "Plan"
    yield paint(fit(f"{what}: {many(len(plan.changes), 'change')} to {facts.account(header)}", width), "bold", colour)
    yield safe(path)
    yield wrap(
        f"playbook {header.playbook}, made {header.created:%Y-%m-%d %H:%M} UTC by {header.caller}", width, "", "  "
    )
    yield f"digest {safe(plan.digest)}"


def _run(run: Told, number: int, total: int, width: int, colour: bool) -> Iterator[str]:
    yield paint(fit(f"Run {number} of {total}, by {run.caller}", width), "bold", colour)
    taken = f", {duration((run.ended - run.begun).total_seconds())}" if run.ended else ""
    yield wrap(f"{run.begun:%Y-%m-%d %H:%M:%S} UTC{taken}: {run.how}", width, "  ")
    if not run.steps:
        yield "  nothing was done"


def _step(step: Step, width: int, colour: bool) -> Iterator[str]:
    change = step.change
    took = "" if step.seconds is None else f"  {duration(step.seconds)}"
    again = f"  sent {step.sends} times" if step.sends > 1 else ""
    head = f"  #{change.id}  {step.outcome}  {step.at:%H:%M:%S}{took}{again}"
    line = f"{head}  {change.sign} {safe(change.address)}"
    if columns(line) <= width:
        yield paint_sign(line, change.sign, colour)
    else:
        yield from (head, paint_sign(f"    {change.sign} {safe(change.address)}", change.sign, colour))
    for sign, text in diff(change.before, change.after, width - 8):
        yield paint_sign(f"      {sign} {text}", sign, colour)
    if step.detail:
        yield wrap(step.detail, width, "      ! " if step.outcome in ("failed", "conflict") else "      ")
    if step.request_ids:
        yield wrap(f"AWS request {', '.join(step.request_ids)}", width, "      ", "        ")


def verdicts(rows: Sequence[Verdict], *, width: int) -> str:
    """One line a plan, and below it what is wrong with it."""
    if not rows:
        return "No plans here: nothing to verify."
    cells = [
        [_word(row), many(row.records, "record") if row.head else "-", row.head[:HEAD] or "-", row.plan] for row in rows
    ]
    lines = table(
        cells, ("", "journal", "last hash", "plan"), max(width, 80 + max(len(row.plan) for row in rows))
    ).split("\n")
    below = (["", *(wrap(fault, width, "  ! ", "    ") for fault in row.faults), *_torn(row)] for row in rows)
    return "\n".join([lines[0], *(line + "\n".join(more) for line, more in zip(lines[1:], below, strict=True))])


def _word(row: Verdict) -> str:
    if row.faults:
        return "BROKEN"
    return "as written" if row.head else "not applied"


def _torn(row: Verdict) -> list[str]:
    return [f"  {row.torn} bytes of a record that a crash cut short: the next run drops them"] if row.torn else []
