"""Instance profiles, and the instances that have them."""

from remediate.model import Address, Value, at
from support.contract.case import Case, Client
from support.contract.trail import trust

ACCOUNT, REGION = "123456789012", "eu-west-1"
PLAIN: Value = {"path": "/"}


def profile(name: str) -> dict[Address, Value]:
    """A profile with its role, which has the same name."""
    return {
        at("iam.role", name): {"path": "/", "trust": trust("ec2.amazonaws.com")},
        at("iam.instance_profile", name): PLAIN,
        at("iam.instance_profile_role", name, name): "member",
    }


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"


def instance(client: Client) -> None:
    client("ec2", REGION).run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1)


def association(client: Client) -> Address:
    [reservation] = client("ec2", REGION).describe_instances()["Reservations"]
    return at("ec2.profile_association", REGION, reservation["Instances"][0]["InstanceId"])


ROLE, PROFILE, MEMBER = profile("machines")
CASES: tuple[Case, ...] = (
    Case(PROFILE, (None, PLAIN, None), never=((PLAIN, {"path": "/x/"}),)),
    Case(at("iam.instance_profile", "below"), (None, {"path": "/a/b/"}, None)),
    Case(MEMBER, (None, "member", None), {a: v for a, v in profile("machines").items() if a != MEMBER}),
    Case(
        association,
        (None, arn("machines"), arn("others"), None),
        {**profile("machines"), **profile("others")},
        instance,
        name="ec2.profile_association/running",
    ),
)
