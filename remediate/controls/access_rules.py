"""The settings of `access-conditions`, and what is refused about them before anything is read."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from remediate.controls.base import Complaint, Moment
from remediate.controls.closing_hours import Hours, closed, is_open, zone
from remediate.controls.hours_policy import POLICY_SIZE, Schedule
from remediate.controls.network_rules import inside, is_address, network, public_network, statements
from remediate.model import Struct, Value
from remediate.policy import VERSION, size

WAY_OUT = "Add caller_outside: accept if this program may be outside"
PER_GROUP = 10
"""Managed policies of a group. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=64)]
GroupName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=128)]
Cidr = Annotated[str, Meta(min_length=1)]


class Rule(Struct, frozen=True, kw_only=True):
    """What the members of some groups may do only from somewhere, or at some time."""

    name: Name
    """Of the rule; its policies are called after it."""
    groups: Annotated[tuple[GroupName, ...], Meta(min_length=1)]
    networks: tuple[Cidr, ...] = ()
    """Public networks, such as 203.0.113.0/24 or 2001:db8::/32."""
    vpcs: tuple[Annotated[str, Meta(pattern="^vpc-[0-9a-f]+$")], ...] = ()
    """VPCs from which requests may come through a VPC endpoint."""
    vpc_endpoints: tuple[Annotated[str, Meta(pattern="^vpce-[0-9a-f]+$")], ...] = ()
    """The same, endpoint by endpoint."""
    vpc_networks: tuple[Cidr, ...] = ()
    """Networks within those; none given means all of them."""
    hours: Hours | None = None
    caller_outside: Literal["refuse", "accept"] = "refuse"
    """Whether this program may itself run from elsewhere or at other times: then it must be in none of the groups."""

    @property
    def places(self) -> bool:
        return bool(self.networks or self.vpcs or self.vpc_endpoints)


class Settings(Struct, frozen=True, kw_only=True):
    rules: tuple[Rule, ...] = ()
    caller_address: str | None = None
    """The public address that AWS sees this program come from, where it cannot find that out itself."""
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=32)] = "AccessConditions"
    """What the names of the policies begin with."""
    path: Annotated[str, Meta(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"
    """The path of the policies."""


def places_document(rule: Rule) -> Mapping[str, Value]:
    said = statements(rule.networks, rule.vpc_networks, rule.vpcs, rule.vpc_endpoints)
    return {"Version": VERSION, "Statement": said}


def refuses(settings: Settings, moment: Moment) -> Iterator[Complaint]:
    names: set[str] = set()
    stated = settings.caller_address
    if stated is not None and not is_address(stated):
        yield "caller_address", f"{stated} is no address, such as 203.0.113.7"
        return
    for n, rule in enumerate(settings.rules):
        here = f"rules[{n}]"
        if rule.name.lower() in names:
            yield f"{here}.name", f"two rules are called {rule.name}"
        names.add(rule.name.lower())
        wrong = [*_places(rule), *_hours(rule, moment)]
        yield from ((f"{here}.{where}" if where else here, what) for where, what in wrong)
        if not wrong and rule.caller_outside == "refuse":
            yield from ((f"{here}.{where}", what) for where, what in _caller(rule, settings, moment))


def _places(rule: Rule) -> Iterator[Complaint]:
    if not rule.places and not rule.hours:
        yield "", "a rule needs networks, vpcs, vpc_endpoints or hours"
    if rule.vpc_networks and not rule.vpcs and not rule.vpc_endpoints:
        yield "vpc_networks", "anybody can make a VPC with the same addresses: name yours, in vpcs or vpc_endpoints"
    for kind, texts, check in (
        ("networks", rule.networks, public_network),
        ("vpc_networks", rule.vpc_networks, network),
    ):
        for n, text in enumerate(texts):
            try:
                check(text)
            except ValueError as error:
                yield f"{kind}[{n}]", str(error)
                return
    length = size(places_document(rule)) if rule.places else 0
    if length > POLICY_SIZE:
        yield "networks", f"they make a policy of {length} characters, and IAM allows {POLICY_SIZE}: join some"


def _hours(rule: Rule, moment: Moment) -> Iterator[Complaint]:
    hours = rule.hours
    if hours is None:
        return
    try:
        wall = moment.now.astimezone(zone(hours))
    except ValueError as error:
        yield "hours.timezone", str(error)
        return
    if not closed(hours, wall.date(), 14):
        yield "hours", "it is never closed: leave hours out"
        return
    room = PER_GROUP - rule.places
    parts = len(Schedule(hours, moment.now).of(wall.date()))
    if parts > room:
        days = hours.ahead_days * room // parts
        yield (
            "hours.ahead_days",
            f"{hours.ahead_days} days need {parts} policies of {POLICY_SIZE} characters, and a group can carry {room}: "
            f"about {days} days fit",
        )
    elif rule.caller_outside == "refuse" and not is_open(hours, moment.now):
        yield (
            "hours",
            f"it is {wall:%a %H:%M} in {hours.timezone}, and closed. {WAY_OUT}",
        )


def _caller(rule: Rule, settings: Settings, moment: Moment) -> Iterator[Complaint]:
    """Whether what the rule shuts out is where this program is: most often, that is a mistake in a network."""
    if not rule.places:
        return
    networks, where = (*rule.networks, *rule.vpc_networks), "networks" if rule.networks else "vpcs"
    address = settings.caller_address or moment.address()
    if address is None or not networks:
        yield where, f"nobody knows which address AWS sees calls come from: say caller_address. {WAY_OUT}"
    elif not inside(address, networks):
        yield where, f"AWS sees this program come from {address}, outside of them. {WAY_OUT}"
