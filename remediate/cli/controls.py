"""`remediate controls`"""

from typing import Annotated

import typer

from remediate.cli import options, terminal
from remediate.errors import BadInput


def controls(
    control: Annotated[str | None, typer.Argument(help="A control's id, for its whole page.", metavar="[ID]")] = None,
    as_json: options.Json = False,
) -> None:
    """Say what is checked, why, and what it changes."""
    from remediate.aws.resources import RESOURCES
    from remediate.controls import CONTROLS
    from remediate.permissions import actions_of
    from remediate.render.controls_text import control_page, controls_table

    if control and control not in CONTROLS:
        raise BadInput(f"there is no control {control}", remedy=f"There are: {', '.join(CONTROLS)}.")
    chosen = [CONTROLS[control]] if control else list(CONTROLS.values())
    if as_json:
        fields = ("id", "title", "guideline", "cis_7", "cis_5", "security_hub", "changes", "kinds", "rollback")
        rows = [{**{name: getattr(c, name) for name in fields}, "help": c.help()} for c in chosen]
        terminal.data([{**row, "needs": actions_of(c.kinds, RESOURCES)} for row, c in zip(rows, chosen, strict=True)])
    elif control:
        terminal.say(control_page(chosen[0], actions_of(chosen[0].kinds, RESOURCES)))
    else:
        terminal.say(controls_table(chosen, width=terminal.width()))
