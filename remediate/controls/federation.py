"""People sign in through an identity provider, and programs with its tokens, instead of IAM users.

SAML providers (Okta, Microsoft Entra ID, OneLogin, Ping Identity and others, by the metadata file that each gives for
AWS) and OpenID Connect providers (such as GitHub's) that the playbook declares are created and kept as declared, with
the roles that their people and programs take on. A role's trust names the provider and for whom its word was meant:
AWS's sign-in page, or the audiences and subjects of the playbook. What other statements a role's trust has stays.

Where a provider has other metadata than the playbook, the playbook's takes its place, unless the live one lasts longer:
then the file beside the playbook is old, which is for a person to mend. Sign-ins signed with a certificate that
the new metadata lacks are refused from then on, so such a change is `restrictive`. A metadata file that is no SAML
metadata, has no certificate or has ended is refused before any call, and so is an issuer that is not https, or a role
that everybody on GitHub could take on.

Signing certificates that have ended or soon will are found for every provider, declared or not; those of IAM
Identity Center look after themselves. IAM goes on to accept them, but an identity provider that changes its certificate
locks its people out until AWS knows the new one. OIDC thumbprints matter only where no public authority has signed the
issuer's certificate; IAM finds out the first by itself, so those of a new provider follow in the next plan.

People with passwords in an account to which nobody comes through an identity provider are one finding, with what to
do. A provider is never deleted, except by the rollback of its making, and then only while no other role trusts it.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls import federation_oidc, federation_roles, federation_saml, identity_providers
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.federation_oidc import OIDC
from remediate.controls.federation_roles import provider_arn, trusts
from remediate.controls.federation_saml import IDENTITY_CENTER, SAML
from remediate.controls.identity_providers import OidcProvider, SamlProvider
from remediate.model import Address, Fault, Manual, Struct, at
from remediate.playbook.scope import Scope
from remediate.words import many

ID = "federation"
IDENTITY_CENTER_ROLES = "/aws-reserved/sso.amazonaws.com/"
"""The path of the roles that IAM Identity Center makes.
https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html"""
SHOWN = 10
"""People named in a finding; the rest are counted."""


class Settings(Struct, frozen=True, kw_only=True):
    saml: tuple[SamlProvider, ...] = ()
    """Providers by their metadata file: `{name: Okta, metadata: okta.xml, roles: [{name: …, policies: […]}]}`."""
    oidc: tuple[OidcProvider, ...] = ()
    """Issuers: `{url: https://…, audiences: […], roles: [{name: …, policies: […], subjects: […]}]}`."""
    warn_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """So long before a signing certificate ends it is found."""


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    yield SAML
    yield OIDC
    for role in identity_providers.roles_of(settings.saml, settings.oidc):
        if role.max_session_hours is not None and role.name in account.roles:
            yield at("iam.role_session", role.name)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.role", "iam.policy", SAML, OIDC, "iam.role_session")
    for provider in settings.saml:
        yield from federation_saml.check(account, provider)
        trusted = federation_roles.of_saml(account, provider.name)
        for person in provider.roles:
            yield from federation_roles.check(account, person, trusted, provider.name)
    for issuer in settings.oidc:
        yield from federation_oidc.check(account, issuer)
        for program in issuer.roles:
            allowed = federation_roles.of_oidc(account, issuer, program)
            yield from federation_roles.check(account, program, allowed, issuer.issuer)
    yield from federation_saml.ending(account, settings.saml, settings.warn_days, scope.now)
    yield from _people(account, settings, scope)


def _people(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    if settings.saml or _central(account):
        return
    account.known("iam.user", "credential-report")
    people = [
        user.name
        for user in account.users.values()
        if user.password and scope.nature(user)[0] == "person" and not scope.exemption(ID, user)
    ]
    if people:
        yield _no_provider(sorted(people))


def _central(account: Account) -> bool:
    """Whether people come to this account through an identity provider: one that some role trusts."""
    providers = account.names(SAML)
    arns = [provider_arn(account, "saml", name) for name in providers]
    return any(name.startswith(IDENTITY_CENTER) for name in providers) or any(
        role.path.startswith(IDENTITY_CENTER_ROLES) or any(trusts(role.trust, arn) for arn in arns)
        for role in account.roles.values()
    )


def _no_provider(people: list[str]) -> Fault:
    named = [*people[:SHOWN], *([f"and {len(people) - SHOWN} more"] if len(people) > SHOWN else [])]
    who = many(len(people), "person signs", "people sign")
    return Fault(
        address=SAML,
        severity="low",
        summary=f"{who} in with passwords of IAM users, and no identity provider is in use",
        evidence={"people": list(named)},
        manual=Manual(
            address=SAML,
            summary="people are managed in this account alone: who leaves the company may keep a way in",
            steps=(
                "In an organization: switch on IAM Identity Center, "
                "https://docs.aws.amazon.com/singlesignon/latest/userguide/get-set-up-for-idc.html",
                "Or download your identity provider's metadata for AWS, put it beside the playbook, and declare it:",
                "federation: {saml: [{name: Okta, metadata: okta.xml, "
                "roles: [{name: ReadOnly, policies: [ReadOnlyAccess]}]}]}",
            ),
            check="The next plan finds a role that an identity provider's people can take on, or makes one.",
        ),
    )


def _refuses(settings: Settings, moment: Moment) -> Iterator[Complaint]:
    yield from identity_providers.refuses(settings.saml, settings.oidc, moment)


control = Control(
    id=ID,
    title="An identity provider instead of IAM users",
    guideline="G5",
    cis_7=("2.19",),
    cis_5=("1.20",),
    changes="the playbook's SAML and OpenID Connect providers, and roles that trust them",
    kinds=(
        "iam.oidc_audience",
        "iam.oidc_provider",
        "iam.oidc_thumbprints",
        "iam.role",
        "iam.role_policy",
        "iam.role_session",
        "iam.saml_provider",
    ),
    rollback="exact; a provider or role that others use since stays",
    settings=Settings,
    check=check,
    asks=asks,
    refuses=_refuses,
    doc=__doc__,
)
