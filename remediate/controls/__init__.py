"""Every control, by its id. A new control is one file here, one line below, and its entry in the playbooks."""

from collections.abc import Iterable, Mapping
from typing import Any

from remediate.controls import (
    access_analyzer,
    access_conditions,
    alarms,
    application_logins,
    application_passwords,
    billing_alerts,
    central_root_access,
    cloudshell_access,
    cross_account_roles,
    directory,
    expired_certificates,
    federation,
    groups,
    instance_roles,
    key_rotation,
    least_privilege,
    mfa,
    password_policy,
    root_access_keys,
    root_mfa,
    root_usage,
    security_contact,
    shared_credentials,
    support_role,
    trail,
    unused_credentials,
)
from remediate.controls.base import Control
from remediate.errors import BadInput
from remediate.model import Struct
from remediate.playbook import Playbook

CONTROLS: Mapping[str, Control[Any]] = {
    control.id: control
    for control in (
        trail.control,
        alarms.control,
        root_access_keys.control,
        root_mfa.control,
        root_usage.control,
        password_policy.control,
        mfa.control,
        groups.control,
        access_conditions.control,
        least_privilege.control,
        unused_credentials.control,
        application_passwords.control,
        key_rotation.control,
        instance_roles.control,
        federation.control,
        directory.control,
        cross_account_roles.control,
        application_logins.control,
        shared_credentials.control,
        billing_alerts.control,
        access_analyzer.control,
        central_root_access.control,
        support_role.control,
        expired_certificates.control,
        cloudshell_access.control,
        security_contact.control,
    )
}

SETTINGS: Mapping[str, type[Struct]] = {control.id: control.settings for control in CONTROLS.values()}


def chosen(playbook: Playbook, only: Iterable[str] = ()) -> list[tuple[Control[Any], Struct]]:
    """The playbook's controls with their settings; `only` narrows them. Raises BadInput for one that is not there."""
    wanted = list(only)
    for control in wanted:
        if control not in playbook.controls:
            known = "is not in this playbook" if control in CONTROLS else "does not exist"
            raise BadInput(f"the control {control} {known}", remedy=f"There are: {', '.join(playbook.controls)}.")
    return [
        (control, settings)
        for name, control in CONTROLS.items()
        if (not wanted or name in wanted) and isinstance(settings := playbook.controls.get(name), Struct)
    ]
