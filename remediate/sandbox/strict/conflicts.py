"""Nothing is deleted that still holds something, or that something still uses.

AWS answers DeleteConflict; moto deletes groups with members, policies in use and users with keys, and leaves the rest
behind. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html, API_DeleteGroup, API_DeletePolicy
"""

from typing import Any

from remediate.sandbox.strict.holders import holders
from remediate.sandbox.strict.patch import Call, before, fail


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "delete_user", _user)
    before(IAMBackend, "delete_group", _group)
    before(IAMBackend, "delete_policy", _policy)
    before(IAMBackend, "delete_virtual_mfa_device", _device)


def _user(iam: Any, call: Call) -> None:
    user = iam.get_user(call["user_name"])
    _refuse(
        {
            "must delete login profile first": user.password,
            "must delete access keys first": user.access_keys,
            "must delete signing certificates first": user.signing_certificates,
            "must delete SSH public keys first": user.ssh_public_keys,
            "must deactivate MFA devices first": user.mfa_devices,
            "must detach all policies first": user.managed_policies,
            "must delete policies first": user.policies,
            "must remove user from groups first": any(user in group.users for group in iam.groups.values()),
        }
    )


def _group(iam: Any, call: Call) -> None:
    group = iam.get_group(call["group_name"])
    _refuse(
        {
            "must remove users from group first": group.users,
            "must detach all policies first": group.managed_policies,
            "must delete policies first": group.policies,
        }
    )


def _policy(iam: Any, call: Call) -> None:
    policy = iam.get_policy(call["policy_arn"])
    if any(policy.arn in holder.managed_policies for holder in holders(iam)):
        fail("DeleteConflict", "Cannot delete a policy attached to entities.")
    if any(getattr(holder, "permissions_boundary_arn", None) == policy.arn for holder in holders(iam)):
        fail("DeleteConflict", "Cannot delete a policy that is used as a permissions boundary.")
    if len(policy.versions) > 1:
        fail(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy.",
        )


def _device(iam: Any, call: Call) -> None:
    device = iam.virtual_mfa_devices.get(call["serial_number"])
    if device and device.user:
        fail("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")


def _refuse(reasons: dict[str, Any]) -> None:
    for reason, present in reasons.items():
        if present:
            fail("DeleteConflict", f"Cannot delete entity, {reason}.")
