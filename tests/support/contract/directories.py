"""Directories of each type, and what lets one trust another domain."""

from datetime import UTC, datetime
from typing import Any

from remediate.model import Address, Value, at
from remediate.sandbox.builder import ACCOUNT, REGION, Builder
from remediate.sandbox.estate import directories
from support.contract.case import Case, Client

NAME, FAR, NEAR = "corp.example.com", "partner.example.com", "branch.example.com"
PASSWORD = "Correct-horse-7-battery"
PLACE: dict[str, Value] = {"short_name": "CORP", "vpc": directories.VPC, "subnets": sorted(directories.SUBNETS)}
SIMPLE: Value = {"type": "simple-ad", "size": "Small", **PLACE}
MICROSOFT: Value = {"type": "microsoft-ad", "edition": "Standard", **PLACE}
CONNECTOR: Value = {
    "type": "ad-connector",
    "size": "Large",
    "dns": ["10.1.0.5", "10.1.0.6"],
    "user": "svc-aws",
    **PLACE,
}


def network(client: Client) -> None:
    """Two subnets, and every password as a secret: text, or JSON as the console makes it."""
    directories.network(Builder(datetime(2026, 6, 1, tzinfo=UTC)))
    secrets = client("secretsmanager")
    secrets.create_secret(Name=f"remediate/directory/{NAME}", SecretString=PASSWORD)
    text = f'{{"password": "{PASSWORD}"}}'
    secrets.create_secret(Name=f"remediate/directory/{NAME}/trust/{FAR}", SecretString=text)


def backend() -> Any:
    from moto.ds.models import ds_backends

    return ds_backends[ACCOUNT][REGION]


def active(client: Client) -> None:
    """A Managed Microsoft AD that was made a while ago."""
    network(client)
    place = {"VpcId": directories.VPC, "SubnetIds": sorted(directories.SUBNETS)}
    client("ds").create_microsoft_ad(Name=NAME, Password=PASSWORD, Edition="Standard", VpcSettings=place)
    backend().minutes = 0


FORWARDER = at("ds.forwarder", REGION, NAME, FAR)
TWO_WAY: Value = {"direction": "two-way", "type": "forest"}
OUTGOING: Value = {"direction": "outgoing", "type": "external"}
DIRECTORY: Address = at("ds.directory", REGION, NAME)

CASES: tuple[Case, ...] = (
    *(
        Case(DIRECTORY, (None, value), setup=network, never=((value, None),), name=f"{DIRECTORY}/{name}")
        for name, value in (("simple", SIMPLE), ("microsoft", MICROSOFT), ("connector", CONNECTOR))
    ),
    Case(FORWARDER, (None, ["10.9.0.5"], ["10.9.0.5", "10.9.0.6"], None), setup=active),
    Case(
        at("ds.trust", REGION, NAME, FAR),
        (None, TWO_WAY, None, OUTGOING, None),
        {FORWARDER: ["10.9.0.5"]},
        active,
        never=((TWO_WAY, OUTGOING),),
    ),
)
