"""Nobody works as the root user.

The root user is for the few tasks that AWS keeps for it. What happens under it has nobody's name, and nothing limits
it. A use of its password or of one of its keys within `days` is found, with the day and the credential.

The credential report tells, and it may be four hours old: a use of the last hours may be missing. Sessions that a
management account has through central root access are no use of a credential, and are not shown there. Where `remediate
evidence` has read CloudTrail's log files, `hours` hours or more with calls of the root user are found as well, with
what was called; what AWS's services do in its name does not count. To hear of each use within minutes, keep the alarm
of the control `alarms`.

Whether a use was one of those tasks only a person can say, so there are instructions and no change; the finding goes by
itself when `days` have passed without another use.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Root
from remediate.controls import suspected
from remediate.controls.base import Control
from remediate.evidence.sharing import LIMITS, Hours, Limit
from remediate.model import Fault, Manual, Struct, at, when
from remediate.playbook.scope import Scope
from remediate.words import many

USE = at("root.user", "use")
TASKS = (
    "the account's name, email address, root password and root keys; closing the account; letting IAM users see "
    "billing; an S3 or SQS policy that shuts everybody out; MFA Delete of a bucket; giving the last administrator the "
    "permissions back; certain tax invoices"
)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#root-user-tasks"""


class Settings(Struct, frozen=True, kw_only=True):
    days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """A use so recent is a finding."""
    hours: Hours = LIMITS["root"].hours
    """Hours with calls of the root user, by CloudTrail's records: nobody works as root by accident."""


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("credential-report")
    begin = scope.now - timedelta(days=settings.days)
    uses = {name: moment for name, moment in _uses(account.root) if moment >= begin}
    arn = f"arn:{account.partition}:iam::{account.id}:root"
    limits: suspected.Limits = {"root": Limit(hours=settings.hours)}
    recorded = suspected.suspected(account, arn, begin, limits, application=False)
    if uses:
        credential, last = max(uses.items(), key=lambda use: use[1])
        summary = f"somebody worked as the root user on {last:%Y-%m-%d}, with its {credential}"
        question = f"used the root user's {credential} on {last:%Y-%m-%d}, and for what"
    elif recorded:
        summary = f"somebody worked as the root user, by CloudTrail's records: {recorded[0].reasons[0].said}"
        question = "made the root user's calls that CloudTrail recorded, and for what"
    else:
        return
    yield Fault(
        address=USE,
        severity="high",
        summary=summary,
        evidence={**{name: when(moment) for name, moment in uses.items()}, **suspected.evidence(recorded)},
        manual=_manual(f"find out who {question}", settings),
    )


def unseen(account: Account, settings: Settings, scope: Scope) -> Iterator[tuple[str, str]]:
    if reason := suspected.unseen(account, scope.now, settings.days):
        yield "what the root user called", reason


def _uses(root: Root | None) -> Iterator[tuple[str, datetime]]:
    """The last use of each credential."""
    if root is None:
        return
    if root.last_used:
        yield "password", root.last_used
    for n, slot in enumerate(root.keys, start=1):
        if slot.last_used:
            yield f"access key {n}", slot.last_used


def _manual(summary: str, settings: Settings) -> Manual:
    return Manual(
        address=USE,
        summary=summary,
        steps=(
            "CloudTrail, Event history, User name: root. It has 90 days: sign-ins in us-east-1 or the region that "
            "somebody signed in to, the rest in the regions where it was done. Older events are in the trail's bucket, "
            "with userIdentity.type Root.",
            f"Only this is the root user's work: {TASKS}.",
            "For everything else, give those people a role or a group with the permissions they need, and put the root "
            "user's password and MFA device away where two people are needed to get them.",
            "If nobody knows of it, it is a break-in: change the root password, delete its keys, and ask AWS Support.",
            "Keep the alarm on root use (control `alarms`), so that the next time is known within minutes.",
        ),
        check=f"The next plan finds no use in {many(settings.days, 'day')}, by a report that may be four hours old.",
    )


control = Control(
    id="root-usage",
    title="Nobody works as the root user",
    guideline="G11",
    cis_7=("2.7",),
    cis_5=("1.6",),
    changes="nothing: what was used and when, and what to do instead",
    rollback="nothing to take back",
    settings=Settings,
    check=check,
    unseen=unseen,
    doc=__doc__,
)
