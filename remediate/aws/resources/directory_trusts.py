"""What lets a Managed Microsoft AD trust another domain: a forwarder to its name servers, and the trust itself.

Each is a call of its own. The password of a trust comes from `remediate.aws.passwords` when it is sent.
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_CreateTrust.html, API_CreateConditionalForwarder
"""

from collections.abc import Iterable, Mapping

from remediate.aws.passwords import permission, write_with
from remediate.aws.resources.base import Resource, absent_if
from remediate.aws.resources.directory import ANY, ENDED, READY, Directory, directories, done
from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed
from remediate.model import AccountId, Address, Permission, Receipt, Reversal, Value, at, pair_of
from remediate.passwords import of_trust

DIRECTIONS: Mapping[str, str] = {
    "Two-Way": "two-way",
    "One-Way: Outgoing": "outgoing",
    "One-Way: Incoming": "incoming",
}
KINDS_OF_TRUST: Mapping[str, str] = {"Forest": "forest", "External": "external"}


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


class OfDirectory(Resource):
    """Something of a Managed Microsoft AD that concerns another domain; the second name is `<directory>/<domain>`."""

    def parent(self, address: Address) -> Address | None:
        region, directory, _ = _names(address)
        return at(Directory.kind, region, directory)

    def container(self, address: Address) -> str:
        region, directory, _ = _names(address)
        return f"{self.kind}/{region}/{directory}"

    named_by = ("awsRegion", "directoryId", "remoteDomainName|trustId")

    def known_as(self, aws: Session, address: Address) -> tuple[tuple[str, ...], ...]:
        region, directory, domain = _names(address)
        return (region,), (_id(aws, region, directory) or "",), (domain, f"{domain}.")

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
        return done(aws.write("ds", operation, region=region, **where, **servers))


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
            return done(aws.write("ds", "delete_trust", region=region, TrustId=id))
        if before is not None:
            raise CallFailed("create_trust", "NeverDone", "the direction and the type of a trust are fixed")
        return done(
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


RESOURCES: tuple[Resource, ...] = (Forwarder(), Trust())
