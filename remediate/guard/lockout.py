"""Nobody is locked out: the caller can finish and roll back, and at least two administrators keep working."""

from collections.abc import Iterator, Mapping

from remediate.account import Account, Role, User
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, at, kind_of, name_of, pair_of
from remediate.policy import allows_everything

ADMINISTRATORS = 2
ADMINISTRATOR_ACCESS = "AdministratorAccess"


def violations(timeline: Timeline) -> Iterator[str]:
    account = timeline.account
    taken = [c for c in timeline.changes.values() if c.risk in ("restrictive", "destructive")]
    yield from _caller(account, taken)
    before = administrators(account)
    lost = {name: change for name in before if (change := _ends(name, account, taken)) is not None}
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
    return any(_holds_everything(account, kind, name) for kind, name in holders)


def _holds_everything(account: Account, holder: str, name: str) -> bool:
    arns = account.under(f"iam.{holder}_policy", name)
    inline = (account.value(at(f"iam.{holder}_inline", name, p)) for p in account.under(f"iam.{holder}_inline", name))
    return any(
        arn.endswith(f":aws:policy/{ADMINISTRATOR_ACCESS}") or allows_everything(account.document(arn)) for arn in arns
    ) or any(allows_everything(document) for document in inline)


def _ends(name: str, account: Account, taken: list[Change]) -> Change | None:
    """The change after which this administrator can no longer work, counting all changes together."""
    kind, _, short = name.partition("/")
    mine = [c for c in taken if _about(c) == at(f"iam.{kind}", short)]
    policies = [c for c in mine if kind_of(c.address).endswith(("_policy", "_inline", "_member"))]
    if policies:
        return policies[0]
    if kind != "user":
        return None
    user = account.users[short]
    keys = sum(key.active for key in user.keys) - sum(kind_of(c.address) == "iam.access_key" for c in mine)
    password = user.password is not None and not any(kind_of(c.address) == "iam.login_profile" for c in mine)
    return None if keys > 0 or password else next(iter(mine), None)


def _about(change: Change) -> Address:
    kind, first = kind_of(change.address), pair_of(change.address)[0]
    if kind == "iam.group_member":
        return at("iam.user", pair_of(change.address)[1])
    holder = kind.partition(".")[2].partition("_")[0]
    return at("iam.user" if holder in ("access", "login") else f"iam.{holder}", first)


def _caller(account: Account, taken: list[Change]) -> Iterator[str]:
    """The credentials and the permissions that this run itself works with."""
    kind, _, rest = account.caller.rpartition(":")[2].partition("/")
    names = {"user": ("user", rest.rpartition("/")[2]), "assumed-role": ("role", rest.partition("/")[0])}
    holder, name = names.get(kind, ("", ""))
    for change in taken:
        if _about(change) != at(f"iam.{holder}", name):
            continue
        key = kind_of(change.address) == "iam.access_key"
        if kind_of(change.address) == "iam.login_profile" or (key and pair_of(change.address)[1] != account.caller_key):
            continue  # this run does not work with it
        yield f"#{change.id} {name_of(change.address)} is what this run works with: it could not finish or roll back"
