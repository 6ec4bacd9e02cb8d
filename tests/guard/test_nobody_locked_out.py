"""Random plans: what the guard lets through leaves the caller and two administrators working at every moment.

Judged by brute force over every state that a plan can pass through, by a count of administrators of its own.
"""

from collections.abc import Sequence

from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.accounts import (
    ADMIN,
    ME,
    account,
    change,
    document,
    downsets,
    holding,
    members,
    password,
    policies,
    said,
    slot,
    state_after,
    statement,
    user,
)

from remediate.account import Account
from remediate.guard import lockout
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, State, Value, at

PEOPLE = ("ann", "bob", "caller", "dan")
ALL = document(statement("*"))
NOTHING = {"Effect": "Deny", "Action": "*", "Resource": "*"}
DENY = document(NOTHING)
LESS = (document(statement("s3:*")), document(statement("*"), NOTHING))
KEY = {name: f"AKIA{name.upper()}" for name in PEOPLE}
OWN = f"arn:aws:iam::{ME}:policy/all"


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Four people, each with a password, a key, both or neither, and some way or none to everything."""
    parts: list[State] = [policies(all=ALL), holding("group", "admins", [draw(st.sampled_from([ADMIN, OWN]))])]
    people = []
    joined = []
    for name in PEOPLE:
        credential = draw(st.sampled_from(["password", "key", "both", "none"]))
        if name == "caller":
            credential = "key"
        facts = {
            "password": password(None) if credential in ("password", "both") else None,
            "keys": (slot(),) if credential in ("key", "both") else (),
        }
        people.append(user(name, **facts))
        way = draw(st.sampled_from(["attached", "inline", "group", "own", "none"]))
        parts.append(
            holding(
                "user",
                name,
                [ADMIN] if way == "attached" else [OWN] if way == "own" else (),
                {"all": ALL} if way == "inline" else {},
            )
        )
        joined += [name] if way == "group" else []
        if facts["password"]:
            parts.append({at("iam.login_profile", name): "password"})
        if facts["keys"]:
            parts.append({at("iam.access_key", name, KEY[name]): "Active"})
    parts.append(members(admins=" ".join(joined)))
    return account(*parts, users=people, caller_key=KEY["caller"])


@st.composite
def plans(draw: st.DrawFn) -> tuple[Account, tuple[Change, ...]]:
    """Up to six entries that end or begin, in any order."""
    now = draw(accounts())
    state = dict(now.state)
    ending = [a for a in state if a.split("/")[0] not in ("iam.user", "iam.group", "iam.policy")]
    beginning: list[tuple[Address, Value]] = [
        *((at("iam.user_inline", name, "no"), DENY) for name in PEOPLE),
        *((at("iam.group_member", "admins", name), "member") for name in PEOPLE),
        (at("iam.group_inline", "admins", "no"), DENY),
        (at("iam.policy", OWN), {"path": "/", "document": draw(st.sampled_from(LESS))}),
    ]
    changes: list[Change] = []
    chosen = draw(st.lists(st.sampled_from([*ending, *(a for a, _ in beginning)]), min_size=1, max_size=6, unique=True))
    for id, address in enumerate(chosen, start=1):
        before = state.get(address)
        after: Value = dict(beginning).get(address) if before is None or address.startswith("iam.policy") else None
        if address.startswith("iam.access_key"):
            after = "Inactive"
        if before == after:
            continue
        needs = draw(st.sets(st.sampled_from([c.id for c in changes]), max_size=2)) if changes else set()
        changes.append(change(id, address, before, after, *sorted(needs), risk="restrictive"))
    return now, tuple(changes)


def works(state: State, name: str) -> bool:
    """Whether a person may do everything and has something to do it with."""
    credentials = state.get(at("iam.login_profile", name)), state.get(at("iam.access_key", name, KEY[name]))
    if credentials[0] is None and credentials[1] != "Active":
        return False
    rows = said(state, name)
    everything = ("ARN", ADMIN) in rows or any(row[0] == "Allow" and row[2] == ("*",) for row in rows)
    return everything and not any(row[0] == "Deny" for row in rows)


def harmless(now: Account, changes: Sequence[Change]) -> bool:
    """Whether two administrators (or all, where there are fewer) and the caller's own access last throughout."""
    before = sum(works(now.state, name) for name in PEOPLE)
    mine, key = said(now.state, "caller"), at("iam.access_key", "caller", KEY["caller"])
    for done in downsets(changes):
        state = state_after(now.state, changes, done)
        if sum(works(state, name) for name in PEOPLE) < min(2, before):
            return False
        after = said(state, "caller")
        if not mine <= after or any(row[0] == "Deny" for row in after - mine) or state.get(key) != now.state.get(key):
            return False
    return True


@settings(max_examples=600, deadline=None)
@given(plans())
def test_what_is_let_through_leaves_the_caller_and_two_administrators_working(
    case: tuple[Account, tuple[Change, ...]],
) -> None:
    now, changes = case
    accepted = not list(lockout.violations(Timeline(now, changes)))
    fine = harmless(now, changes)
    event(f"accepted: {accepted}, harmless: {fine}")
    assert fine or not accepted
