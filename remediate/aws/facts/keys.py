"""KMS keys by the names that people and values call them."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.resources.kms import canonical_arn, described
from remediate.aws.session import Session
from remediate.model import Address, Value


class KeyArn(Fact):
    """`kms.arn/<region>/<alias or id>`: the ARN by which values name that key.

    Absent where there is no such key, or none that can encrypt: disabled, or waiting for its deletion.
    """

    kind = "kms.arn"
    actions = ("kms:DescribeKey", "kms:ListResourceTags")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        key = described(aws, asked)
        if key is None or key.get("KeyState", "Enabled") != "Enabled":
            return {}
        return {asked: canonical_arn(aws, key["Arn"], key["AWSAccountId"])}


FACTS: tuple[Fact, ...] = (KeyArn(),)
