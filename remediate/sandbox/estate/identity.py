"""Identity providers that somebody tried out: one whose certificate ends soon, and one that nobody uses any more."""

import base64
from datetime import datetime, timedelta

from remediate.sandbox.builder import Builder

KEY = bytes(range(32))
"""Of nobody: the same certificates each time."""


def providers(account: Builder) -> None:
    for name, days in (("Okta", 20), ("adfs-2016", -400)):
        entity = f"https://{name.lower()}.acme.example/sso"
        provider = account.iam.create_saml_provider(name, _metadata(entity, account.now + timedelta(days=days)))
        provider.create_date = account.ago(700)


def _metadata(entity: str, ends: datetime) -> str:
    saml, binding = "urn:oasis:names:tc:SAML:2.0", "urn:oasis:names:tc:SAML:2.0:bindings"
    xmldsig = "http://www.w3.org/2000/09/xmldsig#"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{saml}:metadata" entityID="{entity}">
  <md:IDPSSODescriptor protocolSupportEnumeration="{saml}:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="{xmldsig}">
        <ds:X509Data>
          <ds:X509Certificate>{_certificate(entity, ends)}</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>
    <md:SingleSignOnService Binding="{binding}:HTTP-POST" Location="{entity}/saml"/>
    <md:SingleSignOnService Binding="{binding}:HTTP-Redirect" Location="{entity}/saml"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""


def _certificate(name: str, ends: datetime) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding

    key = Ed25519PrivateKey.from_private_bytes(KEY)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=3650))
        .not_valid_after(ends)
    )
    return base64.b64encode(made.sign(key, None).public_bytes(Encoding.DER)).decode()
