"""Server certificates that IAM keeps for load balancers and CloudFront."""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, when


class ServerCertificate(Resource):
    """`iam.server_certificate/<name>`: {"path": "/", "id": "ASCA…", "expires": "2026-03-02T12:00:00Z"}.

    It is only ever deleted: nobody can read the private key, and AWS refuses while it knows of something that uses it.
    A certificate that took its name has another id, so it is another value.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServerCertificate.html
    """

    kind = "iam.server_certificate"
    named_by = ("serverCertificateName|newServerCertificateName",)
    also_by = ("iam:UpdateServerCertificate", "iam:UploadServerCertificate")
    reading = ("iam:ListServerCertificates",)
    sample: Value = {"path": "/"}

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", "the certificate with its private key, which AWS never shows"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return [
            Permission(action="iam:ListServerCertificates"),
            *on_entity(where, "server-certificate", name_of(address), "DeleteServerCertificate"),
        ]

    def container(self, address: Address) -> str:
        return self.kind

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        pages = aws.pages("iam", "list_server_certificates")
        return {
            at(self.kind, item["ServerCertificateName"]): {
                "path": item["Path"],
                "id": item["ServerCertificateId"],
                "expires": when(item.get("Expiration")),
            }
            for page in pages
            for item in page["ServerCertificateMetadataList"]
        }

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if after is not None:
            raise CallFailed("upload_server_certificate", "NeverDone", "a certificate is only ever deleted here")
        answer = aws.write("iam", "delete_server_certificate", ServerCertificateName=name_of(address))
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (ServerCertificate(),)
