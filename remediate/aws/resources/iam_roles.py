"""IAM roles. What a role holds, attached or inline, is in `iam_policies`."""

from collections.abc import Iterable, Mapping

from remediate.aws.documents import as_text, held
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.resources.iam_providers import trusted_by
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, name_of
from remediate.policy import deleted_principals, steady


class Role(Resource):
    """`iam.role/<name>`: {"path": "/", "trust": {…}}.

    The description is not part of it: GetAccountAuthorizationDetails leaves it out, and both readings must agree.
    Principals in `trust` are whole ARNs, because IAM stores a bare account number as the ARN of its root, and they are
    sorted, because IAM shows them in any order.
    """

    kind = "iam.role"
    named_by = ("roleName",)
    shared = True
    access = True

    def principal(self, address: Address) -> Address | None:
        return address

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        """The identity providers that it trusts."""
        return trusted_by(_trust(value))

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "impossible", "the role's unique id: policies that named the old one stay broken"
        if deleted_principals(_trust(before)) - deleted_principals(_trust(after)):
            return "impossible", "the id of a deleted user or role: nobody could use it, and IAM takes it in no policy"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        fresh = before is None or after is None
        names = ("GetRole", "CreateRole", "DeleteRole") if fresh else ("GetRole", "UpdateAssumeRolePolicy")
        return on_entity(where, "role", name_of(address), *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            role = aws.read("iam", "get_role", RoleName=name_of(address))["Role"]
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: {"path": role["Path"], "trust": steady(held(role["AssumeRolePolicyDocument"]))}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        if not isinstance(after, Mapping):
            answer = aws.write("iam", "delete_role", RoleName=name)
        elif not isinstance(before, Mapping):
            path, trust = str(after["path"]), as_text(after["trust"])
            answer = aws.write("iam", "create_role", RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
        elif before["path"] != after["path"]:
            raise CallFailed("update_role", "NeverDone", f"a role's path is fixed when it is made: {before['path']}")
        else:
            trust = as_text(after["trust"])
            answer = aws.write("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=trust)
        return Receipt(request_ids=(request_id(answer),))


def _trust(value: Value) -> Value:
    return value.get("trust") if isinstance(value, Mapping) else None


RESOURCES: tuple[Resource, ...] = (Role(),)
