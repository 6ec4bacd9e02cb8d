"""A plan as CSV for a spreadsheet: a row for everything to review, and no cell that a spreadsheet would compute."""

import csv as files
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator

from remediate.model import Change, Plan, Value
from remediate.render import facts
from remediate.render.diff import compact
from remediate.render.noticed import by_change
from remediate.render.text import safe

HEADERS = (
    "what",
    "id",
    "address",
    "deed",
    "risk",
    "undo",
    "before",
    "after",
    "control",
    "why",
    "notice",
    "standards",
    "needs",
)
FORMULA = tuple("=+-@＝＋－＠")
"""What a cell begins with that a spreadsheet computes; `safe` leaves no tab, line break or wide space."""
DEEDS = {"+": "add", "-": "remove", "~": "change"}


def csv(plan: Plan) -> str:
    """One row a change, in order, then one for each finding without a change, manual step, unknown and exemption."""
    file = io.StringIO()
    writer = files.writer(file, quoting=files.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows([_cell(text) for text in row] for row in _rows(plan))
    return file.getvalue().removesuffix("\n")


def _cell(text: str) -> str:
    """One line that stays text: https://owasp.org/www-community/attacks/CSV_Injection

    A blank before the formula's sign does not stop every spreadsheet from seeing it.
    """
    text = safe(text)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    standards: dict[int, dict[str, None]] = defaultdict(dict)
    for finding in plan.findings:
        for number in finding.changes:
            standards[number].update(dict.fromkeys(finding.standards))
    yield from (_change(plan, change, ", ".join(standards[change.id])) for change in plan.changes)
    for finding in plan.findings:
        if not finding.changes:
            yield _row(
                "finding", finding.address, finding.severity, finding.control, finding.summary, finding.standards
            )
    for item in plan.manual:
        yield _row("by hand", item.address, "", item.control, item.summary)
    for unknown in plan.unknowns:
        yield _row("unknown", unknown.what, "", ", ".join(unknown.controls), unknown.reason)
    for unseen in plan.unseen:
        yield _row("not looked into", unseen.what, "", ", ".join(unseen.controls), unseen.reason)
    for spared in plan.exempted:
        why = f"{spared.summary}; until {spared.expires}, {spared.owner}: {spared.reason}"
        yield _row("exempt", spared.address, "", spared.control, why)
    yield from (_row("stays", kept.address, "", "", kept.why) for kept in plan.kept)


def _row(what: str, address: str, risk: str, control: str, why: str, standards: Iterable[str] = ()) -> tuple[str, ...]:
    return (what, "", address, "", risk, "", "", "", control, why, "", ", ".join(standards), "")


def _change(plan: Plan, change: Change, standards: str) -> tuple[str, ...]:
    return (
        "change",
        str(change.id),
        change.address,
        DEEDS[change.sign],
        " and ".join((change.risk, *change.also)),
        change.reversal + (f", but for: {change.loss}" if change.loss else ""),
        _value(change.before),
        _value(change.after),
        ", ".join(facts.controls_of(change)),
        facts.whys(change),
        "; ".join((*([change.notice] if change.notice else []), *by_change(plan, change))),
        standards,
        " ".join(str(n) for n in change.needs),
    )


def _value(value: Value) -> str:
    """Empty where the setting is absent."""
    return "" if value is None else value if isinstance(value, str) else compact(value)
