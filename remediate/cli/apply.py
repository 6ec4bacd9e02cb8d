"""`remediate apply`"""

import typer

from remediate.cli import applying, assuming, options, signing, terminal, work
from remediate.words import many


def apply(
    file: options.PlanFile,
    yes: options.Yes = False,
    parallel: options.Parallel = 8,
    fail_fast: options.FailFast = False,
    require_signature: options.RequireSignature = False,
    trusted_keys: options.TrustedKeys = signing.TRUSTED_KEYS,
    require_rehearsal: options.RequireRehearsal = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
    assume_role: options.AssumeRole = None,
) -> None:
    """Apply a saved plan, exactly as it was reviewed.

    Run it again to go on after an interruption.
    """
    from remediate import preflight
    from remediate.store.lock import locked
    from remediate.store.plans import load

    plan = load(file)
    with locked(plan.header.account, f"remediate apply {file}") as lock:
        done = applying.recorded(file)
        left = applying.remaining(plan, done)
        applying.refuse_if_rolled_back(plan, file)
        if not left:
            terminal.note(f"Already applied: {many(len(plan.changes), 'change')}." if done else "Nothing to change.")
            applying.note_unseen(plan, applying.records_of(file), done)
            raise typer.Exit(0)
        preflight.usable(plan, work.SystemClock().now(), resuming=bool(applying.BEGUN.intersection(done.values())))
        if require_rehearsal:
            preflight.rehearsed(plan)
        if require_signature:
            signing.require(plan, file, trusted_keys, lambda: work.connect(profile, region, endpoint_url))
        aws = assuming.connect(profile, region, endpoint_url, assume_role, plan)
        aws.fence = lock.check
        applying.check(plan, left, aws, parallel)
        applying.ask(plan, len(left), yes=yes)
        before = applying.made_before(plan, file)
        applying.finish(plan, file, aws, parallel=parallel, fail_fast=fail_fast, as_json=as_json, before=before)
