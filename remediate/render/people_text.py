"""Who will notice a plan, and what is left for people to do by hand."""

from collections.abc import Iterator, Sequence

from remediate.model import Manual, Plan
from remediate.render import facts, replay_text
from remediate.render.noticed import Noticed, noticed, unchanged
from remediate.render.text import BY_HAND, columns, safe, wrap
from remediate.words import many

UNRECORDED = (
    "No records of CloudTrail are at hand: after `remediate evidence`, a plan says which of the calls that people made "
    "it would have denied."
)
LABEL = 24
"""Columns that a name may take before its notice."""


def who(plan: Plan, *, width: int) -> str:
    """Everybody who will notice something, and all they will notice."""
    people = noticed(plan)
    proof = "exactly the access they have (proven)"
    if not facts.proven(plan):
        return "\n".join(notices(people, width)) if people else "Nobody that the plan names."
    lines = notices(people, width) if people else [f"Nobody: everybody keeps {proof}."]
    if same := unchanged(plan):
        lines.append(wrap(f"Concerned, and nothing to notice: {', '.join(same)}.", width, "", "  "))
    if people:
        lines.append(wrap(f"Everybody else keeps {proof}.", width))
    lines += [*uncovered(plan, width), *recorded(plan, width)]
    return "\n".join(lines)


def recorded(plan: Plan, width: int) -> list[str]:
    """What the recorded calls would have come to, and what the records do not tell."""
    if not plan.changes or plan.header.rolls_back:
        return []
    if plan.replay is None:
        return [wrap(UNRECORDED, width, "? ", "  ")]
    said = replay_text.line(plan)
    span = f"The plan {said}: {plan.replay.since:%Y-%m-%d} to {plan.replay.until:%Y-%m-%d}."
    return [wrap(span, width, "", "  "), *(wrap(text, width, "? ", "  ") for text in replay_text.unsaid(plan))]


def uncovered(plan: Plan, width: int) -> list[str]:
    """What the proof could not look into."""
    found = plan.proof.open
    lines = [f"? The proof does not cover {many(len(found), 'policy or statement', 'policies or statements')}:"]
    return [*lines, *(wrap(text, width, "    ", "      ") for text in found)] if found else []


def notices(people: Sequence[Noticed], width: int) -> list[str]:
    """Names, and beside them what their owners will notice."""
    label = min(LABEL, max((columns(safe(someone.who)) for someone in people), default=0))
    return [line for someone in people for line in _notices(someone, label, width)]


def _notices(someone: Noticed, label: int, width: int) -> Iterator[str]:
    name, rest = safe(someone.who), " " * (label + 2)
    lead = name + " " * (label + 2 - columns(name))
    if columns(name) > label:
        yield name
        lead = rest
    for notice in someone.notices:
        yield wrap(notice, width, lead, rest)
        lead = rest


def manual(plan: Plan, *, width: int) -> str:
    """Every thing to do by hand, with its exact steps and the check that the next plan makes."""
    if not plan.manual:
        return "Nothing to do by hand."
    total = len(plan.manual)
    return "\n\n".join("\n".join(by_hand(item, n, total, width)) for n, item in enumerate(plan.manual, start=1))


def by_hand(item: Manual, number: int, total: int, width: int) -> list[str]:
    """One thing to do, numbered among its like."""
    lines = [
        wrap(item.summary, width, f"{BY_HAND} {number}/{total}  "),
        f"   {safe(item.control)}   {safe(item.address)}",
    ]
    for n, step in enumerate(item.steps, start=1):
        lines += _step(step, f"   {n}. ", width)
    return [*lines, wrap(item.check, width, "   then: ")]


def _step(step: str, lead: str, width: int) -> Iterator[str]:
    """A step; a command in it that does not fit stands whole on a line of its own, to be copied."""
    if columns(safe(step)) + len(lead) <= width:
        yield lead + safe(step)
        return
    prose, found, rest = step.partition(": aws ")
    yield wrap(prose + ":" * bool(found), width, lead)
    if found:
        yield from (" " * len(lead) + safe(part.strip()) for part in f"aws {rest}".split("; "))
