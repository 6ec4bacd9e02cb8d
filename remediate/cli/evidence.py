"""`remediate evidence`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remediate.cli import options, terminal, work
from remediate.errors import BadInput, RemediateError

if TYPE_CHECKING:
    from remediate.evidence.logs import Log

PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


def evidence(
    source: Annotated[Path, typer.Argument(help="A folder of CloudTrail's log files.", metavar="FOLDER")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How far back.", metavar="N")] = 90,
    account: Annotated[str, typer.Option("--account", help="Of which account, if of several.", metavar="ID")] = "",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to keep what they say.", metavar="FOLDER")
    ] = work.EVIDENCE,
    as_json: options.Json = False,
) -> None:
    """Read CloudTrail's log files: who did what, from where, how often.

    What they say is kept as a summary by week and principal; a file that was read is not read again. Nothing is sent
    anywhere, and no AWS account is needed.
    """
    from remediate.cli.gathering import gather
    from remediate.evidence.gathered import Report, people, span
    from remediate.evidence.sharing import Thresholds, suspicions
    from remediate.render.evidence_text import evidence as text
    from remediate.store.evidence import Store
    from remediate.store.logs import logs_in

    logs = sorted(logs_in(source))
    about = _account(logs, account, source)
    asked = span(about, _partition(logs, about), days, work.SystemClock().now())
    store = Store(folder, about)
    kept = str(store.folder)
    report = Report(account=about, source=str(source), since=asked.since, until=asked.end.date(), kept=kept)
    with terminal.progressing("reading log files", len(logs)) as moved:
        gather(logs, asked, store, report, lambda _outcome: moved())
    report.people = people(store.whole())
    weeks = (store.load(week)[0] for week in store.weeks())
    report.suspicions = suspicions(weeks, about, (), Thresholds())
    if as_json:
        terminal.data(report)
    else:
        terminal.say(text(report, width=terminal.width()))
    if report.failed and not report.files + report.known:
        raise RemediateError(
            f"none of the {report.failed:,} files could be read",
            details=report.named,
            remedy="Give the folder that CloudTrail's bucket was copied to: its files end in .json.gz.",
        )


def _account(logs: "Sequence[Log]", asked: str, source: Path) -> str:
    found = sorted({log.account for log in logs if log.account})
    if not logs:
        raise BadInput(f"there is no log file of CloudTrail in {source}", remedy="Their names end in .json.gz.")
    if asked or len(found) == 1:
        return asked or found[0]
    several = f"log files of {len(found)} accounts" if found else "no file whose name says of which account it is"
    raise BadInput(f"{source} has {several}", details=found[:10], remedy="Say which with --account.")


def _partition(logs: "Sequence[Log]", account: str) -> str:
    """`aws`, `aws-cn` or `aws-us-gov`: the regions in the names of the account's files tell."""
    region = next((log.region for log in logs if log.account == account), "")
    return next((name for begin, name in PARTITIONS.items() if region.startswith(f"{begin}-")), "aws")
