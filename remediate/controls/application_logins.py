"""Nobody signs in to the console as an application.

An application works through keys or a role. Where somebody signs in with an application's password, what was done
cannot be told apart from what the application does, and nobody knows who it was. The playbook says who is an
application (by path, tag or name); by evidence alone, whoever signs in is a person.

Each sign-in within `days` is a finding, with what the account knows of it: when, with MFA or without, and which of the
application's keys are in use meanwhile. The date comes from the user itself, because the credential report may be four
hours old. Who it was, and from where, is in CloudTrail; the finding says where to look. Nothing is changed here: the
password is the matter of `application-passwords`, which removes it when it lies idle.
"""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, User
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, at, when
from remediate.playbook.scope import Scope, matches


class Settings(Struct, frozen=True, kw_only=True):
    days: Annotated[int, Meta(ge=1, le=3650)] = 30
    """A sign-in that was longer ago is no finding any more."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """The last sign-in of each application that has a password: the report alone may be hours old."""
    account.known("iam.user", "credential-report")
    yield from (at("iam.login_profile", user.name) for user in _applications(account, scope))


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "credential-report")
    for user in _applications(account, scope):
        account.known(at("iam.login_profile", user.name))
        last = account.sign_ins.get(user.name)
        if last and scope.now - last <= timedelta(days=settings.days):
            yield _fault(user, last, scope)


def _applications(account: Account, scope: Scope) -> Iterator[User]:
    """Those with a password whom the playbook names: by evidence alone, whoever signs in is a person."""
    named = scope.playbook.principals.applications
    return (user for user in account.users.values() if user.password and any(matches(m, user) for m in named))


def _fault(user: User, last: datetime, scope: Scope) -> Fault:
    password = user.password
    return Fault(
        address=at("iam.user", user.name),
        severity="high",
        summary=f"somebody signed in as the application {user.name} on {last:%Y-%m-%d}",
        evidence={
            "last_sign_in": when(last),
            "password_changed": when(password.changed) if password else None,
            "mfa": user.mfa,
            "keys_last_used": [when(key.last_used) for key in user.keys if key.active],
            "nature": scope.nature(user)[1],
        },
        manual=_who_was_it(user, last),
    )


def _who_was_it(user: User, last: datetime) -> Manual:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""
    events = (
        "aws cloudtrail lookup-events --region us-east-1 "
        f"--lookup-attributes AttributeKey=Username,AttributeValue={shlex.quote(user.name)} "
        f"--start-time {last - timedelta(days=1):%Y-%m-%d}"
    )
    return Manual(
        address=at("iam.user", user.name),
        summary=f"find out who signed in as the application {user.name} on {last:%Y-%m-%d}",
        steps=(
            f"See from where, and what was done: {events}",
            "A sign-in may be on record in another region: look in those that you work in, too.",
            "Have whoever it was work with a user of their own, or with a role to assume.",
        ),
        check="The next plan finds no recent sign-in; `application-passwords` removes the password once it is idle.",
    )


control = Control(
    id="application-logins",
    title="Nobody signs in as an application",
    guideline="G11",
    changes="nothing",
    rollback="nothing to take back",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
