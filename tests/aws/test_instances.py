"""Instances and their profiles on the wire: pages, states, and what EC2 says while IAM is not consistent yet."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.accounts import account
from support.aws import Aws
from support.contract.instances import REGION, arn, association, instance, profile
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.faults import Faults, refusal

from remediate.aws.facts.ec2 import Instances
from remediate.aws.failures import translate
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import NotYet
from remediate.model import at, kind_of, pair_of

WAITED_FOR = {
    ("InvalidParameterValue", "Value (x) for iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"),
    ("InvalidParameterValue", 'IAM Instance Profile "x" has no associated IAM Roles'),
    ("IncorrectState", "ResultDetail: { Code=InstanceIdentityProfileNotFound, Message=not found for the key }"),
    ("IncorrectInstanceState", "The instance 'i-1' is not in the 'running' or 'stopped' states."),
    ("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/new"'),
}  # fmt: skip
FINAL = {
    ("InvalidParameterValue", "Value (x) for parameter instanceId is invalid."),
    ("IncorrectState", "There is an existing association for instance i-1"),
    ("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist"),
    ("MalformedPolicyDocument", "Syntax errors in policy."),
}


@pytest.mark.parametrize(("code", "message"), sorted(WAITED_FOR | FINAL))
def test_what_is_not_visible_yet_is_told_from_what_is_wrong(code: str, message: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "AssociateIamInstanceProfile")
    assert isinstance(translate("associate_iam_instance_profile", error), NotYet) == ((code, message) in WAITED_FOR)


@pytest.mark.parametrize(("code", "message"), sorted(WAITED_FOR)[:4])
def test_a_profile_that_ec2_does_not_see_yet_is_sent_again(
    code: str, message: str, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    instance(aws.client)
    for address, value in profile("machines").items():
        RESOURCES[kind_of(address)].write(wire.session, address, None, value)
    runs = Runs(plan_of(Step(association(aws.client), None, arn("machines"))), tmp_path, wire)
    faults = Faults().when(lambda call: call.writes and call.n < 4, refusal(code, 400, message.replace('"', "")))
    assert outcomes(runs.run(faults)) == ["done"]
    assert faults.sends("AssociateIamInstanceProfile") == 4
    assert 0 < runs.clock.slept < 120


def test_a_profile_that_is_none_fails_in_the_end(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    instance(aws.client)
    runs = Runs(plan_of(Step(association(aws.client), None, arn("machines"))), tmp_path, wire)
    result = runs.run()
    assert outcomes(result) == ["failed"]
    assert "Invalid IAM Instance Profile ARN" in result.details[1]


def started(ec2: Any, count: int = 1, **more: Any) -> list[str]:
    made = ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=count, MaxCount=count, **more)["Instances"]
    return [str(machine["InstanceId"]) for machine in made]


def facts(session: Session) -> dict[str, Any]:
    found = Instances().read(session, account(), at("ec2.instance", REGION))
    assert all(pair_of(address)[0] == REGION for address in found)
    return {pair_of(address)[1]: value for address, value in found.items()}


def test_what_is_said_of_an_instance(aws: Aws) -> None:
    session, ec2 = Session(), aws.client("ec2", REGION)
    for address, value in profile("machines").items():
        RESOURCES[kind_of(address)].write(session, address, None, value)
    tags = [{"Key": "Name", "Value": "web"}, {"Key": "aws:autoscaling:groupName", "Value": "fleet"}]
    [web] = started(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    [stopped], [ended], [other] = started(ec2), started(ec2), started(aws.client("ec2", "us-east-1"))
    ec2.associate_iam_instance_profile(InstanceId=web, IamInstanceProfile={"Name": "machines"})
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[ended])
    found = facts(session)
    assert found[web] == {
        "state": "running", "profile": arn("machines"), "name": "web", "auto_scaling_group": "fleet"
    }  # fmt: skip
    assert found[stopped] == {"state": "stopped"}
    assert not {ended, other} & found.keys()


def test_every_page_is_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.aws.facts.ec2.PAGE", 5)
    ec2 = aws.client("ec2", REGION)
    made = {id for _ in range(12) for id in started(ec2)}
    session = Session()
    assert facts(session).keys() == made
    assert session.calls == 3


def test_the_profiles_of_roles_come_with_the_listing_of_iam(aws: Aws) -> None:
    from remediate.aws.reader import read_account

    session = Session()
    made = profile("machines") | {at("iam.instance_profile", "empty"): {"path": "/"}}
    for address, value in made.items():
        RESOURCES[kind_of(address)].write(session, address, None, value)
    state = read_account(session).state
    here = {a: v for a, v in state.items() if kind_of(a).startswith("iam.instance_profile")}
    assert here == {a: v for a, v in profile("machines").items() if kind_of(a) != "iam.role"}
