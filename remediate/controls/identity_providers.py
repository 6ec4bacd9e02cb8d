"""The identity providers that a playbook declares, and what is wrong with a declaration before anybody is asked."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from remediate.controls import saml_metadata
from remediate.controls.base import Complaint, Moment
from remediate.controls.own_role import RoleName
from remediate.model import Struct
from remediate.playbook import TextFile

Policy = Annotated[str, Meta(pattern=r"^[!-~]+$(?!\n)", max_length=2048)]
Policies = Annotated[tuple[Policy, ...], Meta(min_length=1, max_length=10)]
Hours = Annotated[int, Meta(ge=1, le=12)]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html"""
ProviderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$(?!\n)", max_length=128)]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html"""
Audience = Annotated[str, Meta(pattern=r"^[!-~]+$(?!\n)", max_length=255)]
Subject = Annotated[str, Meta(pattern=r"^[!-~]+$(?!\n)", max_length=255)]
Thumbprint = Annotated[str, Meta(pattern="^[0-9a-f]{40}$", max_length=40)]

SHARED = frozenset(
    "token.actions.githubusercontent.com gitlab.com app.terraform.io agent.buildkite.com oidc.codefresh.io scalr.io "
    "studio.datachain.ai/api tokens.cloud.shisho.dev proidc.upbound.io".split()
)
"""Issuers that sign for everybody's organization; the subject says whose. IAM takes no role without one for them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html"""
ORGANIZATION = re.compile(r"[^:*?]+:[^:/*?]+[:/]")
"""`repo:acme/`, `project_path:acme/`, `organization:acme:`: somebody else may be called acme-too."""


class SamlRole(Struct, frozen=True, kw_only=True):
    """What people who sign in through a SAML provider may take on."""

    name: RoleName
    policies: Policies
    """AWS managed policies (their names) or customer managed policies (their ARNs)."""
    max_session_hours: Hours | None = None
    """How long a session may last; `null` leaves it as it is (a new role has one hour)."""


class SamlProvider(Struct, frozen=True, kw_only=True):
    name: ProviderName
    metadata: TextFile
    """The XML file that the identity provider gives for AWS."""
    roles: tuple[SamlRole, ...] = ()


class OidcRole(Struct, frozen=True, kw_only=True):
    """What programs with a token of an OpenID Connect provider may take on."""

    name: RoleName
    policies: Policies
    subjects: Annotated[tuple[Subject, ...], Meta(min_length=1)]
    """Whose tokens: the `sub` claim, where * stands for any text. Without it anybody's would do."""
    max_session_hours: Hours | None = None


class OidcProvider(Struct, frozen=True, kw_only=True):
    url: Annotated[str, Meta(pattern=r"^[!-~]+$(?!\n)", max_length=255)]
    """The issuer: the `iss` claim of its tokens."""
    audiences: Annotated[tuple[Audience, ...], Meta(min_length=1, max_length=100)]
    """Client ids: the `aud` claim of its tokens."""
    thumbprints: Annotated[tuple[Thumbprint, ...], Meta(max_length=5)] = ()
    """SHA-1 of the certificates of its server, where no public authority has signed them; none leaves it to IAM."""
    roles: tuple[OidcRole, ...] = ()

    @property
    def issuer(self) -> str:
        """As IAM names it: without https://"""
        return self.url.removeprefix("https://")


def roles_of(saml: Iterable[SamlProvider], oidc: Iterable[OidcProvider]) -> Iterator[SamlRole | OidcRole]:
    for person in saml:
        yield from person.roles
    for program in oidc:
        yield from program.roles


def refuses(saml: Iterable[SamlProvider], oidc: Iterable[OidcProvider], moment: Moment) -> Iterator[Complaint]:
    saml, oidc = tuple(saml), tuple(oidc)
    for i, provider in enumerate(saml):
        yield from ((f"saml[{i}].metadata", complaint) for complaint in _metadata(provider, moment))
    for i, issuer in enumerate(oidc):
        yield from ((f"oidc[{i}].url", complaint) for complaint in _url(issuer.url))
        for n, role in enumerate(issuer.roles):
            for k, subject in enumerate(role.subjects):
                place = f"oidc[{i}].roles[{n}].subjects[{k}]"
                yield from ((place, complaint) for complaint in _subject(subject, issuer.issuer))
    yield from _twice((f"saml[{i}].name", p.name) for i, p in enumerate(saml))
    yield from _twice((f"oidc[{i}].url", p.url) for i, p in enumerate(oidc))
    people = ((f"saml[{i}].roles[{n}].name", r.name) for i, p in enumerate(saml) for n, r in enumerate(p.roles))
    programs = ((f"oidc[{i}].roles[{n}].name", r.name) for i, p in enumerate(oidc) for n, r in enumerate(p.roles))
    yield from _twice(chain(people, programs))


def _metadata(provider: SamlProvider, moment: Moment) -> Iterator[str]:
    name = provider.metadata.name
    try:
        metadata = saml_metadata.read(saml_metadata.tidy(provider.metadata.text))
    except saml_metadata.NotMetadata as error:
        yield f"{name} cannot be used: {error}"
        return
    if metadata.ends <= moment.now:
        yield f"{name} cannot be used: it ended on {metadata.ends:%Y-%m-%d}; ask the identity provider for a new one"


def _url(url: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html"""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        yield f"{url} is no address"
        return
    if parts.scheme != "https" or not url.startswith("https://"):
        yield f"{url} must begin with https://"
    elif not parts.hostname or parts.netloc != parts.hostname or port is not None:
        yield f"{url} must name a host in lower case, without a port or a user"
    elif "?" in url or "#" in url:
        yield f"{url} must have neither a query nor a fragment"


def _subject(subject: str, issuer: str) -> Iterator[str]:
    said = re.split(r"[*?]", subject)[0]
    if not re.search("[A-Za-z0-9]", subject):
        yield f"{subject} fits everybody's tokens: write whose may be used"
    elif issuer.rstrip("/") in SHARED and said != subject and not ORGANIZATION.match(said):
        yield (
            f"{subject} fits tokens of other organizations too: {issuer} signs for all of them. "
            "Write yours whole before the first wildcard, as in repo:acme/*"
        )


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Complaint]:
    """IAM's names are unique ignoring case."""
    seen: set[str] = set()
    for place, name in named:
        if name.lower() in seen:
            yield place, f"{name} stands here twice"
        seen.add(name.lower())
