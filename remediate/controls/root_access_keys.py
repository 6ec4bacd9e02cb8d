"""The root user has no access keys.

Nothing limits what a root key may do, so there should be none, not even an inactive one. GetAccountSummary says whether
the account's own root user has any, as of now; the credential report adds which, and may be four hours old.

Only the root user itself can make its keys inactive, and AWS has no call for somebody else to do it: for the account
itself, the plan has exact instructions. Deactivate first, and delete when nobody has missed the key for
`quarantine_days`.

Members of an organization can be repaired from its management account, with central root access (see
central-root-access). Name them in `member_accounts`, and run remediate with credentials of the management account or of
the account that it has made the delegated administrator of IAM. Each member's root keys are then read through
sts:AssumeRoot with AWS's task policy IAMAuditRootUserCredentials, which only reads, and deleted with
IAMDeleteRootUserCredentials. That one allows no deactivation. So there is no quarantine of the usual kind, and a key is
only deleted when it was not used for `quarantine_days`: by its own last use, asked when planning and once more right
before the deletion, and by the day it was made where it was never used. Nothing can take that back, and the plan says
so. A key in use is left to a person.

A member whose root cannot be reached, because central root access is off, a service control policy forbids it or the
account belongs to another organization, is unknown, and the others are judged all the same.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls.base import Control
from remediate.controls.root_steps import CREDENTIALS, GOVCLOUD, sign_in
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at, pair_of, when
from remediate.playbook.scope import Scope
from remediate.words import many

AccountNumber = Annotated[str, Meta(pattern=r"^[0-9]{12}$", max_length=12)]
OWN = at("root.user", "access-keys")


class Settings(Struct, frozen=True, kw_only=True):
    member_accounts: tuple[AccountNumber, ...] = ()
    """Accounts of the organization whose root keys are looked at, by their 12 digits, in quotes."""
    quarantine_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """A root key is deleted when it was not used for so long."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    for member in _members(account, settings):
        yield at("iam.root_access_key", member)
        yield at("root.access_key", member)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.summary")
    if account.summary.get("AccountAccessKeysPresent"):
        yield _own(account, settings)
    for member in _members(account, settings):  # the planner reports those that were asked for in vain
        for address, facts in account.facts_of("root.access_key", member):
            key = pair_of(address)[1]
            status = account.value(at("iam.root_access_key", member, key))
            if status is not None and isinstance(facts, Mapping):
                yield _of_member(member, key, status, facts, settings, scope.now)


def _members(account: Account, settings: Settings) -> list[str]:
    """The account itself is none of them: AWS lets nobody assume the management account's root."""
    return sorted({*settings.member_accounts} - {account.id})


def _of_member(
    member: str, key: str, status: Value, facts: Mapping[str, Value], settings: Settings, now: datetime
) -> Fault:
    address = at("iam.root_access_key", member, key)
    used, made = _moment(facts.get("last_used")), _moment(facts.get("created"))
    since = used or made
    idle = since is not None and now - since > timedelta(days=settings.quarantine_days)
    use = f"last used on {used:%Y-%m-%d}" if used else "with no use on record"
    return Fault(
        address=address,
        severity="critical" if status == "Active" else "high",
        summary=f"the root user of {member} has an access key, {str(status).lower()}, {use}",
        evidence={"status": status, **facts},
        wants=(_deletion(address, use, facts, settings),) if idle else (),
        manual=_in_use(address, member, key, use, settings) if not idle and status == "Active" else None,
    )


def _deletion(address: Address, use: str, facts: Mapping[str, Value], settings: Settings) -> Want:
    member, key = pair_of(address)
    return Want(
        address=address,
        after=None,
        why=f"{use}, longer ago than {many(settings.quarantine_days, 'day')}; from here it can only be deleted",
        risk="destructive",
        evidence={"last_used": facts.get("last_used")},
        notice=f"root key {key} of account {member} deleted for good: {use}",
    )


def _in_use(address: Address, member: str, key: str, use: str, settings: Settings) -> Manual:
    return Manual(
        address=address,
        summary=f"the root user of {member} works with key {key} ({use}), and a key in use is never deleted",
        steps=(
            f"In account {member}, find what uses it: CloudTrail, Event history, AWS access key: {key}.",
            "Give that work a role, or a user with the permissions it needs, and take the key out of it.",
            "Then leave the key alone; or sign in as that account's root user and make it inactive, to see who misses "
            "it: Security credentials, Access keys, Actions, Deactivate.",
        ),
        check=f"After {many(settings.quarantine_days, 'day')} without use, the next plan deletes it.",
    )


def _own(account: Account, settings: Settings) -> Fault:
    slots = account.root.keys if account.root else ()
    shown: dict[str, Value] = {
        f"key {n}": {"active": slot.active, "created": when(slot.created), "last_used": when(slot.last_used)}
        for n, slot in enumerate(slots, start=1)
    }
    return Fault(
        address=OWN,
        severity="critical",
        summary="the root user has access keys",
        evidence={"AccountAccessKeysPresent": 1, **shown},
        manual=Manual(
            address=OWN,
            summary="the root user has access keys, and nobody else can take them away",
            steps=tuple(_steps(account, settings)),
            check="The next plan asks GetAccountSummary: AccountAccessKeysPresent is 0. Inactive keys count as well.",
        ),
    )


def _steps(account: Account, settings: Settings) -> Iterator[str]:
    govcloud = account.partition == GOVCLOUD
    if govcloud:
        yield "Sign with the root user's own key, and list all: aws iam list-access-keys"
        yield "Make those inactive that others use: aws iam update-access-key --status Inactive --access-key-id ID"
    else:
        yield sign_in(account)
        yield f"{CREDENTIALS} Access keys lists them, with where and when each was last used."
        yield "For each active key: Actions, Deactivate. What still uses it fails until you choose Actions, Activate."
    delete = ": aws iam delete-access-key --access-key-id ID" if govcloud else ", in the same place: Actions, Delete."
    yield "Give whatever failed a role of its own."
    yield f"Delete a key when nobody has missed it for {many(settings.quarantine_days, 'day')}{delete}"
    if not settings.member_accounts:
        yield (
            "Or, if this is a member account of an organization with central root access: name it in `member_accounts` "
            "of root-access-keys, in the playbook for the management account."
        )


def _moment(value: Value) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


control = Control(
    id="root-access-keys",
    title="The root user has no access keys",
    guideline="G1",
    cis_7=("2.4",),
    cis_5=("1.3",),
    security_hub=("IAM.4",),
    changes="unused root keys of the member accounts that the playbook names are deleted; else exact instructions",
    kinds=("iam.root_access_key",),
    rollback="never: a key's secret cannot be made again",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
