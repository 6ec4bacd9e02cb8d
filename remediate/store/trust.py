"""The operator's file of trusted keys: who may approve plans, and who may make them."""

import os
import stat
from pathlib import Path

import msgspec

from remediate.approval import Trust, Trusted
from remediate.errors import BadInput
from remediate.playbook.yaml_lines import Places, converted, read_yaml, refuse
from remediate.signature import canonical

WHAT = "file of trusted keys"
REMEDY = "It names approvers, each with a name and a key: approvers: [{name: Ana, key: ssh-ed25519 AAAA…}]"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def load(path: Path) -> Trust:
    """The keys in that file, each in its one form. Raises BadInput, also where others than its owner can write it."""
    _check_owner(path)
    raw, places = read_yaml(path, WHAT, REMEDY)
    trust = converted(raw, Trust, places, what=WHAT, remedy=REMEDY)
    approvers = _keys(trust.approvers, "$.approvers", places)
    return Trust(approvers=approvers, planners=_keys(trust.planners, "$.planners", places))


def _check_owner(path: Path) -> None:
    """Whoever can write the file can approve everything: as with ssh's files, that is its owner alone, who runs this.

    Raises BadInput.
    """
    try:
        found = path.stat()
        folder = path.resolve().parent.stat()
    except OSError as error:
        raise BadInput(
            f"the {WHAT} {path} cannot be read: {error.strerror}", remedy=f"Name it: --trusted-keys FILE. {REMEDY}"
        ) from None
    if found.st_mode & OTHERS_WRITE:
        raise BadInput(f"others can write the {WHAT} {path}", remedy=f"Take that from them: chmod go-w {path}")
    if folder.st_mode & OTHERS_WRITE and not folder.st_mode & stat.S_ISVTX:
        raise BadInput(
            f"others can replace the {WHAT} {path}: they can write its folder",
            remedy=f"Take that from them: chmod go-w {path.resolve().parent}",
        )
    if found.st_uid not in (0, os.getuid()):
        raise BadInput(
            f"the {WHAT} {path} belongs to another user (uid {found.st_uid})",
            remedy="It must belong to the user who applies plans, or to root.",
        )


def _keys(keys: tuple[Trusted, ...], at: str, places: Places) -> tuple[Trusted, ...]:
    found: dict[str, Trusted] = {}
    for n, trusted in enumerate(keys):
        here = f"{at}[{n}]"
        if not trusted.name.strip():
            refuse(here, "name", places, "a name says whose key it is", remedy=REMEDY)
        try:
            key = canonical(trusted.key)
        except ValueError as error:
            refuse(here, "key", places, str(error), remedy="Copy the line that ssh-keygen wrote to the .pub file.")
        if key in found:
            refuse(here, "key", places, f"the key of {found[key].name} stands here again")
        found[key] = msgspec.structs.replace(trusted, key=key)
    return tuple(found.values())
