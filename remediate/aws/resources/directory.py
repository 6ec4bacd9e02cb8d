"""AWS Directory Service: directories of people and machines. What lets one trust another is in `directory_trusts`.

Passwords come from `remediate.aws.passwords` when they are sent: no entry has one.
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_Operations.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from remediate.aws.passwords import permission, write_with
from remediate.aws.resources.base import Resource
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of
from remediate.passwords import of_directory

TYPES: Mapping[str, str] = {
    "SimpleAD": "simple-ad",
    "MicrosoftAD": "microsoft-ad",
    "ADConnector": "ad-connector",
    "SharedMicrosoftAD": "shared-microsoft-ad",
}
ENDED = frozenset({"Deleting", "Deleted"})
READY = "Active"
FAILED = "Failed"
STRONG = re.compile(
    r"(?=.{8,64}$)((?=.*\d)(?=.*[A-Z])(?=.*[a-z])|(?=.*\d)(?=.*[^A-Za-z0-9\s])(?=.*[a-z])"
    r"|(?=.*[^A-Za-z0-9\s])(?=.*[A-Z])(?=.*[a-z])|(?=.*\d)(?=.*[A-Z])(?=.*[^A-Za-z0-9\s])).*"
)
"""8 to 64 characters of three of the four classes:
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_CreateDirectory.html"""
ANY = re.compile(r".{1,128}")
NETWORK = tuple(
    "ec2:AuthorizeSecurityGroupEgress ec2:AuthorizeSecurityGroupIngress ec2:CreateNetworkInterface "
    "ec2:CreateSecurityGroup ec2:CreateTags ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DescribeVpcs".split()
)
"""What Directory Service does in the caller's name while it makes a directory:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdirectoryservice.html"""


def directories(aws: Session, region: str) -> dict[str, Answer]:
    """The directories of a region by name, without those that are ending. Raises CallFailed.

    Of several with one name the one that works counts, or else the oldest.
    """
    found = [
        d for page in aws.pages("ds", "describe_directories", region=region) for d in page["DirectoryDescriptions"]
    ]
    there = sorted((d for d in found if d["Stage"] not in ENDED), key=_rank, reverse=True)
    return {d["Name"].lower(): d for d in there}  # the last one stays


def _rank(directory: Answer) -> tuple[int, str, str]:
    order = (READY, FAILED)
    stage = order.index(directory["Stage"]) * 2 if directory["Stage"] in order else 1
    return stage, str(directory.get("LaunchTime", "")), directory["DirectoryId"]


def done(answer: Answer) -> Receipt:
    return Receipt(request_ids=(request_id(answer),))


class Directory(Resource):
    """`ds.directory/<region>/<name>`: {"type", "short_name", "vpc", "subnets", "size" or "edition"}.

    An AD Connector has also the "dns" servers of the domain that it connects to, and the "user" of its service
    account. How far a directory has come is no part of it: see `aws/facts`. Never deleted from here.
    """

    kind = "ds.directory"
    named_by = ("awsRegion", "name")
    reading = ("ds:DescribeDirectories",)
    sample: Value = {"type": "*"}

    def makes_another(self, before: Value, after: Value) -> bool:
        """Names may repeat."""
        return before is None

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return (
            "impossible",
            "the directory stays: deleting it would delete every account made in it; it goes on to cost money",
        )

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, name = pair_of(address)
        wanted = after.get("type") if isinstance(after, Mapping) else "*"
        names = [made for type, made in CREATE.items() if wanted in (type, "*")]
        return [
            *(Permission(action=action) for action in ("ds:DescribeDirectories", *names, *NETWORK)),
            permission(region, of_directory(name), where),
        ]

    def container(self, address: Address) -> str:
        return f"{self.kind}/{pair_of(address)[0]}"

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region = pair_of(address)[0]
        return {at(self.kind, region, name): _value(found) for name, found in directories(aws, region).items()}

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        if before is not None or not isinstance(after, Mapping):
            raise CallFailed("delete_directory", "NeverDone", "a directory is only ever made here: people are in it")
        region, name = pair_of(address)
        operation, parameters = _creation(name, after)
        fits = ANY if after["type"] == "ad-connector" else STRONG
        return done(write_with(aws, operation, region, of_directory(name), "Password", fits, **parameters))


CREATE: Mapping[str, str] = {
    "simple-ad": "ds:CreateDirectory",
    "microsoft-ad": "ds:CreateMicrosoftAD",
    "ad-connector": "ds:ConnectDirectory",
}


def _value(directory: Answer) -> Value:
    type = TYPES.get(directory["Type"], directory["Type"])
    place = directory.get("ConnectSettings" if type == "ad-connector" else "VpcSettings") or {}
    value: dict[str, Value] = {
        "type": type,
        "short_name": str(directory.get("ShortName", "")).upper(),
        "vpc": place.get("VpcId", ""),
        "subnets": sorted(place.get("SubnetIds", ())),
    }
    value.update({"edition": directory.get("Edition")} if "microsoft" in type else {"size": directory.get("Size")})
    if type == "ad-connector":
        value.update({"dns": sorted(directory.get("DnsIpAddrs", ())), "user": place.get("CustomerUserName", "")})
    return value


def _creation(name: str, value: Mapping[str, Value]) -> tuple[str, dict[str, Any]]:
    common = {"Name": name, "ShortName": value["short_name"]}
    place = {"VpcId": value["vpc"], "SubnetIds": value["subnets"]}
    if value["type"] == "microsoft-ad":
        return "create_microsoft_ad", {**common, "Edition": value["edition"], "VpcSettings": place}
    if value["type"] == "simple-ad":
        return "create_directory", {**common, "Size": value["size"], "VpcSettings": place}
    account = {"CustomerDnsIps": value["dns"], "CustomerUserName": value["user"]}
    return "connect_directory", {**common, "Size": value["size"], "ConnectSettings": {**place, **account}}


RESOURCES: tuple[Resource, ...] = (Directory(),)
