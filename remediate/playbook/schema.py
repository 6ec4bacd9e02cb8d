"""The JSON Schema of playbooks, for editors: generated from the same types that refuse a bad playbook."""

from collections.abc import Mapping

import msgspec

from remediate.playbook import Playbook


def schema(settings: Mapping[str, type[msgspec.Struct]]) -> dict[str, object]:
    """The schema of a playbook file. `settings` are the controls' types by control id."""
    names = {control: control.replace("-", "_") for control in settings}
    controls = msgspec.defstruct(
        "Controls",
        [(names[control], kind | bool | None, None) for control, kind in settings.items()],
        rename="kebab",
        forbid_unknown_fields=True,
        kw_only=True,
    )
    fields = [
        (f.encode_name, str | None if f.name == "name" else f.type, None if f.required else f.default)
        for f in msgspec.structs.fields(Playbook)
        if f.name != "controls"
    ]
    whole = msgspec.defstruct(
        "PlaybookFile",
        [*fields, ("controls", controls, msgspec.field(default_factory=controls))],
        forbid_unknown_fields=True,
        kw_only=True,
    )
    document: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A remediate playbook",
        **msgspec.json.schema(whole),
    }
    return document
