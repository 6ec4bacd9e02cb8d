"""Identity providers and directories from the first plan to the last rollback, with the real engine on the sandbox."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.contract import directories as case
from support.engine import Wire
from support.faults import Faults, refusal
from support.make import trust
from support.saml import metadata

from remediate.cli import applying, work
from remediate.model import Plan, at
from remediate.sandbox.estate import directories
from remediate.sandbox.strict import settings
from remediate.store.plans import save

TRUSTS = f"""
extends: guidelines
controls:
  directory:
    directories:
      - type: microsoft-ad
        name: {case.NAME}
        region: us-east-1
        vpc: {directories.VPC}
        subnets: [{", ".join(directories.SUBNETS)}]
        trusts:
          - domain: {case.FAR}
            dns: [10.9.0.5]
"""
FEDERATION = """
extends: guidelines
controls:
  federation:
    saml:
      - name: Okta
        metadata: okta.xml
        roles:
          - {name: readers, policies: [ReadOnlyAccess], max_session_hours: 4}
"""


class Story:
    """One account, one playbook, and the files of its plans."""

    def __init__(self, wire: Wire, folder: Path, playbook: str, control: str) -> None:
        self.session = wire.session
        self.folder, self.control, self.count = folder, control, 0
        (folder / "okta.xml").write_text(metadata(), encoding="utf-8")
        (folder / "mine.yaml").write_text(playbook, encoding="utf-8")

    def plan(self) -> Plan:
        return work.make_plan(self.session, work.playbook_named("mine.yaml"), (self.control,))[0]

    def apply(self, plan: Plan) -> Path:
        self.count += 1
        path = Path(f"{self.count}.plan.json")
        save(plan, path)
        applying.finish(plan, path, self.session, parallel=4, fail_fast=False, as_json=True)
        return path

    def back(self, plan: Plan, path: Path) -> Plan:
        back, back_path = applying.inverse_of(plan, path, None, self.session, 4)
        if back.changes:
            applying.finish(back, back_path, self.session, parallel=4, fail_fast=False, as_json=True)
        return back


@pytest.fixture
def folder(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    return tmp_path


def changed(plan: Plan) -> list[str]:
    return [change.address for change in plan.changes]


def test_a_directory_is_made_and_trusts_when_it_is_ready(aws: Aws, wire: Wire, folder: Path) -> None:
    case.network(aws.client)
    story = Story(wire, folder, TRUSTS, "directory")
    forwarder, trust = case.FORWARDER, at("ds.trust", "us-east-1", case.NAME, case.FAR)
    first = story.plan()
    assert changed(first) == [case.DIRECTORY]
    made = story.apply(first)
    waiting = story.plan()
    assert changed(waiting) == []
    assert [m.address for m in waiting.manual] == [trust]
    (directory,) = case.backend().directories.values()
    directory.launch_time -= timedelta(minutes=20)
    second = story.plan()
    assert changed(second) == [forwarder, trust]
    assert second.changes[1].needs == (1,)
    path = story.apply(second)
    assert changed(story.plan()) == []
    (sent,) = directory.trusts
    assert sent.trust_password == case.PASSWORD
    assert story.back(second, path).kept == ()
    assert (directory.trusts, directory.forwarders) == ([], {})
    kept = story.back(first, made).kept
    assert [(k.address, "the directory stays" in k.why) for k in kept] == [(case.DIRECTORY, True)]
    assert len(case.backend().directories) == 1


def providers(aws: Aws) -> list[str]:
    found = aws.client("iam").list_saml_providers()["SAMLProviderList"]
    return [str(provider["Arn"]) for provider in found]


def test_a_provider_that_others_trust_since_stays(aws: Aws, wire: Wire, folder: Path) -> None:
    story, iam = Story(wire, folder, FEDERATION, "federation"), aws.client("iam")
    plan = story.plan()
    path = story.apply(plan)
    (arn,) = providers(aws)
    document = json.loads(trust({"Federated": arn}))
    document["Statement"][0]["Action"] = "sts:AssumeRoleWithSAML"
    iam.create_role(RoleName="later", AssumeRolePolicyDocument=json.dumps(document))
    back = story.back(plan, path)
    assert [(k.address, k.why) for k in back.kept] == [("iam.saml_provider/Okta", "in use since: iam.role/later")]
    assert providers(aws) == [arn]
    assert [r["RoleName"] for r in iam.list_roles()["Roles"]] == ["later"]


def test_without_others_everything_is_taken_back(aws: Aws, wire: Wire, folder: Path) -> None:
    story, iam = Story(wire, folder, FEDERATION, "federation"), aws.client("iam")
    plan = story.plan()
    path = story.apply(plan)
    role: Any = iam.get_role(RoleName="readers")["Role"]
    assert role["MaxSessionDuration"] == 14400
    assert changed(story.plan()) == []
    assert story.back(plan, path).kept == ()
    assert (providers(aws), iam.list_roles()["Roles"]) == ([], [])


@pytest.mark.parametrize("operation", ["DescribeDirectories", "DescribeSubnets", "ListSAMLProviders"])
def test_what_is_denied_is_an_unknown_and_nothing_is_planned_on_it(
    aws: Aws, wire: Wire, folder: Path, operation: str
) -> None:
    case.network(aws.client)
    control = "federation" if "SAML" in operation else "directory"
    Story(wire, folder, FEDERATION if control == "federation" else TRUSTS, control)
    faults = Faults().when(lambda call: call.operation == operation, refusal("AccessDeniedException"))
    wire.faults = faults
    plan = work.make_plan(wire.session, work.playbook_named("mine.yaml"), (control,))[0]
    assert plan.unknowns
    assert all(unknown.controls == (control,) and "AccessDenied" in unknown.reason for unknown in plan.unknowns)
    assert plan.changes == ()


def test_a_region_that_is_not_enabled_is_left_to_a_person(aws: Aws, wire: Wire, folder: Path) -> None:
    settings.regions = ("eu-west-1",)
    story = Story(wire, folder, TRUSTS, "directory")
    plan = story.plan()
    assert (plan.changes, plan.unknowns) == ((), ())
    assert plan.manual[0].summary.endswith("in us-east-1, which this account has not enabled")
