"""The executor against a strict AWS, with faults on the wire: nothing is done twice, and nothing is hidden."""

import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import Runs, Wire, outcomes, plan_of, step
from support.faults import Faults
from support.team import DONE, again, at_call, clean_calls, from_call, team

from remediate.aws.failures import THROTTLED
from remediate.aws.session import Session
from remediate.errors import CallFailed, Partial
from remediate.model import Address, Receipt, Value, kind_of

CODES = (
    "LimitExceeded AccessDenied EntityAlreadyExists NoSuchEntity DeleteConflict MalformedPolicyDocument InvalidInput "
    "ValidationError Throttling ServiceFailure ServiceUnavailable RequestTimeout InternalFailure"
).split()


def test_throttling_slows_down_and_finishes(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=runs.clock.sleep, time=time.time))
    assert outcomes(runs.run(Faults().when(f.every(0.3), f.throttled))) == DONE
    assert sum(r.event == "intent" for r in runs.records) == 9  # one intent each, however often it was refused


def test_throttling_without_an_end_is_given_up_and_resumed(runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.operation == "CreateGroup", f.throttled))
    assert result.outcomes[1] == "failed"
    assert 120 <= runs.clock.slept <= 140
    assert {2, 3, 4}.isdisjoint(result.outcomes)
    assert outcomes(runs.run()) == DONE


def test_each_call_denied(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Whichever call is denied: never a success, never silence, never a second try; then it goes on."""
    count = clean_calls(aws, wire, tmp_path)
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        result = runs.run(Faults().when(at_call(index), f.denied))
        bad = [change for change, event in result.outcomes.items() if event not in ("done", "already")]
        assert bad or len(result.outcomes) < 9 or result.stopped, f"call {index} was swallowed"
        assert all("AccessDenied" in result.details[change] for change in bad)
        assert runs.records[-1].detail != "complete"
        assert not any(calls > 1 for calls in Counter(map(identity_of, runs.wire.faults.calls)).values())
        assert outcomes(runs.run()) == DONE, f"call {index}"


def test_credentials_that_end_at_each_call(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Nothing more is written from then on, and the same plan finishes with new credentials."""
    count = clean_calls(aws, wire, tmp_path)
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        result = runs.run(Faults().when(from_call(index), f.expired))
        assert "ExpiredToken" in result.stopped
        assert runs.records[-1].event == "end"
        assert "ExpiredToken" in runs.records[-1].detail
        refused = [call for call in wire.faults.calls if call.index > index and call.writes]
        assert len(refused) < runs.parallel  # only those in hand
        assert set(outcomes(runs.run())) <= {"done"}, f"call {index}"


def identity_of(call: f.Call) -> object:
    """What makes a write the same write: its operation and its parameters."""
    return (call.operation, call.request.body) if call.writes else call.index


def test_a_failure_stops_only_what_depends_on_it(runs: Runs) -> None:
    result = runs.run(Faults().nth("AttachGroupPolicy", 1, f.denied))
    assert result.outcomes == {1: "done", 2: "failed", 3: "done", **dict.fromkeys(range(5, 10), "done")}
    assert runs.records[-1].detail == "partial"


def test_fail_fast_starts_nothing_more(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=1)
    result = runs.run(Faults().nth("CreateGroup", 1, f.denied), fail_fast=True)
    assert result.outcomes == {1: "failed"}
    assert wire.faults.writes == ["CreateGroup"]
    assert "--fail-fast" in runs.records[-1].detail
    assert outcomes(runs.run()) == DONE


def test_stop_lets_what_is_in_hand_finish(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=2)
    executor = runs.executor()
    begun: list[int] = []

    def interrupted(call: f.Call) -> None:
        if call.operation == "CreateGroup":
            executor.stop("Ctrl-C")
            begun.append(sum(record.event == "intent" for record in runs.records))

    wire.faults.before = interrupted
    result = executor.run()
    assert result.stopped == "Ctrl-C"
    assert result.outcomes[1] == "done"
    assert set(result.outcomes.values()) == {"done"}
    assert len(result.outcomes) <= begun[0] + 1 < 6  # one more may have begun beside it
    assert runs.records[-1].detail == "Ctrl-C"
    assert outcomes(runs.run()) == DONE


def test_stop_ends_the_asking_of_what_aws_cannot_say(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path, wire)
    executor = runs.executor(Faults().when(lambda call: call.operation == "GetGroup", f.throttled))
    wire.faults.before = lambda call: executor.stop("Ctrl-C") if call.operation == "GetGroup" else None
    result = executor.run()
    assert (result.stopped, outcomes(result), wire.faults.writes) == ("Ctrl-C", ["failed"], [])
    assert outcomes(runs.run()) == ["done"]


@pytest.mark.parametrize("code", [*sorted(THROTTLED)[:3], "ConcurrentModification", "EntityTemporarilyUnmodifiable"])
def test_what_aws_did_not_do_yet_is_tried_again(code: str, runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.writes and call.n == 1, f.refusal(code)))
    assert outcomes(result) == DONE


@pytest.mark.parametrize("code", CODES)
def test_the_sdk_sends_a_write_once_in_every_retry_mode(code: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    sends = []
    for setting in ("true", "false"):
        monkeypatch.setenv("AWS_NEW_RETRIES_2026", setting)
        monkeypatch.setenv("AWS_RETRY_MODE", "legacy" if setting == "false" else "adaptive")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
        faults = Faults().when(lambda _: True, f.refusal(code, 503 if code.startswith("Service") else 400))
        with pytest.raises(CallFailed):
            faults.watch(Session()).write("iam", "create_user", UserName="alice")
        sends.append(faults.sends("CreateUser"))
    assert sends == [1, 1]


@pytest.mark.parametrize("code", ["LimitExceeded", "AccessDenied"])
def test_a_read_that_is_refused_is_sent_once(code: str, aws: Aws) -> None:
    faults = Faults().when(lambda _: True, f.refusal(code))
    with pytest.raises(CallFailed):
        faults.watch(Session()).read("iam", "get_user", UserName="alice")
    assert faults.sends("GetUser") == 1


def test_nothing_is_sent_once_the_journal_cannot_be_written(
    aws: Aws, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(*team(aws))
    for full in range(1, 20):
        aws.sandbox.reset()
        team(aws)
        (tmp_path / str(full)).mkdir()
        runs = Runs(plan, tmp_path / str(full), wire, parallel=2)
        executor = runs.executor()
        disk = Disk(executor.journal._file, full)  # type: ignore[attr-defined]
        executor.journal._file = disk  # type: ignore[attr-defined]
        with pytest.raises(Partial, match="No space left"):
            executor.run()
        assert disk.full
        intents = Counter(r.change for r in runs.records if r.event == "intent")
        assert len(wire.faults.writes) <= intents.total()
        assert outcomes(runs.run()) == DONE
        assert runs.records[-1].detail == "complete"


class Disk:
    """A file on a disk that is full at the n-th write, which is torn, and has room again after that."""

    def __init__(self, file: Any, full_at: int) -> None:
        self.file = file
        self.left = full_at
        self.full = False

    def write(self, line: bytes) -> int:
        self.left -= 1
        if self.left == 0:
            self.full = True
            return int(self.file.write(line[: len(line) // 2]))
        return int(self.file.write(line))

    def fileno(self) -> int:
        return int(self.file.fileno())


class Crash(Exception):
    """The program ends here."""


def test_an_error_of_our_own_ends_the_run_and_loses_nothing(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=2)
    executor = runs.executor()
    write = executor.live.write

    def broken(address: Address, before: Value, after: Value) -> Receipt:
        if kind_of(address) == "iam.user_tag":
            raise Crash
        return write(address, before, after)

    executor.live.write = broken  # type: ignore[method-assign]
    with pytest.raises(Crash):
        executor.run()
    assert len(wire.faults.writes) <= 4  # what was in hand beside it, and nothing after
    assert outcomes(runs.run()) == DONE


def test_counters(runs: Runs) -> None:
    result = runs.run(Faults().nth("AttachGroupPolicy", 1, f.denied))
    assert (result.count("done"), result.count("failed"), result.count("done", "failed", "already")) == (7, 1, 8)
    again = runs.run()
    assert again.count("done") == 9
    assert again.details == {}
