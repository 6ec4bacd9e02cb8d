"""Which requests the network policies let through: a truth table, read by an evaluator of IAM's conditions."""

from collections.abc import Mapping

import pytest
from support.evaluator import denied

from remediate.controls.network_rules import inside, network, public_network, statements
from remediate.policy import VERSION

OFFICE, HOTEL, OFFICE_6, HOTEL_6 = "203.0.113.7", "198.51.100.7", "2001:db8:ac::7", "2001:db8:bad::7"
NETWORKS = ("203.0.113.0/24", "2001:db8:ac::/48")
OURS, THEIRS, GATE, OTHER_GATE = "vpc-0a", "vpc-0b", "vpce-0a", "vpce-0b"


def public(address: str) -> Mapping[str, str]:
    """A request from the internet: the context has aws:SourceIp, and nothing of a VPC."""
    return {"SourceIp": address, "ViaAWSService": "false"}


def through(vpc: str, endpoint: str, address: str) -> Mapping[str, str]:
    """A request through a VPC endpoint: it has no aws:SourceIp."""
    return {"SourceVpc": vpc, "SourceVpce": endpoint, "VpcSourceIp": address, "ViaAWSService": "false"}


REQUESTS: Mapping[str, Mapping[str, str]] = {
    "office": public(OFFICE),
    "office 6": public(OFFICE_6),
    "hotel": public(HOTEL),
    "hotel 6": public(HOTEL_6),
    "AWS for somebody, from an address of its own": {"SourceIp": HOTEL, "ViaAWSService": "true"},
    "AWS for somebody, without an address": {"ViaAWSService": "true"},
    "our VPC": through(OURS, GATE, "10.20.1.1"),
    "our VPC, another endpoint": through(OURS, OTHER_GATE, "10.20.1.1"),
    "our VPC, another network": through(OURS, GATE, "10.99.1.1"),
    "another VPC with the same addresses": through(THEIRS, "vpce-0c", "10.20.1.1"),
    "another VPC behind our office's address": through(THEIRS, "vpce-0c", OFFICE),
    "AWS for somebody in another VPC": {**through(THEIRS, "vpce-0c", "10.20.1.1"), "ViaAWSService": "true"},
    "through an endpoint that does not say of which VPC": {"VpcSourceIp": "10.20.1.1", "ViaAWSService": "false"},
    "from nowhere": {"ViaAWSService": "false"},
}
AWS_ITSELF = {name for name in REQUESTS if name.startswith("AWS for somebody")}
RULES: Mapping[str, tuple[Mapping[str, tuple[str, ...]], set[str]]] = {
    # what the rule names, and the requests that it lets through beside those of AWS itself
    "networks alone": ({"networks": NETWORKS}, {"office", "office 6"}),
    "one network": ({"networks": NETWORKS[:1]}, {"office"}),
    "a VPC alone": ({"vpcs": (OURS,)}, {"our VPC", "our VPC, another endpoint", "our VPC, another network"}),
    "an endpoint alone": ({"endpoints": (GATE,)}, {"our VPC", "our VPC, another network"}),
    "networks, and a VPC": (
        {"networks": NETWORKS, "vpcs": (OURS,)},
        {"office", "office 6", "our VPC", "our VPC, another endpoint", "our VPC, another network"},
    ),
    "networks, and a network of a VPC": (
        {"networks": NETWORKS, "vpcs": (OURS,), "vpc_networks": ("10.20.0.0/16",)},
        {"office", "office 6", "our VPC", "our VPC, another endpoint"},
    ),
    "a network of an endpoint": ({"endpoints": (GATE,), "vpc_networks": ("10.20.0.0/16",)}, {"our VPC"}),
    "a VPC, or an endpoint of another": (
        {"vpcs": (THEIRS,), "endpoints": (GATE,)},
        {"our VPC", "our VPC, another network", "another VPC with the same addresses",
         "another VPC behind our office's address"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize(("rule", "through_"), RULES.values(), ids=RULES)
def test_what_is_let_through(rule: Mapping[str, tuple[str, ...]], through_: set[str], request_name: str) -> None:
    places = {"networks": (), "vpc_networks": (), "vpcs": (), "endpoints": (), **rule}
    text = {"Version": VERSION, "Statement": statements(**places)}
    expected = request_name in through_ | AWS_ITSELF
    assert denied(text, "s3:GetObject", **REQUESTS[request_name]) == (not expected)


@pytest.mark.parametrize(
    "text",
    ["203.0.113.0/24", "203.0.113.7", "203.0.113.7/32", "2001:db8::/32", "2001:db8::1", "128.0.0.0/1", "8.8.8.0/24"],
)
def test_public_networks(text: str) -> None:
    assert str(public_network(text))


NO_NETWORK = {
    "10.1.0.0/16": "is private",
    "172.31.0.0/20": "is private",
    "192.168.1.0/24": "is private",
    "127.0.0.1": "is private",
    "169.254.0.0/16": "is private",
    "100.64.0.0/10": "is private",
    "fd00::/8": "is private",
    "fe80::/10": "is private",
    "::1": "is private",
    "0.0.0.0/0": "the whole internet",
    "::/0": "the whole internet",
    "203.0.113.7/24": "203.0.113.0/24 is the network",
    "2001:db8::1/32": "2001:db8::/32 is the network",
    "203.0.113.0/33": "is no network",
    "203.0.113": "is no network",
    "office": "is no network",
    "": "is no network",
    "203.0.113.0/24\n": "is no network",
}


@pytest.mark.parametrize(("text", "why"), NO_NETWORK.items())
def test_what_is_no_public_network(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        public_network(text)


def test_networks_of_a_vpc_may_be_private() -> None:
    assert str(network("10.20.0.0/16")) == "10.20.0.0/16"


@pytest.mark.parametrize(
    ("address", "expected"), [(OFFICE, True), (HOTEL, False), (OFFICE_6, True), (HOTEL_6, False), ("::1", False)]
)
def test_inside(address: str, expected: bool) -> None:
    assert inside(address, NETWORKS) == expected
    assert not inside(address, ())
