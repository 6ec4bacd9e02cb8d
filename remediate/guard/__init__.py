"""Everything that must be true of a plan before it is written, and again before it is applied.

Each guard looks at every state that the account can pass through: every set of changes that is closed under `needs`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from remediate.account import Account
from remediate.errors import Refused
from remediate.guard import access, lockout, quotas, rules, sign_in
from remediate.guard import break_glass as emergency
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Check, Exemption, Matcher, kind_of
from remediate.protocols import Resources

SHOWN = 8
"""Violations named in the message; the rest are counted."""
REMEDY = (
    "Exempt the people concerned in the playbook (`exemptions:` with owner, reason, expiry), "
    "or leave the control out with --control."
)
REMEDY_BACK = "Make by hand what it lacks (room, or another administrator); then run the same command again."
"""No playbook has a say in a rollback."""


@dataclass(frozen=True)
class Guard:
    name: str
    proven: str
    violations: Iterator[str]


def check(
    account: Account,
    changes: Sequence[Change],
    resources: Resources,
    exemptions: Sequence[Exemption],
    now: datetime,
    *,
    break_glass: Sequence[Matcher] = (),
    rolls_back: bool = False,
) -> tuple[Check, ...]:
    """What was looked at and found in order. Raises Refused with every violation and the way out.

    A rollback may stop the trail that the plan started, and touch the exempt whom it touched: it restores.
    """
    timeline = Timeline(account, changes)
    reach = Access(timeline)
    guards = [
        Guard("access", "nobody gains or loses access that no change declares", access.violations(reach)),
        Guard("lockout", "the caller and two administrators keep working", lockout.violations(reach, resources, now)),
        Guard("quotas", "IAM's quotas hold at every moment", quotas.violations(timeline)),
        Guard("quarantine", "no key is deactivated and deleted at once", rules.one_step_at_a_time(timeline)),
    ]
    if not rolls_back:
        exempt = rules.exempt_untouched(timeline, resources, exemptions, now)
        guards.append(Guard("exemptions", "exempt principals are untouched", exempt))
        guards.append(Guard("trails", "no trail goes dark", rules.trails_stay_on(timeline)))
    if break_glass:
        kept = emergency.violations(reach, resources, break_glass, rolls_back=rolls_back)
        guards.append(Guard("break-glass", "nothing is taken from those who get in when nobody else can", kept))
    found = {guard: list(guard.violations) for guard in guards}
    bad = [f"{guard.name}: {violation}" for guard, violations in found.items() for violation in violations]
    if bad:
        more = [f"and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
        raise Refused(
            "the guard refuses this plan: it could lock people out or change their access",
            details=[*bad[:SHOWN], *more],
            remedy=REMEDY_BACK if rolls_back else REMEDY,
        )
    return tuple(Check(guard=guard.name, detail=guard.proven) for guard in guards)


def left(
    account: Account, changes: Sequence[Change], resources: Resources, break_glass: Sequence[Matcher]
) -> Mapping[int, str]:
    """The changes that a rollback leaves undone, and why: what takes something from those who are for emergencies, and
    new passwords that nobody could change at a first sign-in."""
    reach = Access(Timeline(account, changes))
    taken = {change.id: f"it would {what}" for change, what in emergency.taken(reach, resources, break_glass)}
    passwords = ((c, what) for c, what in sign_in.found(reach) if kind_of(c.address) == "iam.login_profile")
    return {**taken, **{change.id: f"it {what}" for change, what in passwords}}
