"""All of IAM in an account, to compare two of them."""

from collections.abc import Callable
from typing import Any

from support.aws import Aws


def details(aws: Aws) -> dict[str, Any]:
    """All of IAM, without ids and dates; policies with every version, users with keys and passwords."""
    iam = aws.client("iam")
    found: dict[str, Any] = {}
    for user in iam.list_users()["Users"]:
        name = user["UserName"]
        found[f"user {name}"] = (
            user["Path"],
            [(t["Key"], t["Value"]) for t in iam.list_user_tags(UserName=name)["Tags"]],
            [key["Status"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]],
            [group["GroupName"] for group in iam.list_groups_for_user(UserName=name)["Groups"]],
            _has(iam.get_login_profile, UserName=name),
            _held(iam, "user", name),
        )
    for group in iam.list_groups()["Groups"]:
        found[f"group {group['GroupName']}"] = (group["Path"], _held(iam, "group", group["GroupName"]))
    for role in iam.list_roles()["Roles"]:
        held = _held(iam, "role", role["RoleName"])
        found[f"role {role['RoleName']}"] = (role["Path"], role["AssumeRolePolicyDocument"], held)
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        versions = iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]
        shown = [iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=v["VersionId"]) for v in versions]
        found[policy["Arn"]] = [(v["PolicyVersion"]["Document"], v["PolicyVersion"]["IsDefaultVersion"]) for v in shown]
    if _has(iam.get_account_password_policy):
        found["passwords"] = iam.get_account_password_policy()["PasswordPolicy"]
    return found


def _held(iam: Any, kind: str, name: str) -> tuple[Any, ...]:
    who = {f"{kind.title()}Name": name}
    attached = getattr(iam, f"list_attached_{kind}_policies")(**who)["AttachedPolicies"]
    inline = getattr(iam, f"list_{kind}_policies")(**who)["PolicyNames"]
    get = getattr(iam, f"get_{kind}_policy")
    return sorted(p["PolicyArn"] for p in attached), {n: get(PolicyName=n, **who)["PolicyDocument"] for n in inline}


def _has(read: Callable[..., Any], **parameters: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        read(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchEntity"
        return False
    return True
