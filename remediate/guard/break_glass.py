"""Those who get in when nobody else can keep everything: the playbook names them, and no plan takes anything from them.

A name that fits nobody is refused as well: whoever relies on it would find out on the worst day.
"""

from collections.abc import Iterator, Sequence

from remediate.account import Role, User
from remediate.guard.access import TAKES
from remediate.guard.carriers import Access, begun
from remediate.guard.rules import concerned
from remediate.model import Matcher, at, kind_of, name_of
from remediate.playbook.scope import matches
from remediate.policy.known import denies
from remediate.protocols import Resources


def violations(access: Access, resources: Resources, named: Sequence[Matcher]) -> Iterator[str]:
    """Every change that would take something from somebody whom the playbook names under `break_glass`."""
    timeline, account = access.timeline, access.timeline.account
    everybody: list[User | Role] = [*account.users.values(), *account.roles.values()]
    for matcher in named:
        if not any(matches(matcher, who) for who in everybody):
            yield f"no user or role is what the playbook's break_glass describes ({_said(matcher)})"
    spared = [who for who in everybody if any(matches(matcher, who) for matcher in named)]
    for change in timeline.changes.values() if spared else ():
        for who in concerned(change, account, resources) if change.classes & TAKES else ():
            if who in spared:
                yield f"#{change.id} {change.address} would take something from {who.name}, who is for emergencies"
    yield from _denied(access, spared)


def _denied(access: Access, spared: Sequence[User | Role]) -> Iterator[str]:
    """Denials that come from elsewhere: through a group they are in, or a document that they hold already."""
    timeline = access.timeline
    for who in spared:
        held = access.carriers(at("iam.user" if isinstance(who, User) else "iam.role", who.name))
        for statement, carriers in held.items():
            if denies(statement) and (change := begun(timeline, carriers)) is not None:
                whose = f"{kind_of(change.address)} {name_of(change.address)}"
                yield f"#{change.id} {whose} would deny something to {who.name}, who is for emergencies"


def _said(matcher: Matcher) -> str:
    lines = {"name": matcher.name, "path": matcher.path, "tag": dict(matcher.tag) if matcher.tag else None}
    return ", ".join(f"{key}: {value}" for key, value in lines.items() if value)
