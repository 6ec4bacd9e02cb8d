"""Things to put into an account, and the code with which AWS refuses."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

READ = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
)
OLD = READ.replace("2012-10-17", "2008-10-17")
EC2 = {"Service": "ec2.amazonaws.com"}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = "arn:aws:iam::123456789012:policy/"


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def big(size: int) -> str:
    """A document of exactly that many characters, not counting white space."""
    empty = READ.replace('"*"', '"arn:aws:s3:::"')
    return empty.replace("s3:::", "s3:::" + "x" * (size - sum(not c.isspace() for c in empty))) + " " * 500


def user(iam: Any, name: str = "alice") -> str:
    return str(iam.create_user(UserName=name)["User"]["UserName"])


def group(iam: Any, name: str = "staff") -> str:
    return str(iam.create_group(GroupName=name)["Group"]["GroupName"])


def role(iam: Any, name: str = "web") -> str:
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(EC2))["Role"]["RoleName"])


def policy(iam: Any, name: str = "read", document: str = READ) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])


Act = Callable[[Any], Any]


def code(act: Callable[[], Any]) -> str:
    """AWS's code for refusing, or nothing where it does not refuse."""
    try:
        act()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def enrol(iam: Any, name: str) -> None:
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def profile(iam: Any, name: str) -> None:
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def details(iam: Any, size: int = 1000, **parameters: Any) -> Any:
    paginator = iam.get_paginator("get_account_authorization_details")
    return paginator.paginate(PaginationConfig={"PageSize": size}, **parameters)


def role_in(account: str, name: str) -> str:
    """The ARN of a role in another account, made there unless it is there: nobody assumes a role that is not."""
    from moto.iam.models import iam_backends

    iam: Any = iam_backends[account]["aws"]
    if name not in {role.name for role in iam.roles.values()}:
        iam.create_role(name, trust(EC2), "/", None, "", [], 3600)
    return f"arn:aws:iam::{account}:role/{name}"


def backend() -> Any:
    from moto.iam.models import iam_backends

    return iam_backends["123456789012"]["aws"]


def last_used(moment: datetime, service: str, region: str) -> Any:
    from moto.iam.models import AccessKeyLastUsed

    return AccessKeyLastUsed(moment, service, region)
