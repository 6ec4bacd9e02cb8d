"""OpenID Connect providers: there, with the playbook's audiences and thumbprints."""

from collections.abc import Iterator
from urllib.parse import quote

from remediate.account import Account
from remediate.controls.identity_providers import OidcProvider
from remediate.model import Address, Fault, Manual, Want, at

OIDC = Address("iam.oidc_provider")


def check(account: Account, issuer: OidcProvider) -> Iterator[Fault]:
    address, name = at(OIDC, issuer.issuer), issuer.issuer
    there = account.value(address) is not None
    why = f"{name} vouches for programs"
    missing = [a for a in sorted(set(issuer.audiences)) if account.value(_audience(name, a)) is None]
    wants = [Want(address=_audience(name, a), after="audience", why=why, risk="additive") for a in missing]
    if not there:
        wants.insert(0, Want(address=address, after={"url": issuer.url}, why=why, risk="additive"))
    if wants:
        lacks = f"{name} does not take the audience {', '.join(missing)}"
        yield Fault(
            address=address,
            severity="medium",
            summary=lacks if there else f"the issuer {name} is declared and is not there",
            evidence={"audiences": list(issuer.audiences)},
            wants=tuple(wants),
        )
    if issuer.thumbprints:
        yield from _thumbprints(account, issuer, there)


def _audience(issuer: str, client: str) -> Address:
    """An issuer may have a path, and only the last name of an address may have a slash."""
    return at("iam.oidc_audience", quote(issuer, safe=""), client)


def _thumbprints(account: Account, issuer: OidcProvider, there: bool) -> Iterator[Fault]:
    address = at("iam.oidc_thumbprints", issuer.issuer)
    live, wanted = account.value(address), sorted(set(issuer.thumbprints))
    if live == wanted:
        return
    notice = f"tokens are refused while {issuer.issuer} has a certificate that neither they nor a public authority know"
    want = Want(
        address=address,
        after=list(wanted),
        why="the certificates of the issuer's server are the playbook's",
        risk="restrictive",
        notice=notice,
    )
    later = Manual(
        address=address,
        summary=f"the thumbprints of {issuer.issuer} follow when it is there: IAM finds out the first by itself",
        steps=("Apply this plan.", "Then make a new one: remediate plan"),
        check="The next plan sets them.",
    )
    yield Fault(
        address=address,
        severity="low",
        summary=f"{issuer.issuer} has other thumbprints than the playbook",
        evidence={"live": live},
        wants=(want,) if there else (),
        manual=None if there else later,
    )
