"""EC2 instances."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.session import Answer, Session
from remediate.model import Address, Value, at, pair_of

THERE = ["pending", "running", "stopping", "stopped"]
"""Instances that work, or may work again: the others are ending or have ended.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html"""
PAGE = 1000
GROUP, NAME = "aws:autoscaling:groupName", "Name"


class Instances(Fact):
    """`ec2.instance/<region>/<instance id>`: {"state": "running", "profile": ARN, "name": …, "auto_scaling_group": …}.

    What an instance does not have is left out.
    """

    kind = "ec2.instance"
    actions = ("ec2:DescribeInstances",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        region = pair_of(asked)[0]
        there = [{"Name": "instance-state-name", "Values": THERE}]
        sizes = {"PageSize": PAGE}
        pages = aws.pages("ec2", "describe_instances", region=region, Filters=there, PaginationConfig=sizes)
        found = (instance for page in pages for held in page["Reservations"] for instance in held["Instances"])
        return {at(self.kind, region, instance["InstanceId"]): _value(instance) for instance in found}


def _value(instance: Answer) -> Value:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
    value = {
        "state": instance["State"]["Name"],
        "profile": instance.get("IamInstanceProfile", {}).get("Arn"),
        "name": tags.get(NAME),
        "auto_scaling_group": tags.get(GROUP),
    }
    return {key: text for key, text in value.items() if text}


FACTS: tuple[Fact, ...] = (Instances(),)
