"""Networks from which people may work: which are possible, and the statements that deny what comes from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from remediate.model import Value

Network = IPv4Network | IPv6Network
PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Networks that have no address on the internet: AWS never sees a request from one of them, but through a VPC endpoint.
https://www.iana.org/assignments/iana-ipv4-special-registry/"""


def network(text: str) -> Network:
    """Raises ValueError, with what is wrong, for a text that is no network in CIDR notation."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text} is no network, such as 203.0.113.0/24 or 2001:db8::/32") from None
    raise ValueError(f"{text} has bits beyond its length: {meant} is the network")


def public_network(text: str) -> Network:
    """A network that AWS can see a request come from, without a VPC endpoint. Raises ValueError for every other."""
    found = network(text)
    if found.prefixlen == 0:
        raise ValueError(f"{text} is the whole internet: leave networks out")
    if any(found.version == other.version and found.subnet_of(other) for other in PRIVATE):  # type: ignore[arg-type]
        raise ValueError(
            f"{text} is private: AWS sees the public address behind which it is. "
            "What comes through a VPC endpoint is written under vpc_networks"
        )
    return found


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def inside(address: str, networks: Sequence[str]) -> bool:
    where = ip_address(address)
    return any(where in network(text) for text in networks)


def statements(
    networks: Sequence[str], vpc_networks: Sequence[str], vpcs: Sequence[str], endpoints: Sequence[str]
) -> list[Mapping[str, Value]]:
    """Denies every request that does not come from one of these networks, nor through one of these VPCs or endpoints.

    A request through a VPC endpoint has no aws:SourceIp, and no other has aws:VpcSourceIp. A negated condition holds
    where its key is missing, so that each way in has statements of its own, told apart by `Null`. Without any VPC, one
    statement is enough: what comes through an endpoint is denied because it has no aws:SourceIp. Calls that an AWS
    service makes for somebody are let through: the service was asked from inside.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html
    """
    return list(_statements([str(network(text)) for text in networks], vpc_networks, vpcs, endpoints))


def _statements(
    networks: list[str], vpc_networks: Sequence[str], vpcs: Sequence[str], endpoints: Sequence[str]
) -> Iterator[Mapping[str, Value]]:
    elsewhere: Mapping[str, Value] = {"NotIpAddress": {"aws:SourceIp": networks}} if networks else {}
    if not vpcs and not endpoints:
        yield _deny("OutsideNetworks", elsewhere)
        return
    yield _deny("OutsideNetworks", {**elsewhere, "Null": {"aws:VpcSourceIp": "true"}})
    others: dict[str, Value] = {"aws:SourceVpc": list(vpcs)} if vpcs else {}
    others |= {"aws:SourceVpce": list(endpoints)} if endpoints else {}
    through = {"Null": {"aws:VpcSourceIp": "false"}}
    yield _deny("OutsideVpcs", {"StringNotEquals": others, **through})
    if vpc_networks:
        inner: Value = [str(network(text)) for text in vpc_networks]
        yield _deny("OutsideVpcNetworks", {"NotIpAddress": {"aws:VpcSourceIp": inner}, **through})


def _deny(sid: str, condition: Mapping[str, Value]) -> Mapping[str, Value]:
    return {
        "Sid": f"Remediate{sid}",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {**condition, "Bool": {"aws:ViaAWSService": "false"}},
    }
