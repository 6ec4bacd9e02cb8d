"""Applications' access keys are rotated.

A key of an application that is older than `max_age_days` and in use gets a successor: a second key, whose secret goes
to AWS Secrets Manager and nowhere else, not to the terminal, nor to a plan, a journal or a log. The application fetches
it there and switches to it; whoever fetches it needs `secretsmanager:GetSecretValue` on that secret, which is yours to
give. A secret costs a little money each month: https://aws.amazon.com/secrets-manager/pricing/

The old key is made inactive by a later plan, when nobody needs it any more: the new one was used more recently, the
owner had `grace_days` for the move, and the old one lay still for `quiet_days`. Its last use is asked again right
before that. A key in use is never stopped: it is reported in every plan until the move is done. What is inactive
waits for its deletion in the quarantine of `unused-credentials`. The secret stays, and takes the next key too.

IAM allows two keys a user. Where there is a second one already, a person has to choose. Idle keys are left to
`unused-credentials`, people's keys to `application-passwords`, and the key that this program itself works with is
never touched.

Rollback takes the new key away again if nobody has used it; once it was used, rollback says so and stops there. A
secret that it deletes can be restored for 7 days, and so long keeps its name.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Key, KeySlot, User
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.key_handover import Handover, handover, leftovers, marked, rotating
from remediate.controls.unused_credentials import TAGS_PER_USER
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at, pair_of, when
from remediate.playbook.scope import Scope
from remediate.words import many

Days = Annotated[int, Meta(ge=1, le=3650)]
LOOKS_LIKE_ARN = re.compile(r"-[A-Za-z0-9]{6}$")
"""The end of a name that Secrets Manager may take for the end of an ARN:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""


class Settings(Struct, frozen=True, kw_only=True):
    max_age_days: Days = 90
    """An older key gets a successor."""
    idle_days: Days = 90
    """A key that was not used for so long is `unused-credentials`' matter; give both the same number."""
    grace_days: Days = 14
    """The time for the move, counted from the creation of the new key."""
    quiet_days: Days = 7
    """The old key is made inactive only when it was not used for so long."""
    secret: Annotated[str, Meta(pattern=r"^[A-Za-z0-9/_+=.@{}-]+$", max_length=400)] = "remediate/{user}/access-key"  # noqa: S105
    """The name of each user's secret; `{user}` is the user's name."""
    region: Annotated[str, Meta(pattern=r"^[a-z]+(-[a-z]+)+-[0-9]+$")] | None = None
    """Where the secrets are; `null` means the region that the program works in."""
    kms_key: Annotated[str, Meta(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$")] | None = None
    """The ARN of a key of your own that encrypts new secrets; `null` takes Secrets Manager's."""


def refuses(settings: Settings, moment: Moment) -> Iterator[Complaint]:
    rest = settings.secret.replace("{user}", "", 1)
    if rest == settings.secret or "{" in rest or "}" in rest:
        yield "secret", "every user needs a secret of its own: write {user} in the name, once"
    if settings.kms_key and settings.region not in (None, settings.kms_key.split(":")[3]):
        yield "region", "a secret and the key that encrypts it must be in one region; leave this out"


def secret_of(account: Account, settings: Settings, user: str) -> tuple[str, str]:
    """Region and name of a user's secret. A user's name may have a comma, which a secret's may not; never a slash."""
    name = settings.secret.replace("{user}", user.replace(",", "/"))
    region = settings.kms_key.split(":")[3] if settings.kms_key else settings.region or account.region
    return region, f"{name}_" if LOOKS_LIKE_ARN.search(name) else name


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """The keys of the applications that may need a new one, and the secrets that may hold it already."""
    account.known("iam.user", "credential-report")
    for user in _candidates(account, settings, scope):
        yield from _addresses(account, settings, user)
        keys = account.keys.get(user.name)
        if keys is None:
            yield at("iam.access_key", user.name)
        else:
            yield from (at("iam.access_key", user.name, key.id) for key in keys if key.active and not key.asked)
    yield from (at("iam.access_key", user.name) for user in account.users.values() if any(marked(user)))


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "credential-report")
    for user in _candidates(account, settings, scope):
        secret, issued = _addresses(account, settings, user)
        account.known(at("iam.access_key", user.name), secret, issued)
        keys = account.keys.get(user.name, ())
        rotation = account.value(issued)
        replaced = rotation.get("replaces") if isinstance(rotation, Mapping) else None
        for key in (k for k in keys if k.asked and _due(k, settings, scope.now)):
            others = [k for k in keys if k.id != key.id]
            if key.id == account.caller_key:
                yield _fault(key, user, scope, manual=_by_hand(key, "this program itself works with it", OWN_KEY))
            elif key.id == replaced and others:
                yield handover(_move(user, key, others[0], pair_of(secret), settings), scope)
            else:
                yield _rotation(account, settings, scope, user, key, others)
    for user in account.users.values():
        if any(marked(user)):
            account.known(at("iam.access_key", user.name))
            yield from leftovers(user, account.keys.get(user.name, ()))


def _addresses(account: Account, settings: Settings, user: User) -> tuple[Address, Address]:
    region, name = secret_of(account, settings, user.name)
    return at("secretsmanager.secret", region, name), at("iam.issued_key", user.name, f"{region}:{name}")


def _candidates(account: Account, settings: Settings, scope: Scope) -> Iterator[User]:
    """Applications with a key that is too old and in use, as far as the report tells."""
    for user in account.users.values():
        due = any(_due(slot, settings, scope.now) for slot in user.keys)
        if due and scope.nature(user)[0] == "application":
            yield user


def _due(key: Key | KeySlot, settings: Settings, now: datetime) -> bool:
    used = key.active and key.last_used is not None and now - key.last_used <= timedelta(days=settings.idle_days)
    return used and now - key.created > timedelta(days=settings.max_age_days)


def _move(user: User, old: Key, new: Key, secret: tuple[str, str], settings: Settings) -> Handover:
    return Handover(
        user=user,
        old=old,
        new=new,
        region=secret[0],
        secret=secret[1],
        grace=timedelta(days=settings.grace_days),
        quiet=timedelta(days=settings.quiet_days),
    )


def _rotation(account: Account, settings: Settings, scope: Scope, user: User, key: Key, others: list[Key]) -> Fault:
    """The new key, or what is in its way."""
    secret, _ = _addresses(account, settings, user)
    live = account.value(secret)
    manual = None
    if others:
        manual = _second_key(key, others[0])
    elif isinstance(live, Mapping) and live["user"] != user.name:
        manual = _by_hand(key, f"the secret {' in '.join(reversed(pair_of(secret)))} is somebody else's", TAKEN)
    elif len(user.tags) >= TAGS_PER_USER:
        manual = _by_hand(key, f"{user.name} has no room for another tag", NO_ROOM)
    wants = () if manual else _successor(account, settings, scope, user, key)
    return _fault(key, user, scope, wants=wants, manual=manual)


def _successor(account: Account, settings: Settings, scope: Scope, user: User, key: Key) -> tuple[Want, ...]:
    secret, issued = _addresses(account, settings, user)
    region, name = pair_of(secret)
    kms: dict[str, Value] = {"kms": settings.kms_key} if settings.kms_key else {}
    live = account.value(secret)
    if isinstance(live, Mapping):  # what it is encrypted with stays as it is
        kms = {"kms": live["kms"]} if "kms" in live else {}
    because = f"the key {key.id} of {user.name} is {many((scope.now - key.created).days, 'day')} old"
    return (
        Want(
            address=secret,
            after={"user": user.name, **kms},
            why=f"{because}; its successor is kept there",
            risk="additive",
        ),
        Want(
            address=issued,
            after={"replaces": key.id, **kms},
            why=f"{because}; a second key beside it takes over",
            risk="additive",
            notice=f"a new key waits in the secret {name} in {region}: fetch it there; {key.id} works on meanwhile",
        ),
        Want(
            address=rotating(key),
            after=f"{scope.now:%Y-%m-%d}",
            why=f"says that a successor of {key.id} waits to be used",
            risk="neutral",
        ),
    )


def _fault(key: Key, user: User, scope: Scope, *, wants: tuple[Want, ...] = (), manual: Manual | None = None) -> Fault:
    return Fault(
        address=at("iam.access_key", user.name, key.id),
        severity="medium",
        summary=f"{user.name}: key {key.id} is {many((scope.now - key.created).days, 'day')} old and in use",
        evidence={
            "created": when(key.created),
            "last_used": when(key.last_used),
            "service": key.service or None,
            "region": key.region or None,
            "nature": scope.nature(user)[1],
        },
        wants=wants,
        manual=manual,
    )


OWN_KEY = "Run it with a role instead, and let the next plan rotate the key: `remediate plan --profile …`"
TAKEN = "Give the secrets another name in the playbook: `key-rotation: {secret: …}`."
NO_ROOM = f"Take away one of its {TAGS_PER_USER} tags, then make a new plan."


def _by_hand(key: Key, obstacle: str, step: str) -> Manual:
    return Manual(
        address=at("iam.access_key", key.user, key.id),
        summary=f"{key.user}'s key {key.id} needs a successor, and {obstacle}",
        steps=(step,),
        check="The next plan makes a new key.",
    )


def _second_key(key: Key, other: Key) -> Manual:
    """IAM allows two keys, whether they are active or not."""
    if not other.active:
        step = f"Wait for the end of its quarantine, or delete {other.id} now if nobody misses it."
    elif other.created > key.created:
        step = f"Move what still works with {key.id} to {other.id}; `unused-credentials` takes the one that lies idle."
    else:
        step = f"Find out who works with {other.id}, and move that work to one key."
    return _by_hand(key, f"there is a second one, {other.id}: IAM allows no third", step)


control = Control(
    id="key-rotation",
    title="Applications' access keys are rotated",
    guideline="G2",
    cis_7=("2.12",),
    cis_5=("1.13",),
    security_hub=("IAM.3",),
    changes="gives an old key in use a successor, kept in Secrets Manager, and stops the old one when it is idle",
    kinds=("secretsmanager.secret", "iam.issued_key", "iam.access_key", "iam.user_tag"),
    rollback="a new key that nobody has used: taken away; the old one made inactive: exact; the secret's name: 7 days",
    settings=Settings,
    check=check,
    asks=asks,
    refuses=refuses,
    doc=__doc__,
)
