"""What the proof says of a loss is a request that was allowed and is no longer; and two Allows stand in for one."""

from collections.abc import Mapping

import pytest
from support.accounts import account, change, document, holding, statement

from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Value, at


def deny(action: str | list[str]) -> Mapping[str, Value]:
    return {**statement(action), "Effect": "Deny"}


def violations(own: Mapping[str, Value], *changes: Change) -> list[str]:
    return list(access.violations(Access(Timeline(account(holding("user", "ann", (), own)), changes))))


SHOWN: dict[str, tuple[list[Mapping[str, Value]], str, str]] = {
    "none that was denied before": (
        [statement("*"), deny(["s3:DeleteA*", "s3:DeleteB*"])], "s3:Delete*", "such as s3:DeleteObject on arn:"),
    "in this account": ([statement("*")], "iam:DeleteUser", "iam:DeleteUser on arn:aws:iam::111122223333:user/"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "denied", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_request_that_is_newly_denied(said: list[Mapping[str, Value]], denied: str, shown: str) -> None:
    comes = change(1, at("iam.user_inline", "ann", "no"), None, document(deny(denied)))
    [found] = violations({"p": document(*said)}, comes)
    assert shown in found


@pytest.mark.parametrize(("second", "kept"), [("b", True), ("c", False)])
def test_what_two_statements_allow_together_is_not_lost(second: str, kept: bool) -> None:
    both, *alone = (
        document(statement("s3:GetObject", [f"arn:aws:s3:::{name}/*" for name in names]))
        for names in ("ab", "a", second)
    )
    goes = change(1, at("iam.user_inline", "ann", "both"), both, None)
    assert (violations({"both": both, "1": alone[0], "2": alone[1]}, goes) == []) is kept
