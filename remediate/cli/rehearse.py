"""`remediate rehearse`"""

import time

import typer

from remediate.cli import applying, assuming, options, rehearsing, terminal, work


def rehearse(
    file: options.PlanFile,
    playbook: options.OfPlan = None,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
    assume_role: options.AssumeRole = None,
) -> None:
    """Try a plan on an emulated twin of its account: apply it there, plan again, take it back.

    Only reads the account itself; prints every call that applying the plan would send.
    """
    from remediate import preflight
    from remediate.render import rehearsal_text
    from remediate.store.plans import load

    begun = time.monotonic()
    rehearsing.ready()
    plan = load(file)
    done = applying.recorded(file)
    left = applying.remaining(plan, done)
    applying.refuse_if_rolled_back(plan, file)
    if not left:
        terminal.note("Already applied: there is nothing to rehearse." if done else "Nothing to change.")
        raise typer.Exit(0)
    preflight.usable(plan, work.SystemClock().now(), resuming=bool(applying.BEGUN.intersection(done.values())))
    baseline = rehearsing.playbook_of(plan, playbook, endpoint_url)
    aws = assuming.connect(profile, region, endpoint_url, assume_role)
    applying.check(plan, left, aws, rehearsing.WORKERS)
    account, chosen = rehearsing.account_of(plan, aws, baseline)
    made = rehearsing.rehearsed(rehearsing.only(plan, left), account, chosen, baseline)
    if as_json:
        terminal.data({"plan": str(file), **rehearsing.as_data(made)})
    elif made.result.passed:
        width = terminal.width()
        terminal.say(rehearsal_text.calls(made.calls, width) + "\n")
        seconds = time.monotonic() - begun
        terminal.say(rehearsal_text.summary(plan, made.result, len(made.calls), seconds, width))
    rehearsing.insist(plan, made.result)
