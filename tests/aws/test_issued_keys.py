"""A new access key ends in its secret, once, whatever is lost on the way; nobody else's key is ever touched."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from moto.iam.models import iam_backends
from support.aws import Aws
from support.contract.secrets import FIRST, HOLDER, ISSUED, SECOND, SECRET, USER, rotated_once
from support.engine import ACCOUNT, Runs, Step, Wire, outcomes, plan_of
from support.faults import (
    Fault,
    Faults,
    answer_lost,
    denied,
    lost_on_the_way,
    refusal,
    rubbish,
    server_error,
    throttled,
)
from support.issued import ISSUED_HERE, NAME, NEXT, REGION, Rotation, assert_rotated, cut_short, keys_of, stored
from support.make import last_used

from remediate.aws.resources import RESOURCES
from remediate.aws.resources.iam_issued_keys import MARK
from remediate.errors import CallFailed
from remediate.model import Value

TESTS = Path(__file__).parents[1]
WRITES = ("TagResource", "CreateAccessKey", "PutSecretValue", "UntagResource")


@pytest.fixture(scope="session")
def wire(_clients: Aws) -> Wire:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        return Wire()


ACCIDENTS: tuple[Fault, ...] = (answer_lost, lost_on_the_way, server_error, rubbish, cut_short, throttled, denied)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda f: getattr(f, "__name__", "refused"))
def test_one_accident(operation: str, accident: Fault, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    result = rotation.run((operation, accident))
    if outcomes(result) != ["done"]:
        assert outcomes(result) == ["failed"]
        assert outcomes(rotation.run()) == ["done"]
    assert_rotated(aws)


@pytest.mark.parametrize(("first", "second"), [*product(WRITES[:3], WRITES[:3])])
def test_two_accidents_in_two_runs_that_were_cut_off(
    first: str, second: str, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    """The first run makes a key and loses it, the second does so again; the third finds one orphan at most."""
    rotation = Rotation(aws, wire, tmp_path)
    for operation in (first, second):
        always = Faults().when(lambda call, op=operation: call.operation == op, answer_lost)  # type: ignore[misc]
        rotation.runs.run(always)
    rotation.run()
    assert_rotated(aws)


def test_what_was_not_stored_is_not_left_behind(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Secrets Manager refuses for good: nobody will ever know that secret, so the key goes at once."""
    rotation = Rotation(aws, wire, tmp_path)
    result = rotation.run(("PutSecretValue", denied))
    assert outcomes(result) == ["failed"]
    assert set(keys_of()) == {FIRST}
    assert "put_secret_value: AccessDenied" in result.details[1]


def test_a_refusal_that_cannot_be_cleaned_up_is_mended_by_the_next_run(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    assert outcomes(rotation.run(("PutSecretValue", denied), ("DeleteAccessKey", denied))) == ["failed"]
    assert len(keys_of()) == 2
    assert outcomes(rotation.run()) == ["done"]
    assert_rotated(aws)


@contextmanager
def driver(aws: Aws) -> Iterator[Callable[[Path, int], str]]:
    """A program that applies a plan and is killed at a point of its way: see `support.killed_driver`."""
    command = [sys.executable, "-m", "support.killed_driver"]
    environment = {**os.environ, **aws.environment()}
    with subprocess.Popen(
        command, cwd=TESTS, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        stdin, stdout = process.stdin, process.stdout
        assert stdout.readline() == "ready\n"

        def until(path: Path, point: int) -> str:
            stdin.write(f"{path} {point}\n")
            stdin.flush()
            return stdout.readline().strip()

        yield until
        stdin.close()


def test_killed_at_every_point(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    with driver(aws) as until:
        answer = until(Rotation(aws, wire, tmp_path / "whole").runs.path, 0)
        count = int(answer.removeprefix("ended "))
        assert count > 2 * len(WRITES)
        assert_rotated(aws)
        for point in range(1, count + 1):
            rotation = Rotation(aws, wire, tmp_path / str(point))
            assert until(rotation.runs.path, point) == "killed"
            assert outcomes(rotation.run()) == ["done"], point
            assert_rotated(aws)


def second_key(**facts: Any) -> Any:
    """Somebody else's, made by hand."""
    made: Any = iam_backends[ACCOUNT]["aws"].create_access_key(USER, prefix="AKIA")
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def mark(aws: Aws, moment: datetime, key: str = FIRST) -> None:
    tags = [{"Key": MARK, "Value": f"{key} {moment:%Y-%m-%dT%H:%M:%SZ}"}]
    aws.client("secretsmanager", REGION).tag_resource(SecretId=NAME, Tags=tags)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


NOW = datetime.now(UTC)
OTHERS: dict[str, tuple[dict[str, Any], datetime | None]] = {
    # facts of the second key, and when an attempt to issue one was begun
    "no attempt was begun": ({}, None),
    "made before the attempt": ({"create_date": NOW - minutes(30)}, NOW - minutes(20)),
    "made long after it": ({"create_date": NOW - minutes(5)}, NOW - minutes(20)),
    "in use": ({"last_used": last_used(NOW, "s3", REGION)}, NOW - minutes(1)),
}


@pytest.mark.parametrize(("facts", "begun"), OTHERS.values(), ids=OTHERS)
def test_a_second_key_of_somebody_else_is_never_deleted(
    facts: dict[str, Any], begun: datetime | None, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    made = second_key(**facts)
    if begun:
        mark(aws, begun)
    result = rotation.run()
    assert outcomes(result) == ["failed"]
    assert f"has another key, {made.access_key_id}, that was not made here" in result.details[1]
    assert set(keys_of()) == {FIRST, made.access_key_id}


def test_the_mark_of_another_rotation_counts_for_nothing(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    made = second_key()
    mark(aws, datetime.now(UTC) - minutes(1), key=SECOND)
    assert outcomes(rotation.run()) == ["failed"]
    assert made.access_key_id in keys_of()


def test_an_old_mark_is_written_anew(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Otherwise the key that is lost next would be somebody else's."""
    rotation = Rotation(aws, wire, tmp_path)
    mark(aws, datetime.now(UTC) - timedelta(days=2))
    always = Faults().when(lambda call: call.operation == "CreateAccessKey", answer_lost)
    rotation.runs.run(always)
    assert outcomes(rotation.run()) == ["done"]
    assert_rotated(aws)


def test_a_stored_key_that_was_seen_late_is_kept(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Between the last look and the second send, what the first one stored comes to light."""
    rotation = Rotation(aws, wire, tmp_path)
    rotation.run()
    before = stored(aws)
    RESOURCES["iam.issued_key"].write(wire.session, ISSUED_HERE, None, NEXT)
    assert stored(aws) == before
    assert_rotated(aws)


def written(wire: Wire, before: Value, after: Value) -> str:
    """What a transition is refused with; empty where it is not."""
    try:
        RESOURCES["iam.issued_key"].write(wire.session, ISSUED_HERE, before, after)
    except CallFailed as error:
        return error.code
    return ""


def test_a_secret_that_is_not_ours_is_never_written(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    secrets = aws.client("secretsmanager", REGION)
    secrets.put_secret_value(SecretId=NAME, SecretString="theirs")
    secrets.untag_resource(SecretId=NAME, TagKeys=["remediate:user"])
    assert rotation.read() is None
    assert written(wire, None, NEXT) == "NotOurs"
    assert secrets.get_secret_value(SecretId=NAME)["SecretString"] == "theirs"
    secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    assert written(wire, None, NEXT) == "NotOurs"
    assert set(keys_of()) == {FIRST}


def test_no_key_in_place_of_one_that_is_gone(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    Rotation(aws, wire, tmp_path)
    aws.client("iam").delete_access_key(UserName=USER, AccessKeyId=FIRST)
    assert written(wire, None, NEXT) == "Replaced"
    assert keys_of() == {}


def test_a_key_that_somebody_uses_is_not_taken_back(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    rotation.run()
    [new] = keys_of().keys() - {FIRST}
    keys_of()[new].last_used = last_used(NOW, "s3", REGION)
    assert written(wire, NEXT, None) == "KeyInUse"
    assert new in keys_of()
    keys_of()[new].last_used = None
    assert written(wire, NEXT, None) == ""
    assert set(keys_of()) == {FIRST}
    assert rotation.read() is None
    assert written(wire, NEXT, None) == "Moved"


def test_the_secret_holds_what_it_held_before_the_second_rotation_is_taken_back(aws: Aws, wire: Wire) -> None:
    aws.sandbox.reset()
    rotated_once(aws.client)
    resource, again = RESOURCES["iam.issued_key"], {"replaces": SECOND}
    resource.write(wire.session, ISSUED, NEXT, again)
    assert stored(aws, "eu-west-1")["AccessKeyId"] in keys_of()
    resource.write(wire.session, ISSUED, again, NEXT)
    assert stored(aws, "eu-west-1") == {}, "the value that the first rotation put there"
    assert set(keys_of()) == {SECOND}
    assert resource.read(wire.session, ISSUED) == {ISSUED: NEXT}


@pytest.mark.parametrize("operation", ["UpdateSecretVersionStage", "DeleteAccessKey"])
@pytest.mark.parametrize("accident", [answer_lost, lost_on_the_way, denied])
def test_no_key_is_left_when_taking_back_is_cut_off(
    operation: str, accident: Fault, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    aws.sandbox.reset()
    rotated_once(aws.client)
    wire.faults = Faults()
    RESOURCES["iam.issued_key"].write(wire.session, ISSUED, NEXT, {"replaces": SECOND})
    runs = Runs(plan_of(Step(ISSUED, {"replaces": SECOND}, NEXT, risk="restrictive")), tmp_path, wire)
    for faults in (Faults().nth(operation, 1, accident), Faults()):
        result = runs.run(faults)
    assert outcomes(result) == ["done"]
    assert set(keys_of()) == {SECOND}
    assert stored(aws, "eu-west-1") == {}


@pytest.mark.parametrize("operation", WRITES[:3:2])
def test_a_secret_that_not_all_of_aws_has_heard_of_is_waited_for(
    operation: str, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    assert outcomes(rotation.run((operation, refusal("ResourceNotFoundException")))) == ["done"]
    assert_rotated(aws)


def test_a_value_that_somebody_else_put_there_is_no_key_of_ours(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    rotation = Rotation(aws, wire, tmp_path)
    rotation.run()
    aws.client("secretsmanager", REGION).put_secret_value(SecretId=NAME, SecretString="by hand")
    assert rotation.read() is None


def test_a_deleted_secret_is_absent_and_is_restored(aws: Aws, wire: Wire) -> None:
    secret = RESOURCES["secretsmanager.secret"]
    aws.sandbox.reset()
    secret.write(wire.session, SECRET, None, HOLDER)
    secret.write(wire.session, SECRET, HOLDER, None)
    assert secret.read(wire.session, SECRET) == {}
    with pytest.raises(CallFailed, match="the name belongs to a deleted secret with other settings") as caught:
        secret.write(wire.session, SECRET, None, {"user": "bob"})
    assert caught.value.code == "NameTaken"
    secret.write(wire.session, SECRET, None, HOLDER)
    assert secret.read(wire.session, SECRET) == {SECRET: HOLDER}


KMS = "arn:aws:kms:eu-west-1:123456789012:"
KMS_NAMES = {"1234abcd-12ab": f"{KMS}key/1234abcd-12ab", "alias/mine": f"{KMS}alias/mine", KMS: KMS, "": None}


@pytest.mark.parametrize(("named", "expected"), KMS_NAMES.items())
def test_a_key_is_one_arn_however_it_was_named(named: str, expected: str | None, aws: Aws, wire: Wire) -> None:
    tags = [{"Key": "remediate:user", "Value": USER}]
    name = SECRET.split("/", 2)[2]
    aws.client("secretsmanager", "eu-west-1").create_secret(Name=name, KmsKeyId=named, Tags=tags)
    value = RESOURCES["secretsmanager.secret"].read(wire.session, SECRET)[SECRET]
    assert value == {"user": USER, **({"kms": expected} if expected else {})}
