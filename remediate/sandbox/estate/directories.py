"""A network for a directory, and the secret with its first password; there is no directory yet."""

import json
from typing import Any

from remediate.sandbox.builder import ACCOUNT, REGION, Builder

VPC = "vpc-0a1b2c3d4e5f60718"
SUBNETS = {"subnet-0a1b2c3d4e5f60711": "us-east-1a", "subnet-0a1b2c3d4e5f60712": "us-east-1b"}
SECRET = "remediate/directory/corp.acme.example"  # noqa: S105 - where it is, not what it is


def network(_account: Builder) -> None:
    """Ids that a playbook can name: moto would draw others."""
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
    from moto.ec2.models.subnets import Subnet
    from moto.ec2.models.vpcs import VPC as Vpc

    ec2: Any = ec2_backends[ACCOUNT][REGION]
    vpc: Any = Vpc
    subnet: Any = Subnet
    ec2.vpcs[VPC] = vpc(ec2, VPC, "10.40.0.0/16", is_default=False)
    zones = {zone.name: zone for zone in RegionsAndZonesBackend.zones[REGION]}
    for n, (id, zone) in enumerate(SUBNETS.items()):
        made = subnet(ec2, id, VPC, f"10.40.{n}.0/24", None, zones[zone], False, False)
        ec2.subnets.setdefault(zone, {})[id] = made


def password(_account: Builder) -> None:
    from moto.secretsmanager.models import secretsmanager_backends

    secrets: Any = secretsmanager_backends[ACCOUNT][REGION]
    unset = dict.fromkeys(("secret_binary", "description", "tags", "kms_key_id", "client_request_token"))
    text = json.dumps({"password": "Nobody-knows-0f-this"})
    secrets.create_secret(SECRET, secret_string=text, replica_regions=[], force_overwrite=False, **unset)
