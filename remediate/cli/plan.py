"""`remediate plan`"""

import time

import typer

from remediate.cli import assuming, options, rehearsing, signing, terminal, work
from remediate.errors import RemediateError
from remediate.model import Plan


def plan(
    playbook: options.PlaybookName = "guidelines",
    output: options.Output = None,
    control: options.Only = None,
    key: options.Key = None,
    rehearse: options.Rehearse = False,
    evidence: options.Evidence = work.EVIDENCE,
    max_denied: options.MaxDenied = None,
    detailed_exitcode: options.DetailedExitcode = False,
    as_json: options.Json = False,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
    assume_role: options.AssumeRole = None,
) -> None:
    """Compare the account with a playbook, and write a plan.

    Changes nothing: the plan is a file to read, review and apply.
    """
    from remediate.guard import denied
    from remediate.render.plan_text import summary
    from remediate.store.plans import sealed

    begun = time.monotonic()
    if rehearse:
        rehearsing.ready()
    baseline = work.playbook_named(playbook, endpoint_url)
    planner = signing.signer(key, lambda: work.connect(profile, region, endpoint_url)) if key else None
    aws = assuming.connect(profile, region, endpoint_url, assume_role)
    draft, account, chosen = work.make_draft(aws, baseline, control or [], planner.key if planner else "", evidence)
    denied.refuse(draft.replay, draft.changes, baseline.max_denied if max_denied is None else max_denied)
    made = sealed(rehearsing.with_rehearsal(draft, account, chosen, baseline) if rehearse else draft)
    path = work.plan_path(made, output)
    signing.save(made, path, planner)
    if as_json:
        terminal.data(made)
    else:
        text = summary(
            made,
            str(path),
            width=terminal.width(),
            colour=terminal.colour(),
            calls=aws.calls,
            seconds=time.monotonic() - begun,
            users=len(account.users),
        )
        terminal.say(text)
        if planner:
            signing.show(made, path, signing.TRUSTED_KEYS)
    if made.rehearsal:
        rehearsing.insist(made, made.rehearsal)
    _insist_on_sight(made)
    if detailed_exitcode and made.changes:
        raise typer.Exit(2)


def _insist_on_sight(made: Plan) -> None:
    """Raises RemediateError where a control could not see what it needs."""
    blind = sorted({control for unknown in made.unknowns for control in unknown.controls})
    if blind:
        raise RemediateError(
            f"the plan is not complete: {', '.join(blind)} could not see what they need",
            details=[f"{unknown.what}: {unknown.reason}" for unknown in made.unknowns if unknown.controls][:5],
            remedy="Give the caller the permissions that `remediate permissions --plan-role` prints, then plan again. "
            "What the other controls found is in the plan.",
        )
