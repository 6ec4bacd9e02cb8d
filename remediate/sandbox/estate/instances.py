"""Machines in two regions: two work without an instance profile, one is stopped, one has a profile, one has ended."""

from typing import Any

from remediate.sandbox.builder import ACCOUNT, REGION, Builder

IMAGE = "ami-0abcdef1234567890"
"""AWS's own example: moto takes any, and reads none of its 3 MB of images for it."""


def machines(account: Builder) -> None:
    _start(account, REGION, "billing-import", 700)
    web = _start(account, REGION, "web-server", 500)
    old = _start(account, REGION, "jenkins-old", 1300)
    ended = _start(account, REGION, "jenkins-older", 1600)
    _start(account, "eu-west-1", "reports", 20, {"aws:autoscaling:groupName": "reports"})
    here = _backend(REGION)
    here.associate_iam_instance_profile(web, iam_instance_profile_name="web-server")
    here.stop_instances([old])
    here.terminate_instances([ended])


def _start(account: Builder, region: str, name: str, days: int, tags: dict[str, str] | None = None) -> str:
    """A running machine without an instance profile, started that many days ago."""
    started = _backend(region).run_instances(
        image_id=IMAGE,
        count=1,
        user_data=None,
        security_group_names=[],
        instance_type="t3.micro",
        is_instance_type_default=False,
        region_name=region,
        placement=None,
        nics=[],
        tags={"instance": {"Name": name, **(tags or {})}},
    )
    instance = started.instances[0]
    instance.launch_time = account.ago(days)
    return str(instance.id)


def _backend(region: str) -> Any:
    """Importing EC2 takes half a second; the first plan would have it done otherwise, to list the regions."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[ACCOUNT][region]
