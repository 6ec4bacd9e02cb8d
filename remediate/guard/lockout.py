"""Nobody is locked out: the caller can finish and roll back, and at least two administrators keep working."""

from collections.abc import Iterator, Mapping

import msgspec

from remediate.account import Account, Role, User
from remediate.guard.access import Access, ends, stays
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value, at, kind_of, name_of, pair_of
from remediate.policy import on_everything

ADMINISTRATORS = 2
ALLOWS, DENIES = ":aws:policy/AdministratorAccess", ":aws:policy/AWSDenyAll"


def violations(timeline: Timeline) -> Iterator[str]:
    account = timeline.account
    yield from _caller(timeline)
    before = administrators(account)
    access = Access(timeline)
    lost = {name: change for name in before if (change := _ends(name, timeline, access)) is not None}
    left = [name for name in before if name not in lost]
    wanted = min(ADMINISTRATORS, len(before))
    if len(left) < wanted:
        changes = ", ".join(f"#{c.id} {c.address}" for c in sorted(lost.values(), key=lambda c: c.id))
        yield (
            f"of {len(before)} working administrators only {len(left)} would be left ({', '.join(left) or 'none'}), "
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
    """Whether somebody other than an AWS service may assume it: a role of Lambda's helps nobody who is locked out."""
    trust = role.trust if isinstance(role.trust, Mapping) else {}
    body = trust.get("Statement", [])
    statements = body if isinstance(body, list) else [body]
    principals = [s.get("Principal") for s in statements if isinstance(s, Mapping) and s.get("Effect") == "Allow"]
    return any(p == "*" or (isinstance(p, Mapping) and {"AWS", "Federated"} & set(p)) for p in principals)


def _may_everything(account: Account, holder: str, principal: User | Role) -> bool:
    if principal.boundary:
        return False
    holders = [(holder, principal.name)]
    if holder == "user":
        holders += [("group", group) for group in account.groups_of(principal.name)]
    held = [policy for kind, name in holders for policy in _held(account, kind, name)]
    return any(_is(p, "Allow", ALLOWS) for p in held) and not any(_is(p, "Deny", DENIES) for p in held)


def _held(account: Account, holder: str, name: str) -> Iterator[Value]:
    """Documents, or the ARN where only AWS has the document."""
    for arn in account.under(f"iam.{holder}_policy", name):
        yield account.document(arn) or arn
    for policy in account.under(f"iam.{holder}_inline", name):
        yield account.value(at(f"iam.{holder}_inline", name, policy))


def _is(policy: Value, effect: str, arn_end: str) -> bool:
    return policy.endswith(arn_end) if isinstance(policy, str) else on_everything(policy, effect)


def _ends(name: str, timeline: Timeline, access: Access) -> Change | None:
    """The change after which this administrator can no longer work, counting all changes together."""
    kind, _, short = name.partition("/")
    principal, changes = at(f"iam.{kind}", short), timeline.changes.values()
    gone = next((c for c in changes if c.address == principal and c.after is None), None)
    ways = [w for s, w in access.carriers(principal).items() if _statement_is_everything(s)]
    if gone or (ways and not any(stays(timeline, way) for way in ways)):
        return gone or min(ends(timeline, (c for way in ways for c in way)), key=lambda c: c.id)
    return _credentials_end(short, timeline) if kind == "user" else None


def _credentials_end(short: str, timeline: Timeline) -> Change | None:
    changes = timeline.changes.values()
    user, password = timeline.account.users[short], at("iam.login_profile", short)
    keys = [c for c in changes if kind_of(c.address) == "iam.access_key" and pair_of(c.address)[0] == short]
    stopped = [c for c in keys if c.before == "Active" and c.after != "Active"]
    removed = [c for c in changes if c.address == password and c.after is None]
    signs_in = user.password is not None and not removed
    left = sum(key.active for key in user.keys) - len(stopped)
    return None if signs_in or left > 0 else next(iter((*stopped, *removed)), None)


def _statement_is_everything(statement: str) -> bool:
    return statement.endswith(ALLOWS) or (
        '"*' in statement and on_everything({"Statement": msgspec.json.decode(statement)}, "Allow")
    )


def _caller(timeline: Timeline) -> Iterator[str]:
    """The credentials and the permissions that this run itself works with."""
    account = timeline.account
    kind, _, rest = account.caller.rpartition(":")[2].partition("/")
    names = {"user": ("user", rest.rpartition("/")[2]), "assumed-role": ("role", rest.partition("/")[0])}
    holder, name = names.get(kind, ("", ""))
    mine = {at(f"iam.{holder}", name), *(at("iam.group", g) for g in account.groups_of(name) if holder == "user")}
    for change in timeline.changes.values():
        if change.risk not in ("restrictive", "destructive") or _about(change) not in mine:
            continue
        key = kind_of(change.address) == "iam.access_key"
        if kind_of(change.address) == "iam.login_profile" or (key and pair_of(change.address)[1] != account.caller_key):
            continue  # this run does not work with it
        yield f"#{change.id} {name_of(change.address)} is what this run works with: it could not finish or roll back"


def _about(change: Change) -> Address:
    kind, first = kind_of(change.address), pair_of(change.address)[0]
    if kind == "iam.group_member":
        return at("iam.user", pair_of(change.address)[1])
    holder = kind.partition(".")[2].partition("_")[0]
    return at("iam.user" if holder in ("access", "login") else f"iam.{holder}", first)
