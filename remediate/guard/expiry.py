"""Hard expiry: whoever lets a password run out cannot choose a new one, and an account can lock itself out.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from remediate.account import User
from remediate.guard.administrators import Administrators, Person, candidates
from remediate.guard.carriers import Access
from remediate.model import Value


def violations(access: Access, now: datetime) -> Iterator[str]:
    """Changes that bring hard expiry in, or shorten the age under it when nobody is left to reset what ran out."""
    for change in access.timeline.of_kind("iam.password_policy"):
        if not _hard(change.after):
            continue
        if not _hard(change.before):
            yield f"#{change.id} {change.address} would set hard expiry: whose password ends could not choose a new one"
        age, before = _age(change.after), _age(change.before)
        if not age or (_hard(change.before) and before and before <= age):
            continue
        old = {user.name for user in access.timeline.account.users.values() if _older(user, age, now)}
        if old and not _resetting(access, old):
            yield (
                f"#{change.id} {change.address} would lock out {len(old)} people whose passwords are older than "
                f"{age} days, and nobody could reset them"
            )


def _resetting(access: Access, old: set[str]) -> bool:
    """Whether an administrator is left who works without one of these users' passwords."""
    view = Administrators(access)
    people = (_without(person, old) for person in candidates(access.timeline.account))
    return any(view.level(person, "after") for person in people)


def _without(person: Person, old: set[str]) -> Person:
    who = person.who
    if isinstance(who, User) and who.name in old:
        return person._replace(who=msgspec.structs.replace(who, password=None))
    return person


def _older(user: User, age: int, now: datetime) -> bool:
    """Whether a password has run out at this age; one of which nobody knows when it was changed may have."""
    held = user.password
    return held is not None and (held.changed is None or (now - held.changed).days >= age)


def _hard(policy: Value) -> bool:
    return isinstance(policy, Mapping) and bool(policy.get("HardExpiry"))


def _age(policy: Value) -> int:
    match policy:
        case {"MaxPasswordAge": int(age)}:
            return age
    return 0
