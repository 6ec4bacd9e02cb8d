"""Applications have no password, and people no access keys.

Who is an application and who a person is the playbook's to say (by path, tag or name); where it says nothing, evidence
decides: someone who signs in is a person, a key in use without any sign-in is an application, and where there is
neither, the user is reported as unknown and left alone.

An application's password is removed unless it was used within `recent_days`: then somebody works through it, and that
is a finding for a person to resolve. A person's key in use is never taken away; it is reported with what to do instead.
Rollback gives a removed password back as a new one-time password.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, structs

from remediate.account import Account, User
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Want, at, when
from remediate.playbook.scope import Scope


class Settings(Struct, frozen=True, kw_only=True):
    recent_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    """A password or key used within so many days is in use."""
    grace_days: Annotated[int, Meta(ge=1, le=3650)] = 7
    """New users and new passwords are left alone for so long."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    account.known("iam.user", "credential-report")
    for user in account.users.values():
        if user.password and _settled(user, settings, scope) and scope.nature(user)[0] == "application":
            yield at("iam.login_profile", user.name)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "credential-report")
    for user in account.users.values():
        if not _settled(user, settings, scope):
            continue
        nature, because = scope.nature(_asked(account, user))
        address = at("iam.login_profile", user.name)
        if nature == "application" and user.password:
            account.known(address)
        if nature == "application" and account.value(address) and user.name in account.sign_ins:
            yield _password(account, user, because, settings, scope)
        in_use = [k for k in user.keys if k.active and k.last_used and _recent(k.last_used, settings, scope)]
        if nature == "person" and in_use:
            yield _person_with_key(user, because)


def _asked(account: Account, user: User) -> User:
    """The user with the sign-in that was asked for: the report alone may be hours old."""
    if user.password is None or user.name not in account.sign_ins:
        return user
    password = structs.replace(user.password, last_used=account.sign_ins[user.name])
    return structs.replace(user, password=password)


def _settled(user: User, settings: Settings, scope: Scope) -> bool:
    """Neither the user nor the password is new: somebody who was just given one is about to sign in."""
    since = max(user.created, (user.password and user.password.changed) or user.created)
    return scope.now - since > timedelta(days=settings.grace_days)


def _recent(moment: datetime, settings: Settings, scope: Scope) -> bool:
    return scope.now - moment <= timedelta(days=settings.recent_days)


def _password(account: Account, user: User, because: str, settings: Settings, scope: Scope) -> Fault:
    address = at("iam.login_profile", user.name)
    last = account.sign_ins[user.name]
    summary = f"{user.name}: an application ({because}) with a password"
    evidence = {"last_used": when(last), "nature": because}
    if last and _recent(last, settings, scope):
        manual = Manual(
            address=address,
            summary=f"somebody signs in as the application {user.name} (last on {last:%Y-%m-%d})",
            steps=(
                "Find out who signs in as it, and give each of them a user or a role of their own.",
                f"Then: aws iam delete-login-profile --user-name '{user.name}'",
            ),
            check="The next plan finds no password, or an idle one, which it removes.",
        )
        return Fault(address=address, summary=summary, severity="high", evidence=evidence, manual=manual)
    want = Want(
        address=address,
        after=None,
        why=f"applications have no password; {because}",
        risk="restrictive",
        evidence={"last_used": when(last)},
        notice=f"password of the application removed ({because}); its keys keep working",
    )
    return Fault(address=address, summary=summary, severity="medium", evidence=evidence, wants=(want,))


def _person_with_key(user: User, because: str) -> Fault:
    address = at("iam.user", user.name)
    return Fault(
        address=address,
        severity="low",
        summary=f"{user.name}: a person ({because}) who works with an access key",
        manual=Manual(
            address=address,
            summary=f"{user.name} works with an access key, and a key in use is never taken away",
            steps=(
                f"Give {user.name} temporary credentials: a role to assume, or `aws sso login`.",
                "Stop using the key; once it is idle, `unused-credentials` makes it inactive.",
            ),
            check="The next plan finds no key in use.",
        ),
    )


control = Control(
    id="application-passwords",
    title="Applications have no password, people no access keys",
    guideline="G2",
    cis_7=("2.11",),
    cis_5=("1.10", "1.11"),
    security_hub=("IAM.22",),
    changes="removes applications' passwords, and people's keys that nobody uses",
    kinds=("iam.login_profile", "iam.access_key", "iam.user_tag"),
    rollback="equivalent: a removed password comes back as a new one-time password",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
