"""Rule 10 of the design, seen from outside: who may do what after each single write, and what the plan says of it."""

from collections.abc import Sequence

from remediate.model import Address, Change, kind_of, name_of, pair_of
from support.picture import Access, Entries, entries

TAKES = frozenset(("restrictive", "destructive"))
OWN = ("iam.user", "iam.login", "iam.access")
"""How the kinds begin whose first name is a user."""


class Oversight:
    """One plan, or one rollback, and the account as it was before it."""

    def __init__(self, changes: Sequence[Change], spared: str, *, edited: bool = False) -> None:
        """`spared` is a user whom the playbook exempts from everything. `edited`: whether others have changed something
        since the changes were thought of: what they give back then may be there already in other words."""
        self.changes = changes
        self.spared = spared
        self.edited_before = edited
        self.base = Access()
        account = entries()
        self.own = _own(account, spared)
        every = [*account, *(c.address for c in changes)]
        self.classes = {name: self._classes_of(name, every) for name in self.base.users}
        self.suspect: set[str] = set()
        """Users whose access others have changed since: what the plan says of them no longer holds."""

    def look(self) -> None:
        """Right after a write: nobody gained or lost what the plan does not say, and nobody is locked out."""
        now, base = Access(), self.base
        for user in set(base.users) - self.suspect:
            classes, has, had = self.classes[user], now.may[user], base.may[user]
            exact = not self.edited_before and not classes - {"neutral"}
            assert not exact or now.statements[user] == base.statements[user], f"{user} is not as before"
            assert "additive" in classes or has <= had, f"{user} gained {has - had}"
            assert classes & TAKES or has >= had, f"{user} lost {had - has}"
        if not self.suspect:
            left, were = now.administrators, base.administrators
            assert len(left) >= min(2, len(were)), f"of {were} only {left} can work"
            assert "caller" in left or "caller" not in were, "the run took its own permissions"
        if self.spared in base.users and self.spared not in self.suspect:
            assert _own(entries(), self.spared) == self.own, f"{self.spared} is exempt"

    def edited(self, address: Address) -> None:
        """Somebody else changed an entry: whom it concerns cannot be judged any more; the others from here on."""
        first, second = pair_of(address)
        if kind_of(address) == "iam.group_member":
            self.suspect.add(second)
        elif kind_of(address).startswith(OWN):
            self.suspect.add(first or name_of(address))
        else:
            self.suspect |= set(self.base.users)
        self.base = Access()

    def _classes_of(self, user: str, every: Sequence[Address]) -> frozenset[str]:
        """The classes of risk of all changes that concern a user; `every` entry: of the account and of the plan."""
        groups = {pair_of(a)[0] for a in every if kind_of(a) == "iam.group_member" and pair_of(a)[1] == user}
        held = {pair_of(a)[1] for a in every if kind_of(a) == "iam.user_policy" and pair_of(a)[0] == user}
        held |= {pair_of(a)[1] for a in every if kind_of(a) == "iam.group_policy" and pair_of(a)[0] in groups}
        found: set[str] = set()
        for change in self.changes:
            kind, (first, second) = kind_of(change.address), pair_of(change.address)
            if (
                (kind.startswith(OWN) and first == user)
                or (kind == "iam.group_member" and second == user)
                or (kind in ("iam.group_policy", "iam.group_inline") and first in groups)
                or (kind == "iam.policy" and name_of(change.address) in held)
            ):
                found |= change.classes
        return frozenset(found)


def _own(account: Entries, user: str) -> Entries:
    """A user's own entries, and the groups that the user is in."""
    return {a: v for a, v in account.items() if user in (*pair_of(a), name_of(a))}
