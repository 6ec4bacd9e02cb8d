"""Access keys that several people or programs use at once, or that work across accounts: what the records show.

A part of `shared-credentials`. Applications count as well as people: nobody can be asked about what a key did that two
programs have, and it cannot be taken from one of them.
"""

import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from remediate.account import Account, User
from remediate.controls import cross_account_roles
from remediate.controls.suspected import Limits, evidence, is_gone, severity, strangers, suspected
from remediate.evidence.sharing import Limit, Suspicion
from remediate.evidence.signs import SIGNS
from remediate.model import Address, Fault, Manual, at
from remediate.playbook.scope import Scope
from remediate.words import many

if TYPE_CHECKING:
    from remediate.controls.shared_credentials import Settings


def limits(settings: "Settings") -> Limits:
    return {
        "networks": Limit(hours=settings.network_hours, several=settings.networks),
        "programs": Limit(hours=settings.program_hours, several=settings.programs),
        **abroad(settings),
    }


def abroad(settings: "Settings") -> Limits:
    """Of the keys of other accounts only whether they work here: how many use them is their owners' to know."""
    return {"other account": Limit(hours=settings.other_account_hours)}


def asks(account: Account, settings: "Settings", scope: Scope) -> Iterator[Address]:
    """Whether a suspected key is still there."""
    for user in account.users.values():
        if _suspicions(account, user.arn, limits(settings), settings, scope):
            yield at("iam.access_key", user.name)


def faults(account: Account, settings: "Settings", scope: Scope) -> Iterator[Fault]:
    for user in account.users.values():
        for one in _suspicions(account, user.arn, limits(settings), settings, scope):
            account.known(at("iam.access_key", user.name))
            if not is_gone(account, user.name, one.credential):
                yield _fault(user, one, settings)
    for arn in strangers(account):
        for one in _suspicions(account, arn, abroad(settings), settings, scope):
            yield _of_a_stranger(arn, one)


def _suspicions(account: Account, arn: str, limits: Limits, settings: "Settings", scope: Scope) -> list[Suspicion]:
    begin = scope.now - timedelta(days=settings.days)
    return suspected(account, arn, begin, limits, application=False, known=_trusted(scope))


def _trusted(scope: Scope) -> frozenset[str]:
    """Accounts that the playbook lets in: to work in them is what they are there for."""
    settings = scope.playbook.controls.get("cross-account-roles")
    if not isinstance(settings, cross_account_roles.Settings):
        return frozenset()
    return frozenset(map(str, (*(settings.trusted_accounts or ()), *settings.vendors)))


def _fault(user: User, one: Suspicion, settings: "Settings") -> Fault:
    address = at("iam.access_key", user.name, one.credential)
    return Fault(
        address=address,
        severity=severity(one),
        summary=f"key {one.credential} of {user.name}: {'; '.join(reason.said for reason in one.reasons)}",
        evidence=evidence([one]),
        manual=Manual(
            address=address,
            summary=f"find out who and what works with key {one.credential} of {user.name}",
            steps=(*_steps(user, one), f"Then make it inactive, which can be taken back: {_inactive(user, one)}"),
            check=f"The next plan finds the key inactive or gone, or no such hours in {many(settings.days, 'day')}.",
        ),
    )


def _steps(user: User, one: Suspicion) -> Iterator[str]:
    key = shlex.quote(one.credential)
    lookup = f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={key}"
    yield f"See what it does, in each region that you work in: {lookup}"
    yield (
        "Give each person a user with a key of their own, and each program a role, or a user with a key of its own: "
        f"aws iam create-user --user-name …; aws iam create-access-key --user-name …; not a second key of {user.name}"
    )
    if any(reason.rule == "other account" for reason in one.reasons):
        yield "For work across accounts, declare a role for it: controls: cross-account-roles: roles, trusted_accounts."
    yield f"Wait until nothing uses it any more: aws iam get-access-key-last-used --access-key-id {key}"


def _inactive(user: User, one: Suspicion) -> str:
    names = f"--user-name {shlex.quote(user.name)} --access-key-id {shlex.quote(one.credential)}"
    return f"aws iam update-access-key {names} --status Inactive"


def _of_a_stranger(arn: str, one: Suspicion) -> Fault:
    address = at(SIGNS, arn)
    return Fault(
        address=address,
        severity=severity(one),
        summary=f"key {one.credential} of {arn}: {'; '.join(reason.said for reason in one.reasons)}",
        evidence=evidence([one]),
        manual=Manual(
            address=address,
            summary=f"find out why {arn} works in this account with a key of its own",
            steps=(
                "Ask the other account's owner. If it is to come in, declare a role for it, so that it comes for an "
                "hour at a time: controls: cross-account-roles: roles, trusted_accounts.",
                "If not: take it out of the bucket, queue and key policies that let it in. Access Analyzer names them.",
            ),
            check="The next plan finds no such hours, or trusts the account.",
        ),
    )
