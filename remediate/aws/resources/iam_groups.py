"""Groups and their members."""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of


class Group(Resource):
    """`iam.group/Admins`: {"path": "/"}."""

    kind = "iam.group"
    named_by = ("groupName|newGroupName",)
    shared = True

    def principal(self, address: Address) -> Address | None:
        return address

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return ("equivalent", "the group's unique id") if after is None else ("exact", "")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        fresh = before is None or after is None
        names = ("GetGroup", "CreateGroup", "DeleteGroup") if fresh else ("GetGroup", "UpdateGroup")
        return on_entity(where, "group", name_of(address), *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            group = aws.read("iam", "get_group", GroupName=name_of(address), MaxItems=1)["Group"]
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: {"path": group["Path"]}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        path = str(after["path"]) if isinstance(after, Mapping) else "/"
        if after is None:
            answer = aws.write("iam", "delete_group", GroupName=name)
        elif before is None:
            answer = aws.write("iam", "create_group", GroupName=name, Path=path)
        else:
            answer = aws.write("iam", "update_group", GroupName=name, NewPath=path)
        return Receipt(request_ids=(request_id(answer),))


class GroupMember(Resource):
    """`iam.group_member/Admins/alice`: "member"."""

    binary = True
    kind = "iam.group_member"
    named_by = ("groupName", "userName")
    access = True

    def container(self, address: Address) -> str:
        return f"{self.kind}/*/{pair_of(address)[1]}"

    def principal(self, address: Address) -> Address | None:
        return at("iam.user", pair_of(address)[1])

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        group, user = pair_of(address)
        return (at("iam.group", group), at("iam.user", user))

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        group, user = pair_of(address)
        return [
            *on_entity(where, "user", user, "ListGroupsForUser"),
            *on_entity(where, "group", group, "AddUserToGroup", "RemoveUserFromGroup"),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        user = pair_of(address)[1]
        try:
            pages = list(aws.pages("iam", "list_groups_for_user", UserName=user))
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {at(self.kind, group["GroupName"], user): "member" for page in pages for group in page["Groups"]}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        group, user = pair_of(address)
        operation = "remove_user_from_group" if after is None else "add_user_to_group"
        return Receipt(request_ids=(request_id(aws.write("iam", operation, GroupName=group, UserName=user)),))
