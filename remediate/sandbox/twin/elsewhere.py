"""What is no entry of the account, and was there all the same: machines, networks, and who used which service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from remediate.model import Address, name_of, pair_of
from remediate.sandbox.twin.base import Twin

IMAGE = "ami-0abcdef1234567890"
"""AWS's own example: what a machine was started from is in no snapshot."""


def machines(twin: Twin) -> None:
    for address, fact in twin.facts("ec2.instance"):
        twin.attempt(address, lambda a=address, f=fact: _machine(twin, a, f))  # type: ignore[misc]


def _machine(twin: Twin, address: Address, fact: Mapping[str, Any]) -> None:
    from moto.ec2.models import ec2_backends

    region, id = pair_of(address)
    ec2: Any = ec2_backends[twin.account.id][region]
    started = ec2.run_instances(
        image_id=IMAGE,
        count=1,
        user_data=None,
        security_group_names=[],
        instance_type="t3.micro",
        is_instance_type_default=False,
        region_name=region,
        placement=None,
        nics=[],
    )
    machine = started.instances[0]
    machine.id = id
    tags = {"Name": fact.get("name"), "aws:autoscaling:groupName": fact.get("auto_scaling_group")}
    ec2.create_tags([id], {key: text for key, text in tags.items() if text})
    if profile := fact.get("profile"):
        ec2.associate_iam_instance_profile(id, iam_instance_profile_name=profile.rpartition("/")[2])
    if fact["state"] in ("stopping", "stopped"):
        ec2.stop_instances([id])


def networks(twin: Twin) -> None:
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
    from moto.ec2.models.subnets import Subnet
    from moto.ec2.models.vpcs import VPC

    vpc, subnet = _any(VPC), _any(Subnet)
    for n, (address, fact) in enumerate(twin.facts("ec2.subnet")):
        region, id = pair_of(address)
        ec2: Any = ec2_backends[twin.account.id][region]
        ec2.vpcs.setdefault(fact["vpc"], vpc(ec2, fact["vpc"], "10.0.0.0/8", is_default=False))
        zone = next(z for z in RegionsAndZonesBackend.zones[region] if z.name == fact["zone"])
        made = subnet(ec2, id, fact["vpc"], f"10.{n // 250}.{n % 250}.0/24", None, zone, False, False)
        ec2.subnets.setdefault(zone.name, {})[id] = made


def uses(twin: Twin) -> None:
    """Who used which service, and when: from the reports on them, and from those on their groups and policies."""
    from remediate.sandbox.strict.last_accessed import used

    reports = [(name_of(a), fact) for a, fact in twin.facts("iam.service_use")]
    reports += [(arn, services) for _, fact in twin.facts("iam.service_users") for arn, services in fact.items()]
    for arn, services in reports:
        for service, last in services.items():
            if last:
                used(twin.iam, arn, service, datetime.fromisoformat(last))
    twin.iam.service_names = frozenset(service for _, services in reports for service in services)


def _any(kind: object) -> Any:
    return kind
