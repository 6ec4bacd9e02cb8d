"""KMS keys that encrypt audit logs: one of our own, known by its alias, and the policy of somebody else's.

A value names a key by one ARN (`canonical_arn`): the alias's for a key that was made here, because a plan must name the
key before it has an id; the key's own for every other. CloudTrail answers with the key's own ARN whatever it was given
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html), so a tag on the key tells them apart.
"""

from collections.abc import Iterable, Mapping

from remediate.aws.documents import as_text, parsed
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed, Denied
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, name_of, pair_of

TAG = "remediate:alias"
"""On each key made here: the alias it is for, so that a key whose creation was never answered is found again."""
GONE = "NotFoundException"


def canonical_arn(aws: Session, arn: str, account: str) -> str:
    """The one ARN by which values name this key. Costs a call for a key of the account."""
    owner, name = arn.split(":", 5)[4:]
    if owner != account or not name.startswith("key/"):
        return arn
    alias = _tag(aws, arn.split(":")[3], name.removeprefix("key/"))
    return arn.removesuffix(name) + alias if alias else arn


def _tag(aws: Session, region: str, key: str) -> str:
    """Our tag on the key, empty if it bears none. A key that is gone or lets nobody look is not one made here."""
    try:
        pages = list(aws.pages("kms", "list_resource_tags", region=region, KeyId=key))
    except Denied:
        return ""
    except CallFailed as error:
        absent_if(error, GONE)
        return ""
    return next((str(t["TagValue"]) for page in pages for t in page["Tags"] if t["TagKey"] == TAG), "")


def described(aws: Session, address: Address) -> Answer | None:
    region, name = pair_of(address)
    try:
        answer: Answer = aws.read("kms", "describe_key", region=region, KeyId=name)["KeyMetadata"]
    except CallFailed as error:
        absent_if(error, GONE)
        return None
    return answer


def _id(aws: Session, address: Address) -> str:
    """The key's own id: what is written takes no alias. Raises CallFailed if it is gone."""
    key = described(aws, address)
    if key is None:
        region, alias = pair_of(address)
        raise CallFailed("describe_key", GONE, f"there is no key {alias} in {region} any more")
    return str(key["KeyId"])


def _policy(aws: Session, region: str, key: str) -> Value:
    text = aws.read("kms", "get_key_policy", region=region, KeyId=key, PolicyName="default")["Policy"]
    return parsed("get_key_policy", text)


def _put_policy(aws: Session, region: str, key: str, document: Value) -> Answer:
    return aws.write("kms", "put_key_policy", region=region, KeyId=key, PolicyName="default", Policy=as_text(document))


def _known_as(aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
    """Calls may name a key by its alias or by its id, which its alias leads to while it has one."""
    region, alias = pair_of(address)
    key = described(aws, address)
    return (region,), (alias, *((str(key["KeyId"]),) if key else ()))


class Key(Resource):
    """`kms.key/<region>/<alias/…>`: {"policy": {…}}; with "state" where that is not Enabled."""

    kind = "kms.key"
    named_by = ("awsRegion", "keyId|targetKeyId|aliasName")
    also_by = tuple(
        f"kms:{name}"
        for name in "DisableKey EnableKey ScheduleKeyDeletion CancelKeyDeletion UpdateAlias DeleteAlias".split()
    )

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return _known_as(aws, address)

    def makes_another(self, before: Value, after: Value) -> bool:
        return before is None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is None or after is None:
            return "impossible", "the key stays: without it nobody can read the logs that it encrypted"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, alias = pair_of(address)
        base = f"arn:{where.partition}:kms:{region}:{where.account}"
        names = ["DescribeKey", "GetKeyPolicy", "PutKeyPolicy"]
        if before is not None:
            return [Permission(action=f"kms:{a}", resource=f"{base}:key/*") for a in names]
        names += ["ListResourceTags", "CreateAlias"]
        return [
            *(Permission(action=f"kms:{a}", resource=f"{base}:key/*") for a in names),
            Permission(action="kms:CreateAlias", resource=f"{base}:{alias}"),
            *(Permission(action=f"kms:{a}") for a in ("CreateKey", "ListKeys", "TagResource")),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        key = described(aws, address)
        if key is None:
            return {}
        state = key.get("KeyState", "Enabled")
        value: dict[str, Value] = {"policy": _policy(aws, pair_of(address)[0], key["KeyId"])}
        return {address: value if state == "Enabled" else {**value, "state": state}}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if not isinstance(after, Mapping):
            raise CallFailed(
                "schedule_key_deletion", "NeverDone", "a key that encrypted audit logs is never deleted here"
            )
        region, alias = pair_of(address)
        if before is None:
            return self._create(aws, region, alias, after["policy"])
        return Receipt(request_ids=(request_id(_put_policy(aws, region, _id(aws, address), after["policy"])),))

    def _create(self, aws: Session, region: str, alias: str, document: Value) -> Receipt:
        """The alias comes last: until then the address reads as absent, and a run that crashed starts here again."""
        id, ids = self._orphan(aws, region, alias), []
        if not id:
            tags = [{"TagKey": TAG, "TagValue": alias}]
            text = as_text(document)
            answer = aws.write("kms", "create_key", region=region, Policy=text, Description="Audit logs", Tags=tags)
            id, ids = answer["KeyMetadata"]["KeyId"], [request_id(answer)]
        elif _policy(aws, region, id) != document:
            ids.append(request_id(_put_policy(aws, region, id, document)))
        ids.append(request_id(aws.write("kms", "create_alias", region=region, AliasName=alias, TargetKeyId=id)))
        return Receipt(request_ids=tuple(ids))

    def _orphan(self, aws: Session, region: str, alias: str) -> str:
        """A usable key with our tag for this alias: CreateKey takes no client token, so its answer may be lost."""
        pages = aws.pages("kms", "list_keys", region=region)
        for id in [key["KeyId"] for page in pages for key in page["Keys"]]:
            if _tag(aws, region, id) == alias:
                key = aws.read("kms", "describe_key", region=region, KeyId=id)["KeyMetadata"]
                if key.get("KeyState", "Enabled") == "Enabled":
                    return str(id)
        return ""


class KeyRotation(Resource):
    """`kms.rotation/<region>/<alias/…>`: true; absent where the key's material stays the same, or where it is not KMS's
    to change: asymmetric keys and imported material.

    A kind of its own because it is a call of its own: a key is never half way between two values.
    """

    kind = "kms.rotation"
    named_by = ("awsRegion", "keyId")
    binary = True

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        return _known_as(aws, address)

    def parent(self, address: Address) -> Address | None:
        return at("kms.key", *pair_of(address))

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        return (at("kms.key", *pair_of(address)),)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        names = ("DescribeKey", "GetKeyRotationStatus", "EnableKeyRotation", "DisableKeyRotation")
        return [Permission(action=f"kms:{a}", resource=key_arn(address, where)) for a in names]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        key = described(aws, address)
        if key is None:
            return {}
        try:
            status = aws.read("kms", "get_key_rotation_status", region=pair_of(address)[0], KeyId=key["KeyId"])
        except CallFailed as error:
            absent_if(error, "UnsupportedOperationException")
            return {}
        return {address: True} if status["KeyRotationEnabled"] else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        operation = "disable_key_rotation" if after is None else "enable_key_rotation"
        answer = aws.write("kms", operation, region=pair_of(address)[0], KeyId=_id(aws, address))
        return Receipt(request_ids=(request_id(answer),))


class KeyPolicy(Resource):
    """`kms.key_policy/<region>/<id>`: the document of a key that is not ours; a key without a policy does not exist."""

    kind = "kms.key_policy"
    named_by = ("awsRegion", "keyId")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        arn = key_arn(address, where)
        return [Permission(action=f"kms:{a}", resource=arn) for a in ("GetKeyPolicy", "PutKeyPolicy")]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, key = pair_of(address)
        try:
            return {address: _policy(aws, region, key)}
        except CallFailed as error:
            absent_if(error, GONE)
            return {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if after is None:
            raise CallFailed("put_key_policy", "NeverDone", f"{name_of(address)}: a key always has a policy")
        region, key = pair_of(address)
        return Receipt(request_ids=(request_id(_put_policy(aws, region, key, after)),))


def key_arn(address: Address, where: AccountId) -> str:
    """The key's ARN; with an alias any key of the region, because permissions on a key are never checked by alias."""
    region, name = pair_of(address)
    key = "*" if name.startswith("alias/") else name
    return f"arn:{where.partition}:kms:{region}:{where.account}:key/{key}"


RESOURCES: tuple[Resource, ...] = (Key(), KeyRotation(), KeyPolicy())
