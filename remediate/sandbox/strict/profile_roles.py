"""A role that is in no instance profile cannot be taken out of it.

AWS answers NoSuchEntity; moto fails with a page of HTML.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html#API_RemoveRoleFromInstanceProfile_Errors
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "remove_role_from_instance_profile", _in_it)


def _in_it(iam: Any, call: Call) -> None:
    profile, role = iam.get_instance_profile(call["profile_name"]), iam.get_role(call["role_name"])
    if role not in profile.roles:
        fail("NoSuchEntity", f"The role {role.name} is not in the instance profile {profile.name}.")
