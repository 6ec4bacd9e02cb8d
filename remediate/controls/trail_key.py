"""The KMS key that a trail is encrypted with: one of the account's own, or the one that the playbook names."""

from collections.abc import Iterator, Mapping

from remediate import policy
from remediate.account import Account
from remediate.controls.trail_documents import Names, key_statements, merged, owner_statement
from remediate.controls.trail_parts import Piece, if_changed, region_of, want
from remediate.model import Address, Manual, Value, Want, at

OWN_ALIAS = "alias/audit-logs"
"""The alias of the key that is made where the playbook asks for one of our own."""


def key_asks(account: Account, names: Names, kms: bool | str) -> Iterator[Address]:
    """The key by its name, once the bucket's region is known; then what there is to know about that key."""
    if not kms or at("s3.bucket", names.bucket) not in account.asked:
        return
    region, name, owner = _key_name(account, names, kms)
    if owner != account.id:
        return
    yield at("kms.arn", region, name)
    if kms is True:
        yield from _own(region, name)
    arn = account.facts.get(at("kms.arn", region, name))
    if isinstance(arn, str):
        found = arn.split(":", 5)[5]
        own = found.startswith("alias/")
        yield from _own(region, found) if own else (at("kms.key_policy", region, found.removeprefix("key/")),)


def _own(region: str, alias: str) -> tuple[Address, Address]:
    """A key that is made here, and whether it rotates."""
    return at("kms.key", region, alias), at("kms.rotation", region, alias)


def _key_name(account: Account, names: Names, kms: bool | str) -> tuple[str, str, str]:
    """Region, alias or id, and account of the key that the playbook asks for."""
    if isinstance(kms, str) and kms.startswith("arn:"):
        _, _, _, region, owner, name = kms.split(":", 5)
        return region, name.removeprefix("key/"), owner
    alias = kms if isinstance(kms, str) else OWN_ALIAS
    return region_of(account, names.bucket, names.home), alias, account.id


def key(account: Account, names: Names, kms: bool | str) -> Piece:
    """A key for a trail that has none. CloudTrail takes only a key in its bucket's region:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"""
    if not kms:
        return Piece()
    region, name, owner = _key_name(account, names, kms)
    here = region_of(account, names.bucket, names.home)
    if region != here:
        return _no_key(names, f"the key {kms} is in {region}, but the bucket {names.bucket} is in {here}")
    if owner != account.id:
        whole = ":key/" in str(kms)
        known = f"{kms} is an alias of another account, which cannot be looked up: name the key's own ARN"
        return Piece(value={"kms_key": str(kms)}) if whole else _no_key(names, known)
    account.known(*key_asks(account, names, kms))
    arn = account.facts.get(at("kms.arn", region, name))
    if isinstance(arn, str) and ":key/" in arn:
        address = at("kms.key_policy", region, arn.rpartition("/")[2])
        return Piece(value={"kms_key": arn}, wants=if_changed(account, _key_policy(account, address, names)))
    if kms is not True and arn is None:
        return _no_key(names, f"there is no enabled key {name} in {region}")
    return _own_key(account, names, region, str(arn).split(":", 5)[5] if arn else OWN_ALIAS)


def _key_policy(account: Account, address: Address, names: Names) -> Want:
    document = merged(account.value(address), key_statements(names), names)
    return want(address, document, f"lets the trail {names.trail} encrypt with this key; other statements stay")


def _own_key(account: Account, names: Names, region: str, alias: str) -> Piece:
    address, rotation = _own(region, alias)
    live = account.value(address)
    if isinstance(live, Mapping) and "state" in live:
        return _no_key(names, f"the key {alias} in {region} is {live['state']}")
    document = live["policy"] if isinstance(live, Mapping) else policy.merge(None, [owner_statement(names.where)])
    after: Value = {"policy": merged(document, key_statements(names), names)}
    wanted = (
        want(address, after, "audit logs are encrypted with a key whose use is recorded"),
        want(rotation, True, "the key's material is replaced every year; what it encrypted stays readable"),
    )
    arn = f"arn:{names.where.partition}:kms:{region}:{names.where.account}:{alias}"
    return Piece(value={"kms_key": arn}, wants=if_changed(account, *wanted))


def _no_key(names: Names, why: str) -> Piece:
    manual = Manual(
        address=at("cloudtrail.trail", names.home, names.trail),
        summary=f"the trail {names.trail} cannot be encrypted: {why}",
        steps=("Enable that key, or name another one in the playbook: `kms: true` makes one.",),
        check="The next plan finds the key and encrypts the trail with it.",
    )
    return Piece(manual=manual)
