"""Permissions come from groups: no user has an attached or inline policy of its own, and nobody gains or loses access.

Each user's own policies move to groups. `Admins`, `PowerUsers` and `ReadOnlyUsers` take AWS's three job policies;
users with the same remaining policies share one further group. Inline documents become managed policies, one for all
documents that say the same (compared by meaning, not by text). An existing policy or group is used where it grants
exactly that; one that happens to have the wanted name and other content is left alone, and ours gets another name.

What another control of the playbook takes away (`cloudshell-access`) is not carried over.

A user in as many groups as IAM allows swaps one membership for a combined group; until that is joined, what the left
group gave is attached to the user. Where a quota leaves no way, the user is reported with the reason.

The order is the planner's: create, attach, join, read back, and only then detach. The guard proves for every user and
every moment of the apply that the effective statements stay the same set. Rollback is exact.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta, field

from remediate.account import Account
from remediate.controls import cloudshell_access
from remediate.controls.base import Control
from remediate.controls.grouping import Draft, Move, NoWay, Policies
from remediate.model import Fault, Manual, Struct, Want, at, pair_of
from remediate.playbook.scope import Scope
from remediate.policy import NotAPolicy
from remediate.words import many

JOBS: Mapping[str, str] = {
    "Admins": "AdministratorAccess",
    "PowerUsers": "PowerUserAccess",
    "ReadOnlyUsers": "ReadOnlyAccess",
}


GroupName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=128)]
Policy = Annotated[str, Meta(pattern="^[!-~]+$", max_length=2048)]


class Settings(Struct, frozen=True, kw_only=True):
    groups: Mapping[GroupName, Policy] = field(default_factory=lambda: dict(JOBS))
    """Groups with one AWS managed policy each (its name) or customer managed policy (its ARN)."""
    path: Annotated[str, Meta(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"
    """The path of new groups and policies."""


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "iam.policy")
    jobs = {_arn(account, policy): group for group, policy in settings.groups.items()}
    policies = Policies(account, settings.path)
    drafts: list[Draft] = []
    for name, user in account.users.items():
        gone = cloudshell_access.taken_from(account, scope, name)
        own = tuple(address for address in policies.own(name) if pair_of(address)[1] != gone)
        if not own:
            continue
        if scope.exemption(control.id, user):
            yield Fault(address=at("iam.user", name), severity="medium", summary=_summary(name, len(own)))
            continue
        try:
            drafts.append(policies.draft(name, own))
        except NotAPolicy as error:
            yield _stuck(name, len(own), f"one of them cannot become a managed policy: {error}")
    for draft, move in policies.moves(drafts, jobs):
        if isinstance(move, NoWay):
            yield _stuck(draft.user, len(draft.own), move.reason)
        else:
            yield _fault(draft, move)


def _arn(account: Account, policy: str) -> str:
    return policy if policy.startswith("arn:") else f"arn:{account.partition}:iam::aws:policy/{policy}"


def _summary(user: str, count: int) -> str:
    return f"{user} has {many(count, 'policy', 'policies')} of its own"


def _fault(draft: Draft, move: Move) -> Fault:
    groups = ", ".join(move.joins) or "groups the user is in"
    leave = [
        Want(address=a, after=None, why=f"{draft.user}'s own policy; the same now comes from {groups}", risk="neutral")
        for a in draft.own
    ]
    return Fault(
        address=at("iam.user", draft.user),
        severity="medium",
        summary=_summary(draft.user, len(draft.own)),
        evidence={"own": [str(a) for a in draft.own], "groups": list(move.joins)},
        wants=(*move.wants, *leave),
    )


def _stuck(user: str, count: int, reason: str) -> Fault:
    return Fault(
        address=at("iam.user", user),
        severity="medium",
        summary=_summary(user, count),
        evidence={"reason": reason},
        manual=Manual(
            address=at("iam.user", user),
            summary=f"{user}'s own policies cannot move to a group: {reason}",
            steps=(
                f"Look at them: aws iam list-user-policies --user-name '{user}'; "
                f"aws iam list-attached-user-policies --user-name '{user}'",
                "Free the quota named above (or ask AWS to raise it), then make a new plan.",
            ),
            check="The next plan finds room and moves them, or finds no policies of the user's own.",
        ),
    )


control = Control(
    id="groups",
    title="Permissions come from groups",
    guideline="G8",
    cis_7=("2.13",),
    cis_5=("1.14",),
    security_hub=("IAM.2",),
    changes="moves users' own policies to groups, with everybody's access unchanged",
    kinds=(
        "iam.group",
        "iam.group_member",
        "iam.group_policy",
        "iam.policy",
        "iam.user_policy",
        "iam.user_inline",
    ),
    rollback="exact",
    settings=Settings,
    check=check,
    doc=__doc__,
)
