"""A plan is judged by the account as it is when it is applied or taken back, not only as it was when it was made."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import plan_of, step
from support.rival import under_the_lock

from remediate.cli.apply import apply
from remediate.cli.drift import drift
from remediate.cli.rollback import rollback
from remediate.errors import Refused
from remediate.store.files import journal_path
from remediate.store.plans import save

FILE = Path("a.plan.json")
JOINS = step("iam.group_member", "g10", "alice", to="member")
LEAVES = step("iam.group_member", "g10", "alice", was="member", to=None)


def member_of(aws: Aws) -> set[str]:
    return {group["GroupName"] for group in aws.client("iam").list_groups_for_user(UserName="alice")["Groups"]}


@pytest.mark.parametrize("command", [apply, rollback])
def test_a_place_that_somebody_else_has_taken_since(
    command: Callable[..., None], aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is in more than ten groups. Alice joins her tenth, or comes back to it, after somebody gave her another:
    the entry that the plan changes is as it was, and what the plan comes to is not."""
    monkeypatch.chdir(tmp_path)
    iam = aws.client("iam")
    iam.create_user(UserName="alice")
    for n in range(1, 12):
        iam.create_group(GroupName=f"g{n}")
        if n < (11 if command is rollback else 10):
            iam.add_user_to_group(GroupName=f"g{n}", UserName="alice")
    save(plan_of(LEAVES if command is rollback else JOINS), FILE)
    if command is rollback:
        apply(FILE, yes=True)
    iam.add_user_to_group(GroupName="g11", UserName="alice")
    before, written = member_of(aws), journal_path(FILE).exists() and journal_path(FILE).read_bytes()
    assert len(before) == 10
    with pytest.raises(Refused, match="the guard refuses this plan") as refusal:
        command(FILE, yes=True)
    assert any("up to 11, IAM allows 10" in line for line in refusal.value.details)
    assert (refusal.value.exit_code, member_of(aws)) == (3, before)
    assert (journal_path(FILE).exists() and journal_path(FILE).read_bytes()) == written
    iam.remove_user_from_group(GroupName="g11", UserName="alice")
    command(FILE, yes=True)
    assert "g10" in member_of(aws)


def test_a_correction_looks_again_once_it_holds_the_lock(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever held it until then may have changed what the correction is made from."""
    monkeypatch.chdir(tmp_path)
    Path("all.yaml").write_text("extends: guidelines\nname: all\napprove: [neutral, additive, restrictive]\n")
    iam = aws.client("iam")
    other = lambda: iam.update_account_password_policy(MinimumPasswordLength=6)  # noqa: E731
    with under_the_lock(aws, other), pytest.raises(Refused, match="the account changed since"):
        drift("all.yaml", correct=True, control=["password-policy"])
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 6
    drift("all.yaml", correct=True, control=["password-policy"])
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 8
