"""One run an account at a time, whichever command it is: who comes second is told who is at work and writes nothing,
and who loses the lock on the way writes nothing more."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import ACCOUNT, plan_of, step
from support.rival import rival, under_the_lock

from remediate.cli.apply import apply
from remediate.cli.drift import drift
from remediate.cli.rollback import rollback
from remediate.errors import Partial, Refused
from remediate.store.files import JOURNAL
from remediate.store.journal import read
from remediate.store.lock import state_folder
from remediate.store.plans import save

FILE = Path("a.plan.json")
LOCK = f"{ACCOUNT}.lock"


COMMANDS: dict[str, Callable[[], None]] = {
    "apply": lambda: apply(FILE, yes=True),
    "rollback": lambda: rollback(FILE, yes=True),
    "drift --correct": lambda: drift("all.yaml", correct=True, control=["password-policy"]),
}
every_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture
def before(aws: Aws, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """What the account has before the command, which has something to do; a rollback has an applied plan."""
    monkeypatch.chdir(tmp_path)
    Path("all.yaml").write_text("extends: guidelines\nname: all\napprove: [neutral, additive, restrictive]\n")
    save(plan_of(step("iam.group", "ops", to={"path": "/"}), step("iam.group", "dev", to={"path": "/"})), FILE)
    if command == "rollback":
        apply(FILE, yes=True)
    return state(aws)


def state(aws: Aws) -> tuple[object, ...]:
    """What these commands change, and what is written of that: events of changes in all journals."""
    iam = aws.client("iam")
    written = [record.event for path in sorted(Path().rglob(f"*{JOURNAL}")) for record in read(path).records]
    try:
        passwords: object = iam.get_account_password_policy()["PasswordPolicy"]
    except iam.exceptions.NoSuchEntityException:
        passwords = None
    return sorted(group["GroupName"] for group in iam.list_groups()["Groups"]), passwords, written


@every_command
def test_who_comes_second_is_refused_and_goes_on_later(command: str, aws: Aws, before: tuple[object, ...]) -> None:
    with rival(ACCOUNT) as other:
        with pytest.raises(Refused, match=f"another run is changing account {ACCOUNT}") as refusal:
            COMMANDS[command]()
        assert any(f"held by process {other.pid} on" in line for line in refusal.value.details)
        assert refusal.value.remedy.startswith("Wait until it has ended")
        assert state(aws) == before
        other.communicate("")
    COMMANDS[command]()
    assert state(aws) != before


@every_command
def test_a_run_says_what_it_is_and_without_its_lock_it_writes_nothing(
    command: str, aws: Aws, before: tuple[object, ...]
) -> None:
    """The lock goes with the first call that is made under it, long before the first change."""
    with (
        under_the_lock(aws, (state_folder() / LOCK).unlink) as told,
        pytest.raises(Partial, match=f"lost the lock of account {ACCOUNT}"),
    ):
        COMMANDS[command]()
    assert [doing.startswith(f"remediate {command}") for doing in told] == [True]
    assert state(aws) == before
    COMMANDS[command]()  # a correction is planned anew, the others go on
    assert state(aws) != before
