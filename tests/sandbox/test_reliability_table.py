"""What AWS answers to a second identical call, and its quotas: the tables line by line, on the strict layer.

The tables are data: a line without a case here fails. Sources: the operations' own pages in IAM's API reference, and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from support.aws import Aws
from support.make import EC2, OWN, READ, READ_ONLY, Act, backend, big, code, enrol, group, policy, role, trust, user

ALICE, STAFF, WEB, PROFILE = (
    {"UserName": "alice"},
    {"GroupName": "staff"},
    {"RoleName": "web"},
    {"InstanceProfileName": "web"},
)
DEVICE = "arn:aws:iam::123456789012:mfa/alice"
CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
RED = [{"Key": "team", "Value": "red"}]
HOLDERS = {"User": ALICE, "Group": STAFF, "Role": WEB}


def nothing(_: Any) -> None:
    """What is there already is enough."""


def world(iam: Any) -> None:
    """A user, a group, a role, a policy and a profile that have nothing to do with each other."""
    user(iam), group(iam), role(iam), policy(iam)
    iam.create_instance_profile(**PROFILE)


def key(iam: Any) -> str:
    return str(iam.list_access_keys(**ALICE)["AccessKeyMetadata"][0]["AccessKeyId"])


Case = tuple[Act, Act]
"""What comes before, and the call that is made twice."""


def _of_holder(title: str, who: dict[str, str]) -> dict[str, Case]:
    kind = title.lower()
    attached = {**who, "PolicyArn": READ_ONLY}
    inline = {**who, "PolicyName": "in"}
    put: Act = lambda iam: getattr(iam, f"put_{kind}_policy")(**inline, PolicyDocument=READ)  # noqa: E731
    attach: Act = lambda iam: getattr(iam, f"attach_{kind}_policy")(**attached)  # noqa: E731
    return {
        f"Attach{title}Policy": (nothing, attach),
        f"Put{title}Policy": (nothing, put),
        f"Detach{title}Policy": (attach, lambda iam: getattr(iam, f"detach_{kind}_policy")(**attached)),
        f"Delete{title}Policy": (put, lambda iam: getattr(iam, f"delete_{kind}_policy")(**inline)),
    }


def _of_one_key() -> Case:
    made: list[str] = []

    def before(iam: Any) -> None:
        made[:] = [iam.create_access_key(**ALICE)["AccessKey"]["AccessKeyId"]]

    return before, lambda iam: iam.delete_access_key(**ALICE, AccessKeyId=made[0])


CASES: dict[str, Case] = {
    **{name: case for title, who in HOLDERS.items() for name, case in _of_holder(title, who).items()},
    "AddUserToGroup": (nothing, lambda iam: iam.add_user_to_group(**ALICE, **STAFF)),
    "TagUser": (nothing, lambda iam: iam.tag_user(**ALICE, Tags=RED)),
    "UntagUser": (nothing, lambda iam: iam.untag_user(**ALICE, TagKeys=["team"])),
    "TagRole": (nothing, lambda iam: iam.tag_role(**WEB, Tags=RED)),
    "UntagRole": (nothing, lambda iam: iam.untag_role(**WEB, TagKeys=["team"])),
    "UpdateAccessKey": (
        lambda iam: iam.create_access_key(**ALICE),
        lambda iam: iam.update_access_key(**ALICE, AccessKeyId=key(iam), Status="Inactive"),
    ),
    "UpdateAccountPasswordPolicy": (nothing, lambda iam: iam.update_account_password_policy(MinimumPasswordLength=14)),
    "SetDefaultPolicyVersion": (
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ),
        lambda iam: iam.set_default_policy_version(PolicyArn=OWN + "read", VersionId="v2"),
    ),
    "CreateAccessKey": (nothing, lambda iam: iam.create_access_key(**ALICE)),
    "CreatePolicyVersion": (
        nothing,
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ),
    ),
    "CreateUser": (nothing, lambda iam: user(iam, "bob")),
    "CreateGroup": (nothing, lambda iam: group(iam, "ops")),
    "CreateRole": (nothing, lambda iam: role(iam, "job")),
    "CreatePolicy": (nothing, lambda iam: policy(iam, "new")),
    "CreateInstanceProfile": (nothing, lambda iam: iam.create_instance_profile(InstanceProfileName="job")),
    "CreateLoginProfile": (nothing, lambda iam: iam.create_login_profile(**ALICE, Password="Secret123!secret")),
    "CreateVirtualMFADevice": (nothing, lambda iam: iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")),
    "EnableMFADevice": (
        lambda iam: iam.create_virtual_mfa_device(VirtualMFADeviceName="alice"),
        lambda iam: iam.enable_mfa_device(**ALICE, SerialNumber=DEVICE, **CODES),
    ),
    "AddRoleToInstanceProfile": (nothing, lambda iam: iam.add_role_to_instance_profile(**PROFILE, **WEB)),
    "DeleteUser": (nothing, lambda iam: iam.delete_user(**ALICE)),
    "DeleteGroup": (nothing, lambda iam: iam.delete_group(**STAFF)),
    "DeleteRole": (nothing, lambda iam: iam.delete_role(**WEB)),
    "DeletePolicy": (nothing, lambda iam: iam.delete_policy(PolicyArn=OWN + "read")),
    "DeleteInstanceProfile": (nothing, lambda iam: iam.delete_instance_profile(**PROFILE)),
    "DeleteAccessKey": _of_one_key(),
    "DeleteLoginProfile": (
        lambda iam: iam.create_login_profile(**ALICE, Password="Secret123!secret"),
        lambda iam: iam.delete_login_profile(**ALICE),
    ),
    "DeletePolicyVersion": (
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ),
        lambda iam: iam.delete_policy_version(PolicyArn=OWN + "read", VersionId="v2"),
    ),
    "DeleteAccountPasswordPolicy": (
        lambda iam: iam.update_account_password_policy(MinimumPasswordLength=14),
        lambda iam: iam.delete_account_password_policy(),
    ),
    "DeleteAccountAlias": (
        lambda iam: iam.create_account_alias(AccountAlias="acme"),
        lambda iam: iam.delete_account_alias(AccountAlias="acme"),
    ),
    "DeleteVirtualMFADevice": (
        lambda iam: iam.create_virtual_mfa_device(VirtualMFADeviceName="alice"),
        lambda iam: iam.delete_virtual_mfa_device(SerialNumber=DEVICE),
    ),
    "DeleteUserPermissionsBoundary": (
        lambda iam: iam.put_user_permissions_boundary(**ALICE, PermissionsBoundary=READ_ONLY),
        lambda iam: iam.delete_user_permissions_boundary(**ALICE),
    ),
    "RemoveUserFromGroup": (
        lambda iam: iam.add_user_to_group(**ALICE, **STAFF),
        lambda iam: iam.remove_user_from_group(**ALICE, **STAFF),
    ),
    "RemoveRoleFromInstanceProfile": (
        lambda iam: iam.add_role_to_instance_profile(**PROFILE, **WEB),
        lambda iam: iam.remove_role_from_instance_profile(**PROFILE, **WEB),
    ),
    "DeactivateMFADevice": (
        lambda iam: enrol(iam, "alice"),
        lambda iam: iam.deactivate_mfa_device(**ALICE, SerialNumber=DEVICE),
    ),
}

SECOND: dict[str, str] = {
    "": "Attach* Put*Policy AddUserToGroup Tag* Untag* UpdateAccessKey UpdateAccountPasswordPolicy "
    "SetDefaultPolicyVersion CreateAccessKey CreatePolicyVersion",
    "EntityAlreadyExists": "CreateUser CreateGroup CreateRole CreatePolicy CreateInstanceProfile CreateLoginProfile "
    "CreateVirtualMFADevice EnableMFADevice",
    "LimitExceeded": "AddRoleToInstanceProfile",
    "NoSuchEntity": "Delete* Detach* Remove* DeactivateMFADevice",
}
"""What the second of two identical calls answers; nothing where it succeeds."""


def answers() -> dict[str, str]:
    """The answer by operation, each of the table's patterns met by a case at least."""
    found = {}
    for answer, patterns in SECOND.items():
        for pattern in patterns.split():
            start, star, end = pattern.partition("*")
            met = [
                name for name in CASES if name == pattern or (star and name.startswith(start) and name.endswith(end))
            ]
            assert met, f"no case for {pattern}"
            found.update(dict.fromkeys(met, answer))
    return found


def test_every_line_has_a_case_and_every_case_a_line() -> None:
    assert answers().keys() == CASES.keys()


@pytest.mark.parametrize("operation", CASES)
def test_a_second_identical_call(operation: str, aws: Aws) -> None:
    iam = aws.client("iam")
    before, call = CASES[operation]
    world(iam)
    before(iam)
    assert code(lambda: call(iam)) == ""
    assert code(lambda: call(iam)) == answers()[operation]


def test_a_second_call_makes_a_second_object(aws: Aws) -> None:
    iam = aws.client("iam")
    world(iam)
    for _ in range(2):
        CASES["CreateAccessKey"][1](iam)
        CASES["CreatePolicyVersion"][1](iam)
    assert len(iam.list_access_keys(**ALICE)["AccessKeyMetadata"]) == 2
    assert len(iam.list_policy_versions(PolicyArn=OWN + "read")["Versions"]) == 3


def test_codes_are_no_class_names(aws: Aws) -> None:
    iam = aws.client("iam")
    with pytest.raises(ClientError) as refused:
        iam.get_user(**ALICE)
    assert refused.value.response["Error"]["Code"] == "NoSuchEntity"
    assert type(refused.value).__name__ == "NoSuchEntityException"


# --- quotas ---------------------------------------------------------------------------------------------------------


More = Callable[[Any, int], Any]


def filled(attribute: str, named: str = "{}") -> More:
    """Fills the account up to so many entities as moto keeps them, without as many calls."""

    def fill(_: Any, count: int) -> None:
        held = getattr(backend(), attribute)
        own = [name for name in held if ":iam::aws:" not in str(name)]
        for n in range(count - len(own)):
            name = f"filler{n}"
            held[named.format(name)] = SimpleNamespace(name=name, arn=named.format(name))

    return fill


def repeated(more: More) -> tuple[More, More]:
    """The same call again and again."""

    def fill(iam: Any, count: int) -> None:
        for n in range(count):
            more(iam, n)

    return fill, more


def attached(kind: str, who: dict[str, str]) -> tuple[More, More]:
    attach = f"attach_{kind}_policy"
    return repeated(lambda iam, n: getattr(iam, attach)(**who, PolicyArn=policy(iam, f"p{n}")))


# Each line: the quota, how the account comes close to it, and one more.
COUNTS: dict[str, tuple[int, More, More]] = {
    "users": (5000, filled("users"), lambda iam, n: user(iam, f"u{n}")),
    "groups": (300, filled("groups"), lambda iam, n: group(iam, f"g{n}")),
    "roles": (1000, filled("roles"), lambda iam, n: role(iam, f"r{n}")),
    "instance profiles": (
        1000,
        filled("instance_profiles"),
        lambda iam, n: iam.create_instance_profile(InstanceProfileName=f"i{n}"),
    ),
    "customer managed policies": (1500, filled("managed_policies", OWN + "{}"), lambda iam, n: policy(iam, f"p{n}")),
    "managed policies a user": (10, *attached("user", ALICE)),
    "managed policies a role": (10, *attached("role", WEB)),
    "managed policies a group": (10, *attached("group", STAFF)),
    "groups a user": (10, *repeated(lambda iam, n: iam.add_user_to_group(**ALICE, GroupName=group(iam, f"g{n}")))),
    "access keys a user": (2, *repeated(lambda iam, _: iam.create_access_key(**ALICE))),
    "versions a policy": (
        4,  # and the first one
        *repeated(lambda iam, _: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ)),
    ),
}


@pytest.mark.parametrize("case", COUNTS)
def test_one_more_than_the_quota(case: str, aws: Aws) -> None:
    iam = aws.client("iam")
    quota, fill, more = COUNTS[case]
    world(iam)
    fill(iam, quota - 1)
    assert [code(lambda n=n: more(iam, n)) for n in (5001, 5002)] == ["", "LimitExceeded"]  # type: ignore[misc]


Write = Callable[[Any, str], Any]
SIZES: dict[str, tuple[int, Write]] = {
    "managed policy": (6144, lambda iam, text: policy(iam, f"p{len(text)}", text)),
    "trust policy": (2048, lambda iam, text: iam.update_assume_role_policy(**WEB, PolicyDocument=text)),
    "inline policies of a user": (
        2048,
        lambda iam, text: iam.put_user_policy(**ALICE, PolicyName="in", PolicyDocument=text),
    ),
    "inline policies of a group": (
        5120,
        lambda iam, text: iam.put_group_policy(**STAFF, PolicyName="in", PolicyDocument=text),
    ),
    "inline policies of a role": (
        10240,
        lambda iam, text: iam.put_role_policy(**WEB, PolicyName="in", PolicyDocument=text),
    ),
}


def document(case: str, size: int) -> str:
    """Of exactly that many characters besides white space."""
    if case != "trust policy":
        return big(size)
    short = trust(EC2).replace('"Effect"', '"Sid": "", "Effect"')
    room = size - sum(not c.isspace() for c in short)
    return short.replace('"Sid": ""', f'"Sid": "{"x" * room}"') + " " * 500


@pytest.mark.parametrize("case", SIZES)
def test_sizes_count_without_white_space(case: str, aws: Aws) -> None:
    iam = aws.client("iam")
    quota, write = SIZES[case]
    world(iam)
    assert code(lambda: write(iam, document(case, quota))) == ""
    assert code(lambda: write(iam, document(case, quota + 1))) == "LimitExceeded"


NAMED: dict[str, Callable[[Any, str], Any]] = {
    "user": user,
    "group": group,
    "role": role,
    "policy": policy,
    "instance profile": lambda iam, name: iam.create_instance_profile(InstanceProfileName=name),
}


@pytest.mark.parametrize("case", NAMED)
def test_names_are_unique_ignoring_case(case: str, aws: Aws) -> None:
    iam = aws.client("iam")
    NAMED[case](iam, "Staff")
    assert code(lambda: NAMED[case](iam, "sTAFF")) == "EntityAlreadyExists"


def test_a_key_that_is_inactive_opens_nothing(aws: Aws) -> None:
    iam = aws.client("iam")
    user(iam)
    made = iam.create_access_key(**ALICE)["AccessKey"]
    session = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], region_name="us-east-1")
    sts, ec2 = session.client("sts", endpoint_url=aws.url), session.client("ec2", endpoint_url=aws.url)
    assert sts.get_caller_identity()["Arn"].endswith(":user/alice")
    for status, answer in (("Inactive", "InvalidClientTokenId"), ("Active", "")):
        iam.update_access_key(**ALICE, AccessKeyId=made["AccessKeyId"], Status=status)
        assert code(sts.get_caller_identity) == answer
        assert code(ec2.describe_regions) == answer
