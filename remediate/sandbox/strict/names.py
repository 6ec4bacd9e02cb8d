"""Two names that differ only in case are one name.

AWS answers EntityAlreadyExists; moto makes both. A managed policy's name counts without its path.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
"""

from collections.abc import Iterable
from typing import Any

from remediate.sandbox.strict.holders import own_policies
from remediate.sandbox.strict.patch import Call, before, fail


def install() -> None:
    from moto.iam.models import IAMBackend

    before(IAMBackend, "create_user", lambda iam, call: _free("User", call["user_name"], iam.users))
    before(IAMBackend, "create_group", lambda iam, call: _free("Group", call["group_name"], iam.groups))
    before(IAMBackend, "create_role", lambda iam, call: _free("Role", call["role_name"], _names(iam.roles.values())))
    before(
        IAMBackend,
        "create_policy",
        lambda iam, call: _free("A policy called", call["policy_name"], _names(own_policies(iam))),
    )
    before(
        IAMBackend,
        "create_instance_profile",
        lambda iam, call: _free("Instance Profile", call["name"], iam.instance_profiles),
    )
    before(
        IAMBackend,
        "upload_server_certificate",
        lambda iam, call: _free(
            "Server Certificate", call["cert_name"], (held.cert_name for held in iam.certificates.values())
        ),
    )
    before(IAMBackend, "update_user", lambda iam, call: _renamed("User", call["user_name"], call, iam.users))
    before(IAMBackend, "update_group", lambda iam, call: _renamed("Group", call["group_name"], call, iam.groups))


def _free(kind: str, name: str, taken: Iterable[str]) -> None:
    if name.lower() in {other.lower() for other in taken}:
        fail("EntityAlreadyExists", f"{kind} {name} already exists.")


def _renamed(kind: str, old: str, call: Call, taken: Iterable[str]) -> None:
    """A new spelling of one's own name is free."""
    new = call.get("new_user_name") or call.get("new_group_name")
    if new:
        _free(kind, new, (name for name in taken if name != old))


def _names(items: Iterable[Any]) -> Iterable[str]:
    return (item.name for item in items)
