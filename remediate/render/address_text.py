"""Everything a plan says about one address."""

import difflib
from collections.abc import Iterator, Mapping

from remediate.errors import BadInput
from remediate.model import Change, Plan, Reversal, Value
from remediate.render import facts
from remediate.render.diff import compact, diff
from remediate.render.noticed import by_change
from remediate.render.people_text import by_hand
from remediate.render.text import columns, paint_sign, safe, wrap

UNDO: Mapping[Reversal, str] = {
    "exact": "written back as it was",
    "equivalent": "written back, but for",
    "impossible": "! cannot be taken back",
}
NEAR = 5
"""Addresses named when the one asked for is not there."""


def one(plan: Plan, address: str, *, width: int, colour: bool = False) -> str:
    """Everything about one address, or one change by its number (`#214`). Raises BadInput if it is not in the plan."""
    changes = [c for c in plan.changes if address in (c.address, f"#{c.id}", str(c.id))]
    address = changes[0].address if changes else address
    parts = ["\n".join(_change(plan, change, width, colour)) for change in changes]
    parts += ["\n".join(lines) for lines in _besides(plan, address, width)]
    if not parts:
        raise _missing(plan, address)
    return "\n\n".join(parts)


def _change(plan: Plan, change: Change, width: int, colour: bool) -> Iterator[str]:
    risk = " and ".join((change.risk, *change.also))
    parts = [f"#{change.id}", ", ".join(facts.controls_of(change)), risk, change.reversal]
    head, after = "  ".join(safe(part) for part in parts), facts.following(change)
    gap = width - columns(head) - len(after)
    yield (head + " " * gap + after).rstrip() if gap > 1 else head
    yield paint_sign(f"  {change.sign} {safe(change.address)}", change.sign, colour)
    for sign, line in diff(change.before, change.after, width - 6):
        yield paint_sign(f"    {sign} {line}", sign, colour)
    for label, text in _notes(plan, change):
        yield wrap(text, width, f"  {label:<9}")


def _notes(plan: Plan, change: Change) -> Iterator[tuple[str, str]]:
    for reason in change.reasons:
        yield "why", f"{reason.why} ({reason.control})"
    standards = facts.standards(plan, change)
    if standards:
        yield "for", ", ".join(standards)
    if change.notice:
        yield "notice", f"{facts.person(change.address)[0]}: {change.notice}"
    yield from (("access", line) for line in by_change(plan, change))
    yield "undo", UNDO[change.reversal] + (f": {change.loss}" if change.loss else "")
    if change.evidence:
        yield "evidence", f"{_pairs(change.evidence)}; asked again right before the change"
    numbers = {c.id: c for c in plan.changes}
    yield from (("after", _named(numbers[n])) for n in change.needs if n in numbers)
    yield from (("before", _named(later)) for later in plan.changes if change.id in later.needs)


def _pairs(evidence: Mapping[str, Value]) -> str:
    return ", ".join(
        f"{key} {value if isinstance(value, str) else compact(value)}" for key, value in sorted(evidence.items())
    )


def _named(change: Change) -> str:
    return f"#{change.id} {change.sign} {change.address}"


def _besides(plan: Plan, address: str, width: int) -> Iterator[list[str]]:
    """The findings, manual steps and exemptions of an address, and what a rollback leaves there."""
    for finding in (f for f in plan.findings if f.address == address):
        text = f"{finding.severity}: {finding.summary} ({', '.join(finding.standards)})"
        repair = "repaired by " + " ".join(f"#{n}" for n in finding.changes) if finding.changes else "no change"
        lines = [wrap(f"{finding.control}, {text}", width, "finding  "), wrap(repair, width, "         ")]
        if finding.evidence:
            lines.insert(1, wrap(_pairs(finding.evidence), width, "         "))
        yield lines
    mine = [item for item in plan.manual if item.address == address]
    yield from (by_hand(item, n, len(mine), width) for n, item in enumerate(mine, start=1))
    for spared in (e for e in plan.exempted if e.address == address):
        text = f"{spared.control}: {spared.summary}; until {spared.expires}, {spared.owner}: {spared.reason}"
        yield [wrap(text, width, "exempt   ")]
    yield from ([wrap(kept.why, width, "stays    ")] for kept in plan.kept if kept.address == address)


def _missing(plan: Plan, address: str) -> BadInput:
    listed = (plan.changes, plan.findings, plan.manual, plan.exempted, plan.kept)
    known = sorted({str(item.address) for items in listed for item in items})
    near = [name for name in known if address.casefold() in name.casefold()][:NEAR]
    near = near or difflib.get_close_matches(address, known, n=NEAR, cutoff=0.5)
    return BadInput(
        "the plan has nothing about this address",
        address=address,
        details=near,
        remedy="Did you mean one of these? `remediate show FILE` lists all." if near else "See: remediate show FILE",
    )
