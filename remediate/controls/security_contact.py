"""AWS knows whom to call about security.

AWS writes to the account's security contact when it sees something wrong, such as a key of yours in public. Where the
account has none, the one of the playbook is set; where the playbook has none either, that is a step for a person. A
contact that is there is never changed. AWS does not say whether it is still right, nor what the account's main
contact details are worth: look at both once a year.

The playbook may also name the account's alias, the name in the address of its sign-in page. It is set where there is
none; without it, nothing is looked at. Rollback removes what was set.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, to_builtins

from remediate.account import Account
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Want, at
from remediate.playbook.scope import Scope

CONTACT = at("account.contact", "SECURITY")
ALIAS = at("iam.account_alias")
TRIMMED = r"^\S(.*\S)?$"


class Contact(Struct, frozen=True, kw_only=True):
    """Bounds: https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html"""

    name: Annotated[str, Meta(pattern=TRIMMED, max_length=64)]
    title: Annotated[str, Meta(pattern=TRIMMED, max_length=50)]
    email: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=.#|!&-]+@[A-Za-z0-9_.-]+\.[A-Za-z0-9_]+$", max_length=254)]
    """Better a list that several people read than one person's."""
    phone: Annotated[str, Meta(pattern=r"^[0-9()+-]([0-9()+ -]*[0-9()])?$", max_length=25)]


class Settings(Struct, frozen=True, kw_only=True):
    """Of the alias: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html"""

    security: Contact | None = None
    """Set where the account has none; `null` only says that there is none."""
    alias: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$")] | None = None
    """Set where the account has none; `null` does not look."""


def asks(_account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    yield CONTACT
    if settings.alias:
        yield ALIAS


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    account.known(CONTACT, *([ALIAS] if settings.alias else []))
    if account.value(CONTACT) is None:
        yield _contact(settings.security)
    if settings.alias and account.value(ALIAS) is None:
        why = "people know the account, and its sign-in page, by a name"
        want = Want(address=ALIAS, after=settings.alias, why=why, risk="additive")
        yield Fault(address=ALIAS, severity="low", summary="the account has no alias", wants=(want,))


def _contact(contact: Contact | None) -> Fault:
    why = "AWS reaches somebody who can act when it sees something wrong"
    want = Want(address=CONTACT, after=to_builtins(contact), why=why, risk="additive") if contact else None
    return Fault(
        address=CONTACT,
        severity="medium",
        summary="the account has no security contact",
        wants=(want,) if want else (),
        manual=None if want else _write_it_down(),
    )


def _write_it_down() -> Manual:
    return Manual(
        address=CONTACT,
        summary="neither the account nor the playbook has a security contact",
        steps=(
            "Write it in the playbook, then make a new plan: "
            "`security-contact: {security: {name: …, title: …, email: …, phone: …}}`",
            "Or in the console: the account's name at the upper right, Account, Alternate contacts, Security contact.",
        ),
        check="The next plan sets it, or finds one.",
    )


control = Control(
    id="security-contact",
    title="AWS knows whom to call about security",
    guideline="",
    cis_7=("2.3",),
    cis_5=("1.2",),
    security_hub=("Account.1",),
    changes="the security contact, and the alias, where the account has none",
    kinds=("account.contact", "iam.account_alias"),
    rollback="exact",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
