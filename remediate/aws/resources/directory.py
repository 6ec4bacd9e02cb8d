"""AWS Directory Service: directories, and what lets a Managed Microsoft AD trust another domain.

A forwarder says where another domain's name servers are, a trust that its people are let in: each is a call of its own.
Passwords come from `remediate.aws.passwords` when they are sent: no entry has one.
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_Operations.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from remediate.aws.passwords import permission, write_with
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.session import Answer, Session, request_id
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of
from remediate.passwords import of_directory, of_trust

TYPES: Mapping[str, str] = {
    "SimpleAD": "simple-ad",
    "MicrosoftAD": "microsoft-ad",
    "ADConnector": "ad-connector",
    "SharedMicrosoftAD": "shared-microsoft-ad",
}
ENDED = frozenset({"Deleting", "Deleted"})
READY = "Active"
FAILED = "Failed"
DIRECTIONS: Mapping[str, str] = {
    "Two-Way": "two-way",
    "One-Way: Outgoing": "outgoing",
    "One-Way: Incoming": "incoming",
}
KINDS_OF_TRUST: Mapping[str, str] = {"Forest": "forest", "External": "external"}
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


def _id(aws: Session, region: str, name: str) -> str | None:
    found = directories(aws, region).get(name)
    return str(found["DirectoryId"]) if found else None


def _ready(aws: Session, operation: str, region: str, name: str) -> str:
    """The id of a directory that works. Raises CallFailed."""
    found = directories(aws, region).get(name, {})
    if found.get("Stage") != READY:
        raise CallFailed(operation, "DirectoryUnavailable", f"{name} is {found.get('Stage', 'not there')}, not {READY}")
    return str(found["DirectoryId"])


def trusts(aws: Session, region: str, directory: str) -> dict[str, Answer]:
    """The trusts of a directory by the other domain's name. Raises CallFailed."""
    id = _id(aws, region, directory)
    if id is None:
        return {}
    found = [t for page in aws.pages("ds", "describe_trusts", region=region, DirectoryId=id) for t in page["Trusts"]]
    return {_domain(t): t for t in found if t["TrustState"] not in ENDED}


def _domain(item: Answer) -> str:
    return str(item["RemoteDomainName"]).rstrip(".").lower()


def _done(answer: Answer) -> Receipt:
    return Receipt(request_ids=(request_id(answer),))


class Directory(Resource):
    """`ds.directory/<region>/<name>`: {"type", "short_name", "vpc", "subnets", "size" or "edition"}.

    An AD Connector has also the "dns" servers of the domain that it connects to, and the "user" of its service
    account. How far a directory has come is no part of it: see `aws/facts`. Never deleted from here.
    """

    kind = "ds.directory"
    reading = ("ds:DescribeDirectories",)
    sample: Value = {"type": "*"}

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        return "impossible", "the directory stays: deleting it would delete every account made in it; it goes on to cost money"

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
        return _done(write_with(aws, operation, region, of_directory(name), "Password", fits, **parameters))


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


class OfDirectory(Resource):
    """Something of a Managed Microsoft AD that concerns another domain; the second name is `<directory>/<domain>`."""

    def parent(self, address: Address) -> Address | None:
        region, directory, _ = _names(address)
        return at(Directory.kind, region, directory)

    def container(self, address: Address) -> str:
        region, directory, _ = _names(address)
        return f"{self.kind}/{region}/{directory}"

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        region, directory, _ = _names(address)
        return (at(Directory.kind, region, directory),)


def _names(address: Address) -> tuple[str, str, str]:
    """Region, directory and domain; of a directory alone the last is empty."""
    region, rest = pair_of(address)
    directory, _, domain = rest.partition("/")
    return region, directory, domain


class Forwarder(OfDirectory):
    """`ds.forwarder/<region>/<directory>/<domain>`: addresses of the domain's name servers, sorted."""

    kind = "ds.forwarder"
    reading = ("ds:DescribeConditionalForwarders",)

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        verbs = ["Create", "Delete"] if before is None or after is None else ["Update"]
        names = ["DescribeConditionalForwarders", *(f"{verb}ConditionalForwarder" for verb in verbs)]
        return _on_directory(address, where, *names)

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, directory, _ = _names(address)
        id = _id(aws, region, directory)
        if id is None:
            return {}
        try:
            found = aws.read("ds", "describe_conditional_forwarders", region=region, DirectoryId=id)
        except CallFailed as error:
            absent_if(error, "EntityDoesNotExistException")
            return {}
        return {
            at(self.kind, region, directory, _domain(item)): sorted(item.get("DnsIpAddrs", ()))
            for item in found["ConditionalForwarders"]
        }

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, directory, domain = _names(address)
        verb = "delete" if after is None else "update" if before is not None else "create"
        operation = f"{verb}_conditional_forwarder"
        where = {"DirectoryId": _ready(aws, operation, region, directory), "RemoteDomainName": domain}
        servers = {} if after is None else {"DnsIpAddrs": after}
        return _done(aws.write("ds", operation, region=region, **where, **servers))


class Trust(OfDirectory):
    """`ds.trust/<region>/<directory>/<domain>`: {"direction": "two-way", "type": "forest"}.

    Neither can be changed: a trust of another kind is deleted and made anew, by a person.
    """

    kind = "ds.trust"
    access = True
    reading = ("ds:DescribeTrusts",)

    def uses(self, address: Address, value: Value) -> Iterable[Address]:
        region, rest = pair_of(address)
        return (*super().uses(address, value), at(Forwarder.kind, region, rest))

    def reversal(self, before: Value, after: Value) -> tuple[Reversal, str]:
        if before is not None and after is not None:
            return "impossible", "the direction and the type of a trust are fixed when it is made"
        return ("exact", "") if before is None else ("equivalent", "its password: it is asked for again")

    def permissions(self, address: Address, before: Value, after: Value, where: AccountId) -> Iterable[Permission]:
        region, directory, domain = _names(address)
        return [
            *_on_directory(address, where, "DescribeTrusts", "CreateTrust", "DeleteTrust"),
            permission(region, of_trust(directory, domain), where),
        ]

    def read(self, aws: Session, address: Address) -> dict[Address, Value]:
        region, directory, _ = _names(address)
        return {
            at(self.kind, region, directory, domain): {
                "direction": DIRECTIONS[trust["TrustDirection"]],
                "type": KINDS_OF_TRUST[trust.get("TrustType", "Forest")],
            }
            for domain, trust in trusts(aws, region, directory).items()
        }

    def write(self, aws: Session, address: Address, before: Value, after: Value) -> Receipt:
        region, directory, domain = _names(address)
        if not isinstance(after, Mapping):
            id = trusts(aws, region, directory).get(domain, {}).get("TrustId", "")
            return _done(aws.write("ds", "delete_trust", region=region, TrustId=id))
        if before is not None:
            raise CallFailed("create_trust", "NeverDone", "the direction and the type of a trust are fixed")
        return _done(
            write_with(
                aws,
                "create_trust",
                region,
                of_trust(directory, domain),
                "TrustPassword",
                ANY,
                DirectoryId=_ready(aws, "create_trust", region, directory),
                RemoteDomainName=domain,
                TrustDirection=_key(DIRECTIONS, after["direction"]),
                TrustType=_key(KINDS_OF_TRUST, after["type"]),
            )
        )


def _key(names: Mapping[str, str], wanted: Value) -> str:
    """AWS's word for ours."""
    return next(theirs for theirs, ours in names.items() if ours == wanted)


def _on_directory(address: Address, where: AccountId, *names: str) -> list[Permission]:
    """A directory's ARN has its id, which is known only when it is there."""
    arn = f"arn:{where.partition}:ds:{pair_of(address)[0]}:{where.account}:directory/*"
    listing = Permission(action="ds:DescribeDirectories")
    return [listing, *(Permission(action=f"ds:{name}", resource=arn) for name in names)]


RESOURCES: tuple[Resource, ...] = (Directory(), Forwarder(), Trust())
