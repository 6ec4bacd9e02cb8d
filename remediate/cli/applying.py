"""What `apply`, `rollback` and `drift --correct` have in common: the checks, the run, and what is said of it."""

import os
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import msgspec

from remediate.cli import signing, terminal
from remediate.cli.work import SystemClock
from remediate.errors import BadInput, Partial, Refused
from remediate.model import SETTLED, Address, Change, Event, Plan, Record, kind_of, outcomes
from remediate.store.files import journal_path, origin_path, rollback_path
from remediate.words import many

if TYPE_CHECKING:
    from remediate.aws.session import Session
    from remediate.executor import Made, Result
    from remediate.signature import Signer

BEGUN = frozenset({"intent", "sent", "done"})
"""Outcomes that say that an earlier run sent something: a plan that has begun may finish after it expired."""


def records_of(plan_file: Path) -> list[Record]:
    """The plan's journal; nothing where it was never applied. Raises Refused where it cannot be this plan's."""
    from remediate.store.journal import of_plan
    from remediate.store.plans import load

    return of_plan(plan_file, load(plan_file).digest).records


def recorded(plan_file: Path) -> dict[int, Event]:
    """What the plan's journal says of each change."""
    return outcomes(records_of(plan_file))


def remaining(plan: Plan, done: dict[int, Event]) -> list[Change]:
    return [change for change in plan.changes if done.get(change.id) not in SETTLED]


def check(plan: Plan, left: Sequence[Change], aws: "Session", parallel: int) -> None:
    """Everything that is checked again before the first write. Raises Refused."""
    from remediate import preflight, proof
    from remediate.aws.live import LiveAccount
    from remediate.aws.reader import read_account, read_more
    from remediate.aws.resources import RESOURCES

    with terminal.counting("checking the account again") as step:
        aws.on_call = step
        preflight.same_account(plan, *LiveAccount(aws, parallel).identity())
        account = read_account(aws)
        preflight.seen(account, left)
        account = read_more(aws, account, proof.asks(account, left))
        values = LiveAccount(aws, parallel, listed=account.state).read(c.address for c in left)
        remedy = preflight.SET_BACK if plan.header.rolls_back else preflight.NEW_PLAN
        preflight.fresh(left, values, remedy)
        preflight.guarded(plan, left, account, values, RESOURCES, SystemClock().now())


def execute(
    plan: Plan, path: Path, aws: "Session", *, parallel: int, fail_fast: bool, before: "Made | None" = None
) -> "Result":
    """Applies what is left of a plan under the account's lock. The caller has checked it."""
    from remediate.aws.live import LiveAccount
    from remediate.aws.resources import RESOURCES
    from remediate.executor import Executor
    from remediate.render.run_text import secrets
    from remediate.store.journal import Journal

    earlier = records_of(path)
    left = remaining(plan, outcomes(earlier))
    live = LiveAccount(aws, parallel)
    clock = SystemClock()
    note_in_hand(plan, earlier)
    journal = Journal(journal_path(path), clock.now, live.identity()[1], aws.fence)
    with terminal.stepping("applying", len(left)) as step:
        executor = Executor(
            plan,
            live,
            RESOURCES,
            journal,
            clock,
            parallel=parallel,
            fail_fast=fail_fast,
            before=before,
            progress=lambda change, event: _show(step, change, event),
        )
        try:
            with _stopping(executor.stop):
                result = executor.run()
        finally:
            journal.close()
            if executor.result.secrets:  # whatever stopped the run: nobody can read them again
                terminal.note(secrets(executor.result))
            note_unseen(plan, earlier, executor.result.outcomes, [a for a, _ in executor.result.secrets])
    return result


def note_in_hand(plan: Plan, records: Sequence[Record]) -> None:
    """Says what may have to be waited for, before it is."""
    from remediate.render.run_text import in_hand as text
    from remediate.standing import in_hand

    held, seconds = in_hand(plan, records, SystemClock().now())
    if held:
        terminal.note(text(held, seconds))


def note_unseen(
    plan: Plan, earlier: Sequence[Record], last: Mapping[int, Event], shown: Sequence[Address] = ()
) -> None:
    """Says which one-time passwords earlier runs made and may never have shown."""
    from remediate import audit
    from remediate.aws.resources import RESOURCES
    from remediate.render.run_text import unseen

    made = audit.unseen(plan, earlier, last, lambda c: RESOURCES[kind_of(c.address)].shown_once(c.before, c.after))
    lost = [change for change in made if change.address not in shown]
    if lost:
        terminal.note(unseen(lost))


def _show(step: "Callable[[str], None]", change: Change, event: Event) -> None:
    from remediate.render.text import safe

    if event not in ("intent", "sent"):
        with suppress(OSError):  # a terminal that was closed must not stop a run
            step(f"#{change.id} {event} {change.sign} {safe(change.address)}")


@contextmanager
def _stopping(stop: Any) -> Iterator[None]:
    """Ctrl-C and SIGTERM let the changes in hand finish and start no more."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop(f"interrupted by {signal.Signals(number).name}")
        with suppress(OSError):  # not through sys.stderr: the signal may have come in the middle of a line
            os.write(2, "Finishing the changes in hand…\n".encode())
        outer = before.get(signal.Signals(number))
        if callable(outer) and outer is not signal.default_int_handler:
            outer(number, frame)  # a schedule that must end too

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def refuse_if_rolled_back(plan: Plan, file: Path) -> None:
    """A plan is applied once: taking it back does not make it new, also where it is a rollback. Raises Refused."""
    places = [file.parent / r.detail for r in records_of(file) if r.plan not in ("", plan.digest)]
    begun = [path for path in (rollback_path(file), *places) if journal_path(path).exists()]
    if begun:
        again = shlex.join(["remediate", "rollback", str(begun[0])])
        raise Refused(
            f"{file} was applied and rolled back: a plan is applied once",
            details=[f"rollback: {begun[0]}"],
            remedy=f"Take that back: {again}" if plan.header.rolls_back else "Make a new plan: remediate plan",
        )


def ask(plan: Plan, count: int, *, yes: bool) -> None:
    """Says what is about to happen, and has a person confirm it unless `--yes` did."""
    from remediate.render.run_text import question

    name = plan.header.alias or plan.header.account
    if not yes:
        terminal.confirm(question(plan, count), name)


def finish(
    plan: Plan,
    path: Path,
    aws: "Session",
    *,
    parallel: int,
    fail_fast: bool,
    as_json: bool,
    before: "Made | None" = None,
) -> None:
    """Executes, says what came of it, and raises Partial unless everything is done."""
    import time

    from remediate.render.run_text import applied

    begun = time.monotonic()
    result = execute(plan, path, aws, parallel=parallel, fail_fast=fail_fast, before=before)
    journal = journal_path(path)
    if as_json:
        terminal.data({"plan": str(path), "journal": str(journal), "outcomes": as_outcomes(plan, result)})
    else:
        seconds = time.monotonic() - begun
        back = bool(plan.header.rolls_back)
        terminal.say(applied(plan, result, str(path), str(journal), seconds, rolled_back=back))
    missing = len(remaining(plan, result.outcomes))
    if missing:
        if not result.stopped:
            _note_conflicts(plan, path, result.outcomes, aws, parallel)
        raise Partial(
            f"{missing:,} of {many(len(plan.changes), 'change')} not applied"
            + (f": {result.stopped}" if result.stopped else ""),
            details=[f"Everything that was done is recorded in {journal}"],
            remedy=f"Go on with the same command, or take back what was done: remediate rollback {path}",
        )


def _note_conflicts(plan: Plan, path: Path, outcomes: Mapping[int, Event], aws: "Session", parallel: int) -> None:
    """Says who changed what the plan was made from, so that somebody can be asked."""
    from remediate.cli.naming import of_conflicts
    from remediate.render.drift_text import since_the_plan

    try:
        moved = of_conflicts(plan, records_of(path), outcomes, aws, parallel)
    except BadInput as error:  # of the evidence that is kept: what came of the run matters more
        terminal.note(str(error))
        return
    for item in moved:
        terminal.note(since_the_plan(item, plan.header.account, terminal.width()))


def as_outcomes(plan: Plan, result: "Result") -> list[dict[str, object]]:
    return [
        {
            "id": change.id,
            "address": change.address,
            "outcome": result.outcomes.get(change.id, "not started"),
            "detail": result.details.get(change.id, ""),
        }
        for change in plan.changes
    ]


def inverse_of(
    plan: Plan, file: Path, output: Path | None, aws: "Session", parallel: int, planner: "Signer | None" = None
) -> tuple[Plan, Path]:
    """The rollback of a plan: the one that was begun, or one made from the journal and the live account.

    One that is there and still says the same stays, with the signatures beside it. `planner` signs a new one.
    """
    from remediate import preflight, proof, rollback
    from remediate.aws.live import LiveAccount
    from remediate.aws.reader import read_account, read_more
    from remediate.aws.resources import RESOURCES
    from remediate.store.plans import load, sealed

    path = output or rollback_path(file)
    begun = load(path) if path.exists() else None
    if begun:
        if begun.header.rolls_back != plan.digest:
            raise Refused(f"{path} is another plan", remedy="Give another file with -o.")
        if journal_path(path).exists():
            return begun, path
    records = records_of(file)
    note_in_hand(plan, records)
    with terminal.counting("reading the account") as step:
        aws.on_call = step
        live = LiveAccount(aws, parallel)
        preflight.same_account(plan, *live.identity())
        done = rollback.settled(plan, records, live, SystemClock())
        made = [change.address for change in plan.changes if change.before is None]
        holders = {holder for address in made for holder in RESOURCES[kind_of(address)].held_by(address)}
        account = read_more(aws, read_account(aws), holders)
        account = read_more(aws, account, proof.asks(account, rollback.most(plan, done)))
        preflight.seen(account, plan.changes)
        preflight.held(account, holders)
        back = rollback.inverse(plan, done, account, RESOURCES, SystemClock().now())
    if begun and _still_says(begun, back, planner):
        return begun, path
    back = sealed(_made_by(back, planner))
    signing.save(back, path, planner)
    if output:
        _note_rollback(file, back, output)
    return back, path


def _still_says(begun: Plan, back: Plan, planner: "Signer | None") -> bool:
    """Whether a rollback that waits, for an approval perhaps, is what would be written now."""
    waits = begun.header.expires > SystemClock().now() and begun.header.tool == back.header.tool
    made = planner is None or planner.key == begun.header.planner
    return waits and made and (begun.changes, begun.kept) == (back.changes, back.kept)


def _made_by(back: Plan, planner: "Signer | None") -> Plan:
    return msgspec.structs.replace(
        back, header=msgspec.structs.replace(back.header, planner=planner.key if planner else "")
    )


def made_before(back: Plan, file: Path) -> "Made | None":
    """What the plan made that a rollback takes back, where it stands beside it: AWS may still show what that replaced,
    and the rollback would seem to be done."""
    from remediate.executor import made
    from remediate.store.plans import load

    path = origin_path(file)
    plan = load(path) if back.header.rolls_back and path and path.exists() else None
    return made(plan, records_of(path)) if plan and path and plan.digest == back.header.rolls_back else None


def _note_rollback(file: Path, back: Plan, output: Path) -> None:
    """Says in the plan's journal where its rollback stands, if that is not beside it: see `refuse_if_rolled_back`."""
    from remediate.store.journal import Journal

    journal = Journal(journal_path(file), SystemClock().now, back.header.caller)
    journal.add("end", plan=back.digest, detail=os.path.relpath(output.absolute(), file.absolute().parent))
    journal.close()
