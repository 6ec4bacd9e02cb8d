"""The `groups` control on a running account: what everybody may do is the same before, between and after."""

from collections import Counter
from pathlib import Path

import pytest
from support.aws import Aws
from support.latency import latency
from support.snapshot import effective, people, snapshot

from remediate.aws.live import LiveAccount
from remediate.aws.resources import RESOURCES
from remediate.cli import applying, work
from remediate.executor import Executor
from remediate.model import Change, Event
from remediate.sandbox import fill
from remediate.store.journal import Journal
from remediate.store.plans import save


def everybody(aws: Aws) -> dict[str, frozenset[str]]:
    whole = people(aws.client)
    users = whole["users"]
    assert isinstance(users, dict)
    return {user: effective(whole, user) for user in users}


def test_nobody_gains_or_loses_anything_between_any_two_changes(aws: Aws, tmp_path: Path) -> None:
    fill()
    before = everybody(aws)
    session = work.connect(None, None, None)
    plan, _ = work.make_plan(session, work.playbook_named("guidelines"), ["groups"])
    seen: Counter[str] = Counter()

    def look(change: Change, event: Event) -> None:
        seen[event] += 1
        if event == "sent" and seen["sent"] % 7 == 0:
            assert everybody(aws) == before, f"after #{change.id} {change.address}"

    journal = Journal(tmp_path / "j.journal.jsonl", work.SystemClock().now, "test")
    executor = Executor(
        plan, LiveAccount(session, 1), RESOURCES, journal, work.SystemClock(), parallel=1, progress=look
    )
    result = executor.run()
    assert result.count("done") == len(plan.changes) == seen["sent"]
    assert len(plan.changes) > 80
    assert everybody(aws) == before
    whole = snapshot(aws.client)
    users = whole["users"]
    assert isinstance(users, dict)
    assert not [name for name, user in users.items() if user["attached"] or user["inline"]]


def test_the_whole_job_with_20_ms_of_latency(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fill()
    before = snapshot(aws.client)
    with latency(aws.sandbox, 20):
        session = work.connect(None, None, None)
        plan, _ = work.make_plan(session, work.playbook_named("guidelines"), ())
        path = tmp_path / "p.plan.json"
        save(plan, path)
        applying.finish(plan, path, session, parallel=8, fail_fast=False, as_json=True)
        assert work.make_plan(session, work.playbook_named("guidelines"), ())[0].changes == ()
        back, back_path = applying.inverse_of(plan, path, None, session, 8)
        applying.finish(back, back_path, session, parallel=8, fail_fast=False, as_json=True)
    after = snapshot(aws.client)
    for picture in (before, after):
        for bucket in picture["buckets"].values():  # type: ignore[attr-defined]
            bucket.pop("versioning")  # suspended afterwards, as the plan said
    assert before["buckets"] == after["buckets"]
    assert {k for k in before if before[k] != after[k]} <= {"users", "log_groups", "roles"}
    kept = {item.address for item in back.kept}
    assert any(address.startswith("iam.access_key/") for address in kept)
    differing = [u for u in before["users"] if before["users"][u] != after["users"][u]]  # type: ignore[index, attr-defined]
    assert differing == ["judy.ng"]  # whose key is gone for good, as the plan said
    differing = [r for r in before["roles"] if before["roles"][r] != after["roles"][r]]  # type: ignore[index, attr-defined]
    assert differing == ["old-deploy"]  # which named a deleted user: IAM takes that id in no policy
