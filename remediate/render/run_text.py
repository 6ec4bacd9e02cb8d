"""What is asked before a plan is applied, and what is said after."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from remediate.model import SETTLED, Change, Plan
from remediate.render import facts
from remediate.render.text import command, fit, safe, wrap
from remediate.words import many

if TYPE_CHECKING:
    from remediate.executor import Result

WIDTH = 80
SHOWN = 10
"""Failed changes named after a run; the rest are counted."""
LOST = 3
"""Losses named before a run."""
ADVICE = {
    "failed": "Mend the reason; `remediate apply` asks the account what came of it before it tries again.",
    "conflict": "Somebody changed it since the plan was made: make a new plan.",
}


def question(plan: Plan, remaining: int) -> str:
    """What is about to happen, to be confirmed by a person."""
    total = len(plan.changes)
    rest = remaining < total
    lead = f"the {remaining:,} of {many(total, 'change')} that are left" if rest else many(total, "change")
    verb = "Take back" if plan.header.rolls_back else "Apply"
    where = f"{'in' if plan.header.rolls_back else 'to'} account {facts.account(plan.header)}"
    lines = [f"{verb} {lead} {where}: {'in all ' if rest else ''}{facts.risks(plan.changes)}."]
    lost = [] if plan.header.rolls_back else facts.losses(plan.changes, "impossible")
    if lost:
        lines.append(f"! {facts.by_reversal(plan.changes)['impossible']:,} cannot be taken back:")
        lines += [fit(f"  {loss}", 200) for loss in lost[:LOST]]
        lines += [f"  …and {len(lost) - LOST} more"] if len(lost) > LOST else []
    return "\n".join(safe(line) for line in lines)


def applied(
    plan: Plan, result: "Result", plan_path: str, journal_path: str, seconds: float, *, rolled_back: bool = False
) -> str:
    """What came of a run: the counts, every change that needs a person, and the ways on and back."""
    return "\n".join(
        [
            *_counts(plan, result, journal_path, seconds, rolled_back),
            *_troubles(plan, result),
            *_ways(plan, result, plan_path, rolled_back),
        ]
    )


def _counts(plan: Plan, result: "Result", journal_path: str, seconds: float, rolled_back: bool) -> Iterator[str]:
    verb = "Took back" if rolled_back else "Applied"
    done = sum(result.outcomes.get(change.id) in SETTLED for change in plan.changes)
    yield f"{verb} {done:,} of {len(plan.changes):,} in {duration(seconds)}."
    yield f"Journal: {safe(journal_path)}"
    already = result.count("already")
    if already:
        others = f"{many(already, 'change')} of these somebody else had made already; rollback leaves them."
        yield wrap(others, WIDTH, "  ")
    if result.stopped:
        yield wrap(f"Stopped: {result.stopped}", WIDTH, "", "  ")


def duration(seconds: float) -> str:
    """`0.4 s`, `46 s`, `12 min 5 s`"""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _troubles(plan: Plan, result: "Result") -> Iterator[str]:
    """Failed and conflicting changes by name; what waits for them by number."""
    bad = [change for change in plan.changes if result.outcomes.get(change.id) in ADVICE]
    for change in bad[:SHOWN]:
        yield from _trouble(change, result)
    if len(bad) > SHOWN:
        yield f"…and {many(len(bad) - SHOWN, 'more change')} failed or in conflict: the journal names them."
    for event, advice in ADVICE.items():
        if any(result.outcomes.get(change.id) == event for change in bad):
            yield wrap(f"{event}: {advice}", WIDTH)
    unclear = sum(result.outcomes.get(change.id) in ("intent", "sent") for change in plan.changes)
    if unclear:
        yield f"{many(unclear, 'change')} without a known outcome: the next run asks the account."
    waiting = sum(change.id not in result.outcomes for change in plan.changes)
    if waiting:
        yield f"{many(waiting, 'change')} not started" + (": what they need is not done." if bad else ".")


def _trouble(change: Change, result: "Result") -> Iterator[str]:
    yield f"! #{change.id} {result.outcomes[change.id]}  {change.sign} {safe(change.address)}"
    detail = result.details.get(change.id)
    if detail:
        yield wrap(fit(detail, 400), WIDTH, "    ")


def _ways(plan: Plan, result: "Result", plan_path: str, rolled_back: bool) -> Iterator[str]:
    done = result.count("done")
    if any(result.outcomes.get(change.id) not in SETTLED for change in plan.changes):
        yield command("Go on: ", ["remediate", "apply", plan_path], WIDTH)
    if done and not rolled_back:
        yield command("Undo: ", ["remediate", "rollback", plan_path], WIDTH)
    if rolled_back and plan.kept:
        left = f"{many(len(plan.kept), 'entry', 'entries')} left as they are: "
        yield command(left, ["remediate", "show", plan_path], WIDTH)


def secrets(result: "Result") -> str:
    """The one-time passwords that a run made: shown once, and in no file."""
    people = [(facts.person(address)[0], secret) for address, secret in result.secrets]
    width = max((len(safe(name)) for name, _ in people), default=0)
    lines = [f"  {safe(name):<{width}}  {secret}" for name, secret in people]
    return "\n".join(["One-time passwords, shown now and never again; each ends at its first sign-in:", *lines])


def in_hand(changes: Sequence[Change], seconds: float) -> str:
    """Why nothing may seem to happen for a while, and for how long at most."""
    some = f"{changes[0].address}" + (f" and {len(changes) - 1:,} more" if len(changes) > 1 else "")
    return wrap(
        f"An earlier run ended with {many(len(changes), 'change')} in hand: {some}. AWS may take two minutes to "
        f"show what came of them; what it does not show yet is waited for, up to {duration(seconds)}.",
        WIDTH,
    )


def unseen(changes: Sequence[Change]) -> str:
    """The one-time passwords that an earlier run made and may not have shown, and how to set others."""
    names = [facts.person(change.address)[0] for change in changes]
    new = ["aws", "iam", "update-login-profile", "--password-reset-required", "--password", "…", "--user-name"]
    lines = [command("  ", [*new, name], WIDTH) for name in names]
    lead = "An earlier run broke off before it could show these one-time passwords. If nobody saw them, set others:"
    return "\n".join([wrap(lead, WIDTH), *lines])
