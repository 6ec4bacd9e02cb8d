"""What was planned, applied and rolled back."""

from collections.abc import Sequence

from remediate.render.text import fit, table, wrap
from remediate.standing import Run

WIDE = 150
"""From this width on, a run and its file share a line."""
ROOM = 100
"""Columns that the rest of that line takes."""
HEADERS = ("when (UTC)", "state", "done", "playbook", "account")


def runs(rows: Sequence[Run], *, width: int) -> str:
    """One run after another, in the order given, each with its plan's file, whole, to be copied."""
    if not rows:
        return "No plans here yet. Make one: remediate plan"
    if width >= WIDE and not any(run.signed for run in rows) and all(len(run.plan) <= width - ROOM for run in rows):
        return table([[*_cells(run), caller(run.caller), run.plan] for run in rows], (*HEADERS, "by", "plan"), width)
    lines = table([_cells(run) for run in rows], HEADERS, width).split("\n")
    below = (
        "\n  ".join([_plan(run, width), *(wrap(line, width - 2, "", "    ") for line in run.signed)]) for run in rows
    )
    return "\n".join([lines[0], *(f"{line}\n  {rest}" for line, rest in zip(lines[1:], below, strict=True))])


def _plan(run: Run, width: int) -> str:
    return fit(f"{run.plan}  by {caller(run.caller)}", max(width - 2, len(run.plan)))


def _cells(run: Run) -> list[str]:
    return [
        f"{run.created:%Y-%m-%d %H:%M}",
        run.state,
        f"{run.done}/{run.changes}" + (f" {run.unknown}?" if run.unknown else ""),
        run.playbook if run.kind == "plan" else run.kind,
        run.alias or run.account,
    ]


def caller(arn: str) -> str:
    """A person's name out of an ARN: `user/alice`, or `role/session`."""
    return arn.partition(":user/")[2].rpartition("/")[2] or arn.partition(":assumed-role/")[2] or arn
