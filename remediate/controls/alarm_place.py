"""Where alarms watch: the log group that a trail of all regions delivers to, or will when this plan is applied."""

from collections.abc import Iterator, Mapping

from msgspec import structs

from remediate.account import Account, Trail
from remediate.controls import trail as trails
from remediate.controls.trail_choice import organization_trail, owner, selectors_of, subject
from remediate.controls.trail_selectors import covers_management
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope

CONTROL = "trail"


class Place(Struct, frozen=True, kw_only=True):
    region: str
    group: str
    trail: str
    wants: tuple[Want, ...] = ()
    """What the control `trail` does so that events arrive there."""


def place_asks(account: Account, scope: Scope) -> Iterator[Address]:
    settings = scope.playbook.controls.get(CONTROL)
    if not delivering(account) and isinstance(settings, trails.Settings):
        yield from trails.control.asks(account, settings, scope)


def delivering(account: Account) -> list[Place]:
    """The log groups where all management events of all regions arrive now. Raises Unreadable where none is seen and
    one could be hidden."""
    own = [t for t in account.trails if owner(t) == account.id and t.multi_region]
    found = [place for trail in own if (place := _of(account, trail))]
    if not found:
        account.known(*(address for trail in own for address in _parts(trail)))
    return found


def planned(account: Account, scope: Scope) -> Place | None:
    """Where the control `trail` has events delivered, with all that it does for that."""
    settings = scope.playbook.controls.get(CONTROL)
    if not isinstance(settings, trails.Settings) or organization_trail(account):
        return None
    names, live = subject(account, settings.home_region or account.region, settings.name, settings.bucket)
    group = _group(account, live) if live.get("log_group") else settings.log_group and (names.home, settings.log_group)
    if not group:
        return None
    why = "alarms watch what this trail delivers"
    wants = [w for fault in trails.control.check(account, settings, scope) for w in fault.wants]
    ours = tuple(structs.replace(want, why=why) for want in wants)
    return Place(region=group[0], group=group[1], trail=names.trail, wants=ours)


def nowhere(account: Account, scope: Scope) -> Fault:
    """Why nothing can be watched here, and what a person can do about it."""
    address = at("cloudtrail.trail", account.region)
    account.known(address)  # where it can be read, it shows the trails of all regions
    theirs = organization_trail(account)
    if theirs:
        summary = f"the organization's trail {theirs.name} covers this account, and delivers its events elsewhere"
        steps: tuple[str, ...] = (
            f"Make the alarms in account {owner(theirs)}, where the events arrive: remediate plan --control alarms",
            "Then switch `alarms` off in the playbook of this account.",
        )
    elif scope.playbook.controls.get(CONTROL):
        summary = "no trail of all regions is delivered to CloudWatch Logs in this account, so nothing can be watched"
        steps = (
            "Name a `log_group` for the control `trail` in the playbook, or let the trail deliver to this account.",
        )
    else:
        summary = "no trail of all regions is delivered to CloudWatch Logs, and the playbook has no control `trail`"
        steps = ("Switch on `trail` in the playbook, or give a trail of all regions a log group in this account.",)
    check = "The next plan finds a log group that a trail of all regions delivers to."
    manual = Manual(address=address, summary=summary, steps=steps, check=check)
    return Fault(address=address, severity="medium", summary=summary, manual=manual)


def _of(account: Account, trail: Trail) -> Place | None:
    """The trail's log group, if it records everything and delivers it to this account."""
    if not trail.logging or any(account.gaps(*_parts(trail))) or not covers_management(selectors_of(account, trail)):
        return None
    group = _group(account, account.value(at("cloudtrail.trail", trail.home, trail.name)))
    return Place(region=group[0], group=group[1], trail=trail.name) if group else None


def _parts(trail: Trail) -> tuple[Address, ...]:
    return tuple(at(f"cloudtrail.{part}", trail.home, trail.name) for part in ("trail", "logging", "selectors"))


def _group(account: Account, value: Value) -> tuple[str, str] | None:
    """Region and name of a trail's log group; none where it has none in this account."""
    arn = str(value.get("log_group", "")) if isinstance(value, Mapping) else ""
    parts = arn.removesuffix(":*").split(":", 6)
    return (parts[3], parts[6]) if len(parts) == 7 and parts[4] == account.id else None
