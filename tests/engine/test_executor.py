"""The executor against a strict AWS, with faults on the wire: nothing is done twice, and nothing is hidden."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import FakeClock, Runs, Wire, outcomes, plan_of
from support.faults import Faults
from support.mutations import MUTATIONS, Mutation

every_mutation = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.id)


def details(aws: Aws) -> dict[str, Any]:
    """All of IAM, without ids and dates; policies with every version, users with keys and passwords."""
    iam = aws.client("iam")
    found: dict[str, Any] = {}
    for user in iam.list_users()["Users"]:
        name = user["UserName"]
        found[f"user {name}"] = (
            user["Path"],
            [(t["Key"], t["Value"]) for t in iam.list_user_tags(UserName=name)["Tags"]],
            [key["Status"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]],
            [group["GroupName"] for group in iam.list_groups_for_user(UserName=name)["Groups"]],
            _has(iam.get_login_profile, UserName=name),
            _held(iam, "user", name),
        )
    for group in iam.list_groups()["Groups"]:
        found[f"group {group['GroupName']}"] = (group["Path"], _held(iam, "group", group["GroupName"]))
    for role in iam.list_roles()["Roles"]:
        held = _held(iam, "role", role["RoleName"])
        found[f"role {role['RoleName']}"] = (role["Path"], role["AssumeRolePolicyDocument"], held)
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        versions = iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]
        shown = [iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=v["VersionId"]) for v in versions]
        found[policy["Arn"]] = [
            (v["PolicyVersion"]["Document"], v["PolicyVersion"]["IsDefaultVersion"]) for v in shown
        ]
    if _has(iam.get_account_password_policy):
        found["passwords"] = iam.get_account_password_policy()["PasswordPolicy"]
    return found


def _held(iam: Any, kind: str, name: str) -> tuple[Any, ...]:
    who = {f"{kind.title()}Name": name}
    attached = getattr(iam, f"list_attached_{kind}_policies")(**who)["AttachedPolicies"]
    inline = getattr(iam, f"list_{kind}_policies")(**who)["PolicyNames"]
    get = getattr(iam, f"get_{kind}_policy")
    return sorted(p["PolicyArn"] for p in attached), {n: get(PolicyName=n, **who)["PolicyDocument"] for n in inline}


def _has(read: Callable[..., Any], **parameters: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        read(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchEntity"
        return False
    return True


def expected(mutation: Mutation, aws: Aws, wire: Wire, folder: Path) -> dict[str, Any]:
    """The account after the same change without faults; the account is as before again when this returns."""
    folder.mkdir()
    runs = one_change(mutation, aws, wire, folder)
    assert outcomes(runs.run()) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]
    assert tuple(wire.faults.writes) == mutation.calls
    clean = details(aws)
    aws.sandbox.reset()
    return clean


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
def test_a_call_that_never_arrived_is_sent_once_more(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    clean = expected(mutation, aws, wire, tmp_path / "clean")
    runs = one_change(mutation, aws, wire, tmp_path)
    result = runs.run(Faults().nth(mutation.calls[0], 1, f.lost_on_the_way))
    assert outcomes(result) == ["done"]
    assert runs.events() == ["intent", "intent", "sent", "done"]
    assert tuple(wire.faults.writes) == (mutation.calls[0], *mutation.calls)
    assert details(aws) == clean
    assert runs.clock.slept >= 1.7  # it asked the account first


@every_mutation
def test_an_unreachable_endpoint_is_waited_for(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    assert outcomes(runs.run(Faults().nth(mutation.calls[0], 1, f.unreachable))) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]


@every_mutation
def test_a_refusal_is_recorded_and_never_sent_again(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
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
def test_a_second_apply_sends_nothing(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    runs.run()
    result = runs.run()
    assert outcomes(result) == ["done"]
    assert wire.faults.calls == []


@every_mutation
def test_what_somebody_else_did_already_is_not_ours(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    (tmp_path / "other").mkdir()
    Runs(runs.plan, tmp_path / "other", wire).run()
    assert outcomes(runs.run()) == ["already"]
    assert wire.faults.writes == []
