"""Nobody works as the root user.

The root user is for the few tasks that AWS keeps for it. What happens under it has nobody's name, and nothing limits
it. A use of its password or of one of its keys within `days` is found, with the day and the credential.

The credential report tells, and it may be four hours old: a use of the last hours may be missing. Sessions that a
management account has through central root access are no use of a credential, and are not shown there; CloudTrail has
them. To hear of each use within minutes, keep the alarm of the control `alarms`.

Whether a use was one of those tasks only a person can say, so there are instructions and no change; the finding goes by
itself when `days` have passed without another use.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Root
from remediate.controls.base import Control
from remediate.model import Fault, Manual, Struct, at, when
from remediate.playbook.scope import Scope

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


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("credential-report")
    if account.root is None:
        return
    begin = scope.now - timedelta(days=settings.days)
    uses = {name: moment for name, moment in _uses(account.root) if moment >= begin}
    if not uses:
        return
    credential, last = max(uses.items(), key=lambda use: use[1])
    yield Fault(
        address=USE,
        severity="high",
        summary=f"somebody worked as the root user on {last:%Y-%m-%d}, with its {credential}",
        evidence={name: when(moment) for name, moment in uses.items()},
        manual=_manual(last, credential, settings),
    )


def _uses(root: Root) -> Iterator[tuple[str, datetime]]:
    """The last use of each credential."""
    if root.last_used:
        yield "password", root.last_used
    for n, slot in enumerate(root.keys, start=1):
        if slot.last_used:
            yield f"access key {n}", slot.last_used


def _manual(last: datetime, credential: str, settings: Settings) -> Manual:
    return Manual(
        address=USE,
        summary=f"find out who used the root user's {credential} on {last:%Y-%m-%d}, and for what",
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
        check=f"The next plan finds no use within {settings.days} days, by a report that may be four hours old.",
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
    doc=__doc__,
)
