"""No access key and no password that nobody uses.

A key that was not used for `idle_days`, an initial key that was never used, and a second active key that lies idle are
made inactive: exactly reversible. The user is tagged with the day; when the key stays unused through the quarantine, a
later plan deletes it, which nothing can take back and the plan says so. Deactivation and deletion never share a plan.

A password cannot be suspended: an idle one is removed, and rollback makes a new one-time password in its place.

The credential report may be four hours old, so each key and each sign-in is asked again before it becomes a change, and
once more right before the change is applied. A password with no recorded sign-in is reported and left alone: AWS also
shows none where it has no record. New users, new keys and new passwords have a grace period. Every change names one
key by its id.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, structs

from remediate.account import Account, Key, KeySlot, User
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Want, at, kind_of, pair_of, when
from remediate.playbook.scope import Scope
from remediate.words import many

Days = Annotated[int, Meta(ge=1, le=3650)]
TAGS_PER_USER = 50
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


class Settings(Struct, frozen=True, kw_only=True):
    idle_days: Days = 90
    grace_days: Days = 7
    """New users and new keys are left alone for so long."""
    quarantine_days: Days = 30
    """How long a key stays inactive before it is deleted."""
    second_key_idle_days: Days = 30
    """A second active key goes when it was not used for so long."""


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """The keys and sign-ins of the users that may be offenders, and of nobody else."""
    account.known("iam.user", "credential-report")
    for name, user in account.users.items():
        if name not in account.keys:
            if _suspicious(user.keys, settings, scope.now):
                yield at("iam.access_key", name)
        else:
            yield from (
                at("iam.access_key", name, key.id)
                for key in account.keys[name]
                if not key.asked
                and (
                    _idle(key, _limit(key, account.keys[name], settings), settings, scope.now)
                    or _over(_since(key, user, scope.now), settings, scope.now)
                )
            )
        if _password_idle(user, user.password.last_used if user.password else None, settings, scope.now):
            yield at("iam.login_profile", name)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "credential-report")
    for name, user in account.users.items():
        account.known(at("iam.access_key", name), at("iam.login_profile", name))
        keys = account.keys.get(name, ())
        found = (
            fault
            for key in keys
            for fault in (
                _active(key, user, keys, settings, scope) if key.active else _inactive(key, user, settings, scope)
            )
        )
        yield from _with_room(found, user)
        yield from _two_in_use(user, keys, settings, scope)
        yield from _password(account, user, settings, scope)


def _suspicious(slots: tuple[KeySlot, ...], settings: Settings, now: datetime) -> bool:
    return len([s for s in slots if s.active]) > 1 or any(
        not s.active or _idle(s, settings.idle_days, settings, now) for s in slots
    )


def _idle(key: Key | KeySlot, limit: int, settings: Settings, now: datetime) -> bool:
    """Whether it was last used, or created and never used, longer ago than the limit allows."""
    if key.last_used is None:
        return now - key.created > timedelta(days=settings.grace_days)
    return now - key.last_used > timedelta(days=limit)


def _limit(key: Key, keys: tuple[Key, ...], settings: Settings) -> int:
    """The days of idleness this key may have: fewer while the user has another active key that is used more."""
    better = [k for k in keys if k.active and k.id != key.id and _rank(k) > _rank(key)]
    return min(settings.second_key_idle_days, settings.idle_days) if better else settings.idle_days


def _rank(key: Key) -> tuple[bool, datetime, str]:
    return (key.last_used is not None, key.last_used or key.created, key.id)


def tag_of(key: Key) -> Address:
    """The tag that says since when a key is in quarantine."""
    return at("iam.user_tag", key.user, f"remediate:inactive:{key.id}")


def _active(key: Key, user: User, keys: tuple[Key, ...], settings: Settings, scope: Scope) -> Iterator[Fault]:
    if not (key.asked and _idle(key, _limit(key, keys, settings), settings, scope.now)) or _awaited(key, user):
        return
    use = _describe(key, scope.now)
    yield Fault(
        address=at("iam.access_key", user.name, key.id),
        severity="medium",
        summary=f"{user.name}: key {key.id} {use}",
        evidence={"last_used": when(key.last_used), "created": when(key.created)},
        wants=(
            Want(
                address=at("iam.access_key", user.name, key.id),
                after="Inactive",
                why=f"{use}; deleted after {many(settings.quarantine_days, 'day')} if nobody misses it",
                risk="restrictive",
                evidence={"last_used": when(key.last_used)},
                notice=f"key {key.id} made inactive: {use}",
            ),
            _quarantine(key, user, scope.now),
        ),
    )


def _awaited(key: Key, user: User) -> bool:
    """Whether `key-rotation` made it in place of another one, and the application has yet to fetch it."""
    begun = [tag for tag in user.tags if tag.startswith("remediate:rotating:")]
    return key.last_used is None and any(not tag.endswith(f":{key.id}") for tag in begun)


def _inactive(key: Key, user: User, settings: Settings, scope: Scope) -> Iterator[Fault]:
    since = _since(key, user, scope.now)
    address = at("iam.access_key", user.name, key.id)
    if since is None:
        yield Fault(
            address=address,
            severity="low",
            summary=f"{user.name}: key {key.id} is inactive, but not in quarantine",
            wants=(_quarantine(key, user, scope.now),),
        )
    elif key.asked and _over(since, settings, scope.now):
        quarantine = many(settings.quarantine_days, "day")
        why = f"inactive and unused since {since:%Y-%m-%d}: the quarantine of {quarantine} is over"
        yield Fault(
            address=address,
            severity="low",
            summary=f"{user.name}: key {key.id} {why}",
            wants=(
                Want(
                    address=address,
                    after=None,
                    why=why,
                    risk="destructive",
                    evidence={"last_used": when(key.last_used)},
                    notice=f"key {key.id} deleted for good: {why}",
                ),
                Want(address=tag_of(key), after=None, why="the key is gone", risk="neutral"),
            ),
        )


def _quarantine(key: Key, user: User, now: datetime) -> Want:
    why = f"the quarantine of {user.name}'s key {key.id} starts today"
    return Want(address=tag_of(key), after=f"{now:%Y-%m-%d}", why=why, risk="neutral")


def _since(key: Key, user: User, now: datetime) -> datetime | None:
    """The day on which the key's quarantine began; none if the key was used since, or the tag says no such day."""
    try:
        since = datetime.fromisoformat(f"{user.tags.get(f'remediate:inactive:{key.id}', '')}T00:00:00+00:00")
    except ValueError:
        return None
    used = key.last_used is not None and key.last_used.date() > since.date()
    return None if used or since > now else since


def _over(since: datetime | None, settings: Settings, now: datetime) -> bool:
    return since is not None and now - since >= timedelta(days=settings.quarantine_days)


def _with_room(faults: Iterable[Fault], user: User) -> Iterator[Fault]:
    """The faults; a person must mend those that need a tag where IAM allows the user no more of them."""
    room = TAGS_PER_USER - len(user.tags)
    for fault in faults:
        tags = [w.address for w in fault.wants if kind_of(w.address) == "iam.user_tag" and w.after is not None]
        room -= sum(pair_of(tag)[1] not in user.tags for tag in tags)
        yield fault if room >= 0 or not tags else structs.replace(fault, wants=(), manual=_no_room(fault, user))


def _no_room(fault: Fault, user: User) -> Manual:
    return Manual(
        address=fault.address,
        summary=f"{fault.summary}, and {user.name} has no room for the tag that says since when",
        steps=(f"Take away one of the {TAGS_PER_USER} tags of {user.name}, then make a new plan.",),
        check="The next plan finds room for the tag.",
    )


def _two_in_use(user: User, keys: tuple[Key, ...], settings: Settings, scope: Scope) -> Iterator[Fault]:
    used = [k for k in keys if k.active and not _idle(k, _limit(k, keys, settings), settings, scope.now)]
    young = [k for k in used if k.last_used is None]
    if len(used) < 2 or young:
        return
    yield Fault(
        address=at("iam.user", user.name),
        severity="low",
        summary=f"{user.name} uses two access keys",
        evidence={key.id: when(key.last_used) for key in used},
        manual=Manual(
            address=at("iam.user", user.name),
            summary=f"{user.name} uses two access keys, and a key in use is never taken away",
            steps=(
                f"Move the work of one of {', '.join(k.id for k in used)} to the other.",
                "Leave the old one alone.",
            ),
            check=f"After {many(settings.second_key_idle_days, 'day')} without use, the next plan makes it inactive.",
        ),
    )


def _password_idle(user: User, last: datetime | None, settings: Settings, now: datetime) -> bool:
    """Whether the last sign-in is too long ago; somebody who was just given a new password is about to sign in."""
    if user.password is None or last is None:
        return False
    given = user.password.changed or last
    return now - last > timedelta(days=settings.idle_days) and now - given > timedelta(days=settings.grace_days)


def _password(account: Account, user: User, settings: Settings, scope: Scope) -> Iterator[Fault]:
    asked = user.name in account.sign_ins
    if user.password is None or (asked and account.value(at("iam.login_profile", user.name)) is None):
        return  # none, or the report is older than the removal
    last = account.sign_ins[user.name] if asked else user.password.last_used
    if last is None and _past_grace(user, settings, scope.now):
        yield _no_record(user)
    if last is None or not asked or not _password_idle(user, last, settings, scope.now):
        return
    why = f"password not used since {last:%Y-%m-%d}"
    yield Fault(
        address=at("iam.login_profile", user.name),
        severity="medium",
        summary=f"{user.name}: {why}",
        evidence={"last_used": when(last)},
        wants=(
            Want(
                address=at("iam.login_profile", user.name),
                after=None,
                why=why,
                risk="restrictive",
                evidence={"last_used": when(last)},
                notice=f"{why}: removed; can be given a new one",
            ),
        ),
    )


def _past_grace(user: User, settings: Settings, now: datetime) -> bool:
    since = max(user.created, (user.password and user.password.changed) or user.created)
    return now - since > timedelta(days=max(settings.grace_days, settings.idle_days))


def _no_record(user: User) -> Fault:
    address = at("iam.login_profile", user.name)
    return Fault(
        address=address,
        severity="low",
        summary=f"{user.name}: password with no recorded sign-in",
        manual=Manual(
            address=address,
            summary=f"{user.name} has a password and AWS has no record of a sign-in",
            steps=(
                f"Ask {user.name} whether the password is used.",
                f"If not: aws iam delete-login-profile --user-name '{user.name}'",
            ),
            check="The next plan finds a sign-in or no password.",
        ),
    )


def _describe(key: Key, now: datetime) -> str:
    if key.last_used is None:
        return f"never used since it was made {many((now - key.created).days, 'day')} ago"
    place = f" by {key.service} in {key.region}" if key.service and key.region else ""
    return f"last used {many((now - key.last_used).days, 'day')} ago{place}"


control = Control(
    id="unused-credentials",
    title="No password or key that is not needed",
    guideline="G2",
    cis_7=("2.11",),
    cis_5=("1.11", "1.12"),
    security_hub=("IAM.8", "IAM.22"),
    changes="idle keys become inactive, and are deleted after a quarantine; idle passwords go",
    kinds=("iam.access_key", "iam.login_profile", "iam.user_tag"),
    rollback="a key made inactive: exact; a password: a new one-time one; a key deleted after its quarantine: never",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
