"""Identity providers, and how long sessions of a role last."""

import hashlib
from datetime import UTC, datetime

from remediate.model import Address, Value, at
from support.contract.case import Case
from support.contract.iam import ROLE, TRUST
from support.saml import certificate, metadata

HOST, PATH = "token.actions.githubusercontent.com", "oidc.example.com/id/A1"
THERE: dict[Address, Value] = {at("iam.oidc_provider", i): {"url": f"https://{i}"} for i in (HOST, PATH)}
FIRST, SECOND = "a" * 40, "b" * 40
FETCHED = hashlib.sha1(HOST.encode()).hexdigest()
"""What the sandbox's IAM finds out by itself."""


def document(text: str) -> Value:
    return {"metadata": list(text.split("\n"))}


OLD = document(metadata(certificate(datetime(2027, 1, 1, tzinfo=UTC))))

CASES: tuple[Case, ...] = (
    Case(at("iam.saml_provider", "Okta"), (None, OLD, document(metadata()), None)),
    Case(at("iam.oidc_provider", HOST), (None, {"url": f"https://{HOST}"}, None)),
    Case(at("iam.oidc_provider", PATH), (None, {"url": f"https://{PATH}"}, None)),
    Case(at("iam.oidc_audience", HOST, "sts.amazonaws.com"), (None, "audience", None), THERE),
    Case(at("iam.oidc_audience", "oidc.example.com%2Fid%2FA1", "api://exchange"), (None, "audience", None), THERE),
    Case(
        at("iam.oidc_thumbprints", HOST),
        ([FETCHED], [FIRST], [FIRST, SECOND], [FETCHED]),
        THERE,
        never=(([FIRST], None),),
    ),
    Case(at("iam.role_session", "job"), (None, 7200, 43200, None), {ROLE: {"path": "/", "trust": TRUST}}),
)
