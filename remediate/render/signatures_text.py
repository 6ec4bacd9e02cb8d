"""Who signed a plan, one line each, as the summary, the whole plan and the list of runs show it."""

from collections.abc import Iterable

from remediate.approval import Judged
from remediate.model import Plan, Role
from remediate.render import facts
from remediate.signature import UNASKED, fingerprint
from remediate.words import many

VERBS: dict[Role, str] = {"planner": "Made", "approver": "Approved"}


def signatures(judged: Iterable[Judged]) -> list[str]:
    """`Approved by Ana (security), 2026-11-24 10:02 UTC`, planners first; what does not count says why."""
    return [_line(one) for one in sorted(judged, key=lambda one: (one.signature.role != "planner", one.signature.at))]


def _line(one: Judged) -> str:
    who = one.name or fingerprint(one.signature.key)
    line = f"{VERBS[one.signature.role]} by {who}, {one.signature.at:%Y-%m-%d %H:%M} UTC"
    if one.fault == UNASKED:
        return f"? {line}: KMS was not asked here; apply asks it"
    return f"! does not count: {line}: {one.fault}" if one.fault else line


def question(plan: Plan) -> str:
    """What a person who approves is about to say."""
    return f"Approve {many(len(plan.changes), 'change')} to account {facts.account(plan.header)}: " + (
        f"{facts.risks(plan.changes)}." if plan.changes else "none."
    )
