"""Only the permissions that the work needs.

Three things are found. Policies of the account's own, managed or inline, that allow everything on everything,
everything but what they name, or whole services. Administrators who used nothing in `unused_days` that only an
administrator may: IAM, AWS Organizations, account settings. And, for the users and roles that `review` names, services
that they may use and do not.

What to do about it is proposed from IAM's service last accessed data, which AWS keeps for 400 days; it shows attempts,
not success, and comes with up to four hours' delay. Somebody without any record is left alone, and so is who is younger
than `unused_days`, exempt, or what this run works with. An administrator who works, but not with IAM, moves to a group
of power users (a role gets the other policy); `keep_administrators` of those who worked within 30 days always stay. A
policy loses the services that nobody it reaches used; `*` becomes those that somebody used. The plan calls all of that
restrictive and says what people will notice: read it before you apply it, for some work is done once a year. Passing a
role to a service leaves no record, and goes with IAM.

Where `remediate evidence` has read CloudTrail's log files, a service is narrowed further, to the actions and resources
of the calls that succeeded: an application that only writes files to one bucket ends with PutObject on that bucket.
That is so of services of which every call is a management event, and of those whose data events the trail has recorded
for as long (`data_events`: without them the records show a bucket's settings, and none of its files). The records must
go back `evidence_days`, end within three days, and hold reads as well as writes. A service stays whole where it was
used and no record shows how, where it is not known what an event needed, or where what was done is longer than IAM
allows, even with patterns for resources. What a policy allows under a condition stays under it, narrowed the same way;
where no record shows its use, it stays whole, for the condition may be for rare days. What leaves no event of its own,
such as passing a role or a tag with a file, is lost, and the plan says so.

AWS's own full-access policies cannot be changed. Where somebody has one (a group: all of its members) and the records
show what was done with it, a policy of the account's own with that is attached in its place, and AWS's is detached
after it. AdministratorAccess and PowerUserAccess stay, and what `leave_policies` names; so does everything where there
are no such records. A user or role to which, by the records, a policy was attached within `unused_days` waits, as does
an inline policy that was written within them. A group does not, for `groups` may just have made it: what its members
were given lately, and did not use yet for all that it is for, belongs in `leave_policies` or in an exemption.

Users with policies of their own wait until `groups` has moved them: then the next plan looks at them. Rollback is
exact: a policy's document before this stays as one of its versions. IAM keeps five: where there are five already, the
oldest is deleted, and the plan says so.
"""

from collections.abc import Iterator, Mapping

from remediate.account import Account, Role, User
from remediate.controls import administrators, aws_policies, power_users, smaller_policies
from remediate.controls.base import Control
from remediate.controls.privilege import CONTROL, Settings, View
from remediate.model import Address, Fault, at
from remediate.playbook.scope import Scope, matches
from remediate.words import many


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """Reports on the groups and policies that make administrators, and on wide policies: never one for each user."""
    account.known("iam.user", "iam.group", "iam.policy", "iam.role", "credential-report")
    view = View(account, settings, scope)
    yield from administrators.sources(view)
    for grant in smaller_policies.grants(view):
        yield from smaller_policies.evidence(view, grant)
    yield from aws_policies.candidates(view)
    for grant in aws_policies.grants(view):
        yield from aws_policies.evidence(view, grant)
    for who in _reviewed(view):
        yield at("iam.service_use", who.arn)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "iam.policy", "iam.role", "credential-report")
    view = View(account, settings, scope)
    everybody = administrators.administrators(view)
    leaving = power_users.leaving(view, everybody)
    yield from power_users.faults(view, everybody, leaving)
    yield from smaller_policies.faults(view, everybody, leaving)
    yield from aws_policies.faults(view)
    for who in _reviewed(view):
        yield from _unused(view, who)


def _reviewed(view: View) -> list[User | Role]:
    everybody: list[User | Role] = [*view.account.users.values(), *view.account.roles.values()]
    return [who for who in everybody if any(matches(matcher, who) for matcher in view.settings.review)]


def _unused(view: View, who: User | Role) -> Iterator[Fault]:
    """More than half of the services that somebody may use, and does not."""
    use = view.account.facts.get(at("iam.service_use", who.arn))
    services = use if isinstance(use, Mapping) else {}
    unused = sorted(service for service, moment in services.items() if not view.recent(moment))
    if 2 * len(unused) > len(services):
        yield Fault(
            address=at("iam.user" if isinstance(who, User) else "iam.role", who.name),
            severity="low",
            summary=f"{who.name} may use {len(services)} services, and used {len(services) - len(unused)} of them "
            f"in {many(view.settings.unused_days, 'day')}",
            evidence={"used": sorted(services.keys() - set(unused)), "unused": list(unused)},
        )


control = Control(
    id=CONTROL,
    title="Only the permissions that the work needs",
    guideline="G10",
    cis_7=("2.14",),
    cis_5=("1.15",),
    security_hub=("IAM.1", "IAM.21"),
    changes="makes administrators without need power users; takes unused services out of policies",
    kinds=(
        "iam.group",
        "iam.group_member",
        "iam.group_policy",
        "iam.user_policy",
        "iam.role_policy",
        "iam.policy",
        *(f"iam.{holder}_inline" for holder in ("user", "group", "role")),
    ),
    rollback="exact",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
