"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[str | None, typer.Option("--profile", help="AWS profile, as in the AWS CLI.", metavar="NAME")]
Region = Annotated[str | None, typer.Option("--region", help="AWS region to work from.", metavar="REGION")]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="Another AWS endpoint, such as a sandbox's.", metavar="URL")
]
Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=32, help="Changes in hand at the same time.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Start nothing more after the first failure.")]
PlaybookName = Annotated[
    str, typer.Option("--playbook", "-p", help="A shipped playbook's name, or a file.", metavar="PLAYBOOK")
]
Only = Annotated[list[str] | None, typer.Option("--control", help="Only this control; may be repeated.", metavar="ID")]
PlanFile = Annotated[Path, typer.Argument(help="A plan that `remediate plan` wrote.", metavar="FILE")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to write the plan.", metavar="FILE", dir_okay=False)
]
Every = Annotated[str | None, typer.Option("--every", help="Keep going, such as 6h or 30m.", metavar="TIME")]
Cron = Annotated[str | None, typer.Option("--cron", help="Keep going, by crontab times in UTC.", metavar="EXPR")]
DetailedExitcode = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to change.")]
PlanRole = Annotated[bool, typer.Option("--plan-role", help="The policy for `plan` and `drift`: reads only.")]
