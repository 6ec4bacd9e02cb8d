"""Those who get in when nobody else can keep everything: the playbook names them, and no plan takes anything from them.

A name that fits nobody is refused as well: whoever relies on it would find out on the worst day.
"""

from collections.abc import Iterator, Sequence

from remediate.account import Role, User
from remediate.guard.access import TAKES
from remediate.guard.carriers import Access, begun
from remediate.guard.rules import concerned
from remediate.model import Change, Matcher, at
from remediate.playbook.scope import matches
from remediate.policy.known import denies
from remediate.protocols import Resources


def violations(
    access: Access, resources: Resources, named: Sequence[Matcher], *, rolls_back: bool = False
) -> Iterator[str]:
    """Every change that would take something from somebody whom the playbook names under `break_glass`.

    When a rollback is needed, it is too late to say that a name fits nobody.
    """
    for matcher in named if not rolls_back else ():
        if not any(matches(matcher, who) for who in _everybody(access)):
            yield f"no user or role is what the playbook's break_glass describes ({_said(matcher)})"
    for change, what in taken(access, resources, named):
        yield f"#{change.id} {change.address} would {what}"


def taken(access: Access, resources: Resources, named: Sequence[Matcher]) -> Iterator[tuple[Change, str]]:
    """The changes that take something from them, and what they would do."""
    spared = [who for who in _everybody(access) if any(matches(matcher, who) for matcher in named)]
    for change in access.timeline.changes.values() if spared else ():
        for who in concerned(change, access.timeline.account, resources) if change.classes & TAKES else ():
            if who in spared:
                yield change, f"take something from {who.name}, who is for emergencies"
    for who in spared:
        held = access.carriers(at("iam.user" if isinstance(who, User) else "iam.role", who.name))
        for statement, carriers in held.items():
            # denials that come from elsewhere: through a group they are in, or a document that they hold already
            begins = begun(access.timeline, carriers) if denies(statement) else None
            if begins:
                yield begins, f"deny something to {who.name}, who is for emergencies"


def _everybody(access: Access) -> list[User | Role]:
    account = access.timeline.account
    return [*account.users.values(), *account.roles.values()]


def _said(matcher: Matcher) -> str:
    lines = {"name": matcher.name, "path": matcher.path, "tag": dict(matcher.tag) if matcher.tag else None}
    return ", ".join(f"{key}: {value}" for key, value in lines.items() if value)
