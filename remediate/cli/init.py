"""`remediate init`"""

from pathlib import Path
from typing import Annotated

import typer

from remediate.cli import terminal
from remediate.errors import BadInput


def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("remediate.yaml"),
) -> None:
    """Write a commented playbook to edit."""
    from remediate.playbook.load import find
    from remediate.render.text import safe
    from remediate.store.files import write_new

    if file.exists():
        raise BadInput(f"{file} is there already", remedy="Give another name; nothing was overwritten.")
    text = find("guidelines", Path()).read_text(encoding="utf-8")
    named = text.replace("name: guidelines", f"name: {file.stem}", 1)
    write_new(file, named.encode(), "Check the folder's permissions and room, or give another name.")
    terminal.say(safe(f"Wrote {file}. Edit it, then: remediate plan -p {file}"))
