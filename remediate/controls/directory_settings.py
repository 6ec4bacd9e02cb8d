"""The directories that a playbook declares, and what of a declaration does not go together."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from remediate.model import Struct, Value
from remediate.passwords import Place, of_directory

Type = Literal["simple-ad", "microsoft-ad", "ad-connector"]
Domain = Annotated[str, Meta(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]$(?!\n)", max_length=64)]
"""A DNS name in lower case, such as corp.example.com."""
ShortName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$(?!\n)", max_length=15)]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$(?!\n)")]
VpcId = Annotated[str, Meta(pattern=r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$(?!\n)")]
SubnetId = Annotated[str, Meta(pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$(?!\n)")]
Octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
Ip = Annotated[str, Meta(pattern=rf"^({Octet}\.){{3}}{Octet}$(?!\n)")]
Servers = Annotated[tuple[Ip, ...], Meta(max_length=4)]

OF_TYPE: Mapping[Type, tuple[str, ...]] = {
    "simple-ad": ("size",),
    "microsoft-ad": ("edition", "trusts"),
    "ad-connector": ("size", "dns", "user"),
}
"""The settings that only some types have."""


class Trust(Struct, frozen=True, kw_only=True):
    """Another domain that a Managed Microsoft AD trusts, or that trusts it."""

    domain: Domain
    dns: Annotated[tuple[Ip, ...], Meta(min_length=1, max_length=4)]
    """The domain's name servers."""
    direction: Literal["two-way", "outgoing", "incoming"] = "two-way"
    type: Literal["forest", "external"] = "forest"


class Directory(Struct, frozen=True, kw_only=True):
    type: Type
    name: Domain
    region: Region
    vpc: VpcId
    subnets: Annotated[tuple[SubnetId, ...], Meta(min_length=2, max_length=2)]
    """Two, in different availability zones."""
    short_name: ShortName | None = None
    """The NetBIOS name; without it the first part of the name in capitals."""
    size: Literal["Small", "Large"] | None = None
    """Of a Simple AD or an AD Connector; without it Small."""
    edition: Literal["Standard", "Enterprise"] | None = None
    """Of a Managed Microsoft AD; without it Standard."""
    dns: Servers = ()
    """The name servers of the domain that an AD Connector connects to."""
    user: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+$(?!\n)", max_length=64)] | None = None
    """The service account in that domain that an AD Connector works as."""
    trusts: tuple[Trust, ...] = ()
    """Of a Managed Microsoft AD."""

    def __post_init__(self) -> None:
        if self.subnets[0] == self.subnets[1]:
            raise ValueError("subnets are two different ones, in different availability zones")
        for name in ("size", "edition", "dns", "user", "trusts"):
            if getattr(self, name) and name not in OF_TYPE[self.type]:
                raise ValueError(f"{name} is no setting of a directory of type {self.type}")
        if self.type == "ad-connector" and not (self.dns and self.user):
            raise ValueError("an AD Connector needs dns and user: the domain's name servers, and a service account")
        if len({trust.domain for trust in self.trusts}) < len(self.trusts):
            raise ValueError("trusts name a domain twice")

    @property
    def password(self) -> Place:
        return of_directory(self.name)

    def value(self) -> dict[str, Value]:
        """The entry of a directory that is made as declared."""
        value: dict[str, Value] = {
            "type": self.type,
            "short_name": (self.short_name or self.name.partition(".")[0][:15]).upper(),
            "vpc": self.vpc,
            "subnets": sorted(self.subnets),
        }
        if self.type == "microsoft-ad":
            return {**value, "edition": self.edition or "Standard"}
        value["size"] = self.size or "Small"
        return value if self.type == "simple-ad" else {**value, "dns": sorted(self.dns), "user": self.user}
