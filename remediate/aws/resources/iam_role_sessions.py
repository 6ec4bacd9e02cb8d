"""How long the sessions of a role may last. It is a call of its own, and the account's details leave it out."""

from collections.abc import Iterable

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Value, at, name_of

HOUR = 3600
"""Seconds of a session that nobody asked to last longer.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html"""


class RoleSession(Resource):
    """`iam.role_session/<role>`: the longest session in seconds; absent where it is one hour, as every role begins."""

    kind = "iam.role_session"
    named_by = ("roleName",)
    within = True
    reading = ("iam:GetRole",)

    def principal(self, address: Address) -> Address | None:
        return at("iam.role", name_of(address))

    def parent(self, address: Address) -> Address | None:
        return at("iam.role", name_of(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("iam.role", name_of(address)),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        return on_entity(where, "role", name_of(address), "GetRole", "UpdateRole")

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            seconds = aws.read("iam", "get_role", RoleName=name_of(address))["Role"].get("MaxSessionDuration", HOUR)
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: seconds} if seconds != HOUR else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        seconds = after if isinstance(after, int) else HOUR
        answer = aws.write("iam", "update_role", RoleName=name_of(address), MaxSessionDuration=seconds)
        return Receipt(request_ids=(request_id(answer),))


RESOURCES: tuple[Resource, ...] = (RoleSession(),)
