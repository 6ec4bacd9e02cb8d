"""Every control, by its id. A new control is one file here, one line below, and its entry in the playbooks."""

from collections.abc import Iterable, Mapping
from typing import Any

from remediate.controls import application_passwords, groups, password_policy, trail, unused_credentials
from remediate.controls.base import Control
from remediate.errors import BadInput
from remediate.model import Struct
from remediate.playbook import Playbook

CONTROLS: Mapping[str, Control[Any]] = {
    control.id: control
    for control in (
        trail.control,
        password_policy.control,
        groups.control,
        unused_credentials.control,
        application_passwords.control,
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
