"""What nobody cleared away: old certificates, and a policy that opens CloudShell for everything."""

from typing import Any

from remediate.sandbox import bundles as b
from remediate.sandbox.builder import ACCOUNT, REGION, Builder
from remediate.sandbox.estate.base import trust

CLOUDSHELL = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
CERTIFICATES = {"shop-2024": -410, "www-2025": 12, "api": 300}
"""Days until each ends."""


def cloudshell(account: Builder) -> None:
    account.group("cloudshell", (CLOUDSHELL,))
    account.role("data-science", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), (CLOUDSHELL, b.EC2_READ))


def certificates(account: Builder) -> None:
    from moto.iam.models import Certificate
    from moto.iam.utils import random_resource_id

    kind: Any = Certificate
    for name, days in CERTIFICATES.items():
        certificate = kind(ACCOUNT, REGION, name, "", "")
        certificate.uploaded, certificate.expires = account.ago(420), account.ago(-days)
        account.iam.certificates[random_resource_id()] = certificate
