"""What has moved since it was last set: the `after` of past runs compared with the live account."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from remediate.culprit import Trace
from remediate.model import SETTLED, Address, Change, Plan, Record, Risk, Struct, Value, kind_of

ATTENDED = frozenset({"iam.login_profile", "ds.directory"})
"""Kinds that no unattended run creates: a password is shown once, and would end in a log; a directory costs money."""

REMEMBERED = timedelta(days=90)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html"""


class Drifted(Struct, frozen=True, kw_only=True):
    """An entry that one of our runs set, and that is something else now."""

    address: Address
    expected: Value
    now: Value
    plan: str
    """The file of the plan that set it."""
    since: datetime
    """When it was as it was set: somebody changed it later."""
    who: Trace | None = None
    """Who changed it last."""
    nobody_knows: str = ""
    """Why nobody knows who."""
    perhaps: tuple[Trace, ...] = ()
    """Then, by the evidence that is kept: whose calls can have done it, each with the last; the latest first."""


class Left(NamedTuple):
    """What a run left an address at: the value, the plan that did, and when it was seen to be so."""

    value: Value
    plan: str
    at: datetime


def recorded(runs: Iterable[tuple[str, Plan, Sequence[Record]]]) -> dict[Address, Left]:
    """What past runs left each address at; the runs oldest first, each with its journal."""
    left: dict[Address, Left] = {}
    for name, plan, records in runs:
        last = {record.change: record for record in records if record.change}
        for change in plan.changes:
            record = last.get(change.id)
            if record and record.event in SETTLED:
                left[change.address] = Left(change.after, name, record.at)
    return left


def compare(left: Mapping[Address, Left], live: Mapping[Address, Value | Exception]) -> list[Drifted]:
    """The addresses whose live value is not what the last run left. Unreadable ones are not among them."""
    return [
        Drifted(address=address, expected=was.value, now=now, plan=was.plan, since=was.at)
        for address, was in sorted(left.items())
        if not isinstance(now := live[address], Exception) and now != was.value
    ]


def wanted(plan: Plan, besides: Collection[Address]) -> list[Drifted]:
    """What the playbook would change and no run has set, as if it had been right as long as CloudTrail remembers."""
    since = plan.header.created - REMEMBERED
    return [
        Drifted(address=change.address, expected=change.after, now=change.before, plan="", since=since)
        for change in plan.changes
        if change.address not in besides
    ]


def sent(runs: Iterable[Sequence[Record]]) -> frozenset[str]:
    """AWS's ids of all requests that runs have sent, by their journals."""
    return frozenset(id for records in runs for record in records for id in record.request_ids)


def named(
    drifted: Iterable[Drifted], said: Mapping[str, Trace | str], perhaps: Mapping[str, Sequence[Trace]]
) -> list[Drifted]:
    """The same with who changed each, as far as anybody knows."""
    return [
        msgspec.structs.replace(item, **_as_fields(said[item.address]), perhaps=tuple(perhaps.get(item.address, ())))
        for item in drifted
    ]


def _as_fields(said: Trace | str) -> dict[str, Trace | str]:
    return {"nobody_knows": said} if isinstance(said, str) else {"who": said}


def approved(changes: Sequence[Change], classes: Sequence[Risk]) -> list[Change]:
    """The changes of which every class of risk is approved, and whose needs are all approved too.

    Never what needs somebody to watch: see ATTENDED.
    """
    chosen: set[int] = set()
    for change in changes:
        attended = kind_of(change.address) in ATTENDED and change.before is None
        if change.classes.issubset(classes) and chosen.issuperset(change.needs) and not attended:
            chosen.add(change.id)
    return [change for change in changes if change.id in chosen]
