"""One person, one credential.

What is done through a user that several people share has no author. A user is reported as shared when people work
through it and

- the playbook lists the people behind it (`people`), or
- a tag of the user names several of them, by their mail addresses, or
- it has a generic name (`patterns`, such as `admin` or `team-*`) and somebody
  signed in to the console with it within `days`.

The last two are a suspicion: the finding shows what it rests on. Applications are left out, unless `people` lists them.

Access keys that several use cannot be seen in IAM, which keeps only one last use of a key. Where `remediate evidence`
has read CloudTrail's log files, a key is reported, an application's as well as a person's, when in several hours of
`days` days it worked from `networks` unrelated networks at once (addresses whose first 16 bits differ, or 32 bits of
version 6), with `programs` programs at once, or in an account that `cross-account-roles` does not name as trusted. The
score says how many times over; it proves nothing. Without such records the plan says that nobody looked. A manual step
says how each gets a key of their own before the old one is made inactive: it is in use, so no plan takes it away.

Where the playbook lists the people, the plan gives each of them a user in the group that it names, and a one-time
password, which is shown once while the plan is applied. Nobody loses anything by that. Where it lists nobody, a manual
step says how to find out who they are.

Only when all of them have signed in as themselves, and nobody signed in as the shared user for `quiet_days`, a later
plan removes its password. Its access keys are never taken away here: `unused-credentials` does that when they lie idle.

Rollback removes the new users again, as long as nothing else was given to them; a password that was removed comes back
as a new one-time password.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, User
from remediate.controls import shared_keys, suspected
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.own_users import Person, UserName, own_users, retirement, still_to_do, to_list
from remediate.evidence.sharing import LIMITS, Hours, Several
from remediate.model import Address, Fault, Struct, Value, at, when
from remediate.playbook.scope import Scope
from remediate.words import many

Days = Annotated[int, Meta(ge=1, le=3650)]
MAIL = re.compile(r"[^\s@:/]+@[^\s@:/]+")


class Settings(Struct, frozen=True, kw_only=True):
    days: Days = 90
    """A password or key used within so many days is in use."""
    quiet_days: Days = 7
    """A shared password goes when nobody signed in with it for so long."""
    patterns: tuple[Annotated[str, Meta(min_length=1)], ...] = (
        *("admin", "admins", "administrator", "root", "aws", "user", "users", "user?", "test", "test?", "test-*"),
        *("shared", "shared-*", "*-shared", "common", "generic", "everyone", "guest", "demo", "training", "temp"),
        *("team", "team-*", "*-team", "dev", "devs", "developer", "developers", "ops", "devops", "sysadmin"),
        *("support", "office", "intern", "interns", "contractor", "contractors", "deploy", "deployer"),
    )
    """Generic names; `*` and `?` stand for any text and any character, and case does not count."""
    networks: Several = LIMITS["networks"].several
    """From so many unrelated networks in the same hour, a key is used by several."""
    network_hours: Hours = LIMITS["networks"].hours
    """In so many hours of `days`: one may be an office whose line failed."""
    programs: Several = LIMITS["programs"].several
    """With so many programs in the same hour: two are a deployment and the tool that it calls."""
    program_hours: Hours = LIMITS["programs"].hours
    """In so many hours of `days`."""
    other_account_hours: Hours = LIMITS["other account"].hours
    """Hours in which a key worked in another account, or another account's key here."""
    people: Mapping[UserName, tuple[Person, ...]] = {}
    """Who works through a shared user, by its name: each gets a user in a group."""
    path: Annotated[str, Meta(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"
    """The path of new users."""


def refuses(settings: Settings, moment: Moment) -> Iterator[Complaint]:
    spelt: dict[str, str] = {}
    for shared, people in settings.people.items():
        for n, person in enumerate(people):
            where, name = f"people.{shared}[{n}].name", person.name
            if name.lower() == shared.lower():
                yield where, f"{shared} cannot be its own successor"
            if name in {other.name for other in people[:n]}:
                yield where, f"{name} stands here twice"
            if spelt.setdefault(name.lower(), name) != name:
                yield where, f"{name} and {spelt[name.lower()]} are one user to IAM"


def asks(account: Account, settings: Settings, scope: Scope) -> Iterator[Address]:
    """Sign-ins of shared users and of the people behind them, for those whom the playbook lists."""
    account.known("iam.user", "credential-report")
    yield from shared_keys.asks(account, settings, scope)
    for shared, people in settings.people.items():
        names = (shared, *(person.name for person in people)) if shared in account.users else ()
        yield from (at("iam.login_profile", name) for name in names if name in account.users)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "credential-report")
    for user in account.users.values():
        people = settings.people.get(user.name, ())
        account.known(*(at("iam.login_profile", name) for name in (user.name, *(p.name for p in people)) if people))
        if signs := _signs(account, user, people, settings, scope):
            yield _fault(account, user, people, signs, settings, scope)
    yield from shared_keys.faults(account, settings, scope)


def unseen(account: Account, settings: Settings, scope: Scope) -> Iterator[tuple[str, str]]:
    if reason := suspected.unseen(account, scope.now, settings.days):
        yield "access keys that several use at once", reason


def _signs(account: Account, user: User, people: tuple[Person, ...], settings: Settings, scope: Scope) -> list[str]:
    """What says that a user is shared; nothing where nobody can work through it, or an application does."""
    signed_in, by_key = _in_use(user, settings, scope.now)
    if people:
        password = account.value(at("iam.login_profile", user.name))
        alive = password is not None or any(key.active for key in user.keys)
        return [f"the playbook lists {many(len(people), 'person', 'people')} behind it"] if alive else []
    if scope.nature(user)[0] == "application":
        return []
    tags = [f"the tag {k} names several people" for k, v in sorted(user.tags.items()) if len(set(MAIL.findall(v))) > 1]
    generic = [p for p in settings.patterns if fnmatchcase(user.name.lower(), p.lower().replace("[", "[[]"))]
    found = tags if signed_in or by_key else []
    return [*found, *(["a generic name, and somebody signs in with it"] if generic and signed_in else [])]


def _in_use(user: User, settings: Settings, now: datetime) -> tuple[bool, bool]:
    """Whether its password and its keys are in use."""
    limit = timedelta(days=settings.days)
    last = user.password.last_used if user.password else None
    keys = [key.last_used for key in user.keys if key.active and key.last_used]
    return last is not None and now - last <= limit, any(now - used <= limit for used in keys)


def _fault(
    account: Account, user: User, people: tuple[Person, ...], signs: list[str], settings: Settings, scope: Scope
) -> Fault:
    evidence: dict[str, Value] = {
        "signs": signs,
        "last_sign_in": when(user.password.last_used) if user.password else None,
        "keys_last_used": [when(key.last_used) for key in user.keys if key.active],
        "mfa": user.mfa,
    }
    both = all(_in_use(user, settings, scope.now))
    wants, obstacles = own_users(account, user, people, settings.path, control.id, scope)
    if people and not wants and not obstacles:
        wants, obstacles = retirement(account, user, people, timedelta(days=settings.quiet_days), scope.now)
    return Fault(
        address=at("iam.user", user.name),
        severity="high" if people or both else "medium",
        summary=f"{user.name} looks like several people: {'; '.join(signs)}",
        evidence=evidence,
        wants=tuple(wants),
        manual=still_to_do(user, obstacles) if people else to_list(user),
    )


control = Control(
    id="shared-credentials",
    title="One person, one credential",
    guideline="G12",
    changes="gives each person behind a shared user a user of their own, and removes its password when all have moved",
    kinds=("iam.user", "iam.group_member", "iam.login_profile"),
    rollback="new users: exact; a shared password that was removed: a new one-time one",
    settings=Settings,
    check=check,
    asks=asks,
    unseen=unseen,
    refuses=refuses,
    doc=__doc__,
)
