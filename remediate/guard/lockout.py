"""Nobody is locked out: the caller can finish and roll back, and at least two administrators keep working.

A new Deny counts by what it leaves administrators able to do. What nobody passes without MFA stops none who can sign in
and enrol a device. What binds them to networks or hours needs two others that it does not bind: the office may lose its
address, and things break at night.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from remediate.account import Account, Role, User
from remediate.guard import trust
from remediate.guard.access import TAKES
from remediate.guard.carriers import Access, ends, stays
from remediate.guard.denial import Effect, begun, effect
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value, at, kind_of, name_of, pair_of
from remediate.policy import NotAPolicy, lets_people_in, on_everything, statements
from remediate.policy.known import denies

ADMINISTRATORS = 2
ALLOWS = ":aws:policy/AdministratorAccess"


def violations(timeline: Timeline) -> Iterator[str]:
    account, access = timeline.account, Access(timeline)
    yield from _caller(timeline, access)
    before = administrators(account)
    lost = {name: change for name in before if (change := _ends(name, timeline, access)) is not None}
    mine = lost.get(str(account.caller_principal).removeprefix("iam."))
    if mine and kind_of(mine.address) == "iam.policy":  # whoever holds a document is not in its address
        yield f"#{mine.id} {name_of(mine.address)} makes this run an administrator: it could not finish or roll back"
    yield from _too_few("working administrators", before, lost)
    free = [name for name in before if "binds" not in _standing_effects(account, name)]
    bound = {name: change for name in free if (change := _newly(name, timeline, access, "binds")) is not None}
    if bound or len(free) < len(before):
        yield from _too_few("administrators who may work at any time from anywhere", free, {**bound, **lost})


def _too_few(what: str, before: Sequence[str], lost: Mapping[str, Change]) -> Iterator[str]:
    """Nobody can be asked for more administrators than there are."""
    left = [name for name in before if name not in lost]
    wanted = min(ADMINISTRATORS, len(before))
    if len(left) < wanted:
        ending = {lost[name].id: lost[name] for name in before if name in lost}
        changes = ", ".join(f"#{n} {ending[n].address}" for n in sorted(ending))
        yield (
            f"of {len(before)} {what} only {len(left)} would be left ({', '.join(left) or 'none'}), "
            f"at least {wanted} are needed: {changes}"
        )


def administrators(account: Account) -> list[str]:
    """Principals that may do everything and can be used: `user/alice` with a credential, `role/ops` for people."""
    users = [f"user/{u.name}" for u in account.users.values() if _usable(u) and _may_everything(account, "user", u)]
    roles = [f"role/{r.name}" for r in account.roles.values() if _assumable(r) and _may_everything(account, "role", r)]
    return sorted(users + roles)


def _usable(user: User) -> bool:
    return user.password is not None or any(key.active for key in user.keys)


def _assumable(role: Role) -> bool:
    return lets_people_in(role.trust)


def _may_everything(account: Account, holder: str, principal: User | Role) -> bool:
    if principal.boundary:
        return False
    holders = [(holder, principal.name)]
    if holder == "user":
        holders += [("group", group) for group in account.groups_of(principal.name)]
    held = [policy for kind, name in holders for policy in _held(account, kind, name)]
    if not any(
        policy.endswith(ALLOWS) if isinstance(policy, str) else on_everything(policy, "Allow") for policy in held
    ):
        return False
    return "stops" not in _standing_effects(account, f"{holder}/{principal.name}")


def _held(account: Account, holder: str, name: str) -> Iterator[Value]:
    """Documents, or the ARN where only AWS has the document."""
    for arn in account.under(f"iam.{holder}_policy", name):
        yield account.document(arn) or arn
    for policy in account.under(f"iam.{holder}_inline", name):
        yield account.value(at(f"iam.{holder}_inline", name, policy))


def _standing_effects(account: Account, name: str) -> set[Effect]:
    """What today's policies deny this principal."""
    holder, _, short = name.partition("/")
    who: User | Role = account.users[short] if holder == "user" else account.roles[short]
    groups = account.groups_of(short) if holder == "user" else ()
    held = [p for kind, n in ((holder, short), *(("group", g) for g in groups)) for p in _held(account, kind, n)]
    return {effect(statement, who) for policy in held for statement in _statements(policy)}


def _statements(policy: Value) -> Sequence[str]:
    try:
        return (policy,) if isinstance(policy, str) and policy.startswith("arn:") else statements(policy)
    except NotAPolicy:
        return ()


def _newly(name: str, timeline: Timeline, access: Access, wanted: Effect) -> Change | None:
    """The first change that denies this administrator something with that effect."""
    kind, _, short = name.partition("/")
    who: User | Role = _left(short, timeline) if kind == "user" else timeline.account.roles[short]
    held = access.carriers(at(f"iam.{kind}", short))
    found = [begun(timeline, carriers) for statement, carriers in held.items() if effect(statement, who) == wanted]
    return min((change for change in found if change), key=lambda c: c.id, default=None)


def _ends(name: str, timeline: Timeline, access: Access) -> Change | None:
    """The change after which this administrator can no longer work, counting all changes together."""
    kind, _, short = name.partition("/")
    principal, changes = at(f"iam.{kind}", short), timeline.changes.values()
    gone = next((c for c in changes if c.address == principal and c.after is None), None)
    gone = gone or trust.shut(timeline, principal) or _newly(name, timeline, access, "stops")
    ways = [w for s, w in access.carriers(principal).items() if _statement_is_everything(s)]
    if gone or (ways and not any(stays(timeline, way) for way in ways)):
        return gone or min(ends(timeline, (c for way in ways for c in way)), key=lambda c: c.id)
    return _credentials_end(short, timeline) if kind == "user" else None


def _credentials_end(short: str, timeline: Timeline) -> Change | None:
    return None if _usable(_left(short, timeline)) else _credentials_taken(short, timeline)[0]


def _left(short: str, timeline: Timeline) -> User:
    """The user with the credentials that the plan leaves it."""
    user, taken = timeline.account.users[short], _credentials_taken(short, timeline)
    stopped = sum(kind_of(c.address) == "iam.access_key" for c in taken)
    active = [key for key in user.keys if key.active]
    password = None if len(taken) > stopped else user.password
    return msgspec.structs.replace(user, password=password, keys=tuple(active[stopped:]))


def _credentials_taken(short: str, timeline: Timeline) -> list[Change]:
    """The changes that stop one of the user's active keys, or take the password."""
    changes, password = timeline.changes.values(), at("iam.login_profile", short)
    keys = [c for c in changes if kind_of(c.address) == "iam.access_key" and pair_of(c.address)[0] == short]
    return [
        *(c for c in keys if c.before == "Active"),
        *(c for c in changes if c.address == password and c.after is None),
    ]


def _statement_is_everything(statement: str) -> bool:
    return statement.endswith(ALLOWS) or (
        '"*' in statement and on_everything({"Statement": msgspec.json.decode(statement)}, "Allow")
    )


def _caller(timeline: Timeline, access: Access) -> Iterator[str]:
    """The credentials and the permissions that this run itself works with."""
    account = timeline.account
    mine = account.working_as
    yield from trust.provider_taken(timeline, mine)
    held = [way for one in mine if kind_of(one) != "iam.group" for way in access.carriers(one).items()]
    denied = {change.id for statement, ways in held if denies(statement) and (change := begun(timeline, ways))}
    for change in timeline.changes.values():
        if change.id in denied:
            yield f"#{change.id} {name_of(change.address)} would deny something to what this run works with"
            continue
        if not change.classes & TAKES or _about(change) not in mine:
            continue
        if kind_of(change.address) == "iam.access_key" and pair_of(change.address)[1] != account.caller_key:
            continue  # this run does not work with it
        yield f"#{change.id} {name_of(change.address)} is what this run works with: it could not finish or roll back"


def _about(change: Change) -> Address:
    """Whose permissions or key it changes. A password is nothing that a run works with."""
    kind, first = kind_of(change.address), pair_of(change.address)[0]
    if kind == "iam.group_member":
        return at("iam.user", pair_of(change.address)[1])
    holder = kind.removeprefix("iam.").partition("_")[0]
    return at("iam.user" if holder == "access" else f"iam.{holder}", first)
