"""Identity providers in IAM: SAML by its metadata, OpenID Connect by its issuer, audiences and thumbprints.

An audience is one call and so are all thumbprints together: each is an entry of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of
from remediate.policy import federated_principals, trust_statements


def _find(aws: Session, operation: str, answer: str, kind: str) -> dict[str, str]:
    """The ARNs of all providers of a kind, by name: neither listing has pages. Raises CallFailed."""
    arns = [str(found["Arn"]) for found in aws.read("iam", operation)[answer]]
    return {arn.partition(f":{kind}-provider/")[2]: arn for arn in arns}


def _saml(aws: Session) -> dict[str, str]:
    return _find(aws, "list_saml_providers", "SAMLProviderList", "saml")


def _oidc(aws: Session) -> dict[str, str]:
    return _find(aws, "list_open_id_connect_providers", "OpenIDConnectProviderList", "oidc")


def _arn(found: Mapping[str, str], name: str, operation: str) -> str:
    if name not in found:
        raise CallFailed(operation, "NoSuchEntity", f"there is no provider {name}")
    return found[name]


def _done(answer: Answer) -> Receipt:
    return Receipt(request_ids=(request_id(answer),))


class SamlProvider(Resource):
    """`iam.saml_provider/<name>`: {"metadata": [lines of the document]}. A document on lines is one to compare.

    The key with which IAM reads encrypted assertions, if the provider has one, is not part of it, and stays.
    """

    kind = "iam.saml_provider"
    named_by = ("name|sAMLProviderArn",)
    access = True
    shared = True
    reading = ("iam:GetSAMLProvider", "iam:ListSAMLProviders")

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the provider's unique id, which is in the address of encrypted sign-ins"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = f"arn:{where.partition}:iam::{where.account}:saml-provider/{name_of(address)}"
        verbs = ("Create", "Delete") if before is None or after is None else ("Update",)
        return [
            Permission(action="iam:ListSAMLProviders"),
            *(Permission(action=f"iam:{verb}SAMLProvider", resource=arn) for verb in ("Get", *verbs)),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        """One provider, or without a name all of them."""
        wanted, found = name_of(address), {}
        for name, arn in _saml(aws).items():
            if wanted in ("", name):
                found.update(self._one(aws, name, arn))
        return found

    def _one(self, aws: Session, name: str, arn: str) -> dict[Address, Value]:
        try:
            document = aws.read("iam", "get_saml_provider", SAMLProviderArn=arn)["SAMLMetadataDocument"]
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {at(self.kind, name): {"metadata": document.split("\n")}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        document = {"SAMLMetadataDocument": _document(after)}
        if before is None:
            return _done(aws.write("iam", "create_saml_provider", Name=name, **document))
        if after is None:
            arn = _arn(_saml(aws), name, "delete_saml_provider")
            return _done(aws.write("iam", "delete_saml_provider", SAMLProviderArn=arn))
        arn = _arn(_saml(aws), name, "update_saml_provider")
        return _done(aws.write("iam", "update_saml_provider", SAMLProviderArn=arn, **document))


def _document(value: Value) -> str:
    lines = value.get("metadata") if isinstance(value, Mapping) else None
    return "\n".join(str(line) for line in lines) if isinstance(lines, Sequence) else ""


class OfOidc(Resource):
    """An OpenID Connect provider or a setting of one. All of them are read together."""

    reading = ("iam:GetOpenIDConnectProvider", "iam:ListOpenIDConnectProviders")
    verbs: tuple[str, ...]
    named_by: tuple[str, ...] = ("url|openIDConnectProviderArn",)

    def issuer(self, address: Address) -> str:
        """The issuer's URL without https://, which may have a path."""
        return name_of(address)

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return ((self.issuer(address),),)

    def container(self, address: Address) -> str:
        return f"oidc/{self.issuer(address)}"

    def parent(self, address: Address) -> Address | None:
        return at(OidcProvider.kind, self.issuer(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at(OidcProvider.kind, self.issuer(address)),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = f"arn:{where.partition}:iam::{where.account}:oidc-provider/{self.issuer(address)}"
        return [
            Permission(action="iam:ListOpenIDConnectProviders"),
            *(Permission(action=f"iam:{verb}", resource=arn) for verb in ("GetOpenIDConnectProvider", *self.verbs)),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        wanted, found = self.issuer(address), {}
        for issuer, arn in _oidc(aws).items():
            if wanted in ("", issuer):
                found.update(_entries(aws, issuer, arn))
        return found

    def send(self, aws: Session, operation: str, address: Address, **parameters: Any) -> Receipt:
        arn = _arn(_oidc(aws), self.issuer(address), operation)
        return _done(aws.write("iam", operation, OpenIDConnectProviderArn=arn, **parameters))


def _entries(aws: Session, issuer: str, arn: str) -> dict[Address, Value]:
    try:
        answer = aws.read("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    except CallFailed as error:
        absent_if(error, "NoSuchEntity")
        return {}
    found: dict[Address, Value] = {at(OidcProvider.kind, issuer): {"url": f"https://{issuer}"}}
    first = quote(issuer, safe="")
    found.update({at(OidcAudience.kind, first, client): "audience" for client in answer.get("ClientIDList", ())})
    thumbprints = sorted(answer.get("ThumbprintList", ()))
    found.update({at(OidcThumbprints.kind, issuer): thumbprints} if thumbprints else {})
    return found


class OidcProvider(OfOidc):
    """`iam.oidc_provider/<issuer without https://>`: {"url": "https://…"}."""

    kind = "iam.oidc_provider"
    access = True
    shared = True
    binary = True
    verbs = ("CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider")

    def parent(self, address: Address) -> Address | None:
        return None

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return ()

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if after is None:
            return self.send(aws, "delete_open_id_connect_provider", address)
        return _done(aws.write("iam", "create_open_id_connect_provider", Url=f"https://{self.issuer(address)}"))


class OidcAudience(OfOidc):
    """`iam.oidc_audience/<issuer>/<client id>`: "audience". A slash in the issuer is written %2F."""

    kind = "iam.oidc_audience"
    named_by = ("url|openIDConnectProviderArn", "clientID|clientIDList")
    access = True
    binary = True
    within = True
    verbs = ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")

    def issuer(self, address: Address) -> str:
        return unquote(pair_of(address)[0])

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return (self.issuer(address),), (pair_of(address)[1],)

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        verb = "remove_client_id_from" if after is None else "add_client_id_to"
        return self.send(aws, f"{verb}_open_id_connect_provider", address, ClientID=pair_of(address)[1])


class OidcThumbprints(OfOidc):
    """`iam.oidc_thumbprints/<issuer without https://>`: SHA-1 fingerprints in hex, sorted.

    IAM finds out one by itself when a provider is made, and keeps at least one from then on.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
    """

    kind = "iam.oidc_thumbprints"
    also_by = ("iam:CreateOpenIDConnectProvider",)
    within = True
    verbs = ("UpdateOpenIDConnectProviderThumbprint",)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return ("exact", "") if before is not None else ("impossible", "a provider keeps at least one thumbprint")

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        operation = "update_open_id_connect_provider_thumbprint"
        if not isinstance(after, Sequence) or not after:
            raise CallFailed(operation, "NeverDone", "a provider keeps at least one thumbprint")
        return self.send(aws, operation, address, ThumbprintList=list(after))


RESOURCES: tuple[Resource, ...] = (SamlProvider(), OidcProvider(), OidcAudience(), OidcThumbprints())


def trusted_by(trust: Value) -> Iterable[Address]:
    """The providers that a role's trust names."""
    for arn in (name for item in trust_statements(trust) for name in federated_principals(item)):
        for word, kind in (("saml", SamlProvider.kind), ("oidc", OidcProvider.kind)):
            _, there, provider = arn.partition(f":{word}-provider/")
            if there:
                yield at(kind, provider)
