"""Access keys that are made here. The secret of a new key goes to AWS Secrets Manager, and nowhere else.

Storing a key and saying which one it is and which one it replaces is one call: the id of the secret's version names
both, `AKIAOLD…-AKIANEW…`. A caller may choose that id, 32 to 64 characters, and Secrets Manager never changes what a
version holds: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html

CreateAccessKey takes no client token. When its answer is lost there is a key whose secret nobody knows; it counts
against the two that IAM allows. A mark on the secret, written before the call, says since when there was no other key
beside the replaced one: what appeared right after it and was never used is that key, and is deleted before another is
made. Any other second key belongs to somebody, and is left alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from remediate.aws.resources import secrets
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.entity import on_entity
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed, OutcomeUnknown
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of, when

MARK = "remediate:issuing"
"""The tag of a secret whose next key is on its way: `AKIAOLD… 2026-01-31T12:00:00Z`.

It stays where a run dies between storing the key and taking it away: it says nothing that counts for longer than
MARK_COVERS, and goes with the next key."""
MARK_FRESH = timedelta(minutes=5)
"""A mark this old is written anew before another key is made."""
MARK_COVERS = timedelta(minutes=10)
"""A key that was made so long after the mark is ours: one attempt takes two calls, of at most 70 s each."""
CLOCKS = timedelta(seconds=10)
"""By how much two clocks of AWS may differ."""
VERSION = re.compile(r"(\w{16,})-(\w{16,})")
CURRENT = "AWSCURRENT"


class Link(NamedTuple):
    """One version of a secret: the key that it holds, and the key which that one replaces."""

    old: str
    new: str

    @property
    def version(self) -> str:
        return f"{self.old}-{self.new}"


class Place(NamedTuple):
    """What an address names: a user, and the secret that holds the user's key."""

    user: str
    region: str
    name: str


def place_of(address: Address) -> Place:
    user, place = pair_of(address)
    region, _, name = place.partition(":")
    return Place(user, region, name)


class IssuedKey(Resource):
    """`iam.issued_key/svc-billing/us-east-1:<name of a secret>`: {"replaces": "AKIAOLD…"}, "kms" as the secret has.

    The secret's current version holds a key of the user that is there and was made in place of that one.
    """

    kind = "iam.issued_key"
    named_by = ("userName",)
    reading = ("secretsmanager:DescribeSecret", "iam:ListAccessKeys")
    sample: Value = {"replaces": "*", "kms": "*"}

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return ((place_of(address).user,),)

    def parent(self, address: Address) -> Address | None:
        return at("iam.user", place_of(address).user)

    def principal(self, address: Address) -> Address | None:
        return self.parent(address)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        user, region, name = place_of(address)
        return (at("iam.user", user), at("secretsmanager.secret", region, name))

    def makes_another(self, before: Value, after: Value) -> bool:
        return after is not None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if after is None:
            return "equivalent", "the key itself: another one would take its place"
        return "equivalent", "a new key that somebody uses by then: it stays, and rollback says so"

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        user, region, name = place_of(address)
        keys = ("ListAccessKeys", "CreateAccessKey", "DeleteAccessKey")
        values = ("DescribeSecret", "PutSecretValue", "TagResource", "UntagResource", "UpdateSecretVersionStage")
        arn = secrets.secret_arn(region, name, where)
        return [
            *on_entity(where, "user", user, *keys),
            Permission(action="iam:GetAccessKeyLastUsed"),
            *(Permission(action=f"secretsmanager:{a}", resource=arn) for a in values),
            *secrets.kms_permissions(before, after),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        user, region, name = place_of(address)
        found = secrets.describe(aws, region, name)
        if found is None or not _ours(found, user) or _current(found) is None:
            return {}
        try:
            keys = {key["AccessKeyId"] for key in _keys(aws, user)[0]}
        except CallFailed as error:
            absent_if(error, "NoSuchEntity")
            return {}
        link = _latest(found, keys)
        return {address: {"replaces": link.old, **secrets.kms_of(found)}} if link else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        place = place_of(address)
        found = secrets.describe(aws, place.region, place.name)
        if found is None or not _ours(found, place.user):
            raise CallFailed("describe_secret", "NotOurs", f"no secret {place.name} for keys of {place.user} is there")
        old = str(after["replaces"]) if isinstance(after, Mapping) else ""
        was = str(before["replaces"]) if isinstance(before, Mapping) else ""
        back = next((link for link in _links(found) if (link.old, link.new) == (old, was)), None)
        if after is None or back:
            return Receipt(request_ids=tuple(_withdraw(aws, place, found, was, back)))
        return Receipt(request_ids=tuple(_issue(aws, place, found, old)))


def _ours(found: Answer, user: str) -> bool:
    return secrets.standing(found) and secrets.user_of(found) == user


def _links(found: Answer) -> Iterator[Link]:
    """The versions that say which key they hold, of those that have a label."""
    matches = (VERSION.fullmatch(version) for version in found.get("VersionIdsToStages", ()))
    return (Link(*match.groups()) for match in matches if match)


def _current(found: Answer) -> Link | None:
    return next((link for link in _links(found) if CURRENT in found["VersionIdsToStages"][link.version]), None)


def _latest(found: Answer, keys: set[str]) -> Link | None:
    """The current version, or the one after it while a key is being withdrawn: the label goes back first."""
    after = {link.old: link for link in _links(found) if link.new in keys}
    link = _current(found)
    while link and link.new in after:
        link = after.pop(link.new)
    return link if link and link.new in keys else None


def _keys(aws: Session, user: str) -> tuple[list[Answer], datetime]:
    """The user's keys, and the moment at which IAM said so, by IAM's own clock. Raises CallFailed."""
    pages = list(aws.pages("iam", "list_access_keys", UserName=user))
    said = pages[-1]["ResponseMetadata"]["HTTPHeaders"]["date"]
    return [key for page in pages for key in page["AccessKeyMetadata"]], parsedate_to_datetime(said)


def _used(aws: Session, key: str) -> datetime | None:
    used: Answer = aws.read("iam", "get_access_key_last_used", AccessKeyId=key)["AccessKeyLastUsed"]
    return used.get("LastUsedDate")


def _delete(aws: Session, user: str, key: str) -> str:
    return request_id(aws.write("iam", "delete_access_key", UserName=user, AccessKeyId=key))


def _issue(aws: Session, place: Place, found: Answer, old: str) -> Iterator[str]:
    """Makes a key and stores it. Whatever is lost on the way, the same again ends with one new key, in the secret."""
    user, region, name = place
    keys, now = _keys(aws, user)
    ids = {key["AccessKeyId"] for key in keys}
    stored = _latest(found, ids)
    if stored and stored.old == old:
        return  # by an attempt whose answer was lost, and which is seen only now
    if old not in ids:
        raise CallFailed("create_access_key", "Replaced", f"the key {old} of {user} is not there any more")
    mark = _mark(found, old)
    for key in keys:
        if key["AccessKeyId"] != old:
            yield _delete_orphan(aws, user, key, mark)
    if mark is None or now - mark >= MARK_FRESH:
        tags = [{"Key": MARK, "Value": f"{old} {when(now)}"}]
        yield secrets.write(aws, "tag_resource", region, name, Tags=tags)
    made = _create(aws, user)
    yield request_id(made)
    yield _store(aws, place, Link(old, made["AccessKey"]["AccessKeyId"]), made["AccessKey"])
    with suppress(CallFailed):  # the key is stored, so this has succeeded: a mark that stays counts for minutes alone
        yield secrets.write(aws, "untag_resource", region, name, TagKeys=[MARK])


def _mark(found: Answer, old: str) -> datetime | None:
    """Since when a key is being made in place of this one; none where no attempt was begun."""
    key, _, moment = secrets.tag(found, MARK).partition(" ")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC) if key == old else None
    except ValueError:  # somebody else's text
        return None


def _delete_orphan(aws: Session, user: str, key: Answer, mark: datetime | None) -> str:
    """Deletes a key that can only be the one whose secret was lost. Raises CallFailed for every other."""
    id, made = key["AccessKeyId"], key["CreateDate"]
    if mark is None or not mark - CLOCKS <= made <= mark + MARK_COVERS or _used(aws, id):
        why = f"{user} has another key, {id}, that was not made here, and IAM allows two"
        raise CallFailed("create_access_key", "SecondKey", why)
    return _delete(aws, user, id)


def _create(aws: Session, user: str) -> Answer:
    try:
        return aws.write("iam", "create_access_key", UserName=user)
    except OutcomeUnknown as error:
        # An answer that cannot be parsed is quoted in botocore's message, and the secret is in it.
        text = "the answer was lost, or could not be read"
        raise OutcomeUnknown(error.operation, error.code, text, error.request_id) from None


def _store(aws: Session, place: Place, link: Link, key: Answer) -> str:
    text = {"UserName": place.user, "AccessKeyId": link.new, "SecretAccessKey": key["SecretAccessKey"]}
    value = {"ClientRequestToken": link.version, "SecretString": msgspec.json.encode(text).decode()}
    try:
        return secrets.write(aws, "put_secret_value", place.region, place.name, **value)
    except OutcomeUnknown:
        raise  # it may be stored
    except CallFailed:
        with suppress(CallFailed):  # why it was not stored is what counts; the mark tells the next attempt of the key
            _delete(aws, place.user, link.new)
        raise


def _withdraw(aws: Session, place: Place, found: Answer, was: str, back: Link | None) -> Iterator[str]:
    """Deletes the key that replaces `was`, if nobody has used it; before that, the secret holds again what it held."""
    keys = {key["AccessKeyId"] for key in _keys(aws, place.user)[0]}
    link, current = _latest(found, keys), _current(found)
    if link is None or current is None or link.old != was:
        raise CallFailed("delete_access_key", "Moved", f"the secret {place.name} holds no key in place of {was}")
    if used := _used(aws, link.new):
        why = f"{link.new} was used on {used:%Y-%m-%d %H:%M} UTC: go back to {was} first, and delete it by hand"
        raise CallFailed("delete_access_key", "KeyInUse", why)
    if back and current != back:
        label = {"VersionStage": CURRENT, "MoveToVersionId": back.version, "RemoveFromVersionId": current.version}
        yield secrets.write(aws, "update_secret_version_stage", place.region, place.name, **label)
    yield _delete(aws, place.user, link.new)


RESOURCES: tuple[Resource, ...] = (IssuedKey(),)
