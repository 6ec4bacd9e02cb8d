"""What reading log files came to."""

from collections.abc import Sequence

from remediate.evidence.gathered import Person, Report
from remediate.render.text import safe, table, wrap

LABEL = 15
SHOWN = 15
"""Of those who called most."""
HEADERS = ("who", "calls", "refused", "kinds", "networks", "last")


def evidence(report: Report, *, width: int) -> str:
    """One fact a line, those that are nought left out."""
    lines = [
        ("account", f"{report.account}, since {report.since}"),
        ("read", f"{report.files:,} log files with {report.calls:,} calls"),
        ("read before", _files(report.known)),
        ("not asked for", _sum(_files(report.older), _records(report.outside), "older")),
        ("of others", _sum(_files(report.foreign), _records(report.others), "of other accounts")),
        ("passed over", _sum(_files(report.failed), _records(report.passed), "that are not as CloudTrail writes them")),
    ]
    told = [wrap(text, width, f"{label:<{LABEL}}", " " * LABEL) for label, text in lines if text]
    named = [wrap(safe(one), width, "  ", "    ") for one in report.named]
    return "\n".join([*told, *named, "", *_people(report.people, width), f"Kept in {safe(report.kept)}"])


def _people(people: Sequence[Person], width: int) -> list[str]:
    rows = [(short(p.principal), p.calls, p.refused, p.kinds, p.networks, f"{p.last:%Y-%m-%d}") for p in people[:SHOWN]]
    lines = [table(rows, HEADERS, width)] if rows else []
    more = len(people) - len(rows)
    return [*lines, *([f"and {more:,} more: --json has everybody"] if more else []), ""]


def short(principal: str) -> str:
    """`user/alice` of an ARN in IAM; what stands for all of an account, and services, as they are."""
    return principal.rpartition(":")[2] if principal.startswith("arn:") and ":iam:" in principal else principal


def _files(count: int) -> str:
    return f"{count:,} files" if count else ""


def _records(count: int) -> str:
    return f"{count:,} records" if count else ""


def _sum(files: str, records: str, what: str) -> str:
    both = " and ".join(part for part in (files, records) if part)
    return f"{both} {what}" if both else ""
