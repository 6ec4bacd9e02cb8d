"""Everything a plan says about one address."""

import difflib
from collections.abc import Iterator

from remediate.errors import BadInput
from remediate.model import Address, Change, Plan, Value, brief
from remediate.render import facts
from remediate.render.diff import diff
from remediate.render.people_text import manual_item
from remediate.render.text import columns, paint_sign, safe, wrap

UNDO = {"exact": "written back as it was", "equivalent": "written back, but for", "impossible": "! cannot be taken back"}


def one(plan: Plan, address: str, *, width: int, colour: bool = False) -> str:
    """Everything about one address, or one change by its number (`#214`). Raises BadInput if it is not in the plan."""
    changes = [c for c in plan.changes if address in (c.address, f"#{c.id}", str(c.id))]
    address = changes[0].address if changes else address
    parts = ["\n".join(_change(plan, change, width, colour)) for change in changes]
    parts += list(_besides(plan, address, width))
    if not parts:
        raise _missing(plan, address)
    return "\n\n".join(parts)


def _change(plan: Plan, change: Change, width: int, colour: bool) -> Iterator[str]:
    facts_ = [f"#{change.id}", ", ".join(facts.controls_of(change)), change.risk, change.reversal]
    head = "  ".join(safe(fact) for fact in facts_)
    after = facts.following(change)
    gap = width - columns(head) - len(after)
    yield (head + " " * gap + after).rstrip() if gap > 1 else head
    yield f"  {change.sign} {safe(change.address)}"
    for sign, line in diff(change.before, change.after, width - 6):
        yield paint_sign(f"    {sign} {line}", sign, colour)
    for label, text in _notes(plan, change):
        yield wrap(text, width, f"  {label + ':':<9}")


def _notes(plan: Plan, change: Change) -> Iterator[tuple[str, str]]:
    for reason in change.reasons:
        yield "why", f"{reason.why} ({reason.control})"
    standards = facts.standards(plan, change)
    if standards:
        yield "for", ", ".join(standards)
    if change.notice:
        yield "notice", f"{facts.person(change.address)[0]}: {change.notice}"
    yield "undo", UNDO[change.reversal] + (f": {change.loss}" if change.loss else "")
    if change.evidence:
        yield "checked", f"again right before: {_evidence(change)}"
    by_id = {c.id: c for c in plan.changes}
    for number in change.needs:
        yield "after", _named(by_id[number])
    for later in plan.changes:
        if change.id in later.needs:
            yield "before", _named(later)
