"""SAML providers: there, with the playbook's metadata, and with a certificate that lasts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from shlex import quote

from remediate.account import Account
from remediate.controls import saml_metadata
from remediate.controls.federation_roles import provider_arn, trusts
from remediate.controls.identity_providers import SamlProvider
from remediate.controls.saml_metadata import Metadata, NotMetadata
from remediate.model import Address, Fault, Manual, Value, Want, at

SAML = Address("iam.saml_provider")
IDENTITY_CENTER = "AWSSSO_"
"""Providers that IAM Identity Center makes, and keeps up to date, begin so."""


def check(account: Account, provider: SamlProvider) -> Iterator[Fault]:
    address, ours = at(SAML, provider.name), saml_metadata.tidy(provider.metadata.text)
    live = _document(account, provider.name)
    wanted = saml_metadata.read(ours)
    after: Value = {"metadata": list(ours.split("\n"))}
    if live is None:
        want = Want(address=address, after=after, why="people sign in through it", risk="additive")
        summary = f"the identity provider {provider.name} is declared and is not there"
        yield Fault(address=address, severity="medium", summary=summary, evidence=wanted.evidence(), wants=(want,))
    elif _outlived(live, wanted):
        yield _old_file(address, provider, live, wanted)
    elif not saml_metadata.same(live, ours):
        yield Fault(
            address=address,
            severity="medium",
            summary=f"{provider.name} has other metadata than the playbook",
            evidence={"live": _evidence(live), "playbook": wanted.evidence()},
            wants=(_replaced(address, live, wanted, after),),
        )


def _replaced(address: Address, live: str, wanted: Metadata, after: Value) -> Want:
    before = _readable(live)
    stays = before and before.entity == wanted.entity and set(before.signing) <= set(wanted.signing)
    notice = "sign-ins that its old certificates or its old name vouch for are refused"
    return Want(
        address=address,
        after=after,
        why="its metadata is the playbook's",
        risk="additive" if stays else "restrictive",
        notice="" if stays else notice,
    )


def _outlived(live: str, wanted: Metadata) -> bool:
    there = _readable(live)
    return there is not None and there.ends > wanted.ends


def _old_file(address: Address, provider: SamlProvider, live: str, wanted: Metadata) -> Fault:
    summary = f"the live metadata of {provider.name} lasts longer than {provider.metadata.name} of the playbook"
    return Fault(
        address=address,
        severity="low",
        summary=summary,
        evidence={"live": _evidence(live), "playbook": wanted.evidence()},
        manual=Manual(
            address=address,
            summary=f"{summary}: it is left as it is",
            steps=(f"Put the identity provider's present metadata in place of {provider.metadata.name}.",),
            check="The next plan finds the same metadata in both places.",
        ),
    )


def _document(account: Account, provider: str) -> str | None:
    """The metadata that a provider has now."""
    value = account.value(at(SAML, provider))
    lines = value.get("metadata") if isinstance(value, Mapping) else None
    return "\n".join(str(line) for line in lines) if isinstance(lines, list) else None


def _readable(document: str) -> Metadata | None:
    try:
        return saml_metadata.read(document)
    except NotMetadata:
        return None


def _evidence(document: str) -> Value:
    metadata = _readable(document)
    return metadata.evidence() if metadata else "cannot be read"


def ending(account: Account, declared: Iterable[SamlProvider], warn_days: int, now: datetime) -> Iterator[Fault]:
    """Providers, declared or not, whose metadata as it will be after the plan ends soon."""
    ours = {provider.name: provider for provider in declared}
    for name in sorted({*account.names(SAML), *ours}):
        if name.startswith(IDENTITY_CENTER):
            continue
        metadata = _readable(_afterwards(account, name, ours.get(name)))
        if metadata is None or metadata.ends <= now + timedelta(days=warn_days):
            yield _ends(account, name, ours.get(name), metadata, now)


def _afterwards(account: Account, name: str, provider: SamlProvider | None) -> str:
    live = _document(account, name) or ""
    if provider is None:
        return live
    ours = saml_metadata.tidy(provider.metadata.text)
    return live if live and _outlived(live, saml_metadata.read(ours)) else ours


def _ends(
    account: Account, name: str, provider: SamlProvider | None, metadata: Metadata | None, now: datetime
) -> Fault:
    address, arn = at(SAML, name), provider_arn(account, "saml", name)
    users = sorted(role.name for role in account.roles.values() if trusts(role.trust, arn))
    over = metadata is not None and metadata.ends <= now
    summary = _summary(name, metadata, over)
    return Fault(
        address=address,
        severity="high" if over else "medium",
        summary=summary,
        evidence={**(metadata.evidence() if metadata else {}), "roles": list(users)},
        manual=Manual(
            address=address,
            summary=f"{summary}: its people are locked out as soon as it signs with another one",
            steps=_steps(name, arn, provider, unused=not users),
            check="The next plan finds a certificate that lasts.",
        ),
    )


def _summary(name: str, metadata: Metadata | None, over: bool) -> str:
    if metadata is None:
        return f"the metadata of {name} cannot be read"
    what = "metadata" if metadata.ends == metadata.valid_until else "signing certificate"
    return f"the {what} of {name} {'ended' if over else 'ends'} on {metadata.ends:%Y-%m-%d}"


def _steps(name: str, arn: str, provider: SamlProvider | None, *, unused: bool) -> tuple[str, ...]:
    new = f"In the identity provider behind {name}: make a new signing certificate, and download the metadata for AWS."
    if provider:
        return (new, f"Put it in place of {provider.metadata.name} beside the playbook.")
    document = "--saml-metadata-document file://metadata.xml"
    update = f"aws iam update-saml-provider --saml-provider-arn {quote(arn)} {document}"
    delete = f"aws iam delete-saml-provider --saml-provider-arn {quote(arn)}"
    return (new, update, *((f"Or, since no role trusts it: {delete}",) if unused else ()))
