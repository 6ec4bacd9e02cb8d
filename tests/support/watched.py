"""A plan on its way through runs that go wrong, and everything that must hold at every step of it."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from remediate import rollback
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account, read_more
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import BadInput, CallFailed, Refused
from remediate.executor import Executor, Result
from remediate.model import SETTLED, Address, Change, Event, Plan, Value, kind_of
from remediate.store.files import journal_path, rollback_path
from remediate.store.journal import read
from remediate.store.plans import load, save, sealed
from support import faults as f
from support.disturbed import COVERED, FAULTS, Crashed, Disturbance, Flight, Live, Noted
from support.engine import FakeClock, Wire
from support.faults import Faults
from support.invariants import broken_by
from support.oversight import Oversight
from support.picture import Entries, entries
from support.story import Answer, Began, Book, Edited, Entry, Gone, Sent

THIRD: Mapping[str, Value] = {
    "iam.user_tag": "theirs",
    "iam.user_inline": {"Version": "2012-10-17", "Statement": []},
    "iam.group_inline": {"Version": "2012-10-17", "Statement": []},
}
IN_ORDER = ("looked_first", "others_kept")
"""Rules on what lies between a look and a call: with several threads, a look is told a moment after it was made."""


class Job:
    """One plan: its runs, its rollback, and what they may do to the account on the way."""

    def __init__(
        self, plan: Plan, folder: Path, wire: Wire, others: Session, spared: str, tally: "Counter[str]"
    ) -> None:
        self.plan, self.path, self.wire, self.others = plan, folder / "p.plan.json", wire, others
        self.spared, self.tally = spared, tally
        self.clock = FakeClock()
        self.back: Plan | None = None
        self.book: Book = "apply"
        self.run = -1
        self.story: list[Entry] = []
        self.edited: set[Address] = set()
        self.written: list[tuple[Book, int, Address, Value]] = []
        """Our writes and the edits (change 0) in their order."""
        self.before: Entries = entries()
        self.parallel = False
        self._dead = False
        self._judged = 0
        self._lock = threading.Lock()
        """Whoever holds it sees the account and the story stand still: calls arrive one after the other."""
        self._here = threading.local()
        self._http = URLLib3Session()
        save(plan, self.path)
        self.oversight = Oversight(plan.changes, spared)

    @property
    def changes(self) -> tuple[Change, ...]:
        plan = self.back if self.book == "rollback" else self.plan
        return plan.changes if plan else ()

    def outcomes(self, book: Book) -> dict[int, Event]:
        path = self.path if book == "apply" else rollback_path(self.path)
        return {r.change: r.event for r in read(journal_path(path)).records if r.change}

    def complete(self, book: Book) -> bool:
        plan = self.plan if book == "apply" else self.back
        return plan is not None and all(self.outcomes(book).get(c.id) in SETTLED for c in plan.changes)

    # --- runs -------------------------------------------------------------------------------------------------------

    def apply(self, wrong: Iterable[Disturbance] = (), parallel: int = 1) -> Result | None:
        """The result; None if the process died."""
        return self._run(self.plan, self.path, wrong, parallel)

    def take_back(self, wrong: Iterable[Disturbance] = (), parallel: int = 1) -> Result | None:
        """The same for the rollback. Raises BadInput where nothing was done, Refused where the guard says so."""
        path = rollback_path(self.path)
        if self.back is None:
            self.wire.faults = Faults()
            session = self.wire.session
            records = read(journal_path(self.path)).records
            done = rollback.settled(self.plan, records, LiveAccount(session, 1), self.clock)
            made = [c.address for c in self.plan.changes if c.before is None]
            holders = {holder for address in made for holder in RESOURCES[kind_of(address)].held_by(address)}
            account = read_more(session, read_account(session), holders)
            self.back = sealed(rollback.inverse(self.plan, done, account, RESOURCES, self.clock.now()))
            save(self.back, path)
            self.book = "rollback"
            self.oversight = Oversight(self.back.changes, self.spared, edited=bool(self.edited))
        return self._run(self.back, path, wrong, parallel)

    def _run(self, plan: Plan, path: Path, wrong: Iterable[Disturbance], parallel: int) -> Result | None:
        self.run += 1
        self.parallel |= parallel > 1
        self.tally["runs"] += 1
        self._dead = False
        two = frozenset(c.id for c in plan.changes if RESOURCES[kind_of(c.address)].two_valued())
        self.tell(Began(self.run, self.book, plan.changes, two, frozenset(k.address for k in plan.kept)))
        live = Live(self.wire.session, parallel)
        journal = Noted(journal_path(path), self.clock.now, "machine")
        live.job = journal.job = self
        self.wire.faults = self._faults(list(wrong))
        try:
            result = Executor(plan, live, RESOURCES, journal, self.clock, parallel=parallel).run()
            journal.close()  # a process that dies closes nothing
            return result
        except Crashed:
            self.tally["crashes"] += 1
            return None
        finally:
            self.tell(Gone(self.run))
            self.wire.faults = Faults()
            self._judge()

    def _judge(self) -> None:
        """The story so far, by the rules that the model keeps too."""
        new = range(self._judged, len(self.story))
        found = [b for n in new for b in broken_by(self.story[:n], self.story[n])]
        self._judged = len(self.story)
        bad = [b for b in found if not (self.parallel and b.startswith(IN_ORDER))]
        assert not bad, bad

    def _faults(self, wrong: list[Disturbance]) -> Faults:
        found = Faults()

        def before(call: f.Call) -> None:
            self.dies()
            for one in wrong:
                if call.index == one.n and one.kind == "edit":
                    self.edit(one)
                elif call.index == one.n and one.kind == "crash":
                    self._dead = True
            self.dies()

        found.before, found.send = before, self._deliver
        faults = {**FAULTS, "lost": self._unheard}
        for one in wrong:
            if one.kind == "expired":
                found.when(lambda call, n=one.n: call.index >= n, self._counted(f.expired, one.kind))  # type: ignore[misc]
            elif one.kind in faults:
                found.when(
                    lambda call, n=one.n: call.writes and len(found.writes) == n,  # type: ignore[misc]
                    self._counted(faults[one.kind], one.kind),
                )
        return found

    def _counted(self, fault: f.Fault, kind: str) -> f.Fault:
        def counting(call: f.Call) -> AWSResponse | None:
            self.tally["faults"] += 1
            self.tally[kind] += 1
            return fault(call)

        return counting

    def dies(self) -> None:
        if self._dead:
            raise Crashed

    # --- what happens -----------------------------------------------------------------------------------------------

    def tell(self, entry: Entry) -> None:
        with self._lock:
            self.story.append(entry)

    def value(self, change: Change) -> Value:
        return entries().get(change.address) if kind_of(change.address) in COVERED else change.before

    def leaves(self, change: Change) -> None:
        """This thread begins to write a change."""
        self._here.flight = Flight(change, self.value(change))

    def _deliver(self, call: f.Call) -> AWSResponse:
        """The call is carried out, and told in the same moment: so it is known who did what, whatever threads do."""
        flight: Flight | None = getattr(self._here, "flight", None)
        with self._lock:
            before = self.value(flight.change) if flight else None
            answer: AWSResponse = self._http.send(call.request)
            if flight and not flight.sent and before != flight.change.after == self.value(flight.change):
                flight.sent = self._sent(flight.change, before, "lost", carried=True)
        return answer

    def _unheard(self, call: f.Call) -> AWSResponse | None:
        """The call arrives, and nobody hears what AWS says to it."""
        self._deliver(call)
        raise ReadTimeoutError(endpoint_url=call.request.url)

    def wrote(self, answer: Answer) -> None:
        """What this thread heard of its write."""
        flight: Flight = self._here.flight
        self._here.flight = None
        change = flight.change
        with self._lock:
            if flight.sent:
                place = next(n for n, entry in enumerate(self.story) if entry is flight.sent)
                self.story[place] = dataclasses.replace(flight.sent, answer=answer)
            else:
                carried = kind_of(change.address) not in COVERED and answer == "yes"
                self._sent(change, flight.found, answer, carried=carried)

    def _sent(self, change: Change, found: Value, answer: Answer, *, carried: bool) -> Sent:
        sent = Sent(self.run, self.book, change.id, found, carried, answer)
        self.story.append(sent)
        self.tally["writes"] += carried
        if carried:
            self.written.append((self.book, change.id, change.address, change.after))
            self.tally["looks"] += 1
            self.oversight.look()
        return sent

    def edit(self, one: Disturbance) -> None:
        """Somebody else sets an entry that the plan is about, as far as AWS lets them."""
        change = self.changes[one.which % len(self.changes)]
        kind = kind_of(change.address)
        third = THIRD.get(kind, change.before)
        wanted: dict[str, Value] = {"before": change.before, "after": change.after, "absent": None, "third": third}
        with self._lock:  # a thread that looks in between would see what nobody has told it of
            now, value = entries().get(change.address), wanted[one.value]
            if kind not in COVERED or now == value:
                return
            try:
                RESOURCES[kind].write(self.others, change.address, now, value)
            except CallFailed:
                return
            self.tally["edits"] += 1
            self.edited.add(change.address)
            self.story.append(Edited(change.address, value))
            self.written.append((self.book, 0, change.address, value))
            self.oversight.edited(change.address)

    # --- in the end ---------------------------------------------------------------------------------------------------

    def folded(self) -> Entries:
        """The account as the journals tell it: what was done, and what others did, over what there was."""
        done: dict[Book, dict[int, Event]] = {"apply": self.outcomes("apply"), "rollback": self.outcomes("rollback")}
        kept = {k.address for k in self.back.kept} if self.back else set()  # the rollback found it done
        left = {a: v for book, n, a, v in self.written if not n or done[book].get(n) == "done" or a in kept}
        return {a: v for a, v in {**self.before, **left}.items() if v is not None and kind_of(a) in COVERED}

    def finish(self, *, back: bool = True) -> None:
        """Without any more accidents the plan comes to its end; the journals tell what the account has."""
        if self.back is None and not self.complete("apply"):
            result = self.apply()
            assert result is not None
            assert not result.stopped
            assert self.edited or self.complete("apply"), result.details
            assert not any("LimitExceeded" in detail for detail in result.details.values())
        if self.back is None:
            self._as_told()
            if not back:
                return
        try:
            if self.back is None or not self.complete("rollback"):
                self.take_back()
        except BadInput:
            assert "done" not in self.outcomes("apply").values()
            return
        except Refused:
            assert self.edited  # the rollback would lock somebody out, after what others did
            return
        self.tally["rollbacks"] += 1
        assert self.back is not None
        assert self.edited or self.complete("rollback")
        self._as_told()
        self._as_before(load(rollback_path(self.path)))

    def _as_told(self) -> None:
        differing = _differing(self.folded(), entries())
        assert not differing, differing

    def _as_before(self, back: Plan) -> None:
        """But for what the plans declare as lost, what others set, and what waits for such an entry."""
        after, settled = entries(), self.outcomes("rollback")
        lost = {k.address for k in back.kept} | {c.address for c in (*back.changes, *self.plan.changes) if c.loss}
        open_ended = {c.address for c in back.changes if settled.get(c.id) not in SETTLED} if self.edited else set()
        excused = lost | self.edited | open_ended
        differing = {a: v for a, v in _differing(self.before, after).items() if a not in excused}
        assert not differing, differing


def _differing(one: Entries, other: Entries) -> dict[Address, tuple[Value, Value]]:
    return {a: (one.get(a), other.get(a)) for a in one.keys() | other.keys() if one.get(a) != other.get(a)}
