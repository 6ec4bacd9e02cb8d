"""A role for working with AWS Support.

AWS's policy AWSSupportAccess, which lets somebody open and read support cases, is attached to at least one role, so
that nobody has to be an administrator when something breaks. A user or group that has it is not enough: permissions
that are seldom needed are best taken on for an hour.

Where no role has it, one is made. It trusts the playbook's accounts and people, or this account, and asks for MFA:
whoever is to use it there still needs permission to assume it. A role of that name that trusts others is left as it
is, and reported. AWS Support's own service-linked role is not what is meant. Rollback deletes the role.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls import own_role
from remediate.controls.base import Control
from remediate.controls.own_role import RoleName
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope

POLICY = "AWSSupportAccess"
Principal = Annotated[
    str, Meta(pattern=r"^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[!-~]+))$", max_length=2048)
]


class Settings(Struct, frozen=True, kw_only=True):
    name: RoleName = "SupportAccess"
    """Of the role that is made where none has the policy."""
    trusted: tuple[Principal, ...] = ()
    """Account numbers, or ARNs of users and roles, that may assume it; none given means this account."""
    mfa: bool = True
    """Whether they must have signed in with MFA."""


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    account.known("iam.role")
    arn = f"arn:{account.partition}:iam::aws:policy/{POLICY}"
    if any(arn in account.under("iam.role_policy", role) for role in account.names("iam.role")):
        return
    address, trusted = at("iam.role", settings.name), _trust(account, settings)
    conflict = own_role.conflict(account, settings.name, trusted)
    why = "somebody can work with AWS Support without being an administrator"
    wants = (
        own_role.want(account, settings.name, trusted, why),
        Want(address=at("iam.role_policy", settings.name, arn), after="attached", why=why, risk="additive"),
    )
    yield Fault(
        address=address,
        severity="low",
        summary=f"no role has {POLICY}",
        evidence={"users": _holding(account, "user", arn), "groups": _holding(account, "group", arn)},
        wants=() if conflict else wants,
        manual=_choose(address, settings.name, conflict, arn) if conflict else None,
    )


def _holding(account: Account, holder: str, arn: str) -> list[Value]:
    return [name for name in account.names(f"iam.{holder}") if arn in account.under(f"iam.{holder}_policy", name)]


def _trust(account: Account, settings: Settings) -> Value:
    """Whole ARNs, because IAM stores the number of an account as the ARN of its root."""
    numbers = settings.trusted or (account.id,)
    arns = [n if n.startswith("arn:") else f"arn:{account.partition}:iam::{n}:root" for n in numbers]
    mfa: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return own_role.trust([{"AWS": arn} for arn in arns], mfa if settings.mfa else None)


def _choose(address: Address, name: str, conflict: str, arn: str) -> Manual:
    return Manual(
        address=address,
        summary=f"{conflict}, so it is left as it is",
        steps=(
            "Choose another name in the playbook: `support-role: {name: …}`.",
            f"Or, if the role is meant for that: aws iam attach-role-policy --role-name {name} --policy-arn {arn}",
        ),
        check=f"The next plan finds a role with {POLICY}, or makes one.",
    )


control = Control(
    id="support-role",
    title="A role for working with AWS Support",
    guideline="",
    cis_7=("2.15",),
    cis_5=("1.16",),
    security_hub=("IAM.18",),
    changes=f"a role with {POLICY} where there is none",
    kinds=("iam.role", "iam.role_policy"),
    rollback="exact",
    settings=Settings,
    check=check,
    doc=__doc__,
)
