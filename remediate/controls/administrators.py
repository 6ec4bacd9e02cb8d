"""Who may do everything, through what, and whether anything of it is used that only an administrator may."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from remediate.controls.privilege import View
from remediate.model import Address, Struct, Value, at, kind_of, name_of

SERVICES = ("account", "iam", "organizations")
"""What PowerUserAccess leaves out.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/PowerUserAccess.html"""
FRESH = timedelta(days=30)
"""Who worked within these days counts as an administrator that is there when needed."""


class Administrator(Struct, frozen=True, kw_only=True):
    """A user or role that may do everything."""

    address: Address
    ways: tuple[str, ...]
    """What gives it that: ARNs of policies, addresses of inline ones."""
    groups: tuple[str, ...]
    """The groups through which some of it comes."""
    known: bool
    """Whether there is evidence of what it uses."""
    used: datetime | None
    """Its last attempt at one of `SERVICES`."""


def evidence_of_use(arn: str) -> Address:
    """What to ask about those who hold a policy, or are in a group."""
    return at("iam.service_users", ",".join(SERVICES), arn)


def administrators(view: View) -> list[Administrator]:
    """Everybody who may do everything, within no permissions boundary."""
    account = view.account
    found = [_administrator(view, "user", name) for name, user in account.users.items() if not user.boundary]
    found += [_administrator(view, "role", name) for name, role in account.roles.items() if not role.boundary]
    return [a for a in found if a.ways]


def _administrator(view: View, holder: str, name: str) -> Administrator:
    address = at(f"iam.{holder}", name)
    through = view.account.groups_of(name) if holder == "user" else ()
    given = {group: view.everything("group", group) for group in through if view.everything("group", group)}
    direct = view.everything(holder, name)
    rows = [row for source in _sources(view, holder, name) if (row := _row(view, source, address)) is not None]
    uses = [datetime.fromisoformat(m) for row in rows for m in row.values() if isinstance(m, str)]
    return Administrator(
        address=address,
        ways=tuple(sorted({*direct, *(way for ways in given.values() for way in ways)})),
        groups=tuple(given),
        known=bool(rows),
        used=max(uses, default=None),
    )


def _row(view: View, source: str, address: Address) -> Mapping[str, Value] | None:
    """What a report says of this user or role; None where it does not name it."""
    who, report = view.principal(address), view.account.facts.get(evidence_of_use(source))
    row = report.get(who.arn) if who and isinstance(report, Mapping) else None
    return row if isinstance(row, Mapping) else None


def _sources(view: View, holder: str, name: str) -> Iterator[str]:
    """What to ask about to learn what this one uses: its groups and policies, which it shares with others."""
    for group in view.account.groups_of(name) if holder == "user" else ():
        if view.everything("group", group):
            yield view.arn("group", group)
    for way in view.everything(holder, name):
        yield way if way.startswith("arn:") else view.arn(holder, name)


def sources(view: View) -> Iterator[Address]:
    """The reports that tell what all administrators use: one for each group and policy, however many hold it."""
    for administrator in administrators(view):
        holder = kind_of(administrator.address).removeprefix("iam.")
        yield from map(evidence_of_use, _sources(view, holder, name_of(administrator.address)))


def idle(view: View, administrator: Administrator) -> bool:
    """Whether the evidence shows no need of an administrator's rights."""
    return administrator.known and (administrator.used is None or administrator.used < view.since)


def fresh(view: View, administrator: Administrator) -> bool:
    """Whether it worked lately, and can go on."""
    seen = view.seen(administrator.address)
    return view.working(administrator.address) and seen is not None and view.scope.now - seen < FRESH
