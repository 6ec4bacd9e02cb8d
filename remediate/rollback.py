"""The same plan backwards: before and after swapped, edges reversed, through the same executor."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from remediate import __version__, guard, order
from remediate.account import Account
from remediate.errors import BadInput
from remediate.executor import doubtful
from remediate.executor.ledger import PATIENCE
from remediate.model import (
    SETTLED,
    Address,
    Change,
    Event,
    Kept,
    Plan,
    Record,
    Risk,
    Value,
    gravest,
    kind_of,
    outcomes,
)
from remediate.proof import prove
from remediate.protocols import Clock, Live, Resources

VALID = timedelta(hours=24)
POLL = 2.0
"""Seconds between looks at what was sent and is not seen yet."""
INVERSE_RISK: Mapping[Risk, Risk] = {
    "neutral": "neutral",
    "additive": "restrictive",
    "restrictive": "additive",
    "destructive": "additive",
}


def inverse(plan: Plan, outcomes: Mapping[int, Event], account: Account, resources: Resources, now: datetime) -> Plan:
    """The plan that takes back what this one changed, without a digest.

    Only changes that the journal says were ours and done are taken back. What cannot be written back stays, and so does
    what others have come to depend on since: `kept` says which and why. Raises BadInput if nothing was applied.
    """
    ours = [c for c in plan.changes if outcomes.get(c.id) == "done"]
    if not ours:
        raise BadInput(
            "nothing of this plan was applied, so there is nothing to take back",
            remedy="`remediate runs` lists what was applied.",
        )
    kept, changes = _taken_back(plan, ours, account, resources)
    checks = guard.check(
        account, changes, resources, plan.exemptions, now, break_glass=plan.break_glass, rolls_back=True
    )
    header = msgspec.structs.replace(
        plan.header,
        tool=__version__,
        caller=account.caller,
        created=now,
        expires=now + VALID,
        rolls_back=plan.digest,
        planner="",
    )
    return Plan(
        format=plan.format,
        digest="",
        header=header,
        findings=(),
        changes=changes,
        manual=(),
        unknowns=(),
        exempted=(),
        checks=checks,
        proof=prove(account, changes),
        exemptions=plan.exemptions,
        break_glass=plan.break_glass,
        kept=tuple(Kept(address=c.address, why=kept[c.id]) for c in ours if c.id in kept),
    )


def most(plan: Plan, outcomes: Mapping[int, Event]) -> list[Change]:
    """Everything that was done, swapped, the last first: the most that a rollback takes back."""
    done = [c for c in plan.changes if outcomes.get(c.id) == "done"]
    return [msgspec.structs.replace(c, before=c.after, after=c.before) for c in reversed(done)]


def settled(plan: Plan, records: Sequence[Record], live: Live, clock: Clock) -> dict[int, Event]:
    """What came of each change, asking the account about those that were sent and have no outcome.

    One that was sent a moment ago is waited for: AWS may not show it yet, and it would outlive the rollback. One whose
    entry is neither as before nor as planned counts as done, so that the rollback stops there and shows it:
    left out, it would stay as it is and nobody would know. Raises BadInput where the account cannot be asked.
    """
    result = outcomes(records)
    doubt = doubtful(records)
    open_ended = [c for c in plan.changes if c.id in doubt and result[c.id] not in SETTLED]
    values = _shown(open_ended, records, live, clock)
    for change in open_ended:
        value = values[change.address]
        if isinstance(value, Exception):
            raise BadInput(
                f"nobody knows whether change #{change.id} was done: {value}",
                address=change.address,
                remedy="Mend the reason, then run the same command again.",
            )
        if value != change.before:
            result[change.id] = "done"
    return result


def _shown(
    changes: Sequence[Change], records: Sequence[Record], live: Live, clock: Clock
) -> Mapping[Address, Value | Exception]:
    """What the account shows once each of these changes is seen, or AWS had all its time to show it."""
    now = clock.now()  # a record of the future, of a clock that was set back since, counts as just made
    sent = {record.change: min(record.at, now) for record in records if record.event in ("intent", "sent")}
    while True:
        values = live.read(c.address for c in changes) if changes else {}
        old = [c for c in changes if values[c.address] == c.before]
        if not any(0 <= (clock.now() - sent[c.id]).total_seconds() < PATIENCE for c in old):
            return values
        clock.sleep(POLL)


def _taken_back(
    plan: Plan, ours: Sequence[Change], account: Account, resources: Resources
) -> tuple[dict[int, str], tuple[Change, ...]]:
    """The changes that stay, by id, with the reason; and the others backwards."""
    left: dict[int, str] = {}
    while True:
        kept = _kept(ours, left, account, resources)
        back = [c for c in ours if c.id not in kept]
        changes = _backwards(plan.changes, back, resources)
        more = guard.left(account, changes, resources, plan.break_glass)
        if not more:
            return kept, changes
        reasons = {c.address: more[b.id] for c, b in zip(reversed(back), changes, strict=True) if b.id in more}
        left |= {c.id: reasons[c.address] for c in back if c.address in reasons}  # an entry that changed twice stays


def _kept(ours: Sequence[Change], left: Mapping[int, str], account: Account, resources: Resources) -> dict[int, str]:
    """The changes that stay, by id, with the reason; those that are left for one of their own among them."""
    kept = {c.id: f"cannot be taken back: {c.loss}" for c in ours if c.reversal == "impossible"} | dict(left)
    created = {c.address: c for c in ours if c.before is None}
    while True:
        lost = {c.address for c in ours if c.after is None and c.id in kept}
        gone = {address for address, c in created.items() if c.id not in kept}
        users = _users_after(ours, kept, account, resources)
        found = dict(kept)
        for change in ours:
            kind = resources[kind_of(change.address)]
            parent = kind.parent(change.address)
            held = users[change.address] - gone - _within(change.address, created, resources) if kind.held() else ()
            others = sorted(held)
            if parent in created and parent not in gone:
                found.setdefault(change.id, f"it stays with {parent}")
            elif gone_with := lost & {parent, *_needed(change, resources)}:
                found.setdefault(change.id, f"it went with {min(gone_with)}, which cannot be brought back")
            elif change.before is None and others:
                found.setdefault(change.id, f"in use since: {', '.join(others[:3])}")
        if found == kept:
            return kept
        kept = found


def _needed(change: Change, resources: Resources) -> Iterable[Address]:
    """What must be there for the change to be taken back."""
    return () if change.before is None else resources[kind_of(change.address)].uses(change.address, change.before)


def _within(address: Address, created: Iterable[Address], resources: Resources) -> set[Address]:
    """Entries of this plan that end with that one."""
    kinds = [(a, resources[kind_of(a)]) for a in created]
    return {a for a, kind in kinds if kind.ends_with_parent() and kind.parent(a) == address}


def _users_after(
    ours: Sequence[Change], kept: Mapping[int, str], account: Account, resources: Resources
) -> dict[Address, set[Address]]:
    """For each entry, the entries that will need it once everything that is not kept is taken back."""
    final = dict(account.state)
    for change in reversed(ours):
        if change.id not in kept:
            final[change.address] = change.before
    users: dict[Address, set[Address]] = defaultdict(set)
    for address, value in final.items():
        kind = resources.get(kind_of(address))
        for used in kind.uses(address, value) if kind and value is not None else ():
            users[used].add(address)
    return users


def _backwards(all_changes: Sequence[Change], back: Sequence[Change], resources: Resources) -> tuple[Change, ...]:
    """Each change swapped; what came after another now comes before it."""
    above = order.ancestors([c.id for c in all_changes], {c.id: set(c.needs) for c in all_changes})
    number = {c.id: n for n, c in enumerate(reversed(back), start=1)}
    edges: dict[int, set[int]] = {c.id: set() for c in back}
    for later in back:
        for earlier in _bits(above[later.id]):
            if earlier in edges:
                edges[earlier].add(later.id)
    few = order.reduced([c.id for c in reversed(back)], edges)
    return tuple(_swapped(c, number, few[c.id], resources) for c in reversed(back))


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def _swapped(change: Change, number: Mapping[int, int], needs: set[int], resources: Resources) -> Change:
    reversal, loss = resources[kind_of(change.address)].reversal(change.after, change.before)
    risk, also = gravest(INVERSE_RISK[r] for r in change.classes)
    return msgspec.structs.replace(
        change,
        id=number[change.id],
        before=change.after,
        after=change.before,
        needs=tuple(sorted(number[n] for n in needs)),
        risk=risk,
        also=also,
        reversal=reversal,
        loss=loss,
        evidence={},
        notice="",
    )
