"""`remediate runs`"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from remediate.cli import options, terminal, work
from remediate.model import SETTLED, Run, outcomes

if TYPE_CHECKING:
    from remediate.store.history import Past


def runs(
    folder: Annotated[Path, typer.Argument(help="Where the plans are.")] = work.PLANS,
    as_json: options.Json = False,
) -> None:
    """List what was planned, applied and rolled back."""
    from remediate.render.error_text import error as screen
    from remediate.render.runs_text import runs as text
    from remediate.store.history import history

    found, broken = history(folder)
    taken_back = {p.plan.header.rolls_back for p in found if p.plan.header.rolls_back and p.records}
    rows = [_row(past, taken_back, work.SystemClock().now()) for past in reversed(found)]
    if as_json:
        terminal.data(rows)
    else:
        terminal.say(text(rows, width=terminal.width()))
    for error in broken:
        terminal.note(screen(error, colour=False))


def _row(past: "Past", taken_back: set[str], now: datetime) -> Run:
    header = past.plan.header
    done = sum(event in SETTLED for event in outcomes(past.records).values())
    state: Literal["planned", "applied", "partly applied", "rolled back", "expired"] = "planned"
    if past.plan.digest in taken_back:
        state = "rolled back"
    elif past.records:
        state = "applied" if done == len(past.plan.changes) else "partly applied"
    elif now > header.expires:
        state = "expired"
    return Run(
        plan=past.path,
        account=header.account,
        alias=header.alias,
        playbook=header.playbook,
        caller=past.records[-1].caller if past.records else header.caller,
        created=header.created,
        kind="rollback" if header.rolls_back else "plan",
        changes=len(past.plan.changes),
        done=done,
        state=state,
    )
