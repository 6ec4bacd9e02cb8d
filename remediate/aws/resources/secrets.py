"""AWS Secrets Manager: the secrets that hold access keys of users, as containers. What is in them is `iam_issued_keys`.

No value of a secret ever passes through an entry: an entry says whom the secret is for, and which key encrypts it.
"""

from collections.abc import Iterable, Mapping

from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed, NotYet
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, pair_of

SERVICE = "secretsmanager"
USER = "remediate:user"
"""The tag that says whose keys a secret holds. A secret without it was made by somebody else, and is left alone."""
RECOVERY_DAYS = 7
"""The shortest time for which Secrets Manager keeps what was deleted:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"""
GONE = "ResourceNotFoundException"


def describe(aws: Session, region: str, name: str) -> Answer | None:
    """What a secret is like, never what is in it; also of one that waits for its deletion. Raises CallFailed."""
    try:
        return aws.read(SERVICE, "describe_secret", region=region, SecretId=name)
    except CallFailed as error:
        absent_if(error, GONE)
        return None


def standing(found: Answer | None) -> bool:
    """Whether a secret is there and can be used."""
    return found is not None and not found.get("DeletedDate")


def write(aws: Session, operation: str, region: str, name: str, **parameters: object) -> str:
    """One changing call on a secret that was read a moment ago; the request's id. Raises CallFailed."""
    try:
        return request_id(aws.write(SERVICE, operation, region=region, SecretId=name, **parameters))
    except CallFailed as error:
        if error.code == GONE:  # it was made a moment ago, and not all of AWS has heard of it
            raise NotYet(error.operation, error.code, error.message, error.request_id) from error
        raise


def tag(found: Answer, key: str) -> str:
    return next((str(t["Value"]) for t in found.get("Tags", ()) if t["Key"] == key), "")


def user_of(found: Answer) -> str:
    """Whose keys it holds; empty where it is not one of ours."""
    return tag(found, USER).replace("/", ",")


def kms_of(found: Answer) -> dict[str, Value]:
    """{"kms": ARN}, however the key was named when it was chosen; nothing for Secrets Manager's own key."""
    name = str(found.get("KmsKeyId") or "")
    if not name or name.startswith("arn:"):
        return {"kms": name} if name else {}
    partition, _, region, account = found["ARN"].split(":")[1:5]
    short = name if name.startswith("alias/") else f"key/{name}"
    return {"kms": f"arn:{partition}:kms:{region}:{account}:{short}"}


def secret_arn(region: str, name: str, where: AccountId) -> str:
    """AWS adds a hyphen and six characters to a secret's name."""
    return f"arn:{where.partition}:{SERVICE}:{region}:{where.account}:secret:{name}-??????"


def kms_permissions(*values: Value) -> list[Permission]:
    """What Secrets Manager does with a key of the account's own in the caller's name:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"""
    keys = sorted({str(v["kms"]) for v in values if isinstance(v, Mapping) and "kms" in v})
    return [Permission(action=f"kms:{a}", resource=k) for k in keys for a in ("Decrypt", "Encrypt", "GenerateDataKey")]


class Secret(Resource):
    """`secretsmanager.secret/<region>/<name>`: {"user": "svc-billing"}, "kms" where a key of one's own encrypts it.

    A secret that waits for its deletion is absent, and its name is taken: creating it again restores it.
    """

    kind = "secretsmanager.secret"
    named_by = ("awsRegion", "secretId|name")
    shared = True
    reading = ("secretsmanager:DescribeSecret",)
    sample: Value = {"user": "*", "kms": "*"}

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if not isinstance(before, Mapping):
            return "equivalent", f"the name: the deleted secret keeps it for {RECOVERY_DAYS} days"
        if not isinstance(after, Mapping):
            return "equivalent", f"what is in it, {RECOVERY_DAYS} days later"
        if before["user"] != after["user"]:
            return "impossible", "a secret is never handed from one user to another"
        return "exact", ""

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        fresh = ("CreateSecret", "TagResource", "RestoreSecret", "DeleteSecret")
        names = ("DescribeSecret", *(("UpdateSecret",) if before is not None and after is not None else fresh))
        arn = secret_arn(*pair_of(address), where)
        return [*(Permission(action=f"{SERVICE}:{a}", resource=arn) for a in names), *kms_permissions(before, after)]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        found = describe(aws, *pair_of(address))
        return {address: _value(found)} if found and standing(found) else {}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, name = pair_of(address)
        if not isinstance(after, Mapping):
            sent = write(aws, "delete_secret", region, name, RecoveryWindowInDays=RECOVERY_DAYS)
        elif not isinstance(before, Mapping):
            sent = _create(aws, region, name, after)
        elif before["user"] != after["user"]:
            raise CallFailed("update_secret", "NeverDone", "a secret is never handed from one user to another")
        else:
            sent = write(aws, "update_secret", region, name, KmsKeyId=after.get("kms", ""))
        return Receipt(request_ids=(sent,))


def _value(found: Answer) -> dict[str, Value]:
    return {"user": user_of(found), **kms_of(found)}


def _create(aws: Session, region: str, name: str, after: Mapping[str, Value]) -> str:
    found = describe(aws, region, name)
    if found is None:
        user = str(after["user"])
        answer = aws.write(
            SERVICE,
            "create_secret",
            region=region,
            Name=name,
            Description=f"The access key of the IAM user {user}, made by remediate",
            # A user's name may have a comma and no slash, a tag a slash and no comma.
            Tags=[{"Key": USER, "Value": user.replace(",", "/")}],
            **({"KmsKeyId": after["kms"]} if "kms" in after else {}),
        )
        return request_id(answer)
    if _value(found) != after:
        why = f"until {found['DeletedDate']:%Y-%m-%d} the name belongs to a deleted secret with other settings"
        raise CallFailed("restore_secret", "NameTaken", why)
    return write(aws, "restore_secret", region, name)


RESOURCES: tuple[Resource, ...] = (Secret(),)
