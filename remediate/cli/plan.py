"""`remediate plan`"""

import time

import typer

from remediate.cli import options, terminal, work


def plan(
    playbook: options.PlaybookName = "guidelines",
    output: options.Output = None,
    control: options.Only = None,
    detailed_exitcode: options.DetailedExitcode = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Compare the account with a playbook, and write a plan.

    Changes nothing: the plan is a file to read, review and apply.
    """
    from remediate.render.plan_text import summary
    from remediate.store.plans import save

    begun = time.monotonic()
    baseline = work.playbook_named(playbook)
    aws = work.connect(profile, region, endpoint_url)
    made, account = work.make_plan(aws, baseline, control or [])
    path = work.plan_path(made, output)
    save(made, path)
    if as_json:
        terminal.data(made)
    else:
        seconds = time.monotonic() - begun
        text = summary(
            made,
            str(path),
            width=terminal.width(),
            colour=terminal.colour(),
            calls=aws.calls,
            seconds=seconds,
            users=len(account.users),
        )
        terminal.say(text)
    if detailed_exitcode and made.changes:
        raise typer.Exit(2)
