"""IAM users and what belongs to one user: tags, password, access keys."""

import secrets
import string
from collections.abc import Iterable, Mapping

from remediate.aws.failures import OutcomeUnknownOf
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed, OutcomeUnknown
from remediate.model import (
    AccountId,
    Address,
    Permission,
    Receipt,
    Reversal,
    Value,
    at,
    name_of,
    pair_of,
    when,
)


class OfUser(Resource):
    """A setting of one user; its first name is the user's."""

    def parent(self, address: Address) -> Address | None:
        return at("iam.user", pair_of(address)[0])

    def principal(self, address: Address) -> Address | None:
        return self.parent(address)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("iam.user", pair_of(address)[0]),)


class User(Resource):
    """`iam.user/alice`: {"path": "/"}."""

    kind = "iam.user"
    named_by = ("userName|newUserName",)
    shared = True

    def principal(self, address: Address) -> Address | None:
        return address

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return (
                "impossible",
                "the user's unique id: policies that named the old one stay broken",
            )
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        fresh = before is None or after is None
        names = ("GetUser", "CreateUser", "DeleteUser") if fresh else ("GetUser", "UpdateUser")
        return on_entity(where, "user", name_of(address), *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            user = aws.read("iam", "get_user", UserName=name_of(address))["User"]
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: {"path": user["Path"]}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        name = name_of(address)
        if after is None:
            return _done(aws.write("iam", "delete_user", UserName=name))
        path = str(after["path"]) if isinstance(after, Mapping) else "/"
        if before is None:
            return _done(aws.write("iam", "create_user", UserName=name, Path=path))
        return _done(aws.write("iam", "update_user", UserName=name, NewPath=path))


class UserTag(OfUser):
    """`iam.user_tag/alice/team`: "payments"."""

    kind = "iam.user_tag"
    named_by = ("userName", "key|tagKeys")

    def container(self, address: Address) -> str:
        return f"{self.kind}/{pair_of(address)[0]}"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ("ListUserTags", "TagUser", *(("UntagUser",) if before is None or after is None else ()))
        return on_entity(where, "user", pair_of(address)[0], *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        user = pair_of(address)[0]
        try:
            pages = list(aws.pages("iam", "list_user_tags", UserName=user))
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {at(self.kind, user, tag["Key"]): tag["Value"] for page in pages for tag in page["Tags"]}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        user, key = pair_of(address)
        if after is None:
            return _done(aws.write("iam", "untag_user", UserName=user, TagKeys=[key]))
        return _done(aws.write("iam", "tag_user", UserName=user, Tags=[{"Key": key, "Value": str(after)}]))


class LoginProfile(OfUser):
    """`iam.login_profile/alice`: "password". Whether it must be changed is not part of the value: it cannot be kept."""

    binary = True
    kind = "iam.login_profile"
    named_by = ("userName",)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("iam.user", name_of(address)),)

    def parent(self, address: Address) -> Address | None:
        return at("iam.user", name_of(address))

    def shown_once(self, before: Value, after: Value) -> bool:
        return after is not None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the password itself: rollback makes a new one-time password, shown once"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ("GetLoginProfile", "GetUser", "DeleteLoginProfile", "CreateLoginProfile")
        return [
            *on_entity(where, "user", name_of(address), *names),
            Permission(action="iam:GetAccountPasswordPolicy"),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        try:
            aws.read("iam", "get_login_profile", UserName=name_of(address))
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        return {address: "password"}

    def evidence(self, aws: Session, address: Address) -> dict[str, Value]:
        user = aws.read("iam", "get_user", UserName=name_of(address))["User"]
        return {"last_used": when(user.get("PasswordLastUsed"))}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        user = name_of(address)
        if after is None:
            return _done(aws.write("iam", "delete_login_profile", UserName=user))
        password = one_time_password(_minimum_length(aws))
        once: Answer = {"Password": password, "PasswordResetRequired": True}
        try:
            answer = aws.write("iam", "create_login_profile", UserName=user, **once)
        except OutcomeUnknown as error:
            raise OutcomeUnknownOf(error, password) from error
        return Receipt(request_ids=(request_id(answer),), secret=password)


def _minimum_length(aws: Session) -> int:
    try:
        policy = aws.read("iam", "get_account_password_policy")["PasswordPolicy"]
    except CallFailed as error:
        absent_if(error, "NoSuchEntity")
        return 0
    return int(policy.get("MinimumPasswordLength", 0))


def one_time_password(minimum: int) -> str:
    """A random password that any IAM password policy accepts: every class of character, and long enough."""
    classes = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "!@#$%^&*()_+-=[]{}|'")
    letters = [secrets.choice(c) for c in classes]
    letters += [secrets.choice(string.ascii_letters + string.digits) for _ in range(max(24, minimum) - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


class AccessKey(OfUser):
    """`iam.access_key/alice/AKIA…`: "Active" or "Inactive". Never created here: a secret has no address."""

    kind = "iam.access_key"
    named_by = ("accessKeyId",)

    def container(self, address: Address) -> str:
        return f"{self.kind}/{pair_of(address)[0]}"

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        """A key's id is of one user alone; who changes a key of their own may leave the name out."""
        return ((pair_of(address)[1],),)

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "impossible", "the key: its secret cannot be made again"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ["ListAccessKeys", "DeleteAccessKey" if after is None else "UpdateAccessKey"]
        return [
            *on_entity(where, "user", pair_of(address)[0], *names),
            Permission(action="iam:GetAccessKeyLastUsed"),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        user = pair_of(address)[0]
        try:
            pages = list(aws.pages("iam", "list_access_keys", UserName=user))
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        keys = [key for page in pages for key in page["AccessKeyMetadata"]]
        return {at(self.kind, user, key["AccessKeyId"]): key["Status"] for key in keys}

    def evidence(self, aws: Session, address: Address) -> dict[str, Value]:
        answer = aws.read("iam", "get_access_key_last_used", AccessKeyId=pair_of(address)[1])
        return {"last_used": when(answer["AccessKeyLastUsed"].get("LastUsedDate"))}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        user, key = pair_of(address)
        if before is None:
            raise CallFailed("create_access_key", "NeverDone", "a key is made by AWS, which gives it its id")
        if after is None:
            return _done(aws.write("iam", "delete_access_key", UserName=user, AccessKeyId=key))
        return _done(aws.write("iam", "update_access_key", UserName=user, AccessKeyId=key, Status=str(after)))


def _done(answer: Mapping[str, object]) -> Receipt:
    return Receipt(request_ids=(request_id(dict(answer)),))
