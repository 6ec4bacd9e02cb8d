"""A user of their own for each person behind a shared one, and the end of the shared password."""

import shlex
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from remediate.account import Account, User
from remediate.model import Manual, Struct, Want, at, when
from remediate.playbook.scope import Scope

UserName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=64)]
GroupName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=128)]
GROUPS_PER_USER = 10
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
NEW = timedelta(days=7)
"""A user this young, without a password, is one that an earlier plan did not finish."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who works through a shared user: the user of their own, and the group that gives it its permissions."""

    name: UserName
    group: GroupName


def own_users(
    account: Account, shared: User, people: tuple[Person, ...], path: str, control: str, scope: Scope
) -> tuple[list[Want], list[str]]:
    """What is missing for each person, and what is in the way of it."""
    wants: list[Want] = []
    obstacles: list[str] = []
    for person in people:
        obstacle = _obstacle(account, person, control, scope)
        obstacles += [obstacle] if obstacle else []
        wants += [] if obstacle else _own_user(account, shared, person, path, scope.now)
    return wants, obstacles


def _obstacle(account: Account, person: Person, control: str, scope: Scope) -> str:
    user = account.users.get(person.name)
    alike = next((name for name in account.users if name.lower() == person.name.lower()), person.name)
    if alike != person.name:
        return f"{person.name}: there is a user {alike}, and IAM takes them for the same: write it so in the playbook"
    if at("iam.group", person.group) not in account.state:
        return f"{person.name}: there is no group {person.group} yet: the control groups makes those of its playbook"
    if user and scope.exemption(control, user):
        return f"{person.name}: is exempt, and is left alone"
    groups = account.groups_of(person.name)
    if person.group not in groups and len(groups) >= account.summary.get("GroupsPerUserQuota", GROUPS_PER_USER):
        return f"{person.name}: is in as many groups as IAM allows: take it out of one"
    return ""


def _own_user(account: Account, shared: User, person: Person, path: str, now: datetime) -> list[Want]:
    user, why = account.users.get(person.name), f"{person.name} works through {shared.name}, and gets a user"
    wants = [] if user else [Want(address=at("iam.user", person.name), after={"path": path}, why=why, risk="additive")]
    member = at("iam.group_member", person.group, person.name)
    if account.value(member) is None:
        because = f"{why} with the permissions of {person.group}"
        wants.append(Want(address=member, after="member", why=because, risk="additive"))
    profile = at("iam.login_profile", person.name)
    unfinished = user is None or (user.password is None and not user.keys and now - user.created <= NEW)
    if unfinished and account.value(profile) is None:
        notice = (
            f"a user of your own in place of {shared.name}: its one-time password is shown once, when this is applied"
        )
        wants.append(Want(address=profile, after="password", why=why, risk="additive", notice=notice))
    return wants


def retirement(
    account: Account, shared: User, people: tuple[Person, ...], quiet: timedelta, now: datetime
) -> tuple[list[Want], list[str]]:
    """The end of the shared password once everybody has moved, or what is still to happen before that."""
    waiting = [person.name for person in people if account.sign_ins.get(person.name) is None]
    profile = at("iam.login_profile", shared.name)
    last = account.sign_ins.get(shared.name)
    if waiting:
        return [], [f"{', '.join(waiting)} did not sign in as themselves yet"]
    if account.value(profile) is None:
        return [], [f"its keys are still active: {shared.name}'s work goes to those who do it, and idle keys go then"]
    if last is None:
        return [], ["it has a password without a recorded sign-in: AWS cannot tell whether it is used"]
    if now - last < quiet:
        return [], [f"somebody signed in as {shared.name} on {last:%Y-%m-%d}, although everybody has a user now"]
    why = f"everybody behind {shared.name} has a user, and nobody signed in as it since {last:%Y-%m-%d}"
    evidence = {"last_used": when(last)}
    return [
        Want(
            address=profile,
            after=None,
            why=why,
            risk="restrictive",
            evidence=evidence,
            notice=f"password removed: {why}",
        )
    ], []


def still_to_do(shared: User, obstacles: list[str]) -> Manual | None:
    if not obstacles:
        return None
    return Manual(
        address=at("iam.user", shared.name),
        summary=f"{shared.name} is shared, and its people have not all moved to users of their own",
        steps=tuple(obstacles),
        check=f"A later plan removes the password of {shared.name}, when all have signed in and it lies still.",
    )


def to_list(shared: User) -> Manual:
    """The playbook does not say who they are: only CloudTrail, or they themselves, can."""
    entry = msgspec.json.encode({shared.name: [{"name": "…", "group": "…"}]}).decode()
    events = (
        "aws cloudtrail lookup-events --region us-east-1 "
        f"--lookup-attributes AttributeKey=Username,AttributeValue={shlex.quote(shared.name)}"
    )
    return Manual(
        address=at("iam.user", shared.name),
        summary=f"find out who works as {shared.name}, and list them in the playbook",
        steps=(
            f"See from where it is used (and in other regions that you work in): {events}",
            f"List them: controls: shared-credentials: people: {entry}",
            "If it is one person after all: give the user that person's name, or exempt it with a reason.",
        ),
        check="The next plan gives each of them a user, or finds nothing to suspect.",
    )
