"""How far directories and trusts have come, and where the subnets are that a directory is to stand in."""

from remediate.account import Account
from remediate.aws.facts.base import Fact
from remediate.aws.resources.base import absent_if
from remediate.aws.resources.directory import directories
from remediate.aws.resources.directory_trusts import trusts
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Address, Value, at, pair_of


class DirectoryStage(Fact):
    """`ds.directory_stage/<region>/<name>`: {"id": "d-…", "stage": "Creating", "reason": …}."""

    kind = "ds.directory_stage"
    actions = ("ds:DescribeDirectories",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        region = pair_of(asked)[0]
        return {
            at(self.kind, region, name): {
                "id": found["DirectoryId"],
                "stage": found["Stage"],
                "reason": found.get("StageReason", ""),
            }
            for name, found in directories(aws, region).items()
        }


class TrustState(Fact):
    """`ds.trust_state/<region>/<directory>/<domain>`: {"state": "VerifyFailed", "reason": …}."""

    kind = "ds.trust_state"
    actions = ("ds:DescribeDirectories", "ds:DescribeTrusts")

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        region, directory = pair_of(asked)
        return {
            at(self.kind, region, directory, domain): {
                "state": trust["TrustState"],
                "reason": trust.get("TrustStateReason", ""),
            }
            for domain, trust in trusts(aws, region, directory).items()
        }


class Subnet(Fact):
    """`ec2.subnet/<region>/<id>`: {"vpc": "vpc-…", "zone": "eu-west-1a"}; nothing where there is no such subnet."""

    kind = "ec2.subnet"
    actions = ("ec2:DescribeSubnets",)

    def read(self, aws: Session, account: Account, asked: Address) -> dict[Address, Value]:
        region, id = pair_of(asked)
        try:
            [subnet] = aws.read("ec2", "describe_subnets", region=region, SubnetIds=[id])["Subnets"]
        except CallFailed as error:
            absent_if(error, "InvalidSubnetID.NotFound", "InvalidSubnetId.NotFound")
            return {}
        return {asked: {"vpc": subnet["VpcId"], "zone": subnet["AvailabilityZone"]}}


FACTS: tuple[Fact, ...] = (DirectoryStage(), TrustState(), Subnet())
