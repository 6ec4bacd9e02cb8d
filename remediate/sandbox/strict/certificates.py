"""Server certificates end when their text says so, have ids of their own, and stay while something uses them.

Moto shows the same dates and the same id for each, and deletes what a load balancer uses. `expires` and `uploaded` of
moto's certificate are what is shown; without them, an upload's date is now, and its end is in the certificate.
`used_by` names what uses it. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ServerCertificateMetadata.html,
API_UploadServerCertificate, API_DeleteServerCertificate
"""

from datetime import UTC, datetime
from typing import Any

from remediate.sandbox.strict.patch import Call, around, before, fail


def install() -> None:
    from moto.iam.models import Certificate, IAMBackend
    from moto.iam.responses import IamResponse

    kind: Any = Certificate
    kind.uploaded = kind.expires = None
    kind.used_by = ""
    around(IAMBackend, "upload_server_certificate", _uploaded)
    before(IAMBackend, "delete_server_certificate", _unused)
    around(IamResponse, "upload_server_certificate", _one)
    around(IamResponse, "get_server_certificate", _one)
    around(IamResponse, "list_server_certificates", _all)


def _uploaded(original: Any, iam: Any, call: Call) -> Any:
    expires = _end_of(call["cert_body"])
    certificate = original()
    certificate.uploaded, certificate.expires = datetime.now(UTC).replace(microsecond=0), expires
    return certificate


def _end_of(text: str) -> datetime:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except ValueError:
        return fail("MalformedCertificate", "Unable to parse certificate. Please ensure it is in PEM format.")


def _unused(iam: Any, call: Call) -> None:
    user = iam.get_server_certificate(call["name"]).used_by
    if user:
        fail("DeleteConflict", f"Certificate: {call['name']} is currently in use by {user}.")


def _one(original: Any, response: Any, call: Call) -> Any:
    answer = original()
    holder = answer.result.get("ServerCertificate", answer.result)
    holder["ServerCertificateMetadata"] = _about(response.backend, holder["ServerCertificateMetadata"])
    return answer


def _all(original: Any, response: Any, call: Call) -> Any:
    answer = original()
    listed = answer.result["ServerCertificateMetadataList"]
    answer.result["ServerCertificateMetadataList"] = [_about(response.backend, item) for item in listed]
    return answer


def _about(iam: Any, shown: dict[str, Any]) -> dict[str, Any]:
    id, certificate = next((i, c) for i, c in iam.certificates.items() if c.arn == shown["Arn"])
    dates = {"UploadDate": certificate.uploaded, "Expiration": certificate.expires}
    return {**shown, **dates, "ServerCertificateId": f"ASCA{id}".upper()[:21]}
