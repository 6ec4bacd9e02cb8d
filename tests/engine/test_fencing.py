"""A run whose lock or journal was taken away sends nothing more."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import Runs, Wire, outcomes, plan_of, step
from support.faults import Call, Faults
from support.rival import rival

from remediate.aws.live import LiveAccount
from remediate.aws.resources import RESOURCES
from remediate.errors import Partial, Refused
from remediate.executor import Executor
from remediate.store.files import journal_path
from remediate.store.journal import Journal, read
from remediate.store.lock import locked, state_folder

ACCOUNT = "123456789012"
GROUPS = tuple(f"g{n}" for n in range(6))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def runs(aws: Aws, wire: Wire, tmp_path: Path) -> Runs:
    steps = [step("iam.group", name, to={"path": "/"}, needs=(n,) if n else ()) for n, name in enumerate(GROUPS)]
    return Runs(plan_of(*steps), tmp_path, wire, parallel=1)


def fenced(runs: Runs, fence: Callable[[], None], faults: Faults) -> None:
    """A run as the command line makes it: the lock's fence before every record and every changing call."""
    session = runs.wire.session
    runs.wire.faults, session.fence = faults, fence
    journal = Journal(journal_path(runs.path), runs.clock.now, "arn:aws:iam::123456789012:user/tester", fence)
    try:
        Executor(runs.plan, LiveAccount(session, 1), RESOURCES, journal, runs.clock, parallel=1).run()
    finally:
        session.fence = lambda: None
        journal.close()


def on_the_third_group(act: Callable[[], None]) -> Faults:
    """Something that happens while the third change is on its way to AWS: past every check before the call."""
    faults = Faults()

    def before(call: Call) -> None:
        if call.operation == "CreateGroup" and call.n == 3:
            act()

    faults.before = before
    return faults


def groups(aws: Aws) -> list[str]:
    return sorted(group["GroupName"] for group in aws.client("iam").list_groups()["Groups"])


def test_a_holder_whose_lock_was_taken_sends_nothing_more(aws: Aws, runs: Runs) -> None:
    others = ExitStack()

    def steal() -> None:
        (state_folder() / f"{ACCOUNT}.lock").unlink()  # somebody took it for a leftover
        others.enter_context(rival(ACCOUNT))

    with others, locked(ACCOUNT, "apply a.plan.json") as lock:
        with pytest.raises(Partial, match=f"lost the lock of account {ACCOUNT}") as lost:
            fenced(runs, lock.check, on_the_third_group(steal))
        assert any("rival" in line for line in lost.value.details)
        assert groups(aws) == ["g0", "g1", "g2"]
        assert runs.records[-1].event == "intent"  # the third was on its way: nothing was recorded since
        with pytest.raises(Refused, match="another run"), locked(ACCOUNT, "apply a.plan.json"):
            raise AssertionError
    assert outcomes(runs.run()) == ["done"] * len(GROUPS)
    assert groups(aws) == list(GROUPS)


def test_a_holder_whose_lock_is_gone_sends_nothing_more(aws: Aws, runs: Runs) -> None:
    with (
        locked(ACCOUNT, "apply a.plan.json") as lock,
        pytest.raises(Partial, match="lost the lock"),
    ):
        fenced(runs, lock.check, on_the_third_group((state_folder() / f"{ACCOUNT}.lock").unlink))
    assert groups(aws) == ["g0", "g1", "g2"]


def test_a_lock_that_was_let_go_of_is_no_licence(aws: Aws, runs: Runs) -> None:
    with locked(ACCOUNT, "apply a.plan.json") as lock:
        lock.check()
    with pytest.raises(Partial, match="lost the lock"):
        fenced(runs, lock.check, Faults())
    assert runs.wire.faults.writes == []
    assert runs.records == []


def test_every_changing_call_asks_the_fence(aws: Aws, runs: Runs) -> None:
    """Not only every record: a change may take several calls, and wait between two attempts at one."""
    asked: list[int] = []
    fenced(runs, lambda: asked.append(len(runs.wire.faults.calls)), Faults())
    writes = [call.index for call in runs.wire.faults.calls if call.writes]
    assert all(index - 1 in asked for index in writes)
    assert len(asked) == len(writes) + len(runs.records)


def written_by_another(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"seq": 1}\n')


def replaced(path: Path) -> None:
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize("edit", [written_by_another, replaced, cut, Path.unlink])
def test_a_journal_that_somebody_else_changed_ends_the_run(edit: Callable[[Path], None], aws: Aws, runs: Runs) -> None:
    with pytest.raises(Partial, match=r"the journal .* cannot be written"):
        fenced(runs, lambda: None, on_the_third_group(lambda: edit(journal_path(runs.path))))
    assert groups(aws) == ["g0", "g1", "g2"]


def test_a_journal_that_was_cut_goes_on(aws: Aws, runs: Runs) -> None:
    with pytest.raises(Partial):
        fenced(runs, lambda: None, on_the_third_group(lambda: cut(journal_path(runs.path))))
    assert [r.event for r in read(journal_path(runs.path)).records][-1] == "done"  # of the second
    result = runs.run()
    assert outcomes(result) == ["done", "done", "already", "done", "done", "done"]  # the cut took the third's intent
