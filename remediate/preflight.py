"""What must be true before a saved plan is applied; most of it is checked before the first call."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from remediate import __version__, guard
from remediate.account import Account
from remediate.errors import CredentialsEnded, Refused
from remediate.model import Address, Change, Plan, Value, brief, kind_of
from remediate.protocols import Resources

NEW_PLAN = "Make a new plan: remediate plan"
GUARD_READS = frozenset("iam.user iam.group iam.policy iam.role credential-report".split())
"""Parts of the account without which the guard would be blind."""
SET_BACK = "Set these entries to what they were planned from, by hand; then run the same command again."
"""A rollback cannot be planned anew without them: they are what the plan that it takes back left."""


def usable(plan: Plan, now: datetime, *, resuming: bool) -> None:
    """Raises Refused for a plan of another version or one that is too old to start; one that has begun may finish."""
    if plan.header.tool != __version__:
        raise Refused(
            f"the plan was made by remediate {plan.header.tool}, this is {__version__}",
            remedy=f"Apply it with that version, or {NEW_PLAN[0].lower()}{NEW_PLAN[1:]}",
        )
    if now > plan.header.expires and not resuming:
        raise Refused(
            f"the plan expired on {plan.header.expires:%Y-%m-%d %H:%M} UTC",
            details=["The account may have changed since it was made. Nothing was read or written."],
            remedy=NEW_PLAN,
        )


def rehearsed(plan: Plan) -> None:
    """Raises Refused unless the plan says that all of it was rehearsed, and went well."""
    again, nothing = "Make a new plan with its rehearsal: remediate plan --rehearse", "Nothing was read or written."
    done = plan.rehearsal
    if done is None:
        raise Refused("the plan was not rehearsed", details=[nothing], remedy=again)
    if not done.passed:
        raise Refused("the plan's rehearsal failed", details=[*done.failures[:10], nothing], remedy=again)
    if done.skipped:
        gaps = [f"{gap.what}: {gap.reason}" for gap in done.uncovered if gap.changes]
        raise Refused(
            f"{len(done.skipped)} of {len(plan.changes)} changes were not rehearsed",
            details=[*gaps[:5], nothing],
            remedy="Apply without --require-rehearsal, or plan the controls apart (--control).",
        )


def same_account(plan: Plan, account: str, caller: str) -> None:
    """Raises Refused if the credentials in hand belong to another account than the plan."""
    if account != plan.header.account:
        raise Refused(
            f"the plan is for account {plan.header.account}, the credentials belong to {account}",
            details=[f"caller {caller}", "Nothing was written."],
            remedy=f"Choose credentials of account {plan.header.account} (--profile), or make a plan for this one.",
        )


def fresh(changes: Sequence[Change], values: Mapping[Address, Value | Exception], remedy: str = NEW_PLAN) -> None:
    """Raises Refused, with all three values, if an address is neither as planned from nor as planned to.

    Raises CredentialsEnded if that is why nothing could be read.
    """
    first: dict[Address, Change] = {}
    for change in changes:
        first.setdefault(change.address, change)
    stale = [c for a, c in first.items() if _neither(values[a], c)]
    for value in values.values():
        if isinstance(value, CredentialsEnded):
            raise value
    unread = [f"{a}: {v}" for a, v in values.items() if isinstance(v, Exception)]
    if unread:
        raise Refused(
            "parts of the account that this plan changes cannot be read",
            details=[*unread[:5], "Nothing was written."],
            remedy="Give the caller the permissions that `remediate permissions FILE` prints.",
        )
    if stale:
        lines = [line for change in stale[:3] for line in _three(change, values[change.address])]
        more = [f"and {len(stale) - 3} more addresses"] if len(stale) > 3 else []
        raise Refused(
            "the account changed since this plan was made",
            details=[*lines, *more, "Nothing was written."],
            remedy=remedy,
        )


def guarded(
    plan: Plan,
    remaining: Sequence[Change],
    account: Account,
    values: Mapping[Address, Value | Exception],
    resources: Resources,
    now: datetime,
) -> None:
    """The guard once more, on what is left of the plan and the account as it is now. Raises Refused."""
    seen(account, remaining)
    left = ahead(remaining, account, values)
    back = bool(plan.header.rolls_back)
    guard.check(account, left, resources, plan.exemptions, now, break_glass=plan.break_glass, rolls_back=back)


def ahead(remaining: Sequence[Change], account: Account, values: Mapping[Address, Value | Exception]) -> list[Change]:
    """The changes that the account does not show yet, and what they need of each other.

    A run that was killed may not have recorded what arrived. Counted as still to come, it would take a second place
    under a quota, or leave one that somebody else has taken since.
    """
    first: dict[Address, Change] = {}
    for change in remaining:
        first.setdefault(change.address, change)
    there = {c.id for a, c in first.items() if account.state.get(a) == c.after == values[a]}
    ids = {c.id for c in remaining} - there
    return [msgspec.structs.replace(c, needs=tuple(n for n in c.needs if n in ids)) for c in remaining if c.id in ids]


def seen(account: Account, changes: Sequence[Change]) -> None:
    """Raises Refused if people's access is to change and cannot be read: in an account it does not see, the guard finds
    nobody who could lose something."""
    gaps = {gap: why for gap, why in account.unknown.items() if gap in GUARD_READS}
    if gaps and any(_of_people(change) for change in changes):
        raise Refused(
            "the guard cannot see whom this plan concerns",
            details=[*(f"{gap}: {why}" for gap, why in sorted(gaps.items())), "Nothing was written."],
            remedy="Give the caller the permissions that `remediate permissions --plan-role` prints.",
        )


def held(account: Account, holders: Iterable[Address]) -> None:
    """Raises Refused if it cannot be seen who has come to depend on what a rollback would delete."""
    gaps = {gap: account.unknown[gap] for gap in account.gaps(*holders)}
    if gaps:
        raise Refused(
            "it cannot be seen who uses what this rollback would delete",
            details=[*(f"{gap}: {why}" for gap, why in sorted(gaps.items())), "Nothing was written."],
            remedy="Give the caller the permissions that `remediate permissions FILE` prints.",
        )


def _of_people(change: Change) -> bool:
    """Whether a change is one of a user, group, role or policy."""
    return kind_of(change.address).startswith("iam.") and change.address != "iam.password_policy"


def _neither(value: Value | Exception, change: Change) -> bool:
    return not isinstance(value, Exception) and value not in (change.before, change.after)


def _three(change: Change, value: Value | Exception) -> list[str]:
    return [
        str(change.address),
        f"  planned from  {brief(change.before)}",
        f"  planned to    {brief(change.after)}",
        f"  now           {brief(value)}",
    ]
