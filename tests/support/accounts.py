"""Accounts written by hand, in the program's own types: no AWS, no clock."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from remediate.account import Account, Key, KeySlot, Password, Role, User
from remediate.controls.base import Control
from remediate.model import Address, Change, Reason, Risk, State, Struct, Value, at
from remediate.planner import Chosen
from remediate.policy.branches import MOST_KEYS

ME = "111122223333"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADMIN, READ_ONLY = (f"arn:aws:iam::aws:policy/{name}" for name in ("AdministratorAccess", "ReadOnlyAccess"))


TOO_MANY: Value = {f"aws:RequestTag/{n}": "x" for n in range(MOST_KEYS + 1)}
"""Conditions on more keys than can be gone through: what they come to cannot be told."""


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def mine(name: str) -> str:
    """The ARN of one of the account's own policies."""
    return f"arn:aws:iam::{ME}:policy/{name}"


def statement(action: str | list[str], resource: str | list[str] = "*", **more: Value) -> dict[str, Value]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Value], version: str = "2012-10-17") -> dict[str, Value]:
    return {"Version": version, "Statement": list(statements)}


def user(name: str, **facts: Any) -> User:
    path = facts.pop("path", "/")
    made = {"created": ago(900), **facts}
    return User(name=name, arn=f"arn:aws:iam::{ME}:user{path}{name}", path=path, **made)


def role(name: str, trusted: Value = None, **facts: Any) -> Role:
    who = trusted or {"AWS": f"arn:aws:iam::{ME}:root"}
    trust = document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})
    return Role(name=name, arn=f"arn:aws:iam::{ME}:role/{name}", path="/", trust=trust, **facts)


def key(id: str, owner: str = "alice", **facts: Any) -> Key:
    return Key(id=id, user=owner, **{"active": True, "created": ago(800), "last_used": None, "asked": True, **facts})


LONG_AGO = ago(800)


def slot(active: bool = True, created: datetime = LONG_AGO, last_used: datetime | None = None) -> KeySlot:
    return KeySlot(active=active, created=created, last_used=last_used)


def password(last_used: datetime | None, changed: datetime | None = LONG_AGO) -> Password:
    return Password(last_used=last_used, changed=changed)


def holding(holder: str, name: str, attached: Iterable[str] = (), inline: Mapping[str, Value] | None = None) -> State:
    """The entries of one user, group or role, and its policies."""
    return {
        at(f"iam.{holder}", name): {"path": "/"},
        **{at(f"iam.{holder}_policy", name, arn): "attached" for arn in attached},
        **{at(f"iam.{holder}_inline", name, n): d for n, d in (inline or {}).items()},
    }


def members(**groups: str) -> State:
    """`members(Admins="alice bob")`."""
    return {at("iam.group_member", group, name): "member" for group, names in groups.items() for name in names.split()}


def policies(**documents: Value) -> State:
    return {at("iam.policy", mine(name)): {"path": "/", "document": doc} for name, doc in documents.items()}


def account(*states: State, users: Iterable[User] = (), roles: Iterable[Role] = (), **facts: Any) -> Account:
    """Users that only the state names get the facts of anybody."""
    state = {a: v for part in states for a, v in part.items()}
    people = {u.name: u for u in users}
    for address in state:
        kind, _, name = address.partition("/")
        if kind == "iam.user":
            people.setdefault(name, user(name))
    state |= {at("iam.user", name): {"path": "/"} for name in people}
    return Account(
        id=ME,
        partition="aws",
        state=state,
        users=people,
        roles={r.name: r for r in roles},
        **{"caller": f"arn:aws:iam::{ME}:user/caller", **facts},
    )


def with_settings(control: Control[Any], settings: Struct | None = None) -> Chosen:
    """One control as the planner takes it."""
    return [(control, settings or control.settings())]


def change(
    id: int,
    address: Address,
    before: Value,
    after: Value,
    *needs: int,
    risk: Risk = "neutral",
    also: tuple[Risk, ...] = (),
) -> Change:
    return Change(
        id=id,
        address=address,
        before=before,
        after=after,
        reasons=(Reason(control="groups", why="because"),),
        needs=needs,
        risk=risk,
        also=also,
        reversal="exact",
    )


def folded(state: State, changes: Iterable[Change]) -> dict[Address, Value]:
    """The entries after these changes."""
    result = dict(state)
    for c in changes:
        result[c.address] = c.after
    return {a: v for a, v in result.items() if v is not None}


def taken_back(state: State, changes: Sequence[Change]) -> dict[Address, Value]:
    swapped = [msgspec.structs.replace(c, before=c.after, after=c.before) for c in reversed(changes)]
    return folded(state, swapped)


def downsets(changes: Sequence[Change]) -> Iterator[frozenset[int]]:
    """Every set of changes that is closed under `needs`: every state the account can pass through."""
    found: list[frozenset[int]] = [frozenset()]
    yield found[0]
    for c in changes:
        more = [done | {c.id} for done in found if done.issuperset(c.needs)]
        found += more
        yield from more


def state_after(state: State, changes: Sequence[Change], done: frozenset[int]) -> dict[Address, Value]:
    return folded(state, (c for c in changes if c.id in done))


Said = frozenset[tuple[object, ...]]
"""Effect, actions, resources and conditions of each statement, and the ARNs of AWS's own policies."""


def said(state: State, name: str) -> Said:
    """What reaches a user, by looking at the entries one by one."""
    holders = [("user", name)]
    holders += [
        ("group", a.split("/")[1]) for a in state if a.startswith("iam.group_member/") and a.endswith(f"/{name}")
    ]
    found: set[tuple[object, ...]] = set()
    for holder, owner in holders:
        for address, value in state.items():
            if address.startswith(f"iam.{holder}_inline/{owner}/"):
                found |= _rows(value)
            if address.startswith(f"iam.{holder}_policy/{owner}/"):
                arn = address.split("/", 2)[2]
                held = state.get(at("iam.policy", arn))  # an attachment comes to nothing before there is a policy
                found |= _rows(held["document"]) if isinstance(held, Mapping) else set()
                found |= {("ARN", arn)} if arn.startswith("arn:aws:iam::aws:") else set()
    return frozenset(found)


def _rows(text: Any) -> set[tuple[object, ...]]:
    """The statements of a document. A variable of the old version is plain text, and is written ${$}{x} in the new."""
    new = text.get("Version") == "2012-10-17"
    body = json.loads(json.dumps(text["Statement"]).replace("${$}{" if new else "${", "plain:{"))
    return {
        (
            item["Effect"],
            "NotAction" in item,
            tuple(sorted({a.lower() for a in _many(item.get("NotAction", item.get("Action")))})),
            tuple(sorted(_many(item["Resource"]))),
            json.dumps(item.get("Condition"), sort_keys=True),
        )
        for item in _many(body)
    }


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
