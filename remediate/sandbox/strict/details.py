"""The account's authorization details: users, groups, roles and policies in pages that mix them.

AWS pages them together, so that no kind is complete before the last page, names each policy, and lists those of its own
policies that are in use. Moto gives everything at once, all 1,582 AWS policies included, and policies have no name.

Written as XML here: moto's serializer takes five times as long, which 5,000 users make a second.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from remediate.sandbox.strict.boundary import shown
from remediate.sandbox.strict.paging import page
from remediate.sandbox.strict.patch import Call, instead

OPERATION = "GetAccountAuthorizationDetails"
KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
LISTS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}


def install() -> None:
    from moto.iam.responses import IamResponse

    instead(IamResponse, "get_account_authorization_details", _details)


def _details(response: Any, call: Call) -> str:
    iam = response.backend
    chosen = response._get_param("Filter") or KINDS
    mixed = [item for item in chain(*zip_longest(*(_items(iam, kind) for kind in chosen))) if item]
    items, rest = page(mixed, response._get_param("Marker"), response._get_param("MaxItems"))
    lists: dict[str, list[Any]] = {name: [] for name in LISTS.values()}
    memberships = _memberships(iam)
    for kind, item in items:
        lists[LISTS[kind]].append(DESCRIBE[kind](item, memberships))
    return (
        f'<{OPERATION}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{OPERATION}Result>'
        f"{_xml({**lists, **rest})}</{OPERATION}Result>"
        f"<ResponseMetadata><RequestId></RequestId></ResponseMetadata></{OPERATION}Response>"
    )


def _xml(value: Any) -> str:
    """A value in AWS's query protocol. What is None is left out."""
    if isinstance(value, dict):
        return "".join(f"<{key}>{_xml(item)}</{key}>" for key, item in value.items() if item is not None)
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value), {"\r": "&#13;"})


def _items(iam: Any, kind: str) -> list[tuple[str, Any]]:
    match kind:
        case "User":
            found = iam.users.values()
        case "Group":
            found = iam.groups.values()
        case "Role":
            found = iam.roles.values()
        case "AWSManagedPolicy":
            found = [p for p in iam.managed_policies.values() if ":iam::aws:" in p.arn and p.attachment_count]
        case _:
            found = [p for p in iam.managed_policies.values() if ":iam::aws:" not in p.arn]
    return [(kind, item) for item in found]


def _memberships(iam: Any) -> Mapping[str, list[str]]:
    """Every user's groups at once: moto looks through all groups for each user."""
    groups: dict[str, list[str]] = defaultdict(list)
    for group in iam.groups.values():
        for user in group.users:
            groups[user.id].append(group.name)
    return groups


def _user(user: Any, memberships: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        **_holder("User", user),
        "GroupList": memberships.get(user.id, []),
        "PermissionsBoundary": shown(user),
        "Tags": user.tags or [],
    }


def _group(group: Any, _: Mapping[str, list[str]]) -> dict[str, Any]:
    return _holder("Group", group)


def _role(role: Any, _: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        **_holder("Role", role),
        "AssumeRolePolicyDocument": _quoted(role.assume_role_policy_document),
        "InstanceProfileList": [_profile(profile) for profile in role.instance_profile_list],
        "PermissionsBoundary": shown(role),
        "RoleLastUsed": role.role_last_used,
        "Tags": role.tags,
    }


def _profile(profile: Any) -> dict[str, Any]:
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.create_date,
        "Roles": [
            {
                "Path": role.path,
                "RoleName": role.name,
                "RoleId": role.id,
                "Arn": role.arn,
                "CreateDate": role.create_date,
                "AssumeRolePolicyDocument": _quoted(role.assume_role_policy_document),
            }
            for role in profile.roles
        ],
    }


def _holder(kind: str, holder: Any) -> dict[str, Any]:
    inline = [{"PolicyName": n, "PolicyDocument": _quoted(text)} for n, text in holder.policies.items()]
    return {
        "Path": holder.path,
        f"{kind}Name": holder.name,
        f"{kind}Id": holder.id,
        "Arn": holder.arn,
        "CreateDate": holder.create_date,
        f"{kind}PolicyList": inline,
        "AttachedManagedPolicies": holder.attached_managed_policies,
    }


def _policy(policy: Any, _: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": policy.permissions_boundary_usage_count,
        "IsAttachable": True,
        "Description": policy.description or None,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": [
            {
                "Document": _quoted(version.document),
                "VersionId": version.version_id,
                "IsDefaultVersion": version.is_default_version,
                "CreateDate": version.create_date,
            }
            for version in policy.versions
        ],
    }


DESCRIBE: Mapping[str, Callable[[Any, Mapping[str, list[str]]], dict[str, Any]]] = {
    "User": _user,
    "Group": _group,
    "Role": _role,
    "LocalManagedPolicy": _policy,
    "AWSManagedPolicy": _policy,
}


@lru_cache(maxsize=4096)
def _quoted(document: str) -> str:
    """RFC 3986, as AWS encodes documents; the same few are quoted for thousands of users."""
    return quote(document)
