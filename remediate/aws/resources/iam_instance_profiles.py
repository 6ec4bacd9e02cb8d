"""Instance profiles, through which EC2 hands a role to an instance.

They are two kinds because they are two calls. A profile holds one role at most, and IAM allows no more.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of


class OfProfile(Resource):
    """One call tells of a profile and of its role."""

    reading = ("iam:GetInstanceProfile",)

    def container(self, address: Address) -> str:
        return at("iam.instance_profile", pair_of(address)[0])

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        name = pair_of(address)[0]
        try:
            profile = aws.read("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        roles = (at("iam.instance_profile_role", name, role["RoleName"]) for role in profile["Roles"])
        return {at("iam.instance_profile", name): {"path": profile["Path"]}, **dict.fromkeys(roles, "member")}


class InstanceProfile(OfProfile):
    """`iam.instance_profile/<name>`: {"path": "/"}.

    IAM deletes a profile that instances still have, if it holds no role; they lose it.
    """

    kind = "iam.instance_profile"
    named_by = ("instanceProfileName",)
    shared = True

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the profile's unique id: instances that had it need it associated again"
        return ("exact", "") if before is None else ("impossible", "a profile's path is fixed when it is made")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ("GetInstanceProfile", "CreateInstanceProfile", "DeleteInstanceProfile")
        return on_entity(where, "instance-profile", name_of(address), *names)

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        if not isinstance(after, Mapping):
            answer = aws.write("iam", "delete_instance_profile", InstanceProfileName=name)
        elif before is not None:
            raise CallFailed("create_instance_profile", "NeverDone", "a profile's path is fixed when it is made")
        else:
            answer = aws.write("iam", "create_instance_profile", InstanceProfileName=name, Path=str(after["path"]))
        return Receipt(request_ids=(request_id(answer),))


class InstanceProfileRole(OfProfile):
    """`iam.instance_profile_role/<profile>/<role>`: "member"."""

    kind = "iam.instance_profile_role"
    named_by = ("instanceProfileName", "roleName")
    binary = True

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        profile, role = pair_of(address)
        return (at("iam.instance_profile", profile), at("iam.role", role))

    def parent(self, address: Address) -> Address | None:
        return at("iam.role", pair_of(address)[1])

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        profile, role = pair_of(address)
        names = ("GetInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile")
        return [
            *on_entity(where, "instance-profile", profile, *names),
            *on_entity(where, "role", role, "PassRole"),
        ]

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        profile, role = pair_of(address)
        names = {"InstanceProfileName": profile, "RoleName": role}
        operation = "remove_role_from_instance_profile" if after is None else "add_role_to_instance_profile"
        return Receipt(request_ids=(request_id(aws.write("iam", operation, **names)),))


RESOURCES: tuple[Resource, ...] = (InstanceProfile(), InstanceProfileRole())
