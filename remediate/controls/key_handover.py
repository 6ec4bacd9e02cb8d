"""The second half of a rotation: an application has an old key and its successor, and moves from one to the other."""

import shlex
from collections.abc import Iterable, Iterator
from datetime import timedelta

from remediate.account import Key, User
from remediate.controls.unused_credentials import TAGS_PER_USER, tag_of
from remediate.model import Address, Fault, Manual, Struct, Want, at, when
from remediate.playbook.scope import Scope
from remediate.words import many


class Handover(Struct, frozen=True, kw_only=True):
    """A user's two keys, and how long the old one is left alone."""

    user: User
    old: Key
    new: Key
    region: str
    secret: str
    """The name of the secret that holds the new key."""
    grace: timedelta
    quiet: timedelta


ROTATING = "remediate:rotating:"
"""The beginning of the tag that says since when a key has a successor; its end is the key's id."""


def rotating(key: Key) -> Address:
    return at("iam.user_tag", key.user, f"{ROTATING}{key.id}")


def marked(user: User) -> Iterator[str]:
    """The keys of which a tag says that they have a successor."""
    return (tag.removeprefix(ROTATING) for tag in user.tags if tag.startswith(ROTATING))


def leftovers(user: User, keys: Iterable[Key]) -> Iterator[Fault]:
    """Takes away the tags of keys that were stopped otherwise, such as by `unused-credentials`."""
    active = {key.id for key in keys if key.active}
    for id in marked(user):
        if id not in active:
            why = f"the key {id} of {user.name} is not active any more"
            tag = at("iam.user_tag", user.name, f"{ROTATING}{id}")
            wants = (Want(address=tag, after=None, why=why, risk="neutral"),)
            yield Fault(address=tag, severity="low", summary=f"{why}, and is still tagged as rotating", wants=wants)


def handover(move: Handover, scope: Scope) -> Fault:
    """Stops the old key where the move is done; says what it waits for where it is not."""
    old, new = move.old, move.new
    stands, step = _progress(move, scope)
    age = (scope.now - old.created).days
    return Fault(
        address=at("iam.access_key", old.user, old.id),
        severity="medium",
        summary=f"{old.user}: key {old.id} is {many(age, 'day')} old; {stands}",
        evidence={
            "created": when(old.created),
            "last_used": when(old.last_used),
            "successor": new.id,
            "successor_created": when(new.created),
            "successor_last_used": when(new.last_used),
        },
        wants=() if step else _stopped(move, scope),
        manual=_by_hand(old, stands, step) if step else None,
    )


def _progress(move: Handover, scope: Scope) -> tuple[str, str]:
    """How the move stands, and what has to happen before the old key may be stopped; nothing where it may be now."""
    old, new = move.old, move.new
    used = old.last_used or old.created
    ready = new.created + move.grace
    if not new.active:
        activate = f"aws iam update-access-key --user-name {shlex.quote(new.user)} --access-key-id {new.id}"
        return f"its successor {new.id} is inactive", f"Make it active again: {activate} --status Active"
    if new.last_used is None:
        fetch = f"aws secretsmanager get-secret-value --region {move.region} --secret-id {shlex.quote(move.secret)}"
        return (
            f"nobody has used its successor {new.id} yet",
            f"Have the application fetch the new key and switch to it: {fetch} --query SecretString --output text",
        )
    if new.last_used <= used or scope.now - used < move.quiet:
        days = many(move.quiet.days, "day")
        step = f"Find what still works with {old.id}, and move it to {new.id}; after {days} without use it is stopped."
        return f"it was still used on {used:%Y-%m-%d}, beside its successor {new.id}", step
    if scope.now < ready:
        return f"its successor {new.id} has taken over", f"Nothing: the owner has until {ready:%Y-%m-%d} to go back."
    if len(move.user.tags) >= TAGS_PER_USER and _mark(move) is None:
        return f"{old.user} has no room for the tag that says since when it is inactive", "Take away one of its tags."
    return f"its successor {new.id} has taken over", ""


def _mark(move: Handover) -> Address | None:
    return rotating(move.old) if move.old.id in marked(move.user) else None


def _stopped(move: Handover, scope: Scope) -> tuple[Want, ...]:
    old, mark = move.old, _mark(move)
    why = f"not used since {old.last_used:%Y-%m-%d}; {move.new.id} has taken over"
    ended = () if mark is None else (Want(address=mark, after=None, why=f"{old.id} is inactive now", risk="neutral"),)
    return (
        Want(
            address=at("iam.access_key", old.user, old.id),
            after="Inactive",
            why=why,
            risk="restrictive",
            evidence={"last_used": when(old.last_used)},
            notice=f"key {old.id} made inactive: {why}",
        ),
        Want(
            address=tag_of(old),
            after=f"{scope.now:%Y-%m-%d}",
            why=f"the quarantine of {old.user}'s key {old.id} starts today",
            risk="neutral",
            frees=tuple(want.address for want in ended),
        ),
        *ended,
    )


def _by_hand(old: Key, stands: str, step: str) -> Manual:
    return Manual(
        address=at("iam.access_key", old.user, old.id),
        summary=f"{old.user}'s key {old.id} is to give way: {stands}",
        steps=(step,),
        check="A later plan makes the old key inactive, once the new one alone is in use.",
    )
