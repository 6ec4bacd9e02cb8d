"""SAML metadata with certificates that end when a test says so."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

FAR = datetime(2056, 1, 1, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@cache
def certificate(ends: datetime, name: str = "acme") -> str:
    """In base64, as metadata has it; the same each time."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=3650))
        .not_valid_after(ends)
        .sign(KEY, None)
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def metadata(
    *certificates: str, entity: str = "http://www.okta.com/exk1", use: str = ' use="signing"', more: str = ""
) -> str:
    keys = "\n".join(_key(text, use) for text in (certificates or (certificate(FAR),)))
    return _document(entity, keys, more)


def _key(text: str, use: str) -> str:
    lines = "\n".join(_lines(text))
    return (
        f'    <md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>\n{lines}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def _lines(text: str, width: int = 76) -> Sequence[str]:
    return [text[i : i + width] for i in range(0, len(text), width)]


def _document(entity: str, keys: str, more: str) -> str:
    saml, binding = "urn:oasis:names:tc:SAML:2.0", "urn:oasis:names:tc:SAML:2.0:bindings"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{saml}:metadata" entityID="{entity}"{more}>
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="{saml}:protocol">
{keys}
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>
    <md:SingleSignOnService Binding="{binding}:HTTP-POST" Location="https://acme.okta.example/sso/saml"/>
    <md:SingleSignOnService Binding="{binding}:HTTP-Redirect" Location="https://acme.okta.example/sso/saml"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""
