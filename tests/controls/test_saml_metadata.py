"""Metadata of identity providers: what is read out of it, and what is refused before anybody sees it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from support.saml import FAR, certificate, metadata

from remediate.controls import saml_metadata
from remediate.controls.saml_metadata import LONGEST, NotMetadata, read, same, tidy

SOON = datetime(2026, 7, 1, tzinfo=UTC)
GOOD = metadata()
IDP = "IDPSSODescriptor"
PADDING = "<!--" + "x" * 1000 + "-->"


def test_what_is_read() -> None:
    found = read(metadata(certificate(SOON), certificate(FAR), entity="https://idp.example"))
    assert (found.entity, [c.ends for c in found.signing], found.ends) == ("https://idp.example", [SOON, FAR], FAR)
    assert found.evidence()["ends"] == "2056-01-01T00:00:00Z"
    assert len({c.fingerprint for c in found.signing}) == 2
    assert all(len(c.fingerprint) == 64 for c in found.signing)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (metadata(certificate(SOON)), SOON),
        (metadata(certificate(SOON), use=""), SOON),  # a key without a use is for everything
        (metadata(more=' validUntil="2026-07-01T00:00:00Z"'), SOON),
        (metadata(certificate(SOON), more=' validUntil="2050-01-01"'), SOON),
        ("\ufeff\n" + metadata(certificate(SOON)) + "\n\n", SOON),
    ],
    ids=["one", "no use", "the document ends first", "the certificate ends first", "a byte order mark"],
)
def test_when_it_ends(text: str, ends: datetime) -> None:
    assert read(tidy(text)).ends == ends


REFUSED: Mapping[str, tuple[str, str]] = {
    "nothing": ("", "it has 0 characters"),
    "too short": ("<a/>", "it has 4 characters"),
    "too long": (GOOD + " " * LONGEST, "IAM takes 1,000 to 10,000,000"),
    "no XML": ("hello " * 300, "it is not XML"),
    "half of it": (GOOD[:-30] + " " * 500, "it is not XML"),
    "no text": ("<a>\ud800</a>" + " " * 1000, "it is not XML"),
    "a web page": ("<html><body>Sign in</body></html>" + PADDING, "no EntityDescriptor"),
    "another namespace": (GOOD.replace("SAML:2.0:metadata", "SAML:1.1:metadata"), "no EntityDescriptor"),
    "many entities": (
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{PADDING}</md:EntitiesDescriptor>',
        "several entities",
    ),
    "a service provider": (GOOD.replace(IDP, "SPSSODescriptor"), f"no {IDP}"),
    "SAML 1.1": (GOOD.replace("SAML:2.0:protocol", "SAML:1.1:protocol"), f"no {IDP}"),
    "no certificate": (GOOD.replace("X509Certificate", "X509Serial") + PADDING, "no certificate for signing"),
    "only for encryption": (metadata(use=' use="encryption"'), "no certificate for signing"),
    "no base64": (metadata("n/a!" * 80), "a signing certificate cannot be read"),
    "no certificate in it": (metadata("QUFB" * 80), "a signing certificate cannot be read"),
    "an empty certificate": (metadata("") + PADDING * 2, "a signing certificate cannot be read"),
    "no moment": (metadata(more=' validUntil="soon"'), "validUntil is no moment: soon"),
    "a document type": ("<!DOCTYPE md:EntityDescriptor>" + GOOD, "a document type"),
    "an entity bomb": (
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + GOOD.replace("acme", "&b;"),
        "a document type",
    ),
    "another file": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD, "a document type"),
    "nested without end": ("<a>" * 1_000_000, "nested more than 64 deep"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_iam_could_not_use_is_refused(text: str, message: str) -> None:
    begun = time.monotonic()
    with pytest.raises(NotMetadata, match=message):
        read(text)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (GOOD, True),
        (GOOD.replace("md:", "saml:").replace(":md=", ":saml="), True),
        (GOOD.replace('<?xml version="1.0" encoding="UTF-8"?>\n', "").replace("  <", "\t<"), True),
        (GOOD.replace(">", " >").replace("? >", "?>").replace("/ >", "/>"), True),
        (GOOD.replace("sso/saml", "sso/other"), False),
        (metadata(certificate(SOON)), False),
        ("<!DOCTYPE a>" + GOOD, False),
        ("nonsense", False),
    ],
)
def test_documents_are_compared_by_what_they_say(other: str, alike: bool) -> None:
    assert same(GOOD, other) is alike
    assert same(other, GOOD) is alike


def test_text_that_is_no_xml_is_only_the_same_as_itself() -> None:
    assert same("nonsense", "nonsense")
    assert saml_metadata.tidy("\ufeff <a/> \n") == "<a/>"
