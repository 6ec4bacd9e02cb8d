"""Would anybody have noticed? The calls that CloudTrail recorded, held against what a plan changes.

    records        what is recorded of an account's people
    circumstances  what a record tells of a call's request
    sides          a call under the policies before and after a change
    trust          calls by which a role was assumed
    credentials    calls by the key or password that they were made with
    fates          all of that together

What the records do not tell may have been so or not: such a call is perhaps denied, and told apart. A call that is
stopped and allowed again while the plan runs counts as allowed; what the guard says of every moment stands beside it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from remediate.account import Account
from remediate.effective import CARRIERS, facts_of, spelled_out
from remediate.evidence.actions import needed
from remediate.evidence.facts import Call, unread_since
from remediate.guard.access import TAKES
from remediate.model import Address, Change, Value, kind_of
from remediate.proof import Step, relevant, steps
from remediate.replay import credentials, trust
from remediate.replay.fates import Fate, Fates, named
from remediate.replay.records import Records
from remediate.replay.sides import Sides
from remediate.replayed import Replay

MOST = 50
"""Sorts of calls that are kept; the rest are counted."""
SEEN = CARRIERS | credentials.KINDS | {"iam.group", "iam.group_member", "iam.policy"}
"""Kinds of entries of which the records tell whom a change would have stopped."""


def replay(account: Account, changes: Sequence[Change], now: datetime) -> Replay | None:
    """What the recorded calls would have come to after these changes; None where nothing is recorded."""
    records = Records(account)
    if records.said is None:
        return None
    fates = Fates()
    for one in credentials.ended(account, changes):
        fates.concern(one.change.id, one.arn, records.of(one.arn))
        for call in filter(one.stops, records.of(one.arn)):
            fates.settle(one.arn, call, Fate("denied", one.change.id, named(call)))
    for change in trust.changed(changes):
        assuming = [(arn, call) for arn, call in records.assuming if trust.assumed(account, change, call)]
        for arn in {arn for arn, _ in assuming}:
            fates.concern(change.id, arn, [call for who, call in assuming if who == arn])
        for arn, call in assuming:
            verdict = trust.verdict(change, arn, call, records.facts(arn), now)
            fates.settle(arn, call, Fate(verdict, change.id, named(call)))
    _Policies(account, records, now, fates).weigh(changes)
    return _told(account.id, records, records.said, fates, changes)


def _told(account: str, records: Records, said: Mapping[str, Value], fates: Fates, changes: Sequence[Change]) -> Replay:
    since, until = (datetime.fromisoformat(str(said[name])) for name in ("since", "until"))
    stopped, unknown = fates.stopped(account), fates.unknown()
    return Replay(
        since=since,
        until=until,
        calls=records.total(),
        weighed=fates.weighed(),
        stopped=tuple(stopped[:MOST]),
        more=len(stopped[MOST:]),
        denied=fates.total("denied"),
        perhaps=fates.total("perhaps"),
        unmapped=sum(unknown.values()),
        unknown=tuple(unknown)[:MOST],
        unseen=tuple(c.id for c in changes if c.classes & TAKES and kind_of(c.address) not in SEEN),
        unread=unread_since(said, since.date()),
        reads=bool(said["reads"]),
        data=records.data(),
    )


class _Policies:
    """What policies make of recorded calls: as they are when the plan is done, and by which change."""

    def __init__(self, account: Account, records: Records, now: datetime, fates: Fates) -> None:
        self._account = account
        self._records = records
        self._now = now
        self._fates = fates
        self._sides: dict[object, Sides] = {}

    def weigh(self, changes: Sequence[Change]) -> None:
        parts: dict[Address, list[Step]] = defaultdict(list)
        for step in steps(self._account, changes):
            if step.change:
                parts[step.principal].append(step)
            elif self._of(step).takes:
                self._somebody(step, parts[step.principal])

    def _somebody(self, whole: Step, parts: Sequence[Step]) -> None:
        """What one user or role loses; the steps of a whole plan come after those of its changes."""
        arn, sides = self._records.arn(whole.principal), self._of(whole)
        own, perhaps = self._records.of(arn), self._records.perhaps_of(arn)
        taking = [(part.change, self._of(part)) for part in parts if self._of(part).takes]
        for change, _ in taking:
            self._fates.concern(change, arn, own or perhaps)
        for call in own or perhaps:
            verdict, action = sides.verdict(call, self._now)
            if verdict != "kept":
                said = "perhaps" if perhaps else verdict
                self._fates.settle(arn, call, Fate(said, self._blamed(call, taking), action))
            elif needed(call.event) is None and sides.concern(call.event):
                self._fates.unmapped(arn, call)

    def _blamed(self, call: Call, taking: Sequence[tuple[int, Sides]]) -> int:
        """The change that stops a call; the last of those that together do."""
        found = (change for change, sides in taking if sides.verdict(call, self._now)[0] != "kept")
        return next(found, taking[-1][0])

    def _of(self, step: Step) -> Sides:
        """People with the same policies are told apart only where these look at who they are."""
        known = facts_of(self._account, step.principal)
        before, after = (spelled_out(self._account, side) for side in (step.before, step.after))
        key = (tuple(before.items()), tuple(after.items()), relevant(known, (before, after)))
        if key not in self._sides:
            self._sides[key] = Sides(before, after, known)
        return self._sides[key]
