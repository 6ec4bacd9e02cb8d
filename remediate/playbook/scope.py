"""A playbook applied to people: who is exempt, who is an application, who is a person, and what day it is."""

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from remediate.account import Role, User
from remediate.model import Exemption, Matcher, Struct
from remediate.playbook import Playbook

Nature = Literal["application", "person", "unknown"]


class Scope(Struct, frozen=True, kw_only=True):
    """What a control may ask besides the account and its own settings."""

    playbook: Playbook
    now: datetime
    """Aware, in UTC."""

    def exemption(self, control: str, principal: User | Role) -> Exemption | None:
        """The exemption that keeps this control away from this principal today, if there is one."""
        return exemption(self.playbook.exemptions, control, principal, self.now)

    def expired(self) -> tuple[Exemption, ...]:
        return tuple(e for e in self.playbook.exemptions if e.expires < self.now.date())

    def nature(self, user: User) -> tuple[Nature, str]:
        """Application or person, and why we think so. The playbook's word comes before evidence.

        Evidence: someone who signs in to the console is a person; a key in use and no sign-in ever is an
        application; neither is unknown, and is left alone.
        """
        if any(matches(m, user) for m in self.playbook.principals.applications):
            return "application", "the playbook says so"
        if any(matches(m, user) for m in self.playbook.principals.people):
            return "person", "the playbook says so"
        if user.password and user.password.last_used:
            return "person", f"signed in on {user.password.last_used:%Y-%m-%d}"
        used = [k.last_used for k in user.keys if k.active and k.last_used]
        if used:
            return "application", f"a key in use ({max(used):%Y-%m-%d}) and no sign-in ever"
        return "unknown", "no sign-in and no key in use"


def exemption(exemptions: Iterable[Exemption], control: str, principal: User | Role, now: datetime) -> Exemption | None:
    """The first exemption that holds now for this control and this principal."""
    for item in exemptions:
        applies = not item.controls or control in item.controls
        if applies and item.expires >= now.date() and matches(item.match, principal):
            return item
    return None


def matches(matcher: Matcher, principal: User | Role) -> bool:
    """Whether every line of the matcher fits; an empty matcher fits nobody."""
    if matcher.name is None and matcher.path is None and matcher.tag is None:
        return False
    tags = principal.tags
    return (
        (matcher.name is None or _fits(principal.name, matcher.name))
        and (matcher.path is None or _fits(principal.path, matcher.path))
        and all(key in tags and _fits(tags[key], value) for key, value in (matcher.tag or {}).items())
    )


def _fits(text: str, pattern: str) -> bool:
    """`*` and `?` stand for any text and any character; brackets, which paths may hold, for themselves."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
