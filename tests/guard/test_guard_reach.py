"""Whom a plan concerns, and by which entries, from when to when, each statement reaches them."""

import json

import pytest
from support.accounts import (
    READ_ONLY,
    account,
    change,
    document,
    holding,
    members,
    mine,
    policies,
    role,
    statement,
    user,
)

from remediate.account import Role
from remediate.effective import SERVICE_CONTROL, parsed
from remediate.guard.carriers import Access, Carrier
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, State, Value, at
from remediate.policy.known import EVERYTHING


def says(action: str) -> Value:
    return document(statement(action))


def body(action: str) -> Value:
    return {"path": "/", "document": says(action)}


OWN, EDGE = at("iam.policy", mine("own")), at("iam.policy", mine("edge"))
SERVICE = Role(
    name="AWSServiceRoleForX",
    arn="arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
    path="/aws-service-role/x.amazonaws.com/",
    trust=None,
)
LEVELS: State = {Address(SERVICE_CONTROL): [[EVERYTHING], sorted(parsed(says("org:a")))]}
NOW = account(
    holding("user", "ann", [mine("own")], {"in": says("ann:in")}),
    holding("user", "bob"),
    holding("user", "cleo"),
    holding("group", "g", [mine("own")], {"in": says("g:in")}),
    holding("group", "h", [READ_ONLY]),
    holding("role", "r", [READ_ONLY], {"in": says("r:in")}),
    holding("role", SERVICE.name, [READ_ONLY]),
    members(g="bob", h="cleo"),
    policies(own=says("own:a"), edge=says("edge:a")),
    users=[user("ann", boundary=mine("edge"))],
    roles=[role("r", boundary=mine("edge")), SERVICE],
    facts=LEVELS,
)


def joins(group: str, name: str, *needs: int, id: int = 1, left: bool = False) -> Change:
    values: tuple[Value, Value] = ("member", None) if left else (None, "member")
    return change(id, at("iam.group_member", group, name), *values, *needs)


def put(address: Address, action: str | None, id: int = 1) -> Change:
    return change(id, address, NOW.value(address), action and says(action))


CONCERNED: dict[str, tuple[list[Change], list[str]]] = {
    "nobody": ([change(1, at("iam.user_tag", "ann", "k"), None, "v")], []),
    "who joins": ([joins("g", "cleo")], ["user/cleo"]),
    "who leaves": ([joins("g", "bob", left=True)], ["user/bob"]),
    "the user of an inline policy": ([put(at("iam.user_inline", "ann", "x"), "s3:a")], ["user/ann"]),
    "the user of an attachment": ([change(1, at("iam.user_policy", "bob", READ_ONLY), None, "attached")], ["user/bob"]),
    "the role of an inline policy": ([put(at("iam.role_inline", "r", "in"), None)], ["role/r"]),
    "the role of an attachment": ([change(1, at("iam.role_policy", "r", mine("own")), None, "attached")], ["role/r"]),
    "the members of a group, by an inline policy": ([put(at("iam.group_inline", "g", "in"), "s3:a")], ["user/bob"]),
    "the members of a group, by an attachment": (
        [change(1, at("iam.group_policy", "h", READ_ONLY), "attached", None)], ["user/cleo"]),
    "who joins, and who is in the group that changes": (
        [joins("g", "cleo"), put(at("iam.group_inline", "g", "in"), None, id=2)], ["user/bob", "user/cleo"]),
    "all who hold a document": ([change(1, OWN, body("own:a"), body("own:b"))], ["user/ann", "user/bob"]),
    "all who are bounded by a document": ([change(1, EDGE, body("edge:a"), None)], ["role/r", "user/ann"]),
    "nobody, by a document that is new": ([change(1, at("iam.policy", mine("new")), None, body("new:a"))], []),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "names"), CONCERNED.values(), ids=CONCERNED)
def test_whom_a_plan_concerns(changes: list[Change], names: list[str]) -> None:
    assert Access(Timeline(NOW, changes)).concerned() == [at(f"iam.{name}") for name in names]


CHANGES = [
    joins("g", "ann"),
    joins("g", "bob", id=2, left=True),
    change(3, OWN, body("own:a"), body("own:b")),
    change(4, EDGE, body("edge:a"), body("edge:b")),
    change(5, at("iam.group_inline", "h", "new"), None, says("h:new")),
    change(6, at("iam.user_policy", "cleo", mine("own")), None, "attached"),
    change(7, at("iam.role_policy", "r", READ_ONLY), "attached", None),
]
BY_ANN = f"iam.user_policy/ann/{mine('own')} -:-"
G_IN, OWN_A, OWN_B = "iam.group_inline/g/in -:-", f"{OWN} -:3", f"{OWN} 3:-"
BY_G = f"iam.group_policy/g/{mine('own')} -:-"
ORG = {"org:a": ["now"]}
EDGES = {"edge:a": [f"{EDGE} -:4"], "edge:b": [f"{EDGE} 4:-"]}
LAYERS: dict[str, dict[str, dict[str, list[str]]]] = {
    "user/ann": {
        "identity": {
            "ann:in": ["iam.user_inline/ann/in -:-"],
            "own:a": [
                f"{BY_ANN}, {OWN_A}",
                f"iam.group_member/g/ann 1:-, {BY_G}, {OWN_A}",
            ],
            "own:b": [
                f"{BY_ANN}, {OWN_B}",
                f"iam.group_member/g/ann 1:-, {BY_G}, {OWN_B}",
            ],
            "g:in": [f"iam.group_member/g/ann 1:-, {G_IN}"],
        },
        "boundary": EDGES,
        "service control 1": ORG,
    },
    "user/bob": {
        "identity": {
            "g:in": [f"iam.group_member/g/bob -:2, {G_IN}"],
            "own:a": [f"iam.group_member/g/bob -:2, {BY_G}, {OWN_A}"],
            "own:b": [f"iam.group_member/g/bob -:2, {BY_G}, {OWN_B}"],
        },
        "service control 1": ORG,
    },
    "user/cleo": {
        "identity": {
            "h:new": ["iam.group_member/h/cleo -:-, iam.group_inline/h/new 5:-"],
            READ_ONLY: [f"iam.group_member/h/cleo -:-, iam.group_policy/h/{READ_ONLY} -:-"],
            "own:a": [f"iam.user_policy/cleo/{mine('own')} 6:-, {OWN_A}"],
            "own:b": [f"iam.user_policy/cleo/{mine('own')} 6:-, {OWN_B}"],
        },
        "service control 1": ORG,
    },
    "role/r": {
        "identity": {"r:in": ["iam.role_inline/r/in -:-"], READ_ONLY: [f"iam.role_policy/r/{READ_ONLY} -:7"]},
        "boundary": EDGES,
        "service control 1": ORG,
    },
    f"role/{SERVICE.name}": {"identity": {READ_ONLY: [f"iam.role_policy/{SERVICE.name}/{READ_ONLY} -:-"]}},
    "user/made": {"identity": {}},
}


def way(carrier: Carrier) -> str:
    """Each entry of a carrier, with the changes that make and end it."""
    spans = [f"{s.address} {s.made or '-'}:{s.ended or '-'}" for s in carrier]
    return ", ".join(spans) or "now"


def action(text: str) -> str:
    return str(json.loads(text)["Action"][0]) if text.startswith("{") else text


@pytest.mark.parametrize(("who", "expected"), LAYERS.items(), ids=LAYERS)
def test_how_each_statement_reaches_somebody(who: str, expected: dict[str, dict[str, list[str]]]) -> None:
    access = Access(Timeline(NOW, CHANGES))
    found = access.layers(at(f"iam.{who}"))
    assert {
        layer: {action(text): sorted(map(way, ways)) for text, ways in held.items()} for layer, held in found.items()
    } == {layer: {text: sorted(ways) for text, ways in held.items()} for layer, held in expected.items()}
    assert access.layers(at(f"iam.{who}")) is found, "found out once"


def test_a_boundary_of_awss_own_stands_all_the_time() -> None:
    now = account(holding("user", "ann"), users=[user("ann", boundary=READ_ONLY)])
    layers = Access(Timeline(now, [])).layers(at("iam.user", "ann"))
    assert layers == {"identity": {}, "boundary": {READ_ONLY: [()]}}


def test_two_documents_of_one_policy_are_told_apart() -> None:
    """Made by one change and by another; and what is no document is nothing but itself."""
    changes = [change(1, OWN, body("own:a"), body("own:b")), change(2, OWN, body("own:b"), "text", 1)]
    held = Access(Timeline(NOW, changes)).carriers(at("iam.user", "ann"))
    assert {action(text) for text in held} == {"ann:in", "own:a", "own:b", '"text"'}
