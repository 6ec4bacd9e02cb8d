"""How far plans got: what is done of each, what nobody knows yet, what was taken back since, what is still in hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from remediate.executor import doubtful
from remediate.executor.ledger import PATIENCE
from remediate.model import SETTLED, Change, Plan, Record, Struct, outcomes

State = Literal["planned", "expired", "partly applied", "applied", "partly rolled back", "rolled back"]
"""How far a plan got. One whose rollback was rolled back stands as it did before."""
Backs = Mapping[str, tuple[Plan, Sequence[Record]]]
"""For the digest of each plan that somebody began to take back: its rollback, and that one's journal."""


class Run(Struct, frozen=True, kw_only=True):
    """A plan in a folder of plans, and how far it got."""

    plan: str
    account: str
    alias: str
    playbook: str
    caller: str
    created: datetime
    kind: Literal["plan", "rollback"]
    changes: int
    done: int
    state: State
    unknown: int = 0
    """Changes that were sent, and of which nobody knows yet whether they are done."""
    signed: tuple[str, ...] = ()
    """Who made and who approved it, where somebody signed."""


class Standing(NamedTuple):
    """How far a plan got."""

    state: State
    done: int
    """Changes that were made, by this plan or before it by somebody else; also those that were taken back since."""
    unknown: int
    """Changes that were sent, and of which nobody has found out what came of them."""


def standing(plan: Plan, records: Sequence[Record], backs: Backs, now: datetime) -> Standing:
    """What the journals say. A rollback has asked the account about what its plan's journal leaves open."""
    last = outcomes(records)
    done = sum(event in SETTLED for event in last.values())
    unknown = sum(last[change] not in SETTLED for change in doubtful(records))
    whole: State = "applied" if done == len(plan.changes) else "partly applied"
    if plan.digest not in backs:
        before: State = "expired" if now > plan.header.expires else "planned"
        return Standing(whole if records else before, done, unknown)
    back, since = backs[plan.digest]
    ours = len(back.changes) + len(back.kept)
    done = ours + sum(event == "already" for event in last.values())
    whole = "applied" if done == len(plan.changes) else "partly applied"
    taken: Mapping[State, State] = {"applied": "rolled back", "rolled back": whole}
    return Standing(taken.get(standing(back, since, backs, now).state, "partly rolled back"), done, 0)


def in_hand(plan: Plan, records: Sequence[Record], now: datetime) -> tuple[list[Change], float]:
    """The changes that a run sent so recently that AWS may not show them yet, and whose outcome is not on record; and
    for how many seconds they may have to be waited for."""
    last, doubt = outcomes(records), doubtful(records)
    sent = {r.change: min(r.at, now) for r in records if r.event in ("intent", "sent")}  # the clock may have been ahead
    left = {n: (sent[n] + timedelta(seconds=PATIENCE) - now).total_seconds() for n in doubt if last[n] not in SETTLED}
    held = [change for change in plan.changes if left.get(change.id, 0) > 0]
    return held, max((left[change.id] for change in held), default=0)
