"""Working as a role: `--assume-role`, bound to the policy of the phase by session policies."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.cli import terminal
from remediate.cli.work import connect as connected
from remediate.errors import BadInput, CallFailed, Denied, RemediateError

if TYPE_CHECKING:
    from remediate.aws.session import Session
    from remediate.model import Permission, Plan
    from remediate.session_policy import SessionPolicy

ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+")


def connect(
    profile: str | None, region: str | None, endpoint_url: str | None, role: str | None, plan: "Plan | None" = None
) -> "Session":
    """The caller's own session; or the role's, which may do what this plan needs and without a plan only read."""
    if role and not ROLE.fullmatch(role):
        raise BadInput(f"{role} is not the ARN of a role", remedy="--assume-role arn:aws:iam::123456789012:role/NAME")
    aws = connected(profile, region, endpoint_url)
    return _as_role(aws, role, plan) if role else aws


def for_plan(aws: "Session", plan: "Plan") -> "Session":
    """For a session that only reads: one of the same role that may do what the plan needs."""
    from remediate.aws.assumed_role import AssumedRole

    if not isinstance(aws, AssumedRole):
        return aws
    return _as_role(aws.caller, aws.role, plan)


def _as_role(aws: "Session", role: str, plan: "Plan | None") -> "Session":
    from remediate.aws.assumed_role import AssumedRole
    from remediate.session_policy import READING

    policies = _policies(plan)
    name = f"remediate-{plan.digest.rpartition(':')[2][:12]}" if plan else "remediate-plan"
    texts = {part: [policy.text for policy in held] for part, held in policies.items()}
    try:
        session = AssumedRole(aws, role, name, texts, reading=READING)
    except CallFailed as error:
        raise _refused(error, role) from error
    for part, taken in session.taken().items():
        _say(part, policies[part][taken])
    return session


def _policies(plan: "Plan | None") -> "Mapping[str, Sequence[SessionPolicy]]":
    from remediate.session_policy import LONGEST, policies

    found = {part: policies(permissions) for part, permissions in _parts(plan).items()}
    too_long = sorted(part for part, held in found.items() if not held)
    if too_long:
        raise BadInput(
            f"the policy of this plan is too long for a session: {', '.join(too_long)}",
            details=[f"A session policy may have {LONGEST} characters, and writing actions are named one by one."],
            remedy="Plan part of the controls (--control), or give a role of its own what "
            "`remediate permissions FILE` prints, and use it without --assume-role.",
        )
    return found


def _parts(plan: "Plan | None") -> "Mapping[str, frozenset[Permission]]":
    from remediate.aws.reader.actions import ACCOUNT_ACTIONS, PLAN_ACTIONS, PLAN_ALSO
    from remediate.aws.resources import RESOURCES
    from remediate.permissions import plan_needs
    from remediate.session_policy import READING, parts

    if plan is None:
        return {READING: plan_needs(PLAN_ACTIONS, PLAN_ALSO)}
    return parts(plan, RESOURCES, ACCOUNT_ACTIONS)


def _say(part: str, policy: "SessionPolicy") -> None:
    if policy.beyond:
        from remediate.render.text import safe
        from remediate.session_policy import LONGEST, READING

        what = f"The exact policy for {'reading' if part == READING else f'writing to {part}'}"
        long = f"has {policy.exact:,} characters, a session policy may have {LONGEST:,}"
        packed = "is too large for a session once AWS has packed it"
        terminal.note(
            f"{what} {long if policy.exact > LONGEST else packed}: it allows {safe(', '.join(policy.beyond))} as well. "
            "Writing actions are exact."
        )


def _refused(error: CallFailed, role: str) -> RemediateError:
    if isinstance(error, Denied):
        return RemediateError(
            f"AWS does not let you work as {role}",
            details=[error.message],
            remedy="The role's trust policy must name you, and your own policies must allow sts:AssumeRole on the "
            "role; or the role does not exist.",
        )
    return terminal.explained(error)
