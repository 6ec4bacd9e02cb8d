"""Limits on unattended corrections: at the limit and one over, for accounts of every size."""

import pytest
from support.accounts import account, change, holding, members, user

from remediate.aws.resources import RESOURCES
from remediate.guard.limits import over
from remediate.model import Change, at
from remediate.playbook import Limits


def tags(users: int) -> list[Change]:
    return [change(n, at("iam.user_tag", f"u{n}", "t"), None, "x") for n in range(1, users + 1)]


@pytest.mark.parametrize(
    ("people", "share", "most"),
    [(1, 0.1, 1), (9, 0.1, 1), (10, 0.1, 1), (19, 0.1, 1), (20, 0.1, 2), (1000, 0.1, 100), (1, 0.0, 1), (1000, 0.0, 1),
     (9, 1.0, 9), (10, 0.3, 3), (100, 0.29, 29), (1000, 0.57, 570), (0, 0.1, 1)],
)  # fmt: skip
def test_the_share_of_users(people: int, share: float, most: int) -> None:
    now = account(users=[user(f"u{n}") for n in range(1, people + 1)])
    limits = Limits(changes=5000, share=share)
    assert over(tags(most), now, limits, RESOURCES) == ""
    assert f"the limit is {most} " in over(tags(most + 1), now, limits, RESOURCES)


@pytest.mark.parametrize("most", [0, 1, 9, 10, 1000])
def test_the_number_of_changes(most: int) -> None:
    changes = [change(n, at("s3.bucket", f"b{n}"), None, {}) for n in range(1, most + 2)]
    assert over(changes[:most], account(), Limits(changes=most), RESOURCES) == ""
    assert over(changes, account(), Limits(changes=most), RESOURCES) == f"{most + 1} changes, the limit is {most}"


def test_several_changes_of_one_user_count_once() -> None:
    now = account(users=[user("u1"), user("u2")])
    many = [change(n, at("iam.user_tag", "u1", f"t{n}"), None, "x") for n in range(1, 9)]
    assert over(many, now, Limits(), RESOURCES) == ""
    assert over([*many, *tags(2)], now, Limits(), RESOURCES)


def test_a_group_counts_as_its_members() -> None:
    people = " ".join(f"u{n}" for n in range(1, 21))
    now = account(holding("group", "g"), members(g=people), users=[user(n) for n in people.split()])
    everybody = [change(1, at("iam.group_policy", "g", "arn:aws:iam::aws:policy/X"), None, "attached")]
    assert over(everybody, now, Limits(share=0.95), RESOURCES)
    assert over(everybody, now, Limits(share=1), RESOURCES) == ""
