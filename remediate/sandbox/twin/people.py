"""Users with their passwords, MFA and access keys: first as the credential report shows them, then as they are.

The report may be four hours old, and controls read both. So it is made here from what it said, and kept.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from remediate.account import Key, KeySlot, User
from remediate.model import at
from remediate.sandbox.twin.base import Twin

NOBODY_KNOWS = "a password that nobody knows"
UNLISTED = "AKIA0000"
"""How the ids of keys begin that are in the report, where no key has its id: no id of AWS's has a 0 in it."""


def users(twin: Twin) -> None:
    from moto.iam import models

    kind: Any = models.User
    for user in twin.account.users.values():
        made = kind(twin.account.id, twin.account.region, user.name, user.path)
        made.create_date = user.created
        made.permissions_boundary_arn = user.boundary or None
        twin.iam.users[user.name] = made
        if user.tags:
            twin.iam.tagger.tag_resource(made.arn, [{"Key": k, "Value": v} for k, v in user.tags.items()])
    for group, name, _ in twin.pairs("iam.group_member"):
        twin.iam.groups[group].users.append(twin.iam.users[name])


def reported(twin: Twin) -> None:
    """Passwords, MFA devices and keys as the report has them."""
    for user in twin.account.users.values():
        made = twin.iam.users[user.name]
        if user.password:
            _password(made, user.password.changed or user.created, user.password.last_used)
        if user.mfa:
            made.enable_mfa_device(f"arn:{twin.account.partition}:iam::{twin.account.id}:mfa/{user.name}", "1", "2")
        listed = twin.account.keys.get(user.name, ())
        for slot in user.keys:
            _key(twin, made, _named(slot, user.keys, listed), slot.active, slot.created, slot.last_used)


def as_they_are(twin: Twin) -> None:
    """Passwords and keys that were asked about one by one: they may be newer than the report."""
    for user in twin.account.users.values():
        made = twin.iam.users[user.name]
        if at("iam.login_profile", user.name) not in twin.account.state:
            made.password = None
        elif not made.password:
            _password(made, user.created, None)
        if user.name in twin.account.sign_ins:
            made.password_last_used = twin.account.sign_ins[user.name]
        if user.name in twin.account.keys:
            _keys(twin, user, made, twin.account.keys[user.name])


def _keys(twin: Twin, user: User, made: Any, listed: Iterable[Key]) -> None:
    for key in made.access_keys:
        twin.iam.access_keys.pop(key.access_key_id)
    made.access_keys.clear()
    for key in listed:
        again = _key(twin, made, key.id, key.active, key.created, key.last_used)
        if again.last_used and key.asked:
            again.last_used.service, again.last_used.region = key.service or "N/A", key.region or "N/A"


def _password(made: Any, changed: datetime, used: datetime | None) -> None:
    made.password = NOBODY_KNOWS
    made.password_created = made.password_changed = changed
    made.password_last_used = used


def _key(twin: Twin, made: Any, id: str, active: bool, created: datetime, used: datetime | None) -> Any:
    from moto.iam.models import AccessKeyLastUsed

    key = made.create_access_key(prefix="AKIA", status="Active" if active else "Inactive")
    # Moto draws the same ids each time, and one of these may be a key that the account has.
    key.access_key_id = id or f"{UNLISTED}{key.access_key_id[len(UNLISTED) :]}"
    key.create_date = created
    if used:
        key.last_used = AccessKeyLastUsed(used, "N/A", "N/A")
    twin.iam.access_keys[key.access_key_id] = key
    return key


def _named(slot: KeySlot, slots: Sequence[KeySlot], listed: Sequence[Key]) -> str:
    """The id of a key in the report, if it was listed as well; else moto draws one."""
    found = [key.id for key in listed if key.created == slot.created]
    return found[0] if len(found) == 1 and [s.created for s in slots].count(slot.created) == 1 else ""
