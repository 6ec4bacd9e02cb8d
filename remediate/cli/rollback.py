"""`remediate rollback`"""

import typer

from remediate.cli import applying, assuming, options, signing, terminal, work


def rollback(
    file: options.PlanFile,
    output: options.Output = None,
    yes: options.Yes = False,
    parallel: options.Parallel = 8,
    fail_fast: options.FailFast = False,
    key: options.Key = None,
    require_signature: options.RequireSignature = False,
    trusted_keys: options.TrustedKeys = signing.TRUSTED_KEYS,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
    assume_role: options.AssumeRole = None,
) -> None:
    """Take back what an applied plan changed.

    Writes the inverse plan, and applies it through the same executor.
    """
    from remediate.executor import made
    from remediate.render.plan_text import summary
    from remediate.render.text import safe
    from remediate.store.lock import locked
    from remediate.store.plans import load

    plan = load(file)
    with locked(plan.header.account, f"remediate rollback {file}") as lock:
        connect = lambda: work.connect(profile, region, endpoint_url)  # noqa: E731
        planner = signing.signer(key, connect) if key else None
        if require_signature:
            signing.trust(trusted_keys)  # a mistake in it is said before anything is read
        aws = assuming.connect(profile, region, endpoint_url, assume_role, plan)
        aws.fence = lock.check
        back, path = applying.inverse_of(plan, file, output, aws, parallel, planner)
        applying.refuse_if_rolled_back(back, path)
        left = applying.remaining(back, applying.recorded(path))
        if not left:
            terminal.note(safe(f"Nothing left to take back: {path}"))
            raise typer.Exit(0)
        if not as_json:
            terminal.say(summary(back, str(path), width=terminal.width(), colour=terminal.colour()))
        if require_signature:
            signing.require(back, path, trusted_keys, connect)
        applying.check(back, left, aws, parallel)
        applying.ask(back, len(left), yes=yes)
        before = made(plan, applying.records_of(file))
        applying.finish(back, path, aws, parallel=parallel, fail_fast=fail_fast, as_json=as_json, before=before)
