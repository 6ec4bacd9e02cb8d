"""Nobody has AWSCloudShellFullAccess.

AWS CloudShell is a shell with the permissions of whoever opens it, on a machine that nobody else watches: files go in
and out of it past every rule for the company's own machines. The policy that opens all of it, file transfer included,
is detached from every user, group and role. Who needs CloudShell gets a policy without cloudshell:GetFileDownloadUrls
and cloudshell:GetFileUploadUrls instead.

People notice, so it is `restrictive`. It stays where detaching is not for a plan to do, and is reported: on roles
that AWS IAM Identity Center manages (take it out of the permission set), on a group with an exempt member, and on
whoever runs the plan. `groups` does not carry it over to a group where this control takes it from the user. Rollback
is exact.
"""

from collections.abc import Iterator
from shlex import quote

from remediate.account import Account, User
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Want, at, kind_of, name_of
from remediate.playbook.scope import Scope

ID = "cloudshell-access"
POLICY = "AWSCloudShellFullAccess"
HOLDERS = ("user", "group", "role")
RESERVED = ("/aws-reserved/", "/aws-service-role/")
"""Paths of roles that only AWS changes."""


class Settings(Struct, frozen=True, kw_only=True):
    """Nothing to choose."""


def arn(account: Account) -> str:
    return f"arn:{account.partition}:iam::aws:policy/{POLICY}"


def check(account: Account, _settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "iam.role")
    for holder in HOLDERS:
        for name in account.names(f"iam.{holder}"):
            if arn(account) in account.under(f"iam.{holder}_policy", name):
                yield _fault(account, scope, at(f"iam.{holder}", name))


def taken_from(account: Account, scope: Scope, user: str) -> str:
    """The ARN of the policy if this control, where the playbook has it, takes it from this user; otherwise empty."""
    exempt = scope.exemption(ID, account.users[user])
    wanted = scope.playbook.controls.get(ID)
    return arn(account) if wanted and not exempt and not _stays(account, scope, at("iam.user", user)) else ""


def _fault(account: Account, scope: Scope, holder: Address) -> Fault:
    kind, name = kind_of(holder).removeprefix("iam."), name_of(holder)
    address = at(f"iam.{kind}_policy", name, arn(account))
    summary, stays = f"the {kind} {name} has {POLICY}", _stays(account, scope, holder)
    why = "CloudShell is a way in and out for files that no rule of the company's machines sees"
    notice = f"{POLICY} is taken away: no CloudShell unless another policy allows it"
    want = Want(address=address, after=None, why=why, risk="restrictive", notice=notice)
    return Fault(
        address=address,
        severity="medium",
        summary=summary,
        evidence={"members": list(account.members_of(name))} if kind == "group" else {},
        wants=() if stays else (want,),
        manual=_by_hand(address, f"{summary}, and {stays[0]}", stays[1]) if stays else None,
    )


def _stays(account: Account, scope: Scope, holder: Address) -> tuple[str, str] | None:
    """Why no plan detaches it, and what to do instead; None where one does."""
    kind, name = kind_of(holder).removeprefix("iam."), name_of(holder)
    detach = f"aws iam detach-{kind}-policy --{kind}-name {quote(name)} --policy-arn {arn(account)}"
    if kind == "role" and account.roles[name].path.startswith(RESERVED):
        permission_set = "Take it out of the permission set in IAM Identity Center, and provision that set again."
        return "only AWS changes that role", permission_set
    if holder in account.working_as:
        return "this run works with it", f"Make the plan as somebody else, or: {detach}"
    exempt = [user for user in _members(account, holder) if scope.exemption(ID, user)]
    if exempt:
        return f"its member {exempt[0].name} is exempt", f"Take {exempt[0].name} out of the group, or: {detach}"
    return None


def _members(account: Account, holder: Address) -> list[User]:
    names = account.members_of(name_of(holder)) if kind_of(holder) == "iam.group" else ()
    return [account.users[user] for user in names if user in account.users]


def _by_hand(address: Address, summary: str, step: str) -> Manual:
    check = "The next plan does not find it any more, or detaches it."
    return Manual(address=address, summary=summary, steps=(step,), check=check)


control = Control(
    id=ID,
    title=f"Nobody has {POLICY}",
    guideline="",
    cis_7=("2.20",),
    cis_5=("1.21",),
    security_hub=("IAM.27",),
    changes=f"detaches {POLICY} from users, groups and roles",
    kinds=tuple(f"iam.{holder}_policy" for holder in HOLDERS),
    rollback="exact",
    settings=Settings,
    check=check,
    doc=__doc__,
)
