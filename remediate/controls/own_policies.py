"""Managed policies that a control writes and keeps: which of them are ours, and what a change means for their holders.

Somebody else's policy is never overwritten for its name. Ours are known by their statements: each one's Sid begins with
`Remediate`, so that a policy that was edited is put right, and one that only has our name is left alone.
"""

from collections.abc import Iterator, Mapping

from remediate.account import Account
from remediate.model import Address, Risk, Struct, Value, Want, at, kind_of, pair_of
from remediate.playbook.scope import Scope
from remediate.policy import NotAPolicy, canonical_json, statements
from remediate.policy.known import effects

MARK = "Remediate"
HOLDERS: Mapping[str, str] = {f"iam.{holder}_policy": holder for holder in ("user", "group", "role")}


class OwnPolicy(Struct, frozen=True, kw_only=True):
    """A customer managed policy as it should be."""

    arn: str
    path: str
    document: Value
    why: str

    @property
    def address(self) -> Address:
        return at("iam.policy", self.arn)


def arn_of(account: Account, path: str, name: str) -> str:
    return f"arn:{account.partition}:iam::{account.id}:policy{path}{name}"


def is_ours(document: Value) -> bool:
    """Whether every statement carries our mark."""
    body = document.get("Statement") if isinstance(document, Mapping) else None
    items = body if isinstance(body, list) else [body]
    return all(isinstance(item, Mapping) and str(item.get("Sid", "")).startswith(MARK) for item in items)


def name_taken(account: Account, policy: OwnPolicy) -> str:
    """What stands where this policy should be and is not ours; empty if nothing does.

    IAM takes names that differ in case or path only for the same.
    """
    short = policy.arn.rpartition("/")[2].lower()
    for arn in account.names("iam.policy"):
        if arn.rpartition("/")[2].lower() == short and (arn != policy.arn or not is_ours(account.document(arn))):
            return arn
    return ""


def written(account: Account, policy: OwnPolicy) -> tuple[Want, ...]:
    """What brings the policy there, or back to what it should say; nothing where it says that, in whatever writing."""
    live = account.document(policy.arn)
    after: Value = {"path": policy.path, "document": policy.document}
    if live is None:
        return (Want(address=policy.address, after=after, why=policy.why, risk="additive"),)
    risks = sorted(moved(live, policy.document))
    return tuple(Want(address=policy.address, after=after, why=policy.why, risk=risk) for risk in risks)


def moved(before: Value, after: Value) -> set[Risk]:
    """What a document in place of another does to its holders: gives, takes, or both; nothing if they say the same."""
    old, new = _said(before), _said(after)
    come, gone = ({effect for s in said for effect in effects(s)} for said in (new - old, old - new))
    found: set[Risk] = {"additive"} if "Allow" in come or "Deny" in gone else set()
    return found | ({"restrictive"} if "Deny" in come or "Allow" in gone else set())


def same(one: Value, other: Value) -> bool:
    """Whether two documents say the same, in whatever writing."""
    return not moved(one, other)


def holders_of(account: Account, arn: str) -> Iterator[Address]:
    """The users, groups and roles that a managed policy is attached to."""
    for address in sorted(account.state):
        holder = HOLDERS.get(kind_of(address))
        if holder and pair_of(address)[1] == arn:
            yield at(f"iam.{holder}", pair_of(address)[0])


def spared(account: Account, scope: Scope, control: str, holder: Address) -> str:
    """Who keeps a plan from denying something to this user, group or role; empty if nobody does."""
    kind, _, name = holder.partition("/")
    if holder in account.working_as:
        return "this run works with it" if kind != "iam.group" else "what this run works with is in it"
    everybody = {"iam.group": account.members_of(name), "iam.user": (name,)}.get(kind, ())
    exempt = [n for n in everybody if n in account.users and scope.exemption(control, account.users[n])]
    if kind == "iam.role" and name in account.roles and scope.exemption(control, account.roles[name]):
        exempt = [name]
    return f"{exempt[0]} is exempt" if exempt else ""


def _said(document: Value) -> frozenset[str]:
    try:
        return frozenset(statements(document))
    except NotAPolicy:
        return frozenset((canonical_json(document).decode(),))
