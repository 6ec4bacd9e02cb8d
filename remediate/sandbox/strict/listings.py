"""The listings of IAM that moto gives in one piece, or pages in its own way, in pages.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html and its kin
"""

from typing import Any

from remediate.sandbox.strict.paging import page
from remediate.sandbox.strict.patch import Call, around

LISTINGS = {
    "get_group": "Users",
    "list_access_keys": "AccessKeyMetadata",
    "list_account_aliases": "AccountAliases",
    "list_attached_group_policies": "AttachedPolicies",
    "list_attached_role_policies": "AttachedPolicies",
    "list_attached_user_policies": "AttachedPolicies",
    "list_group_policies": "PolicyNames",
    "list_groups": "Groups",
    "list_groups_for_user": "Groups",
    "list_instance_profiles": "InstanceProfiles",
    "list_instance_profiles_for_role": "InstanceProfiles",
    "list_mfa_devices": "MFADevices",
    "list_policies": "Policies",
    "list_policy_versions": "Versions",
    "list_role_policies": "PolicyNames",
    "list_roles": "Roles",
    "list_server_certificates": "ServerCertificateMetadataList",
    "list_user_policies": "PolicyNames",
    "list_user_tags": "Tags",
    "list_users": "Users",
    "list_virtual_mfa_devices": "VirtualMFADevices",
}
"""Each listing's operation, and where its answer has the items."""
EVERYTHING = 1_000_000


def install() -> None:
    from moto.iam.responses import IamResponse

    for method, key in LISTINGS.items():
        around(IamResponse, method, _paged(key))


def _paged(key: str) -> Any:
    def listing(original: Any, response: Any, call: Call) -> Any:
        marker, size = response._get_param("Marker"), response._get_param("MaxItems")
        asked = response.params
        response.params = {**_plain(asked), "MaxItems": EVERYTHING}
        response.params.pop("Marker", None)
        try:
            answer = original()
        finally:
            response.params = asked
        items, rest = page(list(answer.result[key]), marker, size)
        answer.result.pop("Marker", None)
        answer.result.update({key: items, **rest})
        return answer

    return listing


def _plain(params: Any) -> dict[str, Any]:
    return dict(params.original_dict() if hasattr(params, "original_dict") else params)
