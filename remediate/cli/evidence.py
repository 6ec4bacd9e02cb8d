"""`remediate evidence`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remediate.cli import options, terminal, work
from remediate.errors import BadInput, RemediateError

if TYPE_CHECKING:
    from remediate.evidence.gathered import Report

SOURCE = "A folder of CloudTrail's log files, or s3://BUCKET/PREFIX: the bucket that a trail writes to."


def evidence(
    source: Annotated[str, typer.Argument(help=SOURCE, metavar="SOURCE")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How far back.", metavar="N")] = 90,
    account: Annotated[str, typer.Option("--account", help="Of which account, if of several.", metavar="ID")] = "",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where to keep what they say.", metavar="FOLDER")
    ] = work.EVIDENCE,
    requester_pays: Annotated[
        bool, typer.Option("--requester-pays", help="Pay for reading a bucket that asks its readers to.")
    ] = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Read what CloudTrail recorded: who did what, from where, how often.

    What the records say is kept as a summary by week and principal, on this machine alone; a file that was read is not
    read again. A folder takes no AWS account.
    """
    from remediate.cli import sources
    from remediate.cli.gathering import gather
    from remediate.evidence.gathered import Report, people, span
    from remediate.evidence.sharing import suspicions
    from remediate.evidence.signs import signs
    from remediate.render.evidence_text import evidence as text
    from remediate.store.evidence import Store

    read = sources.named(source, lambda: work.connect(profile, region, endpoint_url), requester_pays=requester_pays)
    found = read.survey()
    about = sources.account_of(source, found, account)
    asked = span(about, sources.partition_of(found, about), days, work.SystemClock().now())
    store = Store(folder, about)
    kept = str(store.folder)
    report = Report(account=about, source=source, since=asked.since, until=asked.end.date(), kept=kept)
    with terminal.progressing("reading log files", found.files) as moved:
        gather(read.logs(about, asked.since), read.fetch, asked, store, report, moved)
    _insist(report)
    report.people = people(store.whole())
    report.suspicions = suspicions(signs(store.by_week(), about), ())
    if as_json:
        terminal.data(report)
    else:
        terminal.say(text(report, width=terminal.width()))


def _insist(report: "Report") -> None:
    """Raises RemediateError where nothing that was there could be used."""
    if report.files + report.known == 0 and report.failed:
        raise RemediateError(
            f"none of the {report.failed:,} files could be read",
            details=report.named,
            remedy="Give the folder that CloudTrail's bucket was copied to, or the bucket: its files end in .json.gz.",
        )
    if not report.seen:
        raise BadInput(
            f"there is no log file of CloudTrail in {report.source} since {report.since}",
            remedy="Check the prefix; with --days more of the time before is read.",
        )
