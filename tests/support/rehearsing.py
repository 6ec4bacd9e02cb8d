"""Rehearsals in one process: an account is read from the sandbox, which then becomes the account's twin."""

from collections.abc import Sequence
from typing import NamedTuple

from remediate.account import Account
from remediate.aws.loopback import LoopbackSession
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.cli import work
from remediate.cli.emulating import Emulated
from remediate.model import Plan
from remediate.planner import Chosen
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.rehearsal import Rehearsed, rehearse
from remediate.sandbox import Sandbox
from remediate.sandbox.direct import ask_of
from remediate.sandbox.server import ENVIRONMENT


class Planned(NamedTuple):
    """A plan, the account as it was read for it, and what made it."""

    plan: Plan
    account: Account
    chosen: Chosen
    playbook: Playbook

    @property
    def scope(self) -> Scope:
        return Scope(playbook=self.playbook, now=self.plan.header.created)


def planned(aws: Session, name: str, controls: Sequence[str] = ()) -> Planned:
    playbook = work.playbook_named(name)
    return Planned(*work.make_draft(aws, playbook, controls), playbook)


def session(sandbox: Sandbox, account: Account) -> LoopbackSession:
    credentials = {
        "aws_access_key_id": ENVIRONMENT["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
    }
    return LoopbackSession(sandbox.url, credentials, account.region, account.caller_key, ask_of(sandbox.application))


def staged(sandbox: Sandbox, made: Planned, kind: type[Emulated] = Emulated) -> Emulated:
    """The sandbox, emptied, as the twin of the account that was read from it."""
    sandbox.reset()
    aws = session(sandbox, made.account)
    return kind(aws, made.plan, made.account, made.chosen, made.scope)


def rehearsed(sandbox: Sandbox, made: Planned) -> Rehearsed:
    stage = staged(sandbox, made)
    return on(stage, made)


def on(stage: Emulated, made: Planned) -> Rehearsed:
    clock = work.SystemClock()
    return rehearse(made.plan, made.account, stage, made.chosen, made.scope, RESOURCES, clock)
