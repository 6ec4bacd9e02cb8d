"""Who made the drift, where CloudTrail does not tell and the evidence does; and who changed what a plan rests on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import cloudtrail as ct
from support.aws import Aws
from support.engine import Wire
from support.faults import Faults, denied

from remediate.cli import applying, work
from remediate.cli.drift import _drifted
from remediate.errors import Partial
from remediate.evidence.actions import names
from remediate.evidence.arns import tells
from remediate.evidence.fold import Folder, Weeks
from remediate.model import Plan, at
from remediate.render.drift_text import drift as text
from remediate.sandbox.builder import Builder, Key, Person
from remediate.sandbox.somebody import Somebody
from remediate.store.evidence import Store
from remediate.store.plans import save

SHORT = {"MinimumPasswordLength": 6}


@pytest.fixture
def bob(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Somebody:
    """Somebody who will change what a run set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    Builder(datetime.now(UTC)).person(Person(name="bob", keys=(Key(made=9, used=1),)))
    return Somebody(aws.sandbox, "bob")


def planned(wire: Wire, book: str = "guidelines", control: str = "password-policy") -> tuple[Plan, Path]:
    plan, _ = work.make_plan(wire.session, work.playbook_named(book), [control])
    path = work.plan_path(plan, None)
    save(plan, path)
    return plan, path


def finish(plan: Plan, path: Path, wire: Wire) -> None:
    applying.finish(plan, path, wire.session, parallel=4, fail_fast=False, as_json=False)


def kept(*events: ct.Event) -> None:
    """What `remediate evidence` keeps of these."""
    now = datetime.now(UTC)
    reader = Folder(ct.ACCOUNT, now - timedelta(days=9), now + timedelta(days=1), names(), tells(ct.ACCOUNT, "aws"))
    weeks: Weeks = {}
    about: dict[str, Any] = {"eventTime": f"{now + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}", "awsRegion": "us-east-1"}
    reader.file(ct.packed([{**event, **about} for event in events]), weeks)
    for week in weeks.values():
        week.settle(ct.ACCOUNT)
    Store(work.EVIDENCE, ct.ACCOUNT).keep({monday: (week, frozenset()) for monday, week in weeks.items()})


def test_drift_is_named_from_the_evidence_where_cloudtrail_is_denied(aws: Aws, wire: Wire, bob: Somebody) -> None:
    plan, path = planned(wire)
    finish(plan, path, wire)
    bob.iam("UpdateAccountPasswordPolicy", SHORT)
    wire.faults = Faults().when(lambda call: call.operation == "LookupEvents", denied)
    [without], _, _ = _drifted(plan, wire.session, 4, work.EVIDENCE)
    assert (without.who, without.perhaps) == (None, ())
    assert "AccessDenied" in without.nobody_knows

    kept(
        ct.event("iam", "UpdateAccountPasswordPolicy", ct.user("bob")),
        ct.event("iam", "UpdateAccountPasswordPolicy", ct.user("eve"), errorCode="AccessDenied"),
        ct.event("iam", "UpdateUser", ct.user("zoe")),
    )
    [drifted], known, _ = _drifted(plan, wire.session, 4, work.EVIDENCE)
    assert [(one.by, one.call, one.source) for one in drifted.perhaps] == [
        (ct.user("bob")["arn"], "UpdateAccountPasswordPolicy", "203.0.113.7")
    ]
    said = " ".join(text([drifted], plan, known=known, width=80).split())
    assert "one of these may have: user/bob from 203.0.113.7 (UpdateAccountPasswordPolicy, aws-cli), last 20" in said


def test_a_conflict_says_who_changed_it_since_the_plan(
    aws: Aws, wire: Wire, bob: Somebody, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, path = planned(wire)
    bob.iam("UpdateAccountPasswordPolicy", SHORT)
    with pytest.raises(Partial):
        finish(plan, path, wire)
    said = " ".join(capsys.readouterr().err.split())
    assert "iam.password_policy: planned from" in said
    assert "changed since the plan: 20" in said
    assert "UTC by user/bob from 127.0.0.1 (UpdateAccountPasswordPolicy, aws-cli)" in said


def test_what_the_playbook_alone_asks_back_is_named_once_there_was_a_run(aws: Aws, wire: Wire, bob: Somebody) -> None:
    shell = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
    bob.iam("AttachUserPolicy", {"UserName": "bob", "PolicyArn": shell})
    asked = planned(wire, "cis-7.0", "cloudshell-access")[0]
    assert _drifted(asked, wire.session, 4, work.EVIDENCE) == ([], 0, [])
    finish(*planned(wire), wire)
    drifted, known, touched = _drifted(asked, wire.session, 4, work.EVIDENCE)
    assert (drifted, known) == ([], 1)
    assert [(one.address, one.who and one.who.by) for one in touched] == [
        (at("iam.user_policy", "bob", shell), ct.user("bob")["arn"])
    ]
    said = " ".join(text(drifted, asked, known=known, width=80, touched=touched).split())
    assert "AWSCloudShellFullAccess was last changed 20" in said
    assert "by user/bob from 127.0.0.1 (AttachUserPolicy, aws-cli)" in said
