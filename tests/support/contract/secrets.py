"""Secrets that hold access keys, and the keys that are issued into them."""

from typing import Any

from remediate.model import Address, Value, at
from support.contract.case import Case, Client

ACCOUNT, REGION, NAME, USER = "123456789012", "eu-west-1", "remediate/svc/access-key", "svc"
FIRST, SECOND = "AKIAFIRST00000000001", "AKIASECOND0000000002"
SECRET = at("secretsmanager.secret", REGION, NAME)
ISSUED = at("iam.issued_key", USER, f"{REGION}:{NAME}")
HOLDER: dict[str, Value] = {"user": USER}
KMS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = KMS.replace("1234abcd", "5678abcd")


def user_with_key(key: str) -> Any:
    """A user with one access key of that id. IAM draws ids; here a case must name them before there are any."""

    def setup(client: Client) -> None:
        from moto.iam.models import iam_backends

        client("iam").create_user(UserName=USER)
        made: Any = iam_backends[ACCOUNT]["aws"].create_access_key(USER, prefix="AKIA")
        del iam_backends[ACCOUNT]["aws"].access_keys[made.access_key_id]
        made.access_key_id = key
        iam_backends[ACCOUNT]["aws"].access_keys[key] = made

    return setup


def rotated_once(client: Client) -> None:
    """The first key is gone; the secret holds the second, made in its place."""
    user_with_key(SECOND)(client)
    secrets = client("secretsmanager", REGION)
    secrets.create_secret(Name=NAME, Tags=[{"Key": "remediate:user", "Value": USER}])
    secrets.put_secret_value(SecretId=NAME, ClientRequestToken=f"{FIRST}-{SECOND}", SecretString="{}")


ROWS: tuple[tuple[Address, tuple[Value, ...]], ...] = (
    (SECRET, (None, HOLDER, None, HOLDER)),
    (at("secretsmanager.secret", REGION, "keys/a/b"), (None, {"user": "a,b"}, None)),
    (at("secretsmanager.secret", REGION, "mine"), (None, {**HOLDER, "kms": KMS}, {**HOLDER, "kms": OTHER}, HOLDER)),
)

CASES: tuple[Case, ...] = (
    *(Case(address, values, never=((HOLDER, {"user": "bob"}),)) for address, values in ROWS),
    Case(ISSUED, (None, {"replaces": FIRST}, None), needed={SECRET: HOLDER}, setup=user_with_key(FIRST)),
    Case(
        ISSUED,
        ({"replaces": FIRST}, {"replaces": SECOND}, {"replaces": FIRST}),
        setup=rotated_once,
        name="iam.issued_key/again",
    ),
    Case(
        ISSUED,
        (None, {"replaces": FIRST, "kms": KMS}, None),
        needed={SECRET: {**HOLDER, "kms": KMS}},
        setup=user_with_key(FIRST),
        name="iam.issued_key/with a key of one's own",
    ),
)
