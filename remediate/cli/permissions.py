"""`remediate permissions`"""

from pathlib import Path
from typing import Annotated

import typer

from remediate.cli import options, terminal
from remediate.errors import BadInput


def permissions(
    file: Annotated[Path | None, typer.Argument(help="A plan: the policy to apply and take back exactly this.")] = None,
    plan_role: options.PlanRole = False,
) -> None:
    """Print the least IAM policy for a phase or a plan."""
    from remediate.aws.reader.actions import PLAN_ACTIONS, PLAN_ALSO
    from remediate.aws.resources import RESOURCES
    from remediate.permissions import plan_policy, policy_for
    from remediate.store.plans import load

    if (file is None) == (not plan_role):
        raise BadInput("give a plan, or --plan-role", remedy="remediate permissions --plan-role")
    terminal.data(policy_for(load(file), RESOURCES, PLAN_ACTIONS) if file else plan_policy(PLAN_ACTIONS, PLAN_ALSO))
