"""What formats share: whom an address belongs to, what changes, how values differ."""

import msgspec
import pytest

from remediate.model import Address, Kept, Unknown, Value, at
from remediate.render import facts, plan_text
from remediate.render.diff import diff, lines
from remediate.words import many
from render import plans


@pytest.mark.parametrize(
    ("address", "who", "user"),
    [
        ("iam.access_key/alice/AKIAIOSFODNN7EXAMPLE", "alice", True),
        ("iam.user_policy/alice/arn:aws:iam::aws:policy/X", "alice", True),
        ("iam.group_member/Admins/alice", "alice", True),
        ("iam.group_policy/Admins/arn:aws:iam::aws:policy/X", "group Admins", False),
        ("iam.role_inline/Deploy/all", "role Deploy", False),
        ("iam.password_policy", "password policy", False),
        ("s3.bucket_public_access/logs", "bucket logs", False),
        ("kms.key_policy/eu-west-1/trail", "kms.key_policy/eu-west-1/trail", False),
    ],
)
def test_whom_an_address_belongs_to(address: str, who: str, user: bool) -> None:
    assert facts.person(Address(address)) == (who, user)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("iam.password_policy", "iam.password_policy"),
        ("iam.policy/arn:aws:iam::123456789012:policy/x", "x"),
        ("iam.user_policy/a/arn:aws:iam::aws:policy/x", "a/aws:x"),
        ("iam.user_policy/a/arn:aws:iam::999999999999:policy/x", "a/arn:aws:iam::999999999999:policy/x"),
        ("iam.user_policy/a/arn:aws-us-gov:iam::aws:policy/x", "a/aws:x"),
    ],
)
def test_names_leave_out_what_a_whole_account_shares(address: str, name: str) -> None:
    assert facts.name(Address(address), "123456789012") == name


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (None, "member", ""),
        (None, {"path": "/"}, ""),
        ("2026-10-09", None, '"2026-10-09"'),
        ("Active", "Inactive", "Active → Inactive"),
        ("true", True, '"true" → true'),
        ({"a": 1, "b": [1], "c": 0}, {"a": 2, "b": [2], "c": 0}, "a 1 → 2, b"),
        ({"a": 1}, {"a": 1, "d": "x"}, "d none → x"),
    ],
)
def test_what_changes_on_one_line(before: Value, after: Value, text: str) -> None:
    assert facts.transition(plans.change(1, at("x", "y"), before, after)) == text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "x", ['+ "x"']),
        ("x", None, ['- "x"']),
        ("a", {"b": 1}, ['- "a"', '+ {"b": 1}']),
        ({}, {"b": 1}, ["- {}", "+ {", '+   "b": 1', "+ }"]),
        ([1, 2], [1, 3], ["  [", "    1,", "-   2", "+   3", "  ]"]),
        (
            {f"k{n}": n for n in range(9)},
            {f"k{n}": n or 7 for n in range(9)},
            ["  {", '-   "k0": 0,', '+   "k0": 7,', '    "k1": 1,', '    "k2": 2,', '    "k3": 3,', "  …"],
        ),
        (list(range(6)), [*range(5), 9], ["  …", "    2,", "    3,", "    4,", "-   5", "+   9", "  ]"]),
    ],
)
def test_a_difference_line_by_line(before: Value, after: Value, expected: list[str]) -> None:
    assert [f"{sign} {line}" for sign, line in diff(before, after, 60)] == expected


def test_a_value_takes_a_line_where_it_fits() -> None:
    value: Value = {"b": [1, 2], "a": {"c": ["x" * 20, "y" * 20]}, "e": {}}
    assert lines(value, 200) == ['{"a": {"c": ["' + "x" * 20 + '", "' + "y" * 20 + '"]}, "b": [1, 2], "e": {}}']
    assert lines(value, 40) == [
        "{",
        '  "a": {',
        '    "c": [',
        f'      "{"x" * 20}",',
        f'      "{"y" * 20}"',
        "    ]",
        "  },",
        '  "b": [1, 2],',
        '  "e": {}',
        "}",
    ]
    assert lines(None, 40) == []


@pytest.mark.parametrize(("number", "text"), [(1, "1 entry"), (0, "0 entries"), (1551, "1,551 entries")])
def test_how_many(number: int, text: str) -> None:
    assert many(number, "entry", "entries") == text


def test_an_unknown_names_what_was_not_checked() -> None:
    assert facts.unread(Unknown(what="iam.user", reason="denied")) == "iam.user: denied"
    assert facts.unread(Unknown(what="x", reason="y", controls=("a", "b"))) == "x (not checked: a, b): y"


def test_the_summary_counts_what_it_does_not_name() -> None:
    kept = tuple(Kept(address=at("iam.group", f"g{n}"), why="in use") for n in range(9))
    rollback = msgspec.structs.replace(plans.rollback(), kept=kept)
    assert "…and 4 more:" in plan_text.summary(rollback, plans.PATH)
    lossy = [
        plans.change(n, at("s3.bucket", f"b{n}"), None, {}, reversal="impossible", loss=f"loss {n}")
        for n in range(1, 9)
    ]
    summary = plan_text.summary(plans.plan(tuple(lossy)), plans.PATH)
    assert "!   all cannot be taken back:" in summary
    assert "…and 3 other losses" in summary
    one = msgspec.structs.replace(plans.rollback(), kept=kept[:1], changes=())
    assert "! 1 entry stays as the plan made it:" in plan_text.summary(one, plans.PATH)
    assert "Nothing to take back." in plan_text.summary(one, plans.PATH)
