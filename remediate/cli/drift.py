"""`remediate drift`"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from remediate.cli import applying, assuming, options, terminal, work
from remediate.errors import BadInput, RemediateError
from remediate.model import Change, Plan

if TYPE_CHECKING:
    from remediate.account import Account
    from remediate.aws.session import Session
    from remediate.drift import Drifted
    from remediate.playbook import Playbook

ASKED = 10
"""Changes of the playbook alone whose makers are asked for."""


def drift(
    playbook: options.PlaybookName = "guidelines",
    correct: Annotated[bool, typer.Option("--correct", help="Apply what the playbook approves in advance.")] = False,
    every: options.Every = None,
    cron: options.Cron = None,
    control: options.Only = None,
    require_signature: options.RequireSignature = False,
    parallel: options.Parallel = 8,
    evidence: options.Evidence = work.EVIDENCE,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
    assume_role: options.AssumeRole = None,
) -> None:
    """Find what has moved, and put it right if asked.

    Compares the account with what past runs left and with the playbook. Exits 2 if something drifted.
    """
    if correct and require_signature:
        terminal.note("Nothing will be corrected: a signature is required here, and a correction has none.")
    baseline = work.playbook_named(playbook, endpoint_url)
    ended = threading.Event()

    def once() -> int:
        aws = assuming.connect(profile, region, endpoint_url, assume_role)
        begin = lambda: correct and not require_signature and not ended.is_set()  # noqa: E731
        return _once(aws, baseline, control or [], correct=begin, parallel=parallel, evidence=evidence, as_json=as_json)

    if every and cron:
        raise BadInput("--every and --cron exclude each other", remedy="Give one of them.")
    if every or cron:
        from remediate.cli.schedule import keep_going

        keep_going(once, every, cron, ended)
        return
    code = once()
    if code:
        raise typer.Exit(code)


def _once(
    aws: "Session",
    baseline: "Playbook",
    only: Sequence[str],
    *,
    correct: Callable[[], bool],
    parallel: int,
    evidence: Path = work.EVIDENCE,
    as_json: bool,
) -> int:
    from remediate.render.drift_text import drift as text
    from remediate.render.text import safe
    from remediate.store.plans import save
    from remediate.words import many

    plan, account = work.make_plan(aws, baseline, only, evidence=evidence)
    drifted, known, touched = _drifted(plan, aws, parallel, evidence)
    if as_json:
        terminal.data({"drifted": drifted, "touched": touched, "plan": plan})
    else:
        terminal.say(text(drifted, plan, known=known, width=terminal.width(), touched=touched))
    left: Sequence[Change] = plan.changes
    moved = {item.address for item in drifted} - {change.address for change in plan.changes}
    if plan.changes and correct():
        left = _correct(plan, account, baseline, aws, parallel)
        if left:
            plan = _part(plan, left, account)
    if left:
        path = _same_as_before(plan) or str(work.plan_path(plan, None))
        save(plan, Path(path))
        terminal.note(safe(f"Left to review: {path} ({many(len(left), 'change')}). Next: remediate show {path}"))
        return 2
    if plan.unknowns:
        raise RemediateError(
            "parts of the account could not be read, so nobody knows whether they have drifted",
            details=[f"{unknown.what}: {unknown.reason}" for unknown in plan.unknowns[:5]],
            remedy="Give the caller the permissions that `remediate permissions --plan-role` prints.",
        )
    return 2 if moved else 0  # moved, and no control asks for it back: a person decides


def _same_as_before(plan: Plan) -> str:
    """A plan that says the same and was never applied: it is made anew in its place, so that watching leaves one."""
    from remediate.store.history import history

    for past in reversed(history(work.PLANS)[0]):
        same_account = past.plan.header.account == plan.header.account
        if same_account and not past.records and past.plan.changes == plan.changes:
            return past.path
    return ""


def _drifted(plan: Plan, aws: "Session", parallel: int, evidence: Path) -> "tuple[list[Drifted], int, list[Drifted]]":
    """What moved of all that past runs set, and how much that is; and what the playbook alone asks back, if somebody is
    known to have touched it. Before the first run that is the whole account, and nobody is asked about it."""
    from remediate.aws.live import LiveAccount
    from remediate.cli.naming import named
    from remediate.drift import compare, recorded, sent, wanted
    from remediate.store.history import history

    past = [p for p in history(work.PLANS)[0] if p.plan.header.account == plan.header.account]
    left = recorded((p.path, p.plan, p.records) for p in past)
    drifted = compare(left, LiveAccount(aws, parallel).read(left) if left else {})
    others = wanted(plan, {item.address for item in drifted})[:ASKED] if left else []
    said = named([*drifted, *others], sent(p.records for p in past), plan.header, aws, evidence)
    return said[: len(drifted)], len(left), [item for item in said[len(drifted) :] if item.who or item.perhaps]


def _correct(plan: Plan, account: "Account", baseline: "Playbook", aws: "Session", parallel: int) -> list[Change]:
    """Applies what is approved in advance, as a plan of its own. Returns what is left for a person."""
    from remediate.aws.resources import RESOURCES
    from remediate.drift import approved
    from remediate.guard import denied
    from remediate.guard.limits import over
    from remediate.store.lock import locked
    from remediate.store.plans import save

    chosen = approved(plan.changes, baseline.approve)
    part = _part(plan, chosen, account)
    limit = over(chosen, account, baseline.limits, RESOURCES) or denied.over(part.replay, baseline.max_denied)
    if limit:
        terminal.note(f"Nothing was corrected: {limit} for unattended correction (limits: in the playbook).")
        return list(plan.changes)
    if chosen:
        path = work.plan_path(part, None)
        with locked(part.header.account, "remediate drift --correct") as lock:
            aws = assuming.for_plan(aws, part)
            aws.fence = lock.check
            save(part, path)
            applying.check(part, part.changes, aws, parallel)
            applying.finish(part, path, aws, parallel=parallel, fail_fast=False, as_json=False)
    done = {change.id for change in chosen}
    return [change for change in plan.changes if change.id not in done]


def _part(plan: Plan, changes: Sequence[Change], account: "Account") -> Plan:
    """A plan of some of the changes: what they need and is not among them is done or stands in another plan."""
    from remediate.replay import replay
    from remediate.store.plans import sealed

    ids = {change.id for change in changes}
    kept = tuple(msgspec.structs.replace(c, needs=tuple(n for n in c.needs if n in ids)) for c in changes)
    findings = tuple(f for f in plan.findings if ids.intersection(f.changes))
    recorded = replay(account, kept, plan.header.created)
    return sealed(msgspec.structs.replace(plan, changes=kept, findings=findings, replay=recorded))
