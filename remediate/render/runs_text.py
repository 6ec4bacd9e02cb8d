"""What was planned, applied and rolled back."""

from collections.abc import Sequence

from remediate.model import Run
from remediate.render.text import safe, table

WIDE = 150
"""From this width on, a run and its file share a line."""


def runs(rows: Sequence[Run], *, width: int) -> str:
    """One run after another, in the order given; each with its plan's file, whole, to be copied."""
    if not rows:
        return "No plans here yet. Make one: remediate plan"
    paths = [safe(run.plan) for run in rows]
    wide = width >= WIDE
    room = width - 2 - max(len(path) for path in paths) if wide else width
    headers = ("when (UTC)", "state", "done", "kind", "playbook", "account", "by")
    lines = table([_cells(run) for run in rows], headers, room if wide and room > 80 else width).splitlines()
    if not (wide and room > 80):
        return "\n".join([lines[0], *(f"{line}\n  {path}" for line, path in zip(lines[1:], paths, strict=True))])
    side = max(len(line) for line in lines)
    return "\n".join(f"{line:<{side}}  {path}" for line, path in zip(lines, ["plan", *paths], strict=True))


def _cells(run: Run) -> list[str]:
    return [
        f"{run.created:%Y-%m-%d %H:%M}",
        run.state,
        f"{run.done}/{run.changes}",
        run.kind,
        run.playbook,
        run.alias or run.account,
        caller(run.caller),
    ]


def caller(arn: str) -> str:
    """A person's name out of an ARN: `user/alice`, or `role/session`."""
    return arn.partition(":user/")[2].rpartition("/")[2] or arn.partition(":assumed-role/")[2] or arn
