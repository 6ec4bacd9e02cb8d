"""What `rehearse` and `plan --rehearse` have in common: the playbook, the account, the run, and what came of it."""

from typing import TYPE_CHECKING

import msgspec

from remediate.cli import terminal
from remediate.cli.emulating import WORKERS, Emulated, emulator
from remediate.cli.work import SystemClock, playbook_named, survey, with_more
from remediate.errors import BadInput, Refused
from remediate.model import Plan, kind_of
from remediate.trial import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remediate.account import Account
    from remediate.aws.session import Session
    from remediate.model import Change
    from remediate.planner import Chosen
    from remediate.playbook import Playbook
    from remediate.rehearsal import Rehearsed

__all__ = ["WORKERS", "account_of", "as_data", "insist", "only", "playbook_of", "ready", "rehearsed", "with_rehearsal"]


def ready() -> None:
    """Raises SandboxMissing, before anything is read, where there is no emulator."""
    from remediate.sandbox import emulator as named

    named()


def rehearsed(plan: Plan, account: "Account", chosen: "Chosen", playbook: "Playbook") -> "Rehearsed":
    """The plan on a twin of that account. Raises BadInput where there is no emulator, or no room for another one."""
    from remediate.aws.resources import RESOURCES
    from remediate.playbook.scope import Scope
    from remediate.rehearsal import rehearse

    clock = SystemClock()
    scope = Scope(playbook=playbook, now=clock.now())
    with emulator(account.region, account.caller_key) as aws, terminal.counting("rehearsing") as step:
        aws.on_call = step
        stage = Emulated(aws, plan, account, chosen, scope)
        return rehearse(plan, account, stage, chosen, scope, RESOURCES, clock)


def with_rehearsal(plan: Plan, account: "Account", chosen: "Chosen", playbook: "Playbook") -> Plan:
    """A plan that is not sealed yet, with what came of its rehearsal; one without changes has nothing to rehearse."""
    if not plan.changes:
        return plan
    return msgspec.structs.replace(plan, rehearsal=rehearsed(plan, account, chosen, playbook).result)


def playbook_of(plan: Plan, name: str | None, endpoint_url: str | None) -> "Playbook":
    """The playbook that made the plan; an empty one for a rollback. Raises BadInput where it is another one by now."""
    from remediate.playbook import Playbook
    from remediate.policy import digest

    if plan.header.rolls_back:
        return Playbook(name=plan.header.playbook)
    found = playbook_named(name or plan.header.playbook, endpoint_url)
    if digest(terminal.as_value(found)) != plan.header.playbook_digest:
        raise BadInput(
            f"the plan was made with another playbook than {found.name} as it is now",
            remedy="Give the playbook that made it with -p, or make a new plan: remediate plan --rehearse",
        )
    return found


def account_of(plan: Plan, aws: "Session", playbook: "Playbook") -> "tuple[Account, Chosen]":
    """The account as the plan's controls look at it, or with all that a rollback changes and uses."""
    from remediate.aws.reader import read_account
    from remediate.aws.resources import RESOURCES

    if not plan.header.rolls_back:
        return survey(aws, playbook, plan.controls)
    asked = {c.address for c in plan.changes}
    for change in plan.changes:
        kind = RESOURCES[kind_of(change.address)]
        asked.update(a for v in (change.before, change.after) if v is not None for a in kind.uses(change.address, v))
    return with_more(aws, read_account(aws), asked), ()


def only(plan: Plan, left: "Sequence[Change]") -> Plan:
    """What is left of a plan; what is done is needed no more."""
    ids = {change.id for change in left}
    rest = [msgspec.structs.replace(c, needs=tuple(n for n in c.needs if n in ids)) for c in left]
    return msgspec.structs.replace(plan, changes=tuple(rest))


def insist(plan: Plan, result: Rehearsal) -> None:
    """Raises Refused, with all that went wrong, if the rehearsal failed."""
    if result.passed:
        return
    raise Refused(
        f"the rehearsal failed: {result.changes:,} of {len(plan.changes):,} changes went well",
        details=[*result.failures, f"{result.emulator} said so, on a twin. Nothing was written to the account."],
        remedy="If the emulator is wrong, please report it; what it refuses, AWS may refuse half-way through the plan.",
    )


def as_data(made: "Rehearsed") -> dict[str, object]:
    calls = [{"change": number, **msgspec.structs.asdict(call)} for number, call in made.calls]
    return {
        "passed": made.result.passed,
        "rehearsal": made.result,
        "not_rehearsed": made.result.skipped,
        "calls": calls,
    }
