"""What reading log files came to."""

from collections.abc import Sequence
from datetime import date, timedelta

from remediate.evidence.facts import unbroken
from remediate.evidence.gathered import Person, Report, missing
from remediate.evidence.sharing import Suspicion
from remediate.render.text import command, fit, safe, table, wrap
from remediate.words import many

LABEL = 15
SHOWN = 15
"""Of those who called most."""
NAMED = 5
"""Of the files that were passed over."""
GAPS = 4
"""Weeks without evidence that are named."""
ONE = {"log files": "log file", "stretches of time": "stretch of time"}
HEADERS = ("who", "calls", "refused", "kinds", "networks", "last")


def evidence(report: Report, *, width: int) -> str:
    """One fact a line, those that are nought left out."""
    lines = [
        ("account", f"{report.account}, since {report.since}"),
        ("read", f"{_units(report, report.files)} with {many(report.calls, 'call')}"),
        ("read before", _units(report, report.known) if report.known else ""),
        ("not asked for", _sum(_files(report.older), _records(report.outside), "of other times")),
        ("of others", _sum(_files(report.foreign), _records(report.others), "of other accounts")),
        ("to come", _coming(report.coming)),
        ("covers", _weeks(report.weeks)),
        ("missing", _missing(report.unread)),
        ("passed over", _sum(_files(report.failed), _records(report.passed), _odd(report.failed + report.passed))),
    ]
    told = [wrap(text, width, f"{label:<{LABEL}}", " " * LABEL) for label, text in lines if text]
    named = [wrap(safe(one), width, "  ", "    ") for one in report.named[:NAMED]]
    named += [f"  and {len(report.named) - NAMED:,} more: --json names them"] if len(report.named) > NAMED else []
    people = _people(report.people, report.account, width)
    tables = [*people, *_suspicions(report.suspicions, report.account, width)]
    ends = [f"Kept in {safe(report.kept)}", command("Next: ", report.next, width)]
    return "\n".join([*told, *named, "", *tables, *ends])


def _weeks(weeks: Sequence[date]) -> str:
    """Which weeks there is evidence of. What lies before a gap does not count where all must be known."""
    if not weeks:
        return ""
    begin, end = min(weeks), max(weeks) + timedelta(days=6)
    said = f"{len(weeks)} {'weeks' if len(weeks) > 1 else 'week'}, {begin} to {end}"
    gaps = missing(weeks)
    if not gaps:
        return f"{said}, without a gap"
    days = ", ".join(f"{week}" for week in gaps[:GAPS]) + (f" and {len(gaps) - GAPS} more" if len(gaps) > GAPS else "")
    return f"{said}, but nothing of those that begin on {days}: `plan` relies on what is since {unbroken(weeks)}"


def _missing(unread: int) -> str:
    """What the records do not tell, and what that means."""
    left = many(unread, "log file or region", "log files or regions")
    return f"{left} that could not be read: until they are, `least-privilege` narrows nothing" if unread else ""


def _people(people: Sequence[Person], account: str, width: int) -> list[str]:
    rows = [
        (short(p.principal, account), p.calls, p.refused, p.kinds, p.networks, f"{p.last:%Y-%m-%d}")
        for p in people[:SHOWN]
    ]
    more = len(people) - len(rows)
    if not rows:
        return []
    rest = [f"and {more:,} more: --json has everybody"] if more else []
    return [table(rows, HEADERS, width), *rest, "", *_roles(people[:SHOWN], account, width)]


def _roles(people: Sequence[Person], account: str, width: int) -> list[str]:
    """Who stands behind the sessions of a role."""
    taken = [(short(p.principal, account), [short(one, account) for one in p.behind]) for p in people if p.behind]
    lines = [wrap(_words(f"{role}  by {_few(names)}", width - 4), width, "  ", "    ") for role, names in taken]
    return ["Roles, and who took them:", *lines, ""] if lines else []


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _suspicions(suspicions: Sequence[Suspicion], account: str, width: int) -> list[str]:
    """Each with its score and its reasons: they prove nothing, and somebody should look."""
    if not suspicions:
        return []
    lines = ["Worth a look, by score:"]
    for one in suspicions[:SHOWN]:
        who = ", ".join(filter(None, (short(one.principal, account), one.credential)))
        lines.append(f"  {one.score:>2}  {fit(who, width - 6)}")
        lines += [wrap(_words(reason.said, width - 6), width, "      ") for reason in one.reasons]
    more = len(suspicions) - SHOWN
    return [*lines, *([f"and {more:,} more: --json has them all"] if more > 0 else []), ""]


def _words(text: str, width: int) -> str:
    """With no word longer than a line: the name of a program is chosen by whoever calls."""
    return " ".join(fit(word, width) for word in text.split(" "))


def short(principal: str, account: str) -> str:
    """`user/alice` of an ARN of the account's own; what stands for all of it, strangers and services, as they are."""
    own = principal.startswith("arn:") and f":iam::{account}:" in principal
    return principal.split(":", 5)[5] if own else principal


def _units(report: Report, count: int) -> str:
    return many(count, ONE[report.unit], report.unit)


def _coming(count: int) -> str:
    return f"{_files(count)} of days still to come, not read: is the clock of this machine right?" if count else ""


def _odd(count: int) -> str:
    return "that are not as CloudTrail writes them" if count > 1 else "that is not as CloudTrail writes it"


def _files(count: int) -> str:
    return many(count, "file") if count else ""


def _records(count: int) -> str:
    return many(count, "record") if count else ""


def _sum(files: str, records: str, what: str) -> str:
    both = " and ".join(part for part in (files, records) if part)
    return f"{both} {what}" if both else ""
