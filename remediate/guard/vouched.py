"""The identity providers by which people assume a role: whoever signs in through one needs it to be there."""

from collections.abc import Iterator, Mapping, Sequence

from remediate.controls import saml_metadata
from remediate.guard.timeline import Timeline
from remediate.guard.trust import policy_of
from remediate.model import Address, Change, Value, kind_of, name_of
from remediate.policy import aws_principals, deleted_principals, federated_principals, trust_statements

PROVIDERS = {"iam.saml_provider": ":saml-provider/", "iam.oidc_provider": ":oidc-provider/"}
"""How the ARNs of each kind go on before the name."""


def ended(timeline: Timeline, role: Address) -> Change | None:
    """The change after which nobody may assume a role any more, for identity providers alone let people in, and none
    of them vouches for anybody whom it vouches for now."""
    lost = [c for kind in PROVIDERS for c in timeline.of_kind(kind) if _ends(c)]
    for span in timeline.spans(role):
        then = [c for c in lost if span.ended is None or not timeline.before(span.ended, c.id)]
        by = [_named(then, arn) for arn in _only(policy_of(span.value))]
        if by and (gone := [change for change in by if change]) == by:
            return max(gone, key=lambda change: change.id)
    return None


def _only(trust: Value) -> Sequence[str]:
    """The identity providers that a trust policy lets in, if nobody else is let in."""
    allows = [item for item in trust_statements(trust) if isinstance(item, Mapping) and item.get("Effect") == "Allow"]
    if {name for item in allows for name in aws_principals(item)} - deleted_principals(trust):
        return ()
    return [name for item in allows for name in federated_principals(item)]


def _named(changes: Sequence[Change], arn: str) -> Change | None:
    names = ((change, f"{PROVIDERS[kind_of(change.address)]}{name_of(change.address)}") for change in changes)
    return next((change for change, name in names if arn.endswith(name)), None)


def _ends(change: Change) -> bool:
    """Whether a provider goes, or takes the word of another signer. Somebody who still has a certificate that counts is
    taken for the one who signs: certificates are changed in two steps, with both in between."""
    if change.before is None or kind_of(change.address) != "iam.saml_provider":
        return change.after is None
    return not set(_signers(change.before)) & set(_signers(change.after))


def _signers(provider: Value) -> Iterator[tuple[str, str]]:
    """Whose word is taken, by name and certificate; nobody's, where the metadata cannot be read."""
    lines = provider.get("metadata") if isinstance(provider, Mapping) else None
    try:
        found = saml_metadata.read("\n".join(map(str, lines)) if isinstance(lines, list) else "")
    except saml_metadata.NotMetadata:
        return
    yield from ((found.entity, certificate.fingerprint) for certificate in found.signing)
