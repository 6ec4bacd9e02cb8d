"""`remediate rollback`"""

import typer

from remediate.cli import applying, options, terminal, work


def rollback(
    file: options.PlanFile,
    output: options.Output = None,
    yes: options.Yes = False,
    parallel: options.Parallel = 8,
    fail_fast: options.FailFast = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Take back what an applied plan changed.

    Writes the inverse plan, and applies it through the same executor.
    """
    from remediate.render.plan_text import summary
    from remediate.store.lock import locked
    from remediate.store.plans import load

    plan = load(file)
    with locked(plan.header.account, f"remediate rollback {file}") as lock:
        aws = work.connect(profile, region, endpoint_url)
        aws.fence = lock.check
        back, path = applying.inverse_of(plan, file, output, aws, parallel)
        left = applying.remaining(back, applying.recorded(path))
        if not left:
            terminal.note(f"Nothing left to take back: {path}")
            raise typer.Exit(0)
        if not as_json:
            terminal.say(summary(back, str(path), width=terminal.width(), colour=terminal.colour()))
        applying.check(back, left, aws, parallel)
        applying.ask(back, len(left), yes=yes)
        applying.finish(back, path, aws, parallel=parallel, fail_fast=fail_fast, as_json=as_json)
