"""Users, groups, their policies and credentials."""

import json

from remediate.model import Address, Value, at
from support.contract.case import Case, Client
from support.mutations import OWN, PASSWORDS, READ_ONLY, SHORTER, document

USER, GROUP, ROLE = at("iam.user", "alice"), at("iam.group", "team"), at("iam.role", "job")
TRUST: Value = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
HOLDERS: dict[str, tuple[Address, Value]] = {
    "user": (USER, {"path": "/"}),
    "group": (GROUP, {"path": "/"}),
    "role": (ROLE, {"path": "/", "trust": TRUST}),
}


def _key(client: Client) -> None:
    iam = client("iam")
    iam.create_user(UserName="alice")
    iam.create_access_key(UserName="alice")


def _key_address(client: Client) -> Address:
    [key] = client("iam").list_access_keys(UserName="alice")["AccessKeyMetadata"]
    return at("iam.access_key", "alice", key["AccessKeyId"])


def _full(client: Client) -> None:
    """A policy of five versions, which is as many as IAM keeps."""
    iam = client("iam")
    iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(document()))
    for n in range(2, 6):
        iam.create_policy_version(PolicyArn=OWN, PolicyDocument=json.dumps(document(f"s3:Get{n}")), SetAsDefault=True)


def _body(action: str) -> Value:
    return {"path": "/", "document": document(action)}


CASES: tuple[Case, ...] = (
    Case(at("iam.password_policy"), (None, SHORTER, PASSWORDS, None)),
    Case(at("iam.user", "bob"), (None, {"path": "/"}, {"path": "/apps/"}, None)),
    Case(at("iam.user_tag", "alice", "a/team"), (None, "red", "blue", None), {USER: {"path": "/"}}),
    Case(at("iam.login_profile", "alice"), (None, "password", None), {USER: {"path": "/"}}),
    Case(
        _key_address,
        ("Active", "Inactive", "Active", "Inactive", None),
        setup=_key,
        never=((None, "Active"),),
        name="iam.access_key/alice",
    ),
    Case(at("iam.group", "ops"), (None, {"path": "/"}, {"path": "/apps/"}, None)),
    Case(
        at("iam.group_member", "team", "alice"),
        (None, "member", None),
        {USER: {"path": "/"}, GROUP: {"path": "/"}},
    ),
    Case(at("iam.policy", OWN), (None, _body("s3:ListBucket"), _body("s3:GetObject"), None)),
    Case(
        at("iam.policy", OWN),
        (_body("s3:Get5"), _body("s3:GetObject"), None),
        setup=_full,
        name="iam.policy with five versions",
    ),
    *(
        Case(at(f"iam.{holder}_policy", address.split("/")[1], READ_ONLY), (None, "attached", None), {address: value})
        for holder, (address, value) in HOLDERS.items()
    ),
    *(
        Case(
            at(f"iam.{holder}_inline", address.split("/")[1], "in"),
            (None, document(), document("s3:GetObject"), None),
            {address: value},
        )
        for holder, (address, value) in HOLDERS.items()
    ),
)
