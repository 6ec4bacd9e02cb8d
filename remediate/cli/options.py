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
Evidence = Annotated[
    Path,
    typer.Option(
        "--evidence", help="What `remediate evidence` keeps of who did what.", metavar="FOLDER", file_okay=False
    ),
]
MaxDenied = Annotated[
    int | None,
    typer.Option(
        "--max-denied",
        min=0,
        help="How many of the recorded calls it may deny, if not as the playbook says.",
        metavar="N",
    ),
]
Every = Annotated[str | None, typer.Option("--every", help="Keep going, such as 6h or 30m.", metavar="TIME")]
Cron = Annotated[str | None, typer.Option("--cron", help="Keep going, by crontab times in UTC.", metavar="EXPR")]
DetailedExitcode = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to change.")]
AssumeRole = Annotated[
    str | None,
    typer.Option("--assume-role", help="Work as this role, with no more rights than this needs.", metavar="ARN"),
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="Sign as the plan's planner: an ed25519 key's file, or a KMS ARN.", metavar="KEY"),
]
ApproverKey = Annotated[
    str,
    typer.Option("--key", help="Your ed25519 key's file (ssh-keygen -t ed25519), or a KMS key's ARN.", metavar="KEY"),
]
RequireSignature = Annotated[
    bool,
    typer.Option(
        "--require-signature",
        envvar="REMEDIATE_REQUIRE_SIGNATURE",
        help="Only with a trusted key's approval. Who controls this machine controls whether that is asked: set the "
        "variable where plans are applied.",
    ),
]
TrustedKeys = Annotated[
    Path,
    typer.Option(
        "--trusted-keys",
        envvar="REMEDIATE_TRUSTED_KEYS",
        help="Whose approval counts, by name and key.",
        metavar="FILE",
    ),
]
PlanRole = Annotated[bool, typer.Option("--plan-role", help="The policy for `plan` and `drift`: reads only.")]
OfPlan = Annotated[
    str | None,
    typer.Option("--playbook", "-p", help="The playbook it was made with, if that is a file.", metavar="PLAYBOOK"),
]
Rehearse = Annotated[bool, typer.Option("--rehearse", help="Try it on an emulated twin at once; the plan says how.")]
RequireRehearsal = Annotated[
    bool,
    typer.Option(
        "--require-rehearsal",
        envvar="REMEDIATE_REQUIRE_REHEARSAL",
        help="Only if `plan --rehearse` tried every change, and all went well.",
    ),
]
