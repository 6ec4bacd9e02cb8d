"""Nobody signs in to the console as an application, or works by hand with its key.

An application works through keys or a role. Where somebody signs in with an application's password, what was done
cannot be told apart from what the application does, and nobody knows who it was. The playbook says who is an
application (by path, tag or name); by evidence alone, whoever signs in is a person.

Each sign-in within `days` is a finding, with what the account knows of it: when, with MFA or without, and which of the
application's keys are in use meanwhile. The date comes from the user itself, because the credential report may be four
hours old. Who it was, and from where, is in CloudTrail; the finding says where to look. Nothing is changed here: the
password is the matter of `application-passwords`, which removes it when it lies idle.

Where `remediate evidence` has read CloudTrail's log files, two things more are found of whoever is an application, by
the playbook or by evidence: `sign_in_hours` hours or more with sign-ins or attempts, of a password that is gone since
as well; and `by_hand_hours` or more in which somebody worked with its key by hand (AWS's command line, its shells and
the console) from a network where none of its programs runs. A key that has no other programs is left alone, because a
script may call the command line. Without such records the plan says that nobody looked.
"""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, User
from remediate.controls import suspected
from remediate.controls.base import Control
from remediate.evidence.sharing import LIMITS, Hours, Limit, Suspicion
from remediate.model import Address, Fault, Manual, Struct, at, when
from remediate.playbook.scope import Scope, matches
from remediate.words import many


class Settings(Struct, frozen=True, kw_only=True):
    days: Annotated[int, Meta(ge=1, le=3650)] = 30
    """What was longer ago is no finding any more."""
    sign_in_hours: Hours = LIMITS["sign-in"].hours
    """Hours with sign-ins as an application, by CloudTrail's records."""
    by_hand_hours: Hours = LIMITS["by hand"].hours
    """Hours in which somebody worked by hand with an application's key."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """The last sign-in of each application that has a password, for the report alone may be hours old; and whether a
    key that people work with is still there."""
    account.known("iam.user", "credential-report")
    yield from (at("iam.login_profile", user.name) for user in _applications(account, scope))
    for user in account.users.values():
        if any(one.credential for one in _recorded(account, user, settings, scope)):
            yield at("iam.access_key", user.name)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "credential-report")
    named = {user.name for user in _applications(account, scope)}
    for user in account.users.values():
        recorded = _recorded(account, user, settings, scope)
        if user.name in named:
            account.known(at("iam.login_profile", user.name))
        last = account.sign_ins.get(user.name) if user.name in named else None
        if last and scope.now - last > timedelta(days=settings.days):
            last = None
        signed = [one for one in recorded if not one.credential]
        if last or signed:
            yield _fault(user, last, signed, scope)
        for one in (one for one in recorded if one.credential):
            account.known(at("iam.access_key", user.name))
            if not suspected.is_gone(account, user.name, one.credential):
                yield _by_hand(user, one, settings, scope)


def unseen(account: Account, settings: Settings, scope: Scope) -> Iterator[tuple[str, str]]:
    if reason := suspected.unseen(account, scope.now, settings.days):
        yield "work by hand with the keys of applications", reason


def _recorded(account: Account, user: User, settings: Settings, scope: Scope) -> list[Suspicion]:
    limits: suspected.Limits = {
        "sign-in": Limit(hours=settings.sign_in_hours),
        "by hand": Limit(hours=settings.by_hand_hours),
    }
    begin, application = scope.now - timedelta(days=settings.days), scope.nature(user)[0] == "application"
    return suspected.suspected(account, user.arn, begin, limits, application=application)


def _applications(account: Account, scope: Scope) -> Iterator[User]:
    """Those with a password whom the playbook names: by evidence alone, whoever signs in is a person."""
    named = scope.playbook.principals.applications
    return (user for user in account.users.values() if user.password and any(matches(m, user) for m in named))


def _fault(user: User, last: datetime | None, recorded: list[Suspicion], scope: Scope) -> Fault:
    """A sign-in: of that moment by the account's own word, by the records or by both."""
    password = user.password
    when_it_was = f"on {last:%Y-%m-%d}" if last else "by CloudTrail's records"
    said = "" if last else f": {recorded[0].reasons[0].said}"
    return Fault(
        address=at("iam.user", user.name),
        severity="high",
        summary=f"somebody signed in as the application {user.name} {when_it_was}{said}",
        evidence={
            "last_sign_in": when(last),
            "password_changed": when(password.changed) if password else None,
            "mfa": user.mfa,
            "keys_last_used": [when(key.last_used) for key in user.keys if key.active],
            "nature": scope.nature(user)[1],
            **suspected.evidence(recorded),
        },
        manual=_who_was_it(user, last, when_it_was),
    )


def _lookup(attribute: str, value: str) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""
    attributes = f"AttributeKey={attribute},AttributeValue={shlex.quote(value)}"
    return f"aws cloudtrail lookup-events --region us-east-1 --lookup-attributes {attributes}"


OWN = "Have whoever it was work with a user of their own, or with a role to assume."


def _who_was_it(user: User, last: datetime | None, when_it_was: str) -> Manual:
    start = f" --start-time {last - timedelta(days=1):%Y-%m-%d}" if last else ""
    return Manual(
        address=at("iam.user", user.name),
        summary=f"find out who signed in as the application {user.name} {when_it_was}",
        steps=(
            f"See from where, and what was done: {_lookup('Username', user.name)}{start}",
            "A sign-in may be on record in another region: look in those that you work in, too.",
            OWN,
        ),
        check="The next plan finds no recent sign-in; `application-passwords` removes the password once it is idle.",
    )


def _by_hand(user: User, one: Suspicion, settings: Settings, scope: Scope) -> Fault:
    address = at("iam.access_key", user.name, one.credential)
    said = one.reasons[0].said
    inactive = f"--user-name {shlex.quote(user.name)} --access-key-id {shlex.quote(one.credential)} --status Inactive"
    return Fault(
        address=address,
        severity=suspected.severity(one),
        summary=f"somebody works with key {one.credential} of the application {user.name}: {said}",
        evidence={**suspected.evidence([one]), "nature": scope.nature(user)[1]},
        manual=Manual(
            address=address,
            summary=f"find out who works by hand with key {one.credential} of the application {user.name}",
            steps=(
                "See what was done, in each region that you work in: " + _lookup("AccessKeyId", one.credential),
                OWN,
                "They know the key: give the application a role, or another key (aws iam create-access-key --user-name "
                f"{shlex.quote(user.name)}), and when nothing uses the old one any more, make it inactive, which can "
                f"be taken back: aws iam update-access-key {inactive}",
            ),
            check=f"The next plan finds the key inactive or gone, or no such hours in {many(settings.days, 'day')}.",
        ),
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
    unseen=unseen,
    doc=__doc__,
)
