"""What the proof says of a loss is a request that was allowed and is no longer; and two Allows stand in for one."""

from collections.abc import Mapping

import pytest
from msgspec import structs
from support.accounts import account, change, document, holding, statement

from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at


def deny(action: str | list[str]) -> Mapping[str, Value]:
    return {**statement(action), "Effect": "Deny"}


def violations(own: Mapping[str, Value], *changes: Change, partition: str = "aws") -> list[str]:
    now = structs.replace(account(holding("user", "ann", (), own)), partition=partition)
    return list(access.violations(Access(Timeline(now, changes))))


def test_a_request_that_is_newly_denied_was_not_denied_before() -> None:
    comes = change(1, at("iam.user_inline", "ann", "no"), None, document(deny("s3:Delete*")))
    [found] = violations({"p": document(statement("*"), deny(["s3:DeleteA*", "s3:DeleteB*"]))}, comes)
    assert "such as s3:DeleteObject on arn:" in found


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_a_request_names_what_is_in_the_account_s_partition(partition: str) -> None:
    comes = change(1, at("iam.user_inline", "ann", "no"), None, document(deny("iam:DeleteUser")))
    [found] = violations({"p": document(statement("*"))}, comes, partition=partition)
    assert f"iam:DeleteUser on arn:{partition}:iam::111122223333:user/" in found


@pytest.mark.parametrize(("second", "kept"), [("b", True), ("c", False)])
def test_what_two_statements_allow_together_is_not_lost(second: str, kept: bool) -> None:
    both, *alone = (
        document(statement("s3:GetObject", [f"arn:aws:s3:::{name}/*" for name in names]))
        for names in ("ab", "a", second)
    )
    goes = change(1, at("iam.user_inline", "ann", "both"), both, None)
    assert (violations({"both": both, "1": alone[0], "2": alone[1]}, goes) == []) is kept
