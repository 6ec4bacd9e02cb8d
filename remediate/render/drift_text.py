"""What has moved since it was set, and what the playbook would change now."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.culprit import Trace
from remediate.model import Plan, brief
from remediate.render import facts
from remediate.render.diff import diff
from remediate.render.text import BY_HAND, fit, indent, safe, table, wrap
from remediate.words import many

if TYPE_CHECKING:
    from remediate.drift import Drifted

SHOWN = 20
"""Addresses named; the rest are counted."""
LONGEST = 60
"""Columns of one name that strangers chose."""
FEW = 3
"""Of those who may have made a change."""
LINES = 12
"""Lines of difference for one address."""


def drift(
    drifted: "Sequence[Drifted]", plan: Plan | None, *, known: int, width: int, touched: "Sequence[Drifted]" = ()
) -> str:
    """Each drifted address with what was set, what is there now, and the plan that set it; then the playbook's view.

    `known` is how many settings past runs left, as far as their plans are at hand; `touched` is what the playbook alone
    wants changed and somebody is known to have changed last.
    """
    parts = [_moved(drifted, plan.header.account if plan else "", known, width)]
    if plan:
        parts += ["\n".join([*_wanted(plan, width), *_touched(touched, plan.header.account, width)])]
    return "\n\n".join(parts)


def _moved(drifted: "Sequence[Drifted]", account: str, known: int, width: int) -> str:
    if not known:
        return wrap("No run on this account is on record here: only what the playbook wants is compared.", width)
    if not drifted:
        return f"No drift: {many(known, 'setting')} of past runs, as they left them."
    verb = "is not what a run left it at" if len(drifted) == 1 else "are not what a run left them at"
    lines = [f"Drift: {many(len(drifted), 'setting')} {verb}"]
    for item in drifted[:SHOWN]:
        lines += _entry(item, account, width)
    if len(drifted) > SHOWN:
        lines.append(f"  …and {len(drifted) - SHOWN} more: --json names them all")
    return "\n".join(lines)


def _entry(item: "Drifted", account: str, width: int) -> Iterator[str]:
    yield f"  ~ {safe(item.address)}"
    if isinstance(item.expected, Mapping) and isinstance(item.now, Mapping):
        differences = list(diff(item.expected, item.now, width - 8))
        yield "    - expected, + now"
        yield from (f"      {sign} {fit(line, width - 8)}" for sign, line in differences[:LINES])
        if len(differences) > LINES:
            yield f"      …and {len(differences) - LINES} more lines"
    else:
        yield fit(f"    expected  {brief(item.expected)}", width)
        yield fit(f"    now       {brief(item.now)}", width)
    yield f"    set by    {safe(item.plan)}"
    if item.who or item.nobody_knows:
        yield wrap(_who(item, account), width, "    changed   ")


def since_the_plan(item: "Drifted", account: str, width: int) -> str:
    """Who changed an entry between a plan and its run."""
    what = f"{item.address}: planned from {brief(item.expected, 60)}, now {brief(item.now, 60)}"
    return "\n".join([fit(what, width), wrap(f"changed since the plan: {_who(item, account)}", width, "  ", "    ")])


def _who(item: "Drifted", account: str) -> str:
    """Who changed it, when, from where, and how."""
    if item.who:
        return f"{item.who.at:%Y-%m-%d %H:%M} UTC by {_call(item.who, account)}"
    reason = f"nobody knows by whom: {fit(item.nobody_knows, 200)}"
    last = (f"{_call(one, account)}, last {one.at:%Y-%m-%d %H:%M} UTC" for one in item.perhaps[:FEW])
    more = f"; {len(item.perhaps) - FEW} more: --json names them" if len(item.perhaps) > FEW else ""
    return f"{reason}. By the records kept, one of these may have: {'; '.join(last)}{more}" if item.perhaps else reason


def _call(who: Trace, account: str) -> str:
    how = ", ".join(fit(text, LONGEST) for text in (who.call, who.agent) if text)
    behind = " or ".join(_behind(who, account))
    taken = f", taken by {behind}," if behind else ""
    return f"{_caller(who.by, account)}{taken} from {fit(who.source, LONGEST)} ({how})"


def _behind(who: Trace, account: str) -> list[str]:
    """Whoever began the session of a role."""
    more = [f"{len(who.behind) - FEW} more"] if len(who.behind) > FEW else []
    return [*(_caller(arn, account) for arn in who.behind[:FEW]), *more]


def _caller(arn: str, account: str) -> str:
    """Of callers of this account without what all their ARNs begin with."""
    parts = arn.split(":", 5)
    return fit(parts[5] if len(parts) == 6 and parts[4] == account else arn, LONGEST)


def _touched(touched: "Sequence[Drifted]", account: str, width: int) -> Iterator[str]:
    for item in touched:
        yield wrap(f"{fit(item.address, LONGEST)} was last changed {_who(item, account)}", width, "  ", "    ")


def _wanted(plan: Plan, width: int) -> Iterator[str]:
    if plan.changes:
        would = f"would make {many(len(plan.changes), 'change')}: {facts.risks(plan.changes)}"
        yield f"The playbook {safe(plan.header.playbook)} {would}"
        rows = [[f"#{c.id}", c.sign, c.address, c.risk, c.reversal] for c in plan.changes[:SHOWN]]
        yield indent(table(rows, (), width - 2))
        if len(plan.changes) > SHOWN:
            yield f"  …and {len(plan.changes) - SHOWN} more: in the plan"
    else:
        nothing = "nothing of what could be read" if plan.unknowns else "nothing"
        yield f"The playbook {safe(plan.header.playbook)} would change {nothing}."
    if plan.manual:
        yield f"{BY_HAND} {many(len(plan.manual), 'thing')} by hand"
    for unknown in plan.unknowns:
        yield wrap(f"{unknown.what} could not be read, which is not a pass: {fit(unknown.reason, 200)}", width, "? ")
    yield from (wrap(f"not looked into: {fit(said, 400)}", width, "? ", "    ") for said in facts.unseen(plan))
