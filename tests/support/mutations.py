"""Every way in which the resource types change IAM: what must be there before, the change, and the calls it makes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from remediate.model import Value, at
from support.engine import ACCOUNT, Step

Document = dict[str, Value]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/own"
GROUP = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


def document(action: str = "s3:ListBucket") -> Document:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


TRUST: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
TRUST_2: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PASSWORDS: Document = {
    "MinimumPasswordLength": 14,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "PasswordReusePrevention": 24,
}
SHORTER: Document = {**PASSWORDS, "MinimumPasswordLength": 8}
KEY = "the key that the account has"
"""Stands for an id that is only known once the key is made."""


@dataclass(frozen=True)
class Mutation:
    """One transition of one entry, and the mutating calls that it makes in this order."""

    id: str
    kind: str
    names: tuple[str, ...]
    before: Value
    after: Value
    calls: tuple[str, ...]
    setup: Callable[[Any], None]

    def step(self, iam: Any) -> Step:
        names = tuple(_key_of(iam) if name == KEY else name for name in self.names)
        return Step(at(self.kind, *names), self.before, self.after)


def _key_of(iam: Any) -> str:
    return str(iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["AccessKeyId"])


def everything(iam: Any) -> None:
    """A user, a group, a role and a policy that have nothing to do with each other."""
    iam.create_user(UserName="alice")
    iam.create_group(GroupName="team")
    iam.create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(document()))


def nothing(iam: Any) -> None:
    """An empty account."""


def after(operation: str, **parameters: Any) -> Callable[[Any], None]:
    """Everything, and one call more."""

    def setup(iam: Any) -> None:
        everything(iam)
        getattr(iam, operation)(**parameters)

    return setup


def _versions(iam: Any) -> None:
    everything(iam)
    for n in range(2, 6):
        iam.create_policy_version(PolicyArn=OWN, PolicyDocument=json.dumps(document(f"s3:Get{n}")), SetAsDefault=True)


def _key(status: str) -> Callable[[Any], None]:
    def setup(iam: Any) -> None:
        everything(iam)
        iam.create_access_key(UserName="alice")
        iam.update_access_key(UserName="alice", AccessKeyId=_key_of(iam), Status=status)

    return setup


def _held(holder: str, name: str) -> list[Mutation]:
    """Attached and inline policies of a user, group or role, both ways."""
    who, title = {f"{holder.title()}Name": name}, holder.title()
    attached = after(f"attach_{holder}_policy", **who, PolicyArn=READ_ONLY)
    inline = after(f"put_{holder}_policy", **who, PolicyName="in", PolicyDocument=json.dumps(document()))
    kind, inside = f"iam.{holder}_policy", f"iam.{holder}_inline"
    put, delete = (f"Put{title}Policy",), (f"Delete{title}Policy",)
    attach, detach = (f"Attach{title}Policy",), (f"Detach{title}Policy",)
    return [
        Mutation(f"attach-{holder}", kind, (name, READ_ONLY), None, "attached", attach, everything),
        Mutation(f"detach-{holder}", kind, (name, READ_ONLY), "attached", None, detach, attached),
        Mutation(f"put-inline-{holder}", inside, (name, "in"), None, document(), put, everything),
        Mutation(f"change-inline-{holder}", inside, (name, "in"), document(), document("s3:GetObject"), put, inline),
        Mutation(f"delete-inline-{holder}", inside, (name, "in"), document(), None, delete, inline),
    ]


def _path(path: str) -> Document:
    return {"path": path}


def _body(document: Document) -> Document:
    return {"path": "/", "document": document}


def _trust(document: Document) -> Document:
    return {"path": "/", "trust": document}


_TAGGED = after("tag_user", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
_PASSWORD = after("create_login_profile", UserName="alice", Password="Correct-Horse-1")
_MEMBER = after("add_user_to_group", UserName="alice", GroupName="team")
_POLICY = after("update_account_password_policy", **SHORTER)

MUTATIONS: tuple[Mutation, ...] = (
    Mutation("create-user", "iam.user", ("bob",), None, _path("/apps/"), ("CreateUser",), nothing),
    Mutation("move-user", "iam.user", ("alice",), _path("/"), _path("/apps/"), ("UpdateUser",), everything),
    Mutation("delete-user", "iam.user", ("alice",), _path("/"), None, ("DeleteUser",), everything),
    Mutation("tag", "iam.user_tag", ("alice", "team"), None, "blue", ("TagUser",), everything),
    Mutation("change-tag", "iam.user_tag", ("alice", "team"), "red", "blue", ("TagUser",), _TAGGED),
    Mutation("untag", "iam.user_tag", ("alice", "team"), "red", None, ("UntagUser",), _TAGGED),
    Mutation("give-password", "iam.login_profile", ("alice",), None, "password", ("CreateLoginProfile",), everything),
    Mutation("take-password", "iam.login_profile", ("alice",), "password", None, ("DeleteLoginProfile",), _PASSWORD),
    Mutation("stop-key", "iam.access_key", ("alice", KEY), "Active", "Inactive", ("UpdateAccessKey",), _key("Active")),
    Mutation(
        "start-key", "iam.access_key", ("alice", KEY), "Inactive", "Active", ("UpdateAccessKey",), _key("Inactive")
    ),
    Mutation("delete-key", "iam.access_key", ("alice", KEY), "Inactive", None, ("DeleteAccessKey",), _key("Inactive")),
    Mutation("create-group", "iam.group", ("ops",), None, _path("/"), ("CreateGroup",), nothing),
    Mutation("move-group", "iam.group", ("team",), _path("/"), _path("/apps/"), ("UpdateGroup",), everything),
    Mutation("delete-group", "iam.group", ("team",), _path("/"), None, ("DeleteGroup",), everything),
    Mutation("join", "iam.group_member", ("team", "alice"), None, "member", ("AddUserToGroup",), everything),
    Mutation("leave", "iam.group_member", ("team", "alice"), "member", None, ("RemoveUserFromGroup",), _MEMBER),
    Mutation("create-policy", "iam.policy", (OWN,), None, _body(document()), ("CreatePolicy",), nothing),
    Mutation(
        "change-policy",
        "iam.policy",
        (OWN,),
        _body(document()),
        _body(document("s3:GetObject")),
        ("CreatePolicyVersion",),
        everything,
    ),
    Mutation(
        "change-full-policy",
        "iam.policy",
        (OWN,),
        _body(document("s3:Get5")),
        _body(document("s3:GetObject")),
        ("DeletePolicyVersion", "CreatePolicyVersion"),
        _versions,
    ),
    Mutation("delete-policy", "iam.policy", (OWN,), _body(document()), None, ("DeletePolicy",), everything),
    Mutation(
        "delete-old-policy",
        "iam.policy",
        (OWN,),
        _body(document("s3:Get5")),
        None,
        (*["DeletePolicyVersion"] * 4, "DeletePolicy"),
        _versions,
    ),
    *_held("user", "alice"),
    *_held("group", "team"),
    *_held("role", "job"),
    Mutation("create-role", "iam.role", ("new",), None, _trust(TRUST), ("CreateRole",), nothing),
    Mutation("trust", "iam.role", ("job",), _trust(TRUST), _trust(TRUST_2), ("UpdateAssumeRolePolicy",), everything),
    Mutation("delete-role", "iam.role", ("job",), _trust(TRUST), None, ("DeleteRole",), everything),
    Mutation(
        "set-password-policy", "iam.password_policy", (), None, PASSWORDS, ("UpdateAccountPasswordPolicy",), nothing
    ),
    Mutation(
        "change-password-policy",
        "iam.password_policy",
        (),
        SHORTER,
        PASSWORDS,
        ("UpdateAccountPasswordPolicy",),
        _POLICY,
    ),
    Mutation(
        "unset-password-policy",
        "iam.password_policy",
        (),
        SHORTER,
        None,
        ("DeleteAccountPasswordPolicy",),
        _POLICY,
    ),
)
