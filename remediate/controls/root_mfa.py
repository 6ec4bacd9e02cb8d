"""The root user signs in with MFA.

GetAccountSummary says, as of now, whether the account's root user has an MFA device. Nobody can enrol one for somebody
else, so there are only exact instructions.

With `hardware: true` an authenticator app is not enough. AWS lists virtual devices alone, so a root user who has MFA
and no virtual device has a security key, a hardware token, or a passkey: AWS does not tell these apart, and a passkey
that a phone keeps counts as well.

A root user without a password and without access keys cannot sign in and needs no MFA. Central root access leaves the
members of an organization so, and GetAccountSummary tells (AccountPasswordPresent). In AWS GovCloud (US) the root user
has no console to sign in to, and nothing is found.
"""

from collections.abc import Iterator

from remediate.account import Account
from remediate.controls.base import Control
from remediate.controls.root_steps import CREDENTIALS, GOVCLOUD, sign_in
from remediate.model import Address, Fault, Manual, Struct, at, name_of
from remediate.playbook.scope import Scope

MFA = at("root.user", "mfa")
DEVICES = Address("root.virtual_mfa")


class Settings(Struct, frozen=True, kw_only=True):
    hardware: bool = False
    """Whether it must be a hardware device: a security key or a token, and no authenticator app."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    if settings.hardware and _has_mfa(account):
        yield DEVICES


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.summary")
    if account.partition == GOVCLOUD or not _can_sign_in(account):
        return
    if not _has_mfa(account):
        yield _none(account, settings)
    elif settings.hardware:
        account.known(DEVICES)
        virtual = [name_of(address) for address, _ in account.facts_of(DEVICES)]
        if virtual:
            yield _virtual(account, virtual)


def _has_mfa(account: Account) -> bool:
    return bool(account.summary.get("AccountMFAEnabled"))


def _can_sign_in(account: Account) -> bool:
    """A summary that does not speak of the password says nothing against there being one."""
    return bool(account.summary.get("AccountPasswordPresent", 1) or account.summary.get("AccountAccessKeysPresent"))


def _none(account: Account, settings: Settings) -> Fault:
    app = "" if settings.hardware else ", or Authenticator app"
    return Fault(
        address=MFA,
        severity="critical",
        summary="the root user signs in without MFA",
        evidence={"AccountMFAEnabled": 0},
        manual=Manual(
            address=MFA,
            summary="the root user has no MFA device, and only the root user can enrol one",
            steps=(
                sign_in(account),
                f"{CREDENTIALS} Multi-factor authentication (MFA), Assign MFA device.",
                f"Name it, choose Passkey or security key, or Hardware TOTP token{app}, and follow the pages.",
                "Enrol a second one and keep it elsewhere: without a device, only AWS Support opens the account again.",
            ),
            check="The next plan asks GetAccountSummary: AccountMFAEnabled is 1"
            + (", and no virtual device is the root user's." if settings.hardware else "."),
        ),
    )


def _virtual(account: Account, serials: list[str]) -> Fault:
    return Fault(
        address=MFA,
        severity="high",
        summary="the root user's MFA is an authenticator app, not a hardware device",
        evidence={"virtual": serials},
        manual=Manual(
            address=MFA,
            summary="the root user signs in with an authenticator app, and only the root user can change that",
            steps=(
                sign_in(account),
                f"{CREDENTIALS} Multi-factor authentication (MFA), Assign MFA device.",
                "Choose Passkey or security key, with a security key, or Hardware TOTP token, and follow the pages.",
                f"Sign out and in again with it. Then select {', '.join(serials)} in the same place: Remove.",
            ),
            check="The next plan asks ListVirtualMFADevices: no assigned device is the root user's.",
        ),
    )


control = Control(
    id="root-mfa",
    title="The root user signs in with MFA",
    guideline="G4",
    cis_7=("2.5", "2.6"),
    cis_5=("1.4", "1.5"),
    security_hub=("IAM.9", "IAM.6"),
    changes="nothing: exact instructions",
    rollback="nothing to take back",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
