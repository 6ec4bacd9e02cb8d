"""At least two administrators keep working: somebody must be left who can put right whatever goes wrong.

An administrator may make the calls by which access is given back to others (`RIGHTING`), with all that bears on that:
what denies, what bounds, which keys and passwords are left, what is asked for MFA. What binds somebody to networks or
hours needs two others that it does not bind: the office may lose its address, and things break at night.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from remediate.account import Account, Role, User
from remediate.effective import facts_of, spelled_out
from remediate.guard import trust, vouched, ways
from remediate.guard.allowed import Allowed, Asked, Call, Side
from remediate.guard.carriers import Access
from remediate.model import Address, Change, Value, at, kind_of, name_of
from remediate.policy import lets_people_in, trust_statements
from remediate.policy.known import Known

ADMINISTRATORS = 2

RIGHTING: Mapping[str, str] = {
    "user": "AttachUserPolicy DetachUserPolicy PutUserPolicy DeleteUserPolicy CreateLoginProfile UpdateLoginProfile "
    "CreateAccessKey UpdateAccessKey DeactivateMFADevice",
    "group": "AttachGroupPolicy DetachGroupPolicy PutGroupPolicy DeleteGroupPolicy AddUserToGroup RemoveUserFromGroup",
    "role": "AttachRolePolicy DetachRolePolicy PutRolePolicy DeleteRolePolicy UpdateAssumeRolePolicy",
    "policy": "CreatePolicyVersion SetDefaultPolicyVersion",
}
"""By what they are about: nobody in particular. Who is spared from some of it may put right the rest."""

MAKE, ENABLE = "iam:CreateVirtualMFADevice", "iam:EnableMFADevice"
"""What it takes to enrol a device for MFA."""

Level = Literal["", "bound", "free"]
"""Whether somebody works as an administrator: not, in some places or at some times, or always and everywhere. They
compare as the words do."""


class Person(NamedTuple):
    """Somebody who may be an administrator: `user/ann` with a credential, `role/ops` for people."""

    name: str
    principal: Address
    who: User | Role


def violations(access: Access) -> Iterator[str]:
    """Whether too few would be left, by the changes that would do it."""
    view = Administrators(access)
    people = list(candidates(access.timeline.account))
    free = (person for person in people if view.level(person, "after") == "free")  # and so they are now
    if len(list(islice(free, ADMINISTRATORS))) == ADMINISTRATORS:
        return  # nobody looks at the others: there may be thousands
    levels = [(person, view.level(person, "before"), view.level(person, "after")) for person in people]
    working = [(person, after) for person, before, after in levels if before]
    yield from view.too_few("working administrators", working, "bound")
    unbound = [(person, after) for person, before, after in levels if before == "free"]
    if len(unbound) < len(working) or any(after == "bound" for _, after in unbound):
        yield from view.too_few("administrators who may work at any time from anywhere", unbound, "free")


def candidates(account: Account) -> Iterator[Person]:
    """Who can be used and may do something in IAM, by name."""
    gives: dict[Address, bool] = {}

    def given(holder: str, name: str) -> bool:
        held = [at(f"iam.{holder}_inline", name, policy) for policy in account.under(f"iam.{holder}_inline", name)]
        held += [at("iam.policy", arn) for arn in account.under(f"iam.{holder}_policy", name)]
        for address in held:
            if address not in gives:
                gives[address] = _gives(account, address)
        return any(gives[address] for address in held)

    for role in sorted(account.roles.values(), key=lambda role: role.name):
        if lets_people_in(role.trust) and given("role", role.name):
            yield Person(f"role/{role.name}", at("iam.role", role.name), role)
    for user in sorted(account.users.values(), key=lambda user: user.name):
        groups = account.groups_of(user.name)
        if any(True for _ in ways.of_user(user)) and (
            given("user", user.name) or any(given("group", group) for group in groups)
        ):
            yield Person(f"user/{user.name}", at("iam.user", user.name), user)


def _gives(account: Account, address: Address) -> bool:
    """Whether a policy may allow something in IAM: most do not, and need no closer look."""
    value = account.value(address)
    if kind_of(address) == "iam.policy" and value is None:
        said = spelled_out(account, {"": frozenset({name_of(address)})})[""]
        return any(_may_be_iam(msgspec.json.decode(text)) for text in said if text.startswith("{"))
    document = value.get("document", value) if isinstance(value, Mapping) else None
    return any(map(_may_be_iam, trust_statements(document)))


def _may_be_iam(item: Value) -> bool:
    if not isinstance(item, Mapping) or item.get("Effect") != "Allow":
        return False
    actions = item.get("Action", "*")
    return any(str(action)[:1] in "iI*?" for action in (actions if isinstance(actions, list) else [actions]))


class Administrators:
    """Who works as an administrator, now and throughout a plan."""

    def __init__(self, access: Access) -> None:
        self.timeline = access.timeline
        self.access = access
        where = self.timeline.account.where
        base = f"arn:{where.partition}:iam::{where.account}"
        calls = [(on, name) for on, names in RIGHTING.items() for name in names.split()]
        self.righting = [Call(f"iam:{name}", f"{base}:{on}/-") for on, name in calls]
        self._base = base

    def level(self, person: Person, side: Side) -> Level:
        """How somebody works: now, or with what every order of the plan leaves them."""
        if side == "after" and self._shut(person):
            return ""
        who = person.who
        if side == "after" and isinstance(who, User):
            who = ways.left(self.timeline, who)
        return self._best(person, who, side)

    def _best(self, person: Person, who: User | Role, side: Side) -> Level:
        return max((self._by(person, who, way, side) for way in _ways(who)), default="")

    def _by(self, person: Person, who: User | Role, way: Known, side: Side) -> Level:
        """By one way of working; without a device in the console, after enrolling one if need be."""
        found = _level(self._allowed(person, way).asked(self.righting), side)
        if found == "free" or way is not ways.WITHOUT_MFA or isinstance(who, Role):
            return found
        enrolling = _level(self._allowed(person, way).asked(self._enrolling(who)), side)
        then = _level(self._allowed(person, ways.WITH_MFA).asked(self.righting), side)
        return max(found, min(enrolling, then))

    def _allowed(self, person: Person, way: Known) -> Allowed:
        facts = facts_of(self.timeline.account, person.principal)
        return Allowed(self.access, person.principal, {**facts, **way})

    def _enrolling(self, user: User) -> list[Call]:
        return [Call(MAKE, f"{self._base}:mfa/{user.name}"), Call(ENABLE, user.arn)]

    def too_few(self, what: str, after: Sequence[tuple[Person, Level]], wanted: Level) -> Iterator[str]:
        """Nobody can be asked for more administrators than there are."""
        left = sorted(person.name for person, level in after if level >= wanted)
        least = min(ADMINISTRATORS, len(after))
        if len(left) >= least:
            return
        gone = [person for person, _ in after if person.name not in left]
        ending = {change.id: change for person in gone for change in self._ending(person)}
        changes = ", ".join(f"#{id} {ending[id].address}" for id in sorted(ending))
        yield (
            f"of {len(after)} {what} only {len(left)} would be left ({', '.join(left) or 'none'}), "
            f"at least {least} are needed: {changes}"
        )

    def _ending(self, person: Person) -> list[Change]:
        """The change after which somebody works no longer as before: by what it does to a single call if there is one,
        or to calls that are allowed no longer together, in one place and at one time."""
        if shut := self._shut(person):
            return [shut]
        who = person.who
        if isinstance(who, User) and self._best(person, who, "after") == self.level(person, "before"):
            return ways.taken(self.timeline, who)[:1]
        works = [self._allowed(person, way) for way in (*_ways(who), ways.WITH_MFA)]
        each = [(allowed, call) for allowed in works for call in self.righting]
        lost = [(allowed, call) for allowed, call in each if _less(allowed.asked([call]))]
        found = [change for allowed, call in lost or each for change in allowed.bearing(call)]
        return sorted(found, key=lambda change: change.id)[:1]

    def _shut(self, person: Person) -> Change | None:
        """The change that ends the user or role, its doors, or the identity providers that they are for."""
        changes = self.timeline.of_kind(kind_of(person.principal))
        gone = next((c for c in changes if c.address == person.principal and c.after is None), None)
        return gone or trust.shut(self.timeline, person.principal) or vouched.ended(self.timeline, person.principal)


def _ways(who: User | Role) -> list[Known]:
    return list(ways.of_user(who)) if isinstance(who, User) else [ways.WITHOUT_MFA]


def _less(asked: Asked) -> bool:
    return asked.surely("before") > asked.surely("after") or asked.possibly("before") > asked.possibly("after")


def _level(asked: Asked, side: Side) -> Level:
    return "free" if asked.surely(side) else "bound" if asked.possibly(side) else ""
