"""An organization manages its members' root users from one place.

Each member account of an organization has a root user of its own, with a password that its email address can reset.
Central root access lets the management account delete these credentials and keep them from coming back
(RootCredentialsManagement), and do the few tasks that need root in short sessions limited to one task (RootSessions).

Run it in the management account: it makes Organizations trust IAM (iam.amazonaws.com) if it does not yet, and switches
on both features. Nobody's credentials are deleted by that; root-access-keys does it for keys. Rollback switches off
what was switched on. Credentials deleted meanwhile stay deleted, and members can then reset their root password again.

In a delegated administrator of IAM the same is found, and left to the management account's people: AWS lets nobody else
switch it on. Other members cannot see whether it is on, and accounts in no organization have no use for it: nothing is
found there. An organization with consolidated billing alone must have all features first, which every member has to
accept, so that is left to a person too.
"""

from collections.abc import Iterator, Mapping

from remediate.account import Account
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope

ORGANIZATION = Address("organizations.organization")
TRUST = at("organizations.service_access", "iam.amazonaws.com")
FEATURES = {
    "RootCredentialsManagement": "members' root credentials are managed from one place",
    "RootSessions": "tasks that need a member's root are done in short sessions limited to one task",
}


class Settings(Struct, frozen=True, kw_only=True):
    """There is nothing to choose."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    yield ORGANIZATION
    organization = _organization(account)
    if organization.get("all_features") and organization["role"] != "member":
        yield at("iam.organizations_feature")
    if organization.get("all_features") and organization["role"] == "management":
        yield at("organizations.service_access")


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known(ORGANIZATION)
    organization = _organization(account)
    if not organization or organization["role"] == "member":
        return
    if not organization["all_features"]:
        yield _billing_alone(organization)
        return
    account.known("iam.organizations_feature")
    for feature, good in FEATURES.items():
        if account.value(at("iam.organizations_feature", feature)) is None:
            yield _missing(account, organization, feature, good)


def _organization(account: Account) -> Mapping[str, Value]:
    value = account.facts.get(ORGANIZATION)
    return value if isinstance(value, Mapping) else {}


def _missing(account: Account, organization: Mapping[str, Value], feature: str, good: str) -> Fault:
    ours = organization["role"] == "management"
    if ours:
        account.known("organizations.service_access")
    address = at("iam.organizations_feature", feature)
    trust = Want(address=TRUST, after="trusted", why="central root access needs that IAM is trusted", risk="additive")
    return Fault(
        address=address,
        severity="medium",
        summary=f"the organization {organization['id']} does not use {feature}",
        evidence=dict(organization),
        wants=(trust, Want(address=address, after="enabled", why=good, risk="additive")) if ours else (),
        manual=None if ours else _for_management(address, organization, feature),
    )


def _for_management(address: Address, organization: Mapping[str, Value], feature: str) -> Manual:
    return Manual(
        address=address,
        summary=f"{feature} is off, and only the management account {organization['management']} can switch it on",
        steps=(
            f"With credentials of account {organization['management']}: remediate plan -p cis-7.0 "
            "--control central-root-access, then apply that plan.",
            "Or there in the console: IAM, Root access management, Enable; choose both capabilities.",
        ),
        check="The next plan asks ListOrganizationsFeatures: both features are on.",
    )


def _billing_alone(organization: Mapping[str, Value]) -> Fault:
    return Fault(
        address=ORGANIZATION,
        severity="medium",
        summary=f"the organization {organization['id']} has consolidated billing alone, without central root access",
        evidence=dict(organization),
        manual=Manual(
            address=ORGANIZATION,
            summary="central root access needs an organization with all features, and invited members must accept that",
            steps=(
                f"In the console of account {organization['management']}: AWS Organizations, Settings, "
                "Begin process to enable all features.",
                "Each member account that was invited accepts the request. Then choose Finalize in the same place.",
            ),
            check="The next plan asks DescribeOrganization: its FeatureSet is ALL.",
        ),
    )


control = Control(
    id="central-root-access",
    title="Members' root users are managed from one place",
    guideline="",
    cis_7=("2.1.1",),
    changes="in the management account: IAM is trusted, RootCredentialsManagement and RootSessions are on",
    kinds=("organizations.service_access", "iam.organizations_feature"),
    rollback="exact",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
