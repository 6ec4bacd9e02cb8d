"""Who changed what: asked of CloudTrail, and where it does not tell, of the evidence that is kept."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.cli import terminal, work
from remediate.errors import CallFailed
from remediate.model import AccountId, Event, Header, Plan, Record

if TYPE_CHECKING:
    from remediate.aws.lookup import Lookup
    from remediate.aws.session import Session
    from remediate.culprit import Asked, Trace
    from remediate.drift import Drifted

MOST = 10
"""Conflicts of a run that somebody is asked about."""


def named(
    drifted: "Sequence[Drifted]", ours: Collection[str], header: Header, aws: "Session", evidence: Path
) -> "list[Drifted]":
    """These entries with who changed each, as far as anybody knows. `ours` are the ids of this program's requests."""
    from remediate import drift
    from remediate.aws.lookup import Lookup
    from remediate.culprit import Asked

    if not drifted:
        return []
    where = AccountId(partition=header.partition, account=header.account)
    asked = [Asked(address=d.address, expected=d.expected, now=d.now, since=d.since) for d in drifted]
    with terminal.counting("asking CloudTrail who") as step:
        aws.on_call = step
        lookup = Lookup(aws, where, ours, work.SystemClock())
        said = lookup.who(asked)
        left = [item for item in asked if isinstance(said[item.address], str)]
        return drift.named(drifted, said, _perhaps(left, lookup, header.account, evidence))


def of_conflicts(
    plan: Plan, records: Sequence[Record], outcomes: Mapping[int, Event], aws: "Session", parallel: int
) -> "list[Drifted]":
    """What somebody changed between a plan and its run, and who; not what conflicts because a fact is another one."""
    from remediate.aws.live import LiveAccount
    from remediate.drift import Left, compare, sent

    made = plan.header.created
    left = {c.address: Left(c.before, plan.digest, made) for c in plan.changes if outcomes.get(c.id) == "conflict"}
    moved = compare(left, LiveAccount(aws, parallel).read(left)) if left else []
    return named(moved[:MOST], sent([records]), plan.header, aws, work.EVIDENCE)


def _perhaps(asked: "Sequence[Asked]", lookup: "Lookup", account: str, evidence: Path) -> "dict[str, Sequence[Trace]]":
    """Who may have done it, by the records; nothing where there are none. Raises BadInput where they are broken."""
    from remediate.evidence.traces import suspects
    from remediate.store.evidence import Store

    weeks = list(Store(evidence, account).by_week()) if asked else []
    found: dict[str, Sequence[Trace]] = {}
    for item in asked if weeks else ():
        try:
            found[item.address] = suspects(lookup.described(item), item.since, weeks)
        except CallFailed:  # what the entry is called is known to AWS alone; that it was not told stands beside it
            continue
    return found
