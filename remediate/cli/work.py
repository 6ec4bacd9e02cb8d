"""What commands have in common: connecting, surveying the account, making a plan."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from remediate import __version__
from remediate.cli import terminal
from remediate.model import Address, Header, Plan, at, kind_of, pair_of
from remediate.store.files import SUFFIX

if TYPE_CHECKING:
    from remediate.account import Account
    from remediate.aws.session import Session
    from remediate.planner import Chosen
    from remediate.playbook import Playbook

PLANS = Path("plans")
EVIDENCE = PLANS / "evidence"


class SystemClock:
    """The real time when it was made, and steady from then on: a clock that is set meanwhile ends no waiting early."""

    def __init__(self) -> None:
        self._made, self._beat = datetime.now(UTC), _beat()

    def now(self) -> datetime:
        return self._made + timedelta(seconds=_beat() - self._beat)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _beat() -> float:
    """Seconds that only ever grow, also while the machine sleeps, where the system counts those."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def connect(profile: str | None, region: str | None, endpoint_url: str | None) -> "Session":
    from remediate.aws.session import Session

    return Session(profile=profile, region=region, endpoint_url=endpoint_url)


def playbook_named(name: str, endpoint_url: str | None = None) -> "Playbook":
    """The playbook, with settings that could shut this program out refused: from where it runs, to that endpoint."""
    from remediate.aws.address import seen_by_aws
    from remediate.controls import CONTROLS, SETTINGS
    from remediate.controls.base import Moment
    from remediate.playbook.load import load

    moment = Moment(now=SystemClock().now(), address=cache(lambda: seen_by_aws(endpoint_url)))
    return load(name, SETTINGS, lambda control, settings: CONTROLS[control].refuses(settings, moment))


def survey(
    aws: "Session", playbook: "Playbook", only: Sequence[str], evidence: Path = EVIDENCE
) -> "tuple[Account, Chosen]":
    """The account, with everything that these controls ask about it, and what is known of who did what."""
    from remediate import controls, planner
    from remediate.aws.reader import read_account, read_more
    from remediate.cli.evidenced import with_evidence
    from remediate.playbook.scope import Scope

    chosen = controls.chosen(playbook, only)
    scope = Scope(playbook=playbook, now=SystemClock().now())
    with terminal.counting("reading the account") as step:
        aws.on_call = step
        account = with_evidence(read_account(aws), evidence)
        while wanted := planner.asked(account, chosen, scope):
            account = read_more(aws, account, wanted)
    return account, chosen


def with_more(aws: "Session", account: "Account", asked: Iterable[Address]) -> "Account":
    """What is asked besides, in two turns: a key's last use is asked when its user's keys are listed."""
    from remediate.aws.reader import read_more

    wanted = frozenset(asked)
    lists = {at("iam.access_key", pair_of(a)[0]) for a in wanted if kind_of(a) == "iam.access_key"}
    return read_more(aws, read_more(aws, account, lists), wanted - lists)


def make_plan(
    aws: "Session", playbook: "Playbook", only: Sequence[str], planned_by: str = "", evidence: Path = EVIDENCE
) -> "tuple[Plan, Account]":
    """A sealed plan of what the playbook would change in this account now. Raises Refused when the guard says no.

    `planned_by` is the key of whoever is going to sign as having made it.
    """
    from remediate.store.plans import sealed

    plan, account, _ = make_draft(aws, playbook, only, planned_by, evidence)
    return sealed(plan), account


def make_draft(
    aws: "Session", playbook: "Playbook", only: Sequence[str], planned_by: str = "", evidence: Path = EVIDENCE
) -> "tuple[Plan, Account, Chosen]":
    """The same before it is sealed, with the controls that made it."""
    from remediate import planner, proof
    from remediate.aws.reader import read_more
    from remediate.aws.resources import RESOURCES
    from remediate.playbook.scope import Scope
    from remediate.store.plans import FORMAT

    account, chosen = survey(aws, playbook, only, evidence)
    now = SystemClock().now()
    scope = Scope(playbook=playbook, now=now)
    proposal = planner.propose(account, chosen, scope, RESOURCES)
    account = read_more(aws, account, proof.asks(account, proposal.changes))
    draft = planner.judged(proposal, account, scope, RESOURCES)
    plan = Plan(
        format=FORMAT,
        digest="",
        header=header(account, playbook, now, planned_by),
        controls=tuple(control.id for control, _ in chosen),
        findings=draft.findings,
        changes=draft.changes,
        manual=draft.manual,
        unknowns=draft.unknowns,
        exempted=draft.exempted,
        unseen=draft.unseen,
        checks=draft.checks,
        proof=draft.proof,
        replay=draft.replay,
        exemptions=playbook.exemptions,
        break_glass=playbook.break_glass,
    )
    return plan, account, chosen


def header(account: "Account", playbook: "Playbook", now: datetime, planned_by: str = "") -> Header:
    from remediate.policy import digest

    return Header(
        tool=__version__,
        account=account.id,
        alias=account.alias,
        partition=account.partition,
        caller=account.caller,
        playbook=playbook.name,
        playbook_digest=digest(terminal.as_value(playbook)),
        created=now,
        expires=now + timedelta(hours=playbook.valid_hours),
        planner=planned_by,
    )


def plan_path(plan: Plan, chosen: Path | None) -> Path:
    """Where a plan is written: where the person says, or plans/<UTC time>-<account>.plan.json, never over another."""
    if chosen:
        return chosen
    stem = f"{plan.header.created:%Y%m%dT%H%M%SZ}-{plan.header.account}"
    names = [stem, *(f"{stem}-{n}" for n in range(2, 1000))]
    return next(path for name in names if not (path := PLANS / f"{name}{SUFFIX}").exists())
