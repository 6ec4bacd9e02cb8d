"""`remediate permissions`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remediate.cli import options, terminal
from remediate.errors import BadInput

if TYPE_CHECKING:
    from remediate.model import Permission
    from remediate.permissions import Document

Folder = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A folder: one file for each policy.", metavar="FOLDER", file_okay=False),
]


def permissions(
    file: Annotated[Path | None, typer.Argument(help="A plan: the policy to apply and take back exactly this.")] = None,
    plan_role: options.PlanRole = False,
    output: Folder = None,
) -> None:
    """Print the least IAM policy for a phase or a plan.

    One that is too long for IAM is printed as a list of policies, each of which it takes.
    """
    from remediate.aws.reader.actions import ACCOUNT_ACTIONS, PLAN_ACTIONS, PLAN_ALSO
    from remediate.aws.resources import RESOURCES
    from remediate.permissions import needs, plan_needs
    from remediate.store.plans import load

    if (file is None) == (not plan_role):
        raise BadInput("give a plan, or --plan-role", remedy="remediate permissions --plan-role")
    if file:
        documents = _documents(needs(load(file), RESOURCES, ACCOUNT_ACTIONS), "RemediateApply")
    else:
        documents = _documents(plan_needs(PLAN_ACTIONS, PLAN_ALSO), "RemediatePlan")
    if output:
        _write(documents, output)
    else:
        terminal.data(documents if len(documents) > 1 else documents[0])


def _documents(permissions: "frozenset[Permission]", sid: str) -> "Sequence[Document]":
    """The policy in as few managed policies as hold it, and a note; less exact if a role could not have all of them."""
    from remediate.permissions import ATTACHED, MANAGED, managed, size
    from remediate.render.text import safe
    from remediate.session_policy import coarser

    steps = [(beyond, managed(held, sid)) for beyond, held in coarser(permissions)]
    beyond, documents = next((step for step in steps if len(step[1]) <= ATTACHED), steps[-1])
    if beyond:
        terminal.note(
            f"The exact policy takes {len(steps[0][1])} managed policies, and a role can have {ATTACHED}: "
            f"it allows {safe(', '.join(beyond))} as well. Writing actions are exact."
        )
    if len(documents) > 1:
        terminal.note(
            f"{len(documents)} policies: together they have {sum(map(size, documents)):,} characters, and IAM takes "
            f"{MANAGED:,} in one. The role needs all of them; it can have {ATTACHED}."
        )
    return documents


def _write(documents: "Sequence[Document]", folder: Path) -> None:
    import msgspec

    from remediate.store.files import OR_OUTPUT, write_new

    for n, document in enumerate(documents, start=1):
        path = folder / f"policy-{n}.json"
        write_new(path, msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n", OR_OUTPUT)
        terminal.say(str(path))
