"""A sandbox in which IAM shows every change late and changes collide, as plain boto3 sees it. Moto has none of this."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.aws import Aws
from support.engine import FakeClock
from support.make import EC2, OWN, READ, READ_ONLY, Act, code, details, enrol, group, policy, profile, role, trust, user

from remediate.sandbox.strict import settings

Look = Callable[[Any], object]


@pytest.fixture
def clock(aws: Aws) -> FakeClock:
    clock = FakeClock()
    settings.clock = lambda: clock.slept
    return clock


def everybody(iam: Any) -> None:
    """An account in which there is something of each kind to change and to delete."""
    user(iam), group(iam), role(iam), policy(iam)
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    iam.create_instance_profile(InstanceProfileName="web")
    iam.put_user_policy(UserName="alice", PolicyName="in", PolicyDocument=READ)
    iam.create_access_key(UserName="alice")
    iam.update_account_password_policy(MinimumPasswordLength=9)
    iam.create_account_alias(AccountAlias="acme")


def key(iam: Any) -> str:
    return str(iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["AccessKeyId"])


def names(iam: Any, kind: str) -> list[str]:
    pages = list(details(iam, Filter=[kind]))
    return [item[f"{kind}Name"] for page in pages for item in page[f"{kind}DetailList"]]


def tried(read: Callable[[], Any]) -> object:
    """What a reading shows; AWS's code where it shows nothing."""
    found: list[object] = []
    failed = code(lambda: found.append(read()))
    return failed or found[0]


# Each row: a change, and what a reading shows of it.
CHANGES: dict[str, tuple[Act, Look]] = {
    "create user": (lambda iam: user(iam, "bob"), lambda iam: names(iam, "User")),
    "create user, one": (lambda iam: user(iam, "bob"), lambda iam: tried(lambda: iam.get_user(UserName="bob")["User"])),
    "create group": (lambda iam: group(iam, "ops"), lambda iam: tried(lambda: iam.get_group(GroupName="ops")["Group"])),
    "create role": (lambda iam: role(iam, "job"), lambda iam: names(iam, "Role")),
    "create policy": (
        lambda iam: policy(iam, "new"),
        lambda iam: [p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]],
    ),
    "create profile": (
        lambda iam: iam.create_instance_profile(InstanceProfileName="job"),
        lambda iam: len(iam.list_instance_profiles()["InstanceProfiles"]),
    ),
    "create key": (
        lambda iam: iam.create_access_key(UserName="alice"),
        lambda iam: len(iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]),
    ),
    "attach": (
        lambda iam: iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY),
        lambda iam: (
            iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"],
            iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"],
            iam.list_policies(OnlyAttached=True)["Policies"],
        ),
    ),
    "join": (
        lambda iam: iam.add_user_to_group(UserName="alice", GroupName="staff"),
        lambda iam: (
            [u["UserName"] for u in iam.get_group(GroupName="staff")["Users"]],
            iam.list_groups_for_user(UserName="alice")["Groups"],
        ),
    ),
    "tag": (
        lambda iam: iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "blue"}]),
        lambda iam: iam.list_user_tags(UserName="alice")["Tags"],
    ),
    "stop key": (
        lambda iam: iam.update_access_key(UserName="alice", AccessKeyId=key(iam), Status="Inactive"),
        lambda iam: iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"],
    ),
    "new version": (
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ, SetAsDefault=True),
        lambda iam: iam.get_policy(PolicyArn=OWN + "read")["Policy"]["DefaultVersionId"],
    ),
    "trust": (
        lambda iam: iam.update_assume_role_policy(
            RoleName="web", PolicyDocument=trust({"Service": "lambda.amazonaws.com"})
        ),
        lambda iam: json.dumps(iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"]),
    ),
    "rules for passwords": (
        lambda iam: iam.update_account_password_policy(MinimumPasswordLength=14),
        lambda iam: iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"],
    ),
    "no rules for passwords": (
        lambda iam: iam.delete_account_password_policy(),
        lambda iam: tried(lambda: iam.get_account_password_policy()["PasswordPolicy"]),
    ),
    "delete inline": (
        lambda iam: iam.delete_user_policy(UserName="alice", PolicyName="in"),
        lambda iam: iam.list_user_policies(UserName="alice")["PolicyNames"],
    ),
    "delete group": (lambda iam: iam.delete_group(GroupName="staff"), lambda iam: names(iam, "Group")),
    "delete role": (
        lambda iam: iam.delete_role(RoleName="web"),
        lambda iam: tried(lambda: iam.get_role(RoleName="web")["Role"]["RoleName"]),
    ),
    "delete policy": (
        lambda iam: iam.delete_policy(PolicyArn=OWN + "read"),
        lambda iam: (
            tried(lambda: iam.get_policy(PolicyArn=OWN + "read")["Policy"]["Arn"]),
            iam.get_account_summary()["SummaryMap"]["Policies"],
        ),
    ),
    "delete alias": (
        lambda iam: iam.delete_account_alias(AccountAlias="acme"),
        lambda iam: iam.list_account_aliases()["AccountAliases"],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_seen_when_its_time_has_come(case: str, aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    change, look = CHANGES[case]
    everybody(iam)
    settings.lag = 5
    before = look(iam)
    change(iam)
    assert look(iam) == before
    clock.sleep(4.9)
    assert look(iam) == before
    clock.sleep(0.1)
    assert look(iam) != before


# Each row: what was made a moment ago, what needs it, and AWS's answer.
USES: dict[str, tuple[Act, Act, str]] = {
    "attach a new policy": (
        lambda iam: policy(iam, "new"),
        lambda iam: iam.attach_user_policy(UserName="alice", PolicyArn=OWN + "new"),
        "NoSuchEntity",
    ),
    "attach to a new group": (
        lambda iam: group(iam, "ops"),
        lambda iam: iam.attach_group_policy(GroupName="ops", PolicyArn=READ_ONLY),
        "NoSuchEntity",
    ),
    "join a new group": (
        lambda iam: group(iam, "ops"),
        lambda iam: iam.add_user_to_group(GroupName="ops", UserName="alice"),
        "NoSuchEntity",
    ),
    "tag a new user": (
        lambda iam: user(iam, "bob"),
        lambda iam: iam.tag_user(UserName="bob", Tags=[{"Key": "a", "Value": "b"}]),
        "NoSuchEntity",
    ),
    "put a new role into a profile": (
        lambda iam: role(iam, "job"),
        lambda iam: iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="job"),
        "NoSuchEntity",
    ),
    "trust a new user": (
        lambda iam: user(iam, "bob"),
        lambda iam: iam.create_role(
            RoleName="job", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:user/bob"})
        ),
        "MalformedPolicyDocument",
    ),
    "trust a new role": (
        lambda iam: role(iam, "job"),
        lambda iam: iam.update_assume_role_policy(
            RoleName="web", PolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:role/job"})
        ),
        "MalformedPolicyDocument",
    ),
    "delete a user without its policy": (
        lambda iam: (
            iam.delete_user_policy(UserName="alice", PolicyName="in"),
            iam.delete_access_key(UserName="alice", AccessKeyId=key(iam)),
        ),
        lambda iam: iam.delete_user(UserName="alice"),
        "DeleteConflict",
    ),
    "delete a policy that nobody has": (
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ, SetAsDefault=True),
        lambda iam: iam.delete_policy_version(PolicyArn=OWN + "read", VersionId="v1"),
        "DeleteConflict",
    ),
}


@pytest.mark.parametrize("case", USES)
def test_what_is_not_seen_cannot_be_used(case: str, aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    first, then, refusal = USES[case]
    everybody(iam)
    settings.lag = 5
    first(iam)
    assert code(lambda: then(iam)) == refusal
    clock.sleep(5)
    assert code(lambda: then(iam)) == ""


def test_names_quotas_and_deletions_count_at_once(aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    everybody(iam)
    settings.lag = 5
    user(iam, "bob"), iam.create_access_key(UserName="alice"), iam.delete_group(GroupName="staff")
    assert code(lambda: user(iam, "BOB")) == "EntityAlreadyExists"
    assert code(lambda: iam.create_access_key(UserName="alice")) == "LimitExceeded"
    assert code(lambda: iam.delete_group(GroupName="staff")) == "NoSuchEntity"
    assert group(iam) == "staff"


def test_a_refused_change_is_no_change(aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    user(iam)
    settings.lag = 5
    assert code(lambda: user(iam)) == "EntityAlreadyExists"
    settings.lag_skips = 1
    user(iam, "bob")
    settings.lag_skips = 0
    iam.get_user(UserName="alice")
    assert code(lambda: iam.get_user(UserName="bob")) == "NoSuchEntity"


def test_what_one_call_shows_the_next_may_not(aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    settings.lag, settings.lag_skips = 5, 3
    user(iam)
    seen = [code(lambda: iam.get_user(UserName="alice")) for _ in range(6)]
    assert sorted(seen) == ["", "", *["NoSuchEntity"] * 4]
    assert seen[:3] == seen[3:]
    clock.sleep(5)
    assert [code(lambda: iam.get_user(UserName="alice")) for _ in range(6)] == [""] * 6


def test_ec2_sees_no_new_role_in_a_profile(aws: Aws, clock: FakeClock) -> None:
    iam, ec2 = aws.client("iam"), aws.client("ec2")
    id = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    role(iam, "job")
    settings.lag = 5
    iam.create_instance_profile(InstanceProfileName="job")
    give = {"InstanceId": id, "IamInstanceProfile": {"Name": "job"}}
    assert code(lambda: ec2.associate_iam_instance_profile(**give)) == "InvalidParameterValue"
    clock.sleep(5)
    iam.add_role_to_instance_profile(InstanceProfileName="job", RoleName="job")
    assert code(lambda: ec2.associate_iam_instance_profile(**give)) == "InvalidParameterValue"
    clock.sleep(5)
    ec2.associate_iam_instance_profile(**give)


def test_no_lag_unless_a_test_wants_it(aws: Aws) -> None:
    assert (settings.lag, settings.collisions, settings.unsettled) == (0, 0, 0)
    settings.lag = 5
    aws.sandbox.reset()
    assert settings.lag == 0


# --- changes that come too close together ---------------------------------------------------------------------------

# Each row: a change, and another one of the same entity.
PAIRS: dict[str, tuple[Act, Act]] = {
    "two policies of a role": (
        lambda iam: iam.attach_role_policy(RoleName="web", PolicyArn=READ_ONLY),
        lambda iam: iam.attach_role_policy(RoleName="web", PolicyArn=OWN + "read"),
    ),
    "tag and path of a user": (
        lambda iam: iam.tag_user(UserName="alice", Tags=[{"Key": "a", "Value": "b"}]),
        lambda iam: iam.update_user(UserName="alice", NewPath="/apps/"),
    ),
    "two versions of a policy": (
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ),
        lambda iam: iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ),
    ),
    "two inline policies of a group": (
        lambda iam: iam.put_group_policy(GroupName="staff", PolicyName="a", PolicyDocument=READ),
        lambda iam: iam.put_group_policy(GroupName="staff", PolicyName="b", PolicyDocument=READ),
    ),
    "rules for passwords": (
        lambda iam: iam.update_account_password_policy(MinimumPasswordLength=9),
        lambda iam: iam.update_account_password_policy(MinimumPasswordLength=9),
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_a_second_change_of_an_entity_collides(case: str, aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    first, second = PAIRS[case]
    everybody(iam)
    settings.collisions = 2
    first(iam)
    assert code(lambda: second(iam)) == "ConcurrentModification"
    clock.sleep(1.9)
    assert code(lambda: second(iam)) == "ConcurrentModification"
    clock.sleep(0.1)
    assert code(lambda: second(iam)) == ""


def test_changes_of_other_entities_do_not_collide(aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    everybody(iam)
    user(iam, "bob"), policy(iam, "other")
    settings.collisions = 2
    for name in ("alice", "bob"):
        iam.attach_user_policy(UserName=name, PolicyArn=READ_ONLY)  # of two users; the policy stays as it is
    iam.create_policy_version(PolicyArn=OWN + "read", PolicyDocument=READ)
    iam.create_policy_version(PolicyArn=OWN + "other", PolicyDocument=READ)
    iam.get_user(UserName="alice")


# Each row: what was made a moment ago, and what cannot be done to it yet.
UNSETTLED: dict[str, tuple[Act, Act]] = {
    "a password": (
        lambda iam: iam.create_login_profile(UserName="alice", Password="Secret123!secret"),
        lambda iam: iam.delete_login_profile(UserName="alice"),
    ),
    "another password": (
        lambda iam: iam.create_login_profile(UserName="alice", Password="Secret123!secret"),
        lambda iam: iam.update_login_profile(UserName="alice", Password="Other123!other"),
    ),
    "a device": (
        lambda iam: enrol(iam, "alice"),
        lambda iam: iam.deactivate_mfa_device(UserName="alice", SerialNumber="arn:aws:iam::123456789012:mfa/alice"),
    ),
    "a user": (lambda iam: user(iam, "bob"), lambda iam: iam.update_user(UserName="bob", NewPath="/apps/")),
}


@pytest.mark.parametrize("case", UNSETTLED)
def test_what_was_just_made_is_left_alone_for_a_while(case: str, aws: Aws, clock: FakeClock) -> None:
    iam = aws.client("iam")
    first, then = UNSETTLED[case]
    everybody(iam)
    settings.unsettled = 10
    first(iam)
    assert code(lambda: then(iam)) == "EntityTemporarilyUnmodifiable"
    clock.sleep(10)
    assert code(lambda: then(iam)) == ""


def test_instance_profiles_and_roles_are_of_this_account(aws: Aws, clock: FakeClock) -> None:
    """A profile with a role in it, made under lag, and seen whole."""
    iam = aws.client("iam")
    settings.lag, settings.lag_skips = 5, 1
    profile(iam, role(iam, "job"))
    settings.lag_skips = 0
    assert code(lambda: iam.get_instance_profile(InstanceProfileName="job")) == "NoSuchEntity"
    clock.sleep(5)
    [held] = iam.get_instance_profile(InstanceProfileName="job")["InstanceProfile"]["Roles"]
    assert held["RoleName"] == "job"
    assert json.loads(trust(EC2)) == held["AssumeRolePolicyDocument"]
