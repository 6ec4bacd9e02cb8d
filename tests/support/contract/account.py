"""The account itself: whom AWS calls, what it is called, and certificates that it keeps."""

from typing import Any

from remediate.model import Value, at
from support.contract.case import Case, Client

ACCOUNT = "123456789012"
ANN: dict[str, Value] = {"name": "Ann", "title": "Security", "email": "ann+aws@acme.example", "phone": "+1 (555) 0100"}
PEM = """-----BEGIN CERTIFICATE-----
MIIBJDCBy6ADAgECAgEBMAoGCCqGSM49BAMCMBwxGjAYBgNVBAMMEXNob3AuYWNt
ZS5leGFtcGxlMB4XDTI0MDEwMTAwMDAwMFoXDTI1MDEwMTAwMDAwMFowHDEaMBgG
A1UEAwwRc2hvcC5hY21lLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQISsqlT5YANUlamDRx/N6JSXA5sfVRW+ZXP02SWESe18f1idAAodSZTrIVEwLQ
btoqzlPVlfdOrIhn8jt9zOpbMAoGCCqGSM49BAMCA0gAMEUCIDZt30AJViAyCG53
aLY+Fdjm7kg2buVQZw4M7TFqUJl/AiEA0COAZHIv0Z6HCq/fWTQx6XRaqP1skwur
ZGWZZyDTpU8=
-----END CERTIFICATE-----
"""
"""Valid in 2024; nobody has its key any more."""
SHOP: dict[str, Value] = {"path": "/elb/", "id": "ASCAEXAMPLE0000000001", "expires": "2025-01-01T00:00:00Z"}


def upload(iam: Any, name: str = "shop", path: str = "/elb/") -> None:
    iam.upload_server_certificate(ServerCertificateName=name, Path=path, CertificateBody=PEM, PrivateKey="none")


def shop(client: Client) -> None:
    """One whose id a case can name, where IAM draws them, and another."""
    from moto.iam.models import iam_backends

    upload(client("iam"))
    kept: Any = iam_backends[ACCOUNT]["aws"].certificates
    kept[str(SHOP["id"])[4:]] = kept.pop(next(iter(kept)))
    upload(client("iam"), "other", "/")


CASES: tuple[Case, ...] = (
    Case(at("account.contact", "SECURITY"), (None, ANN, {**ANN, "name": "Bob", "phone": "555"}, None)),
    Case(at("iam.account_alias"), (None, "acme-prod", "acme", None)),
    Case(at("iam.server_certificate", "shop"), (SHOP, None), setup=shop, never=((None, SHOP),)),
)
