"""Policies of AWS's own: the same in every account, so that only what a plan is compared with is read."""

from remediate.account import Account
from remediate.aws.documents import held
from remediate.aws.facts.base import Fact
from remediate.aws.session import Session
from remediate.effective import AWS_POLICY, parsed
from remediate.model import Address, Value, name_of


class AwsPolicy(Fact):
    """`iam.aws_policy/<ARN>`: the statements of its default version, in canonical form."""

    kind = AWS_POLICY
    actions = ("iam:GetPolicy", "iam:GetPolicyVersion")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        arn = name_of(asked)
        version = aws.read("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = aws.read("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        return {asked: sorted(parsed(held(found["PolicyVersion"]["Document"])))}


FACTS: tuple[Fact, ...] = (AwsPolicy(),)
