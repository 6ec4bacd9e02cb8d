"""`remediate runs`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remediate.cli import applying, options, signing, terminal, work
from remediate.errors import Refused, RemediateError

if TYPE_CHECKING:
    from remediate.render.journal_text import Verdict
    from remediate.standing import Backs, Run
    from remediate.store.history import Past


def runs(
    place: Annotated[
        Path, typer.Argument(help="A folder of plans, or one plan.", metavar="[FOLDER|FILE]")
    ] = work.PLANS,
    verify: Annotated[bool, typer.Option("--verify", help="Check every record of every journal.")] = False,
    address: Annotated[str | None, typer.Option("--address", help="Only this address or change of a plan.")] = None,
    trusted_keys: options.TrustedKeys = signing.TRUSTED_KEYS,
    as_json: options.Json = False,
) -> None:
    """List what was planned, applied and rolled back, or tell one plan's runs.

    With a plan: each run of it, by whom, and each change with its time, values and AWS request ids.
    """
    if verify:
        _verify(place, as_json=as_json)
    elif place.is_file():
        _tell(place, address or "", trusted_keys, as_json=as_json)
    else:
        _list(place, trusted_keys, as_json=as_json)


def _list(folder: Path, trusted_keys: Path, *, as_json: bool) -> None:
    from remediate.render.error_text import error as screen
    from remediate.render.runs_text import runs as text
    from remediate.store.history import history

    found, broken = history(folder)
    backs = {p.plan.header.rolls_back: (p.plan, p.records) for p in found if p.plan.header.rolls_back and p.records}
    rows = [_row(past, backs, trusted_keys) for past in reversed(found)]
    if as_json:
        terminal.data(rows)
    else:
        terminal.say(text(rows, width=terminal.width()))
    for error in broken:
        terminal.note(screen(error, colour=False))


def _tell(file: Path, address: str, trusted_keys: Path, *, as_json: bool) -> None:
    from remediate import audit
    from remediate.render.journal_text import journal
    from remediate.store.plans import load

    plan = load(file)
    told = audit.runs(plan, applying.records_of(file))
    if as_json:
        about = {"plan": str(file), "digest": plan.digest, "account": plan.header.account}
        terminal.data({**about, "runs": told, "signed": signing.lines(plan, file, trusted_keys)})
        return
    width, colour = terminal.width(), terminal.colour()
    terminal.say(journal(plan, str(file), told, address=address, width=width, colour=colour))
    signing.show(plan, file, trusted_keys)
    if not told:
        terminal.note(f"Never applied. Next: remediate apply {file}")


def _verify(place: Path, *, as_json: bool) -> None:
    from remediate.render.journal_text import verdicts
    from remediate.store.history import plan_files, stray_journals

    rows = [_verdict(path) for path in ([place] if place.is_file() else plan_files(place))]
    lost = [] if place.is_file() else stray_journals(place)
    if as_json:
        terminal.data({"plans": rows, "journals without a plan": [str(path) for path in lost]})
    else:
        terminal.say(verdicts(rows, width=terminal.width()))
    broken = [row.plan for row in rows if row.faults] + [f"{path}: its plan is missing" for path in lost]
    if broken:
        raise Refused(
            f"{len(broken)} of {len(rows) + len(lost)} are not as they were written",
            details=broken,
            remedy="Put them back from your version control or backup. Do not apply or roll back these.",
        )


def _verdict(path: Path) -> "Verdict":
    from remediate import audit
    from remediate.render.journal_text import Verdict
    from remediate.store.journal import Chain, of_plan
    from remediate.store.plans import load

    chain, changes, faults = Chain([], 0, "", 0), 0, []
    try:
        plan = load(path)
        changes = len(plan.changes)
        chain = of_plan(path, plan.digest)
        faults = list(audit.faults(plan, chain.records))
    except RemediateError as error:
        faults = [error.what]
    return Verdict(
        plan=str(path),
        changes=changes,
        records=len(chain.records),
        head=chain.head,
        torn=chain.torn,
        faults=tuple(faults),
    )


def _row(past: "Past", backs: "Backs", trusted_keys: Path) -> "Run":
    from remediate.standing import Run, standing

    header = past.plan.header
    found = standing(past.plan, past.records, backs, work.SystemClock().now())
    return Run(
        plan=past.path,
        account=header.account,
        alias=header.alias,
        playbook=header.playbook,
        caller=past.records[-1].caller if past.records else header.caller,
        created=header.created,
        kind="rollback" if header.rolls_back else "plan",
        changes=len(past.plan.changes),
        done=found.done,
        state=found.state,
        unknown=found.unknown,
        signed=tuple(signing.lines(past.plan, Path(past.path), trusted_keys)),
    )
