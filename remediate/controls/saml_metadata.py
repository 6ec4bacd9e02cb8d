"""SAML 2.0 metadata of an identity provider: whether IAM can use it, and how long its signing certificates last.

IAM itself never looks at the end of a certificate, and shows a hundred years from its making as a provider's own end
(`ValidUntil`): so the certificates are read here, with the `cryptography` library.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
"""

import base64
import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime

from remediate.model import Struct, Value, when

SHORTEST, LONGEST = 1_000, 10_000_000
"""Characters: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html"""
DEEPEST = 64
"""Elements within each other. Metadata has ten; what is nested without end is meant to exhaust whoever reads it."""
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML_2 = "urn:oasis:names:tc:SAML:2.0:protocol"


class NotMetadata(ValueError):
    """IAM could not use this text. `str()` says what is wrong with it."""


class Certificate(Struct, frozen=True, kw_only=True):
    fingerprint: str
    """SHA-256 of the certificate, in hex: what identity providers show beside it."""
    ends: datetime


class Metadata(Struct, frozen=True, kw_only=True):
    """What matters of an identity provider's metadata."""

    entity: str
    signing: tuple[Certificate, ...]
    """The certificates that sign-ins may be signed with; at least one."""
    valid_until: datetime | None

    @property
    def ends(self) -> datetime:
        """When the last of its certificates has ended, or before that the document itself."""
        last = max(certificate.ends for certificate in self.signing)
        return min(last, self.valid_until) if self.valid_until else last

    def evidence(self) -> dict[str, Value]:
        """What a person compares with the identity provider's own pages."""
        certificates: list[Value] = [f"{when(c.ends)} sha256:{c.fingerprint}" for c in self.signing]
        return {"entity": self.entity, "certificates": certificates, "ends": when(self.ends)}


def tidy(text: str) -> str:
    """The text as it is sent: IAM takes no byte order mark, and gives back everything else as it was."""
    return text.lstrip("\ufeff").strip()


def read(text: str) -> Metadata:
    """Raises NotMetadata."""
    if not SHORTEST <= len(text) <= LONGEST:
        raise NotMetadata(f"it has {len(text)} characters, IAM takes {SHORTEST:,} to {LONGEST:,}")
    root = _parsed(text)
    if root.tag == f"{MD}EntitiesDescriptor":
        raise NotMetadata("it describes several entities, IAM takes one: keep its EntityDescriptor alone")
    if root.tag != f"{MD}EntityDescriptor":
        raise NotMetadata("it is not SAML metadata: its outermost element is no EntityDescriptor")
    roles = [r for r in root.iter(f"{MD}IDPSSODescriptor") if SAML_2 in r.get("protocolSupportEnumeration", "").split()]
    if not roles:
        raise NotMetadata("it describes no SAML 2.0 identity provider: no IDPSSODescriptor")
    signing = tuple(_certificate(text) for role in roles for text in _signing(role))
    if not signing:
        raise NotMetadata("it has no certificate for signing: nobody could sign in")
    ends = [_moment(e.get("validUntil", "")) for e in (root, *roles) if e.get("validUntil")]
    return Metadata(entity=root.get("entityID", ""), signing=signing, valid_until=min(ends) if ends else None)


def same(one: str, other: str) -> bool:
    """Whether two documents say the same: the order of attributes and how namespaces are named do not matter."""
    if one == other:
        return True
    try:
        return _canonical(one) == _canonical(other)
    except NotMetadata:
        return False


def _canonical(text: str) -> str:
    _parsed(text)  # which refuses what must not be read
    return ET.canonicalize(text, strip_text=True, rewrite_prefixes=True)


class _Shallow(ET.TreeBuilder):
    """Builds the document, and stops where it is nested too deeply."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotMetadata(f"its elements are nested more than {DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        self.depth -= 1
        return super().end(tag)


def _parsed(text: str) -> ET.Element:
    """Nothing is read from elsewhere, and nothing grows: a document type, where entities are declared, is refused."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise NotMetadata("it has a document type, which metadata never needs")
    try:
        return ET.XML(text, ET.XMLParser(target=_Shallow()))  # noqa: S314 - harmless without a document type
    except NotMetadata:
        raise
    except (ET.ParseError, ValueError) as error:
        raise NotMetadata(f"it is not XML: {error}") from None


def _signing(role: ET.Element) -> Iterator[str]:
    """The certificates of keys for signing; a key without a use is for everything."""
    for key in role.iterfind(f"{MD}KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            yield from (found.text or "" for found in key.iter(f"{DS}X509Certificate"))


def _certificate(text: str) -> Certificate:
    from cryptography import x509

    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        ends = x509.load_der_x509_certificate(der).not_valid_after_utc
    except (ValueError, x509.InvalidVersion) as error:
        raise NotMetadata(f"a signing certificate cannot be read: {error}") from None
    return Certificate(fingerprint=hashlib.sha256(der).hexdigest(), ends=ends)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotMetadata(f"validUntil is no moment: {text[:40]}") from None
