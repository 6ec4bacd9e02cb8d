"""Which instance profile an EC2 instance has."""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Answer, Session, request_id
from remediate.model import AccountId, Address, Permission, Receipt, Value, at, pair_of

HELD = ["associating", "associated"]
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IamInstanceProfileAssociation.html"""


def _find(aws: Session, address: Address) -> Answer | None:
    region, instance = pair_of(address)
    wanted = [{"Name": "instance-id", "Values": [instance]}, {"Name": "state", "Values": HELD}]
    pages = aws.pages("ec2", "describe_iam_instance_profile_associations", region=region, Filters=wanted)
    return next((dict(found) for page in pages for found in page["IamInstanceProfileAssociations"]), None)


class ProfileAssociation(Resource):
    """`ec2.profile_association/<region>/<instance id>`: the ARN of the instance's profile.

    One profile takes the place of another on a running instance only; a stopped one refuses, and nothing has happened.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceIamInstanceProfileAssociation.html
    """

    kind = "ec2.profile_association"
    named_by = ("awsRegion", "instanceId")
    also_by = ("ec2:TerminateInstances",)
    access = True

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """The profile, and its role: EC2 refuses a profile without one. Those that are made here have one name."""
        if not isinstance(value, str):
            return ()
        name = value.rpartition("/")[2]
        return (at("iam.instance_profile", name), at("iam.instance_profile_role", name, name))

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, instance = pair_of(address)
        arn = f"arn:{where.partition}:ec2:{region}:{where.account}:instance/{instance}"
        names = ["AssociateIamInstanceProfile", "DisassociateIamInstanceProfile"]
        names += ["ReplaceIamInstanceProfileAssociation"] if before is not None and after is not None else []
        profiles = sorted({value.rpartition("/")[2] for value in (before, after) if isinstance(value, str)})
        return [
            Permission(action="ec2:DescribeIamInstanceProfileAssociations"),
            *(Permission(action=f"ec2:{a}", resource=arn) for a in names),
            *(permission for profile in profiles for permission in on_entity(where, "role", profile, "PassRole")),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        found = _find(aws, address)
        return {address: found["IamInstanceProfile"]["Arn"]} if found else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, instance = pair_of(address)
        if before is None:
            call, names = "associate_iam_instance_profile", {"InstanceId": instance}
        else:
            call = "replace_iam_instance_profile_association" if after else "disassociate_iam_instance_profile"
            names = {"AssociationId": str((_find(aws, address) or {}).get("AssociationId", ""))}
        profile = {"IamInstanceProfile": {"Arn": after}} if after else {}
        return Receipt(request_ids=(request_id(aws.write("ec2", call, region=region, **names, **profile)),))


RESOURCES: tuple[Resource, ...] = (ProfileAssociation(),)
