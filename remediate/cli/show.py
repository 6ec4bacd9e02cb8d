"""`remediate show`"""

from typing import Annotated, Literal

import msgspec
import typer

from remediate.cli import options, signing, terminal

Format = Literal["table", "json", "csv", "markdown", "html"]


def show(
    file: options.PlanFile,
    style: Annotated[Format, typer.Option("--format", help="How; csv is for a spreadsheet.")] = "table",
    address: Annotated[str | None, typer.Option("--address", help="Everything about one address.")] = None,
    who: Annotated[bool, typer.Option("--who", help="Who will notice, by person.")] = False,
    manual: Annotated[bool, typer.Option("--manual", help="What is to be done by hand, step by step.")] = False,
    trusted_keys: options.TrustedKeys = signing.TRUSTED_KEYS,
    as_json: options.Json = False,
) -> None:
    """Show a plan, or one part of it.

    Its changes in order, everything about one address, who will notice, or what is left to do by hand.
    """
    from remediate.render import plan_text
    from remediate.render.csv import csv
    from remediate.render.html import html
    from remediate.render.markdown import markdown
    from remediate.render.rehearsal_text import line
    from remediate.store.plans import load

    plan = load(file)
    signed = signing.lines(plan, file, trusted_keys)
    width, colour = terminal.width(), terminal.colour()
    told = [*line(plan), *signed]
    if as_json or style == "json":
        terminal.data({**msgspec.structs.asdict(plan), "signed": signed})
    elif style == "csv":
        terminal.say(csv(plan))
    elif style == "markdown":
        terminal.say(markdown(plan, told))
    elif style == "html":
        terminal.say(html(plan, told))
    elif address:
        terminal.say(plan_text.one(plan, address, width=width))
    elif who:
        terminal.say(plan_text.who(plan, width=width))
    elif manual:
        terminal.say(plan_text.manual(plan, width=width))
    else:
        terminal.say(plan_text.details(plan, width=width, colour=colour, signed=told))
