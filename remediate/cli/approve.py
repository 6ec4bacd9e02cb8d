"""`remediate approve`"""

from remediate.cli import options, signing, terminal, work
from remediate.errors import Refused


def approve(
    file: options.PlanFile,
    key: options.ApproverKey,
    yes: options.Yes = False,
    trusted_keys: options.TrustedKeys = signing.TRUSTED_KEYS,
    profile: options.Profile = None,
    region: options.Region = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Sign a reviewed plan, so that `apply --require-signature` takes it.

    The approval is a file beside the plan. It is for exactly this plan, and ends with it.
    """
    from remediate import preflight
    from remediate.render.plan_text import summary
    from remediate.render.signatures_text import question
    from remediate.render.text import safe
    from remediate.signature import same_key, signed
    from remediate.store import signatures
    from remediate.store.plans import load

    plan, clock = load(file), work.SystemClock()
    preflight.usable(plan, clock.now(), resuming=False)
    mine = signing.signer(key, lambda: work.connect(profile, region, endpoint_url))
    if same_key(mine.key, plan.header.planner):
        raise Refused("this key made the plan", remedy="Ask another person to approve it, with a key of their own.")
    terminal.say(summary(plan, str(file), width=terminal.width(), colour=terminal.colour()))
    signing.show(plan, file, trusted_keys)
    if not yes:
        terminal.confirm(question(plan), plan.header.alias or plan.header.account)
    preflight.usable(plan, clock.now(), resuming=False)  # a question can wait for long
    path = signatures.save(signed(plan, "approver", mine, clock.now()), file)
    terminal.say(safe(f"Signed: {path}"))
    signing.show(plan, file, trusted_keys)
