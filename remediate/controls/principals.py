"""Users and roles as controls speak of them: the caller, who worked when, and whom the playbook itself declares."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from remediate.account import Account, User
from remediate.model import Address, at
from remediate.playbook import Playbook


def caller(account: Account) -> Address | None:
    """The user or role that this run works with; None for the root user."""
    kind, _, rest = account.caller.rpartition(":")[2].partition("/")
    if kind == "user":
        return at("iam.user", rest.rpartition("/")[2])
    return at("iam.role", rest.partition("/")[0]) if kind == "assumed-role" else None


def last_seen(user: User) -> datetime | None:
    """The last use of the user's password or of one of its keys, from the credential report."""
    used = [user.password.last_used if user.password else None, *(key.last_used for key in user.keys)]
    return max((moment for moment in used if moment), default=None)


def declared_roles(playbook: Playbook) -> frozenset[str]:
    """Roles of which the playbook itself says whom they let in and what they may do, in whatever control."""
    names = {name for settings in playbook.controls.values() for name in _roles_in(settings, "")}
    support = getattr(playbook.controls.get("support-role"), "name", None)
    return frozenset(names | {support} if isinstance(support, str) else names)


def _roles_in(value: object, within: str) -> Iterator[str]:
    """The names in every list of `roles`, however deep."""
    for item in value if isinstance(value, tuple) else ():
        name = getattr(item, "name", None)
        if within == "roles" and isinstance(name, str):
            yield name
        yield from _roles_in(item, "")
    for field in msgspec.structs.fields(value) if isinstance(value, msgspec.Struct) else ():
        yield from _roles_in(getattr(value, field.name), field.name)
