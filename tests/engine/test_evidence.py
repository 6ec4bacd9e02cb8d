"""What a removal rests on is read again right before it: a credential that was used since the plan stays (R14)."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import Runs, Wire, outcomes, plan_of, step
from support.faults import Faults

from remediate.aws.resources import RESOURCES
from remediate.aws.resources.base import Resource
from remediate.model import Value

EVIDENT: dict[str, tuple[str, Value, Value]] = {
    "an active key made inactive": ("iam.access_key", "Active", "Inactive"),
    "an inactive key deleted": ("iam.access_key", "Inactive", None),
    "a password removed": ("iam.login_profile", "password", None),
}
"""Removals that rest on the last use; a root key's is in tests/aws/test_root_session.py."""


@pytest.mark.parametrize(("kind", "was", "to"), EVIDENT.values(), ids=EVIDENT)
@pytest.mark.parametrize("used", [True, False], ids=["used", "not used"])
def test_a_credential_used_since_the_plan_stays(
    kind: str, was: Value, to: Value, used: bool, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    from moto.iam.models import AccessKeyLastUsed, iam_backends

    iam = aws.client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")
    key = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    if was == "Inactive":
        iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Inactive")
    names = ("alice", key) if kind == "iam.access_key" else ("alice",)
    change = dataclasses.replace(step(kind, *names, was=was, to=to), evidence={"last_used": None})
    runs = Runs(plan_of(change), tmp_path, wire)
    if used:
        backend: Any = iam_backends[aws.account_id]["aws"]
        moment = datetime(2029, 12, 31, tzinfo=UTC)
        backend.access_keys[key].last_used = AccessKeyLastUsed(moment, "s3", "us-east-1")
        backend.users["alice"].password_last_used = moment
    result = runs.run()
    assert outcomes(result) == ["conflict" if used else "done"]
    assert ("2029-12-31" in result.details.get(1, "")) is used
    assert len(wire.faults.writes) == (0 if used else 1)


def test_every_kind_with_evidence_is_tried() -> None:
    known = {kind for kind, resource in RESOURCES.items() if type(resource).evidence is not Resource.evidence}
    assert known == {*(kind for kind, _, _ in EVIDENT.values()), "iam.root_access_key"}


def test_evidence_that_cannot_be_read_stops_the_change(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")
    change = step("iam.login_profile", "alice", was="password", to=None)
    runs = Runs(plan_of(dataclasses.replace(change, evidence={"last_used": None})), tmp_path, wire)
    result = runs.run(Faults().nth("GetUser", 1, f.denied))
    assert outcomes(result) == ["failed"]
    assert wire.faults.writes == []
    assert outcomes(runs.run()) == ["done"]
