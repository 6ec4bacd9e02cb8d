"""Each way to change IAM, with an answer lost, a call that never arrives, a refusal, and somebody who was faster."""

from pathlib import Path
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.details import details
from support.engine import Runs, Wire, outcomes, plan_of
from support.faults import Faults
from support.mutations import MUTATIONS, Mutation

from remediate.errors import CallFailed

CLEAN: dict[str, dict[str, Any]] = {}
"""What each mutation leaves, found out once."""
every_mutation = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.id)


def expected(mutation: Mutation, aws: Aws, wire: Wire, folder: Path) -> dict[str, Any]:
    """The account after the same change without faults; the account is empty again when this returns."""
    if mutation.id in CLEAN:
        return CLEAN[mutation.id]
    folder.mkdir()
    runs = one_change(mutation, aws, wire, folder)
    assert outcomes(runs.run()) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]
    assert tuple(wire.faults.writes) == mutation.calls
    CLEAN[mutation.id] = details(aws)
    aws.sandbox.reset()
    return CLEAN[mutation.id]


def one_change(mutation: Mutation, aws: Aws, wire: Wire, folder: Path) -> Runs:
    iam = aws.client("iam")
    mutation.setup(iam)
    return Runs(plan_of(mutation.step(iam)), folder, wire)


@every_mutation
@pytest.mark.parametrize("lost", [f.answer_lost, f.rubbish, f.server_error], ids=["timeout", "rubbish", "5xx"])
def test_a_lost_answer_makes_no_duplicate_and_no_false_failure(
    mutation: Mutation, lost: f.Fault, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    clean = expected(mutation, aws, wire, tmp_path / "clean")
    runs = one_change(mutation, aws, wire, tmp_path)
    result = runs.run(Faults().nth(mutation.calls[-1], mutation.calls.count(mutation.calls[-1]), lost))
    assert outcomes(result) == ["done"]
    assert runs.events() == ["intent", "done"]
    assert tuple(wire.faults.writes) == mutation.calls  # sent once
    assert details(aws) == clean
    assert bool(result.secrets) == (mutation.id == "give-password")


@every_mutation
def test_a_call_that_never_arrived_is_sent_once_more(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clean = expected(mutation, aws, wire, tmp_path / "clean")
    runs = one_change(mutation, aws, wire, tmp_path)
    result = runs.run(Faults().nth(mutation.calls[0], 1, f.lost_on_the_way))
    assert outcomes(result) == ["done"]
    assert runs.events() == ["intent", "intent", "sent", "done"]
    assert tuple(wire.faults.writes) == (mutation.calls[0], *mutation.calls)
    assert details(aws) == clean
    assert runs.clock.slept >= 1.7  # it asked the account first


@every_mutation
def test_an_unreachable_endpoint_is_waited_for_and_nothing_is_sent_twice(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    assert outcomes(runs.run(Faults().nth(mutation.calls[0], 1, f.unreachable))) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]
    assert outcomes(runs.run()) == ["done"]
    assert wire.faults.calls == []


@every_mutation
def test_a_refusal_is_recorded_and_never_sent_again(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    before = details(aws)
    for code in ("LimitExceeded", "AccessDenied", "MalformedPolicyDocument", "InvalidInput"):
        result = runs.run(Faults().when(lambda call: call.writes, f.refusal(code)))
        assert outcomes(result) == ["failed"]
        assert code in result.details[1]
        assert wire.faults.writes == [mutation.calls[0]]
    assert details(aws) == before
    assert outcomes(runs.run()) == ["done"]  # and it can be resumed


@every_mutation
def test_what_somebody_else_did_already_is_not_ours(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    (tmp_path / "other").mkdir()
    Runs(runs.plan, tmp_path / "other", wire).run()
    assert outcomes(runs.run()) == ["already"]
    assert wire.faults.writes == []


def test_user_name_is_always_explicit(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """IAM takes a call without UserName as one on the caller itself."""
    for mutation in MUTATIONS:
        aws.sandbox.reset()
        (tmp_path / mutation.id).mkdir()
        runs = one_change(mutation, aws, wire, tmp_path / mutation.id)
        runs.run()
        for call in wire.faults.calls:
            shape = wire.session._client(call.service, "", once=True).meta.service_model.operation_model(call.operation)
            if shape.input_shape and "UserName" in shape.input_shape.members:
                assert "UserName=" in str(call.request.body), f"{mutation.id}: {call.operation}"
    before = len(wire.faults.calls)
    for name in ({}, {"UserName": ""}):
        with pytest.raises(CallFailed, match="act on the caller"):
            wire.session.write("iam", "create_access_key", **name)
    assert len(wire.faults.calls) == before
