"""Identity providers: what IAM takes, what it finds out by itself, and what a role's trust must say of them.

A SAML provider's metadata is read: EntityDescriptor, IDPSSODescriptor, a certificate. A name is taken once. Moto takes
any text, and a second provider of a name takes the first one's place. `ValidUntil` is a hundred years from the making,
whatever the certificate says. IAM finds out a thumbprint of an OpenID Connect provider that is made without one, and
keeps at least one; audiences are added and taken away one by one, which moto lacks. Both are idempotent.
A role that trusts an issuer of many organizations names a subject, and not everybody's.
UpdateRole leaves alone the description that it is not given; moto erases it.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html, API_CreateOpenIDConnectProvider,
API_AddClientIDToOpenIDConnectProvider, API_UpdateRole,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from remediate.sandbox.strict.documents import as_list, statements
from remediate.sandbox.strict.patch import Call, around, before, fail, instead

PARTS = ("EntityDescriptor", "IDPSSODescriptor", "X509Certificate")
LIFE = timedelta(days=36525)
SHARED = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "agent.buildkite.com")
"""Some of them; the others are treated alike."""


def install() -> None:
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    around(IAMBackend, "create_saml_provider", _create_saml)
    before(IAMBackend, "update_saml_provider", lambda _iam, call: _metadata(call["saml_metadata_document"]))
    around(IAMBackend, "create_open_id_connect_provider", _create_oidc)
    before(IAMBackend, "update_open_id_connect_provider_thumbprint", _keeps_one)
    instead(IamResponse, "add_client_id_to_open_id_connect_provider", _add_audience)
    instead(IamResponse, "remove_client_id_from_open_id_connect_provider", _remove_audience)
    before(IAMBackend, "create_role", lambda _iam, call: _subjects(call["assume_role_policy_document"]))
    before(IAMBackend, "update_assume_role_policy", lambda _iam, call: _subjects(call["policy_document"]))
    around(IAMBackend, "update_role", _described)


def _create_saml(original: Any, iam: Any, call: Call) -> Any:
    _metadata(call["saml_metadata_document"])
    if call["name"] in iam.saml_providers:
        fail("EntityAlreadyExists", f"SAMLProvider with name {call['name']} already exists.")
    provider = original()
    provider.valid_until = provider.create_date + LIFE
    return provider


def _metadata(document: str) -> None:
    if not all(re.search(rf"<([\w-]+:)?{part}[\s>]", document) for part in PARTS):
        fail("InvalidInput", "Could not parse metadata")


def _create_oidc(original: Any, iam: Any, call: Call) -> Any:
    provider = original()
    if not provider.thumbprint_list:
        provider.thumbprint_list = [hashlib.sha1(provider.url.encode()).hexdigest()]  # noqa: S324 - as IAM shows them
    return provider


def _keeps_one(_iam: Any, call: Call) -> None:
    if not call["thumbprint_list"]:
        fail("InvalidInput", "Thumbprint list must contain at least one entry.")


def _add_audience(response: Any, _call: Call) -> Any:
    provider, client = _audience(response)
    if client not in provider.client_id_list:
        provider.client_id_list = [*provider.client_id_list, client]
    return _nothing()


def _remove_audience(response: Any, _call: Call) -> Any:
    provider, client = _audience(response)
    provider.client_id_list = [other for other in provider.client_id_list if other != client]
    return _nothing()


def _audience(response: Any) -> tuple[Any, str]:
    arn = response._get_param("OpenIDConnectProviderArn")
    return response.backend.get_open_id_connect_provider(arn), response._get_param("ClientID")


def _nothing() -> Any:
    from moto.core.responses import EmptyResult

    return EmptyResult()


def _subjects(document: str) -> None:
    try:
        parsed = json.loads(document)
    except ValueError:
        return  # which `documents` refuses
    for statement in statements(parsed) if isinstance(parsed, dict) else ():
        principal = statement.get("Principal")
        for arn in as_list(principal.get("Federated", ())) if isinstance(principal, dict) else ():
            issuer = str(arn).partition(":oidc-provider/")[2]
            if issuer in SHARED and not _names_one(statement.get("Condition") or {}, f"{issuer}:sub"):
                fail("MalformedPolicyDocument", f"Missing a required condition: {issuer}:sub")


def _names_one(condition: dict[str, Any], key: str) -> bool:
    values = [v for tests in condition.values() for name, found in tests.items() if name == key for v in as_list(found)]
    return bool(values) and not any(set(value) <= {"*", "?"} for value in values)


def _described(original: Any, iam: Any, call: Call) -> Any:
    before_it = iam.get_role(call["role_name"]).description
    role = original()
    if call["role_description"] is None:
        role.description = before_it
    return role
