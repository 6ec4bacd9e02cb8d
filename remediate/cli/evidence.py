"""`remediate evidence`"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remediate.cli import options, terminal, work
from remediate.errors import RemediateError

if TYPE_CHECKING:
    from remediate.evidence.gathered import Report

SOURCE = (
    "A folder of CloudTrail's log files; s3://BUCKET/PREFIX, the bucket that a trail writes to; without a trail "
    "`cloudtrail:`, the management events of 90 days, in all regions or `cloudtrail:REGION,REGION`; `lake:ARN`, an "
    "event data store of CloudTrail Lake; or `athena:DATABASE.TABLE[@WORKGROUP]`, a table over the bucket, which folds "
    "the logs in AWS: for more than one machine reads."
)


SCHEDULER = (
    "Have the workers of a Dask cluster read the files, such as tcp://host:8786. They need this version of remediate; "
    "a bucket they read with credentials of their own, and a folder must lie where it does here."
)


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
    scheduler: Annotated[
        str, typer.Option("--scheduler", help=SCHEDULER, metavar="ADDRESS", rich_help_panel="Many machines")
    ] = "",
    print_sql: Annotated[
        bool, typer.Option("--print-sql", help="Print what `lake:` or `athena:` would ask for a day; ask nothing.")
    ] = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Read what CloudTrail recorded: who did what, from where, how often.

    What the records say is kept as a summary by week and principal, on this machine alone; what was read is not read
    again. A folder takes no AWS account.
    """
    from remediate.cli import origins
    from remediate.evidence.gathered import Report, people, span
    from remediate.evidence.sharing import suspicions
    from remediate.evidence.signs import signs
    from remediate.render.evidence_text import evidence as text
    from remediate.store.evidence import Store

    only, now = origins.account_id(account), work.SystemClock().now()
    connect = partial(work.connect, profile, region, endpoint_url)
    origin = origins.named(source, connect, requester_pays=requester_pays, scheduler=scheduler)
    if print_sql:
        terminal.say(origins.statement(origin, only, days, now))
        return
    whose = origin.whose(only)
    asked = span(whose.account, whose.partition, days, now)
    store = Store(folder, whose.account)
    report = Report(account=whose.account, source=source, since=asked.since, until=asked.end.date())
    with terminal.progressing("reading records", whose.files) as moved:
        origin.gather(asked, now, store, report, moved)
    _insist(report)
    report.people = people(store.whole())
    report.weeks, report.kept, report.unread = store.weeks(), str(store.folder), len(store.unread)
    report.next = ["remediate", "plan", *(["--evidence", str(folder)] if folder != work.EVIDENCE else [])]
    report.suspicions = suspicions(signs(store.by_week(), whose.account), ())
    if as_json:
        terminal.data(report)
    else:
        terminal.say(text(report, width=terminal.width()))
    if report.blind:
        raise _blind(report)


def _insist(report: "Report") -> None:
    """Raises RemediateError where nothing that was there could be used."""
    if report.files + report.known:
        return
    if report.blind:
        raise _blind(report)
    if report.failed:
        from remediate.render.evidence_text import NAMED
        from remediate.words import many

        raise RemediateError(
            f"{many(report.failed, 'file')} could not be read, and there is no other",
            details=report.named[:NAMED],
            remedy="Give the folder that CloudTrail's bucket was copied to, or the bucket: its files end in .json.gz.",
        )


def _blind(report: "Report") -> RemediateError:
    from remediate.words import many

    return RemediateError(
        f"CloudTrail could not be asked in {many(len(report.blind), 'region')}: what was done there is not known",
        details=report.blind,
        remedy="It takes cloudtrail:LookupEvents, and for CloudTrail Lake cloudtrail:StartQuery and "
        "cloudtrail:GetQueryResults. Where nobody may work in a region, name the others: cloudtrail:REGION,REGION",
    )
