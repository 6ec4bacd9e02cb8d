"""AWS's own full-access policies: what takes their place where the records show what was done, and where they stay."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pytest
from msgspec import structs
from support import recorded
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    account,
    ago,
    document,
    holding,
    members,
    mine,
    policies,
    role,
    statement,
    user,
    with_settings,
)

from remediate import planner
from remediate.account import Account, Role
from remediate.aws.resources import RESOURCES
from remediate.controls import groups
from remediate.controls.least_privilege import asks, check, control
from remediate.controls.privilege import Settings
from remediate.effective import AWS_POLICY, parsed
from remediate.evidence.facts import EVIDENCE, USE
from remediate.model import Address, Exemption, Fault, Matcher, State, Value, at, kind_of, name_of, when
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
WITH_GROUPS = Scope(playbook=Playbook(name="test", controls={"groups": groups.Settings()}), now=NOW)
LOGGED = Settings(data_events=("s3",))
NAMES = "AmazonS3FullAccess AmazonEC2FullAccess PowerUserAccess AIDevOpsAgentActionsPolicy"
S3, EC2, POWER, AGENT = (f"arn:aws:iam::aws:policy/{name}" for name in NAMES.split())
SCALING: dict[str, Value] = {"StringEquals": {"iam:awsservicename": ["autoscaling.amazonaws.com"]}}
LINKED = statement(["iam:CreateServiceLinkedRole"], ["*"], Condition=SCALING)
TEXTS = {
    S3: document(statement(["s3:*", "s3-object-lambda:*"])),
    EC2: document(*(statement(f"{name}:*") for name in ("ec2", "cloudwatch", "autoscaling")), LINKED),
    AGENT: document(statement(["*"]), statement(["s3:*"])),
    POWER: document({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, statement("iam:ListRoles")),
}
"""What they say, near enough: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""
Deeds = Sequence[tuple[str, str, int]]
WRITES: Deeds = [("s3.amazonaws.com/PutObject", f"arn:aws:s3:::uploads/{n}", 100) for n in range(20)]
STOPS: Deeds = [("ec2.amazonaws.com/StopInstances", f"arn:aws:ec2:eu-west-1:{ME}:instance/i-1", 1)]
PUT = document({"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::uploads/*"]})
STOP = {"Effect": "Allow", "Action": ["ec2:StopInstances"], "Resource": [f"arn:aws:ec2:eu-west-1:{ME}:instance/i-1"]}
RECORDS: dict[str, Value] = {"since": when(ago(89)), "until": when(ago(0.1)), "reads": True, "data": True, "unread": []}
JOB = role("job", {"Service": "lambda.amazonaws.com"}, created=ago(900), last_used=ago(1))
HERE = at("iam.role_policy", "job", S3)


def app(
    *attached: str,
    deeds: Deeds = WRITES,
    used: Iterable[str] = ("s3",),
    who: Role = JOB,
    also: State | None = None,
    records: Value = RECORDS,
    more: Mapping[Address, Value] = {},
    summary: Mapping[str, int] = {},
) -> Account:
    """A role with these policies, what it did by the records, and which services it used by last accessed data."""
    services = "s3 s3-object-lambda ec2 cloudwatch autoscaling iam".split()
    return account(
        holding("role", who.name, attached or [S3]),
        also or {},
        roles=[who],
        facts={
            **{at(AWS_POLICY, arn): sorted(parsed(text)) for arn, text in TEXTS.items()},
            at("iam.service_use", who.arn): {**dict.fromkeys(services), **dict.fromkeys(used, when(ago(2)))},
            **({at(EVIDENCE, ME): records} if records else {}),
            at(USE, who.arn): recorded.fact(recorded.call(*deed) for deed in deeds),
            **more,
        },
        summary=summary,
    )


def found(now: Account, settings: Settings = LOGGED, scope: Scope = SCOPE) -> dict[Address, Fault]:
    return {f.address: f for f in check(now, settings, scope) if kind_of(f.address).endswith("_policy")}


def wanted(fault: Fault) -> dict[Address, Value]:
    return {want.address: want.after for want in fault.wants}


def replaced(arn: str, old: Address, text: Value) -> dict[Address, Value]:
    """The new policy, attached in the place of the old one."""
    new = at(kind_of(old), name_of(old).partition("/")[0], arn)
    return {at("iam.policy", arn): {"path": "/", "document": text}, new: "attached", old: None}


def test_an_application_that_only_writes_files_to_one_bucket() -> None:
    fault = found(app())[HERE]
    assert wanted(fault) == replaced(mine("job-AmazonS3"), HERE, PUT)
    assert [want.risk for want in fault.wants] == ["neutral", "neutral", "restrictive"]
    assert fault.wants[2].notice.startswith("job can no longer use s3-object-lambda; keeps of s3 only PutObject; loses")
    assert (fault.summary, fault.severity) == ("job's AmazonS3FullAccess allows all of s3, s3-object-lambda", "low")
    assert (fault.evidence["calls"], fault.evidence["actions"]) == (2000, ["s3:PutObject"])


def test_the_plan_of_it_attaches_first_passes_the_guard_and_denies_no_call() -> None:
    draft = planner.draft(app(), with_settings(control, LOGGED), SCOPE, RESOURCES)
    made, attached, detached = draft.changes
    assert [kind_of(change.address) for change in draft.changes] == ["iam.policy", "iam.role_policy", "iam.role_policy"]
    assert (attached.needs, detached.needs, detached.after) == ((made.id,), (attached.id,), None)
    assert all(change.reversal == "exact" for change in draft.changes)
    assert not any(effect.gains for effect in draft.proof.effects)
    assert draft.replay and (draft.replay.denied, draft.replay.perhaps) == (0, 0)
    assert [(weighed.change, weighed.calls) for weighed in draft.replay.weighed] == [(detached.id, 2000)]


def attached(whom: str, days: float) -> dict[Address, Value]:
    """The record of somebody who attached a policy so many days ago."""
    arn = f"arn:aws:iam::{ME}:{whom}" if whom else ""
    call = recorded.call("iam.amazonaws.com/AttachRolePolicy", arn, last=int(ago(days).timestamp()))
    return {at(USE, f"arn:aws:iam::{ME}:user/boss"): recorded.fact([call])}


FULL = {at("iam.role_policy", "job", mine(f"p{n}")): "attached" for n in range(9)}
SPARED = structs.replace(JOB, path="/aws-service-role/x/")
LEFT: dict[str, tuple[Account, Settings, Value, str]] = {
    "what it says besides stays, as AWS writes it": (
        app(EC2, deeds=STOPS, used=("ec2",)), LOGGED, document(LINKED, STOP), "",
    ),
    "one service of it may have unrecorded calls": (
        app(EC2, deeds=STOPS, used=("ec2", "cloudwatch")), LOGGED,
        document(statement(["cloudwatch:*"], ["*"]), LINKED, STOP), "",
    ),
    "data events that may not be recorded": (app(), Settings(), None, "its data events may not be recorded"),
    "records without data events": (app(records={**RECORDS, "data": False}), LOGGED, None, "may not be recorded"),
    "use that left no record": (app(deeds=[]), LOGGED, None, "its use left no record"),
    "an event that is not known": (
        app(deeds=[*WRITES, ("s3.amazonaws.com/NewThing", "", 1)]), LOGGED, None, "it is not known what",
    ),
    "nobody used any of it": (app(deeds=[], used=()), LOGGED, None, "nobody used any of it"),
    "records of too few days": (
        app(records={**RECORDS, "since": when(ago(80))}), LOGGED, None, "the records do not go back 90 days",
    ),
    "records that miss a file": (
        app(records={**RECORDS, "unread": [f"{ago(9):%Y-%m-%d}"]}), LOGGED, None, "1 log file or region could not",
    ),
    "a playbook that leaves it": (
        app(), structs.replace(LOGGED, leave_policies=("AmazonS3FullAccess",)), None, "the playbook leaves it",
    ),
    "only a report": (app(), structs.replace(LOGGED, reduce_policies=False), None, "a report only"),
    "a role that is new": (app(who=structs.replace(JOB, created=ago(60))), LOGGED, None, "job is not 90 days old"),
    "a policy that was attached lately": (
        app(more=attached("role/job", 89)), LOGGED, None, "a policy was attached to job in the last 90 days",
    ),
    "perhaps to it": (app(more=attached("role/*", 1)), LOGGED, None, "a policy was attached to job"),
    "the records do not tell to whom": (app(more=attached("", 1)), LOGGED, None, "a policy was attached to job"),
    "a policy that was attached long ago": (app(more=attached("role/job", 91)), LOGGED, PUT, ""),
    "a policy that was attached to another": (app(more=attached("role/job-2", 1)), LOGGED, PUT, ""),
    "no room on the role": (app(also=FULL), LOGGED, None, "as many policies as IAM allows"),
    "room on the role": (app(also=FULL, summary={"AttachedPoliciesPerRoleQuota": 11}), LOGGED, PUT, ""),
    "no room in the account": (app(summary={"PoliciesQuota": 0}), LOGGED, None, "no room for another policy"),
    "longer than IAM allows": (app(summary={"PolicySizeQuota": 50}), LOGGED, None, "longer than IAM allows"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "settings", "expected", "why"), LEFT.values(), ids=LEFT)
def test_what_takes_its_place_and_why_it_stays(now: Account, settings: Settings, expected: Value, why: str) -> None:
    [fault] = found(now, settings).values()
    texts = [after["document"] for after in wanted(fault).values() if isinstance(after, dict)]
    assert texts == ([expected] if expected else [])
    assert why in f"{fault.evidence.get('stays', '')} {fault.evidence.get('whole', '')}"
    assert not why or not fault.wants
    assert not {"stays", "whole"} <= fault.evidence.keys()


NOT_FOUND = {
    "an administrator": app(ADMIN),
    "a power user": app(POWER),
    "somebody who may do everything": app(AGENT),
    "a role of AWS's": app(who=SPARED),
    "no records": app(records=None),
}


@pytest.mark.parametrize("now", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_left_to_others(now: Account) -> None:
    assert found(now) == {}


def test_what_is_asked_for() -> None:
    now = app(S3, ADMIN, POWER)
    texts = {at(AWS_POLICY, arn) for arn in (S3, POWER)}
    assert {*asks(now, LOGGED, SCOPE)} >= {*texts, at("iam.service_use", JOB.arn)}
    short = structs.replace(now, facts={**now.facts, at(EVIDENCE, ME): {**RECORDS, "reads": False}})
    silent = structs.replace(now, facts={})
    for account_, asked in ((short, texts), (silent, set())):
        assert {a for a in asks(account_, LOGGED, SCOPE) if kind_of(a) in (AWS_POLICY, "iam.service_use")} == asked


def test_two_policies_of_one_role_and_a_name_that_is_taken() -> None:
    taken = policies(**{"JOB-amazons3": document(LINKED)})
    faults = found(app(S3, EC2, deeds=[*WRITES, *STOPS], used=("s3", "ec2"), also=taken))
    made = sorted(name_of(a) for f in faults.values() for a, after in wanted(f).items() if isinstance(after, dict))
    assert [arn[:-5] for arn in made] == [mine("job-AmazonEC2")[:-5], mine("job-AmazonS3")]


def test_a_policy_that_says_the_same_is_used() -> None:
    there = mine("uploads")
    fault = found(app(also=policies(uploads=PUT)))[HERE]
    assert wanted(fault) == {at("iam.role_policy", "job", there): "attached", HERE: None}
    rest = document(statement(["cloudwatch:*"]), LINKED, STOP)  # wide itself, and may become smaller one day
    now = app(EC2, deeds=STOPS, used=("ec2", "cloudwatch"), also=policies(rest=rest))
    assert mine("job-AmazonEC2") in str(found(now))


ROOM: dict[str, tuple[State, dict[str, int]]] = {
    "of the account": ({}, {"PoliciesQuota": 1}),
    "of the role": (dict(list(FULL.items())[:7]), {}),
}


@pytest.mark.parametrize(("also", "summary"), ROOM.values(), ids=ROOM)
def test_room_for_one_more_is_taken_by_one(also: State, summary: dict[str, int]) -> None:
    faults = found(app(S3, EC2, deeds=[*WRITES, *STOPS], used=("s3", "ec2"), also=also, summary=summary))
    assert [bool(fault.wants) for fault in faults.values()] == [True, False]


def test_a_role_does_not_wait_for_users() -> None:
    faults = found(app(also=holding("user", "bob", [S3])), scope=WITH_GROUPS)
    assert faults[HERE].wants and not faults[at("iam.user_policy", "bob", S3)].wants


def team(*, direct: Iterable[str] = (), scope: Scope = SCOPE, more: Mapping[Address, Value] = {}) -> Fault:
    """What is found of a group whose members write to one bucket each; `direct` have the policy themselves."""
    people = [user(name) for name in ("ann", "bob", "cleo")]
    deeds = {who.name: [("s3.amazonaws.com/PutObject", f"arn:aws:s3:::{who.name}/k", 1)] for who in people}
    now = account(
        holding("group", "ops", [S3]),
        members(ops="ann bob"),
        *(holding("user", name, [S3]) for name in direct),
        users=people,
        facts={
            at(AWS_POLICY, S3): sorted(parsed(TEXTS[S3])),
            at("iam.service_use", f"arn:aws:iam::{ME}:group/ops"): {"s3": when(ago(2)), "s3-object-lambda": None},
            **{at("iam.service_use", who.arn): {"s3": when(ago(2)), "s3-object-lambda": None} for who in people},
            at(EVIDENCE, ME): RECORDS,
            **{at(USE, who.arn): recorded.fact(recorded.call(*d) for d in deeds[who.name]) for who in people},
            **more,
        },
    )
    return found(now, scope=scope)[at("iam.group_policy", "ops", S3)]


def test_of_a_group_what_its_members_did() -> None:
    both = statement(["s3:PutObject"], ["arn:aws:s3:::ann/k", "arn:aws:s3:::bob/k"])
    fault = team()
    assert wanted(fault) == replaced(mine("ops-AmazonS3"), fault.address, document(both))
    assert wanted(team(direct=["cleo"])) == wanted(fault)
    assert wanted(team(more=attached("group/ops", 1))) == wanted(fault)


ANN = user("ann")
DIRECT = at("iam.user_policy", "ann", S3)
EXEMPT = Exemption(
    match=Matcher(name="ann"), controls=("groups",), owner="boss", reason="works alone", expires=date(2030, 1, 1)
)
APART = Playbook(name="test", controls={"groups": groups.Settings()}, exemptions=(EXEMPT,))


def direct(*, more: Mapping[Address, Value] = {}) -> Account:
    """A user who has it themselves, and is in a group that has another of AWS's."""
    return account(
        holding("user", "ann", [S3]),
        holding("group", "readers", [EC2]),
        members(readers="ann"),
        users=[ANN],
        facts={
            **{at(AWS_POLICY, arn): sorted(parsed(TEXTS[arn])) for arn in (S3, EC2)},
            at("iam.service_use", ANN.arn): {"s3": when(ago(2)), "s3-object-lambda": None, "ec2": when(ago(3))},
            at(EVIDENCE, ME): RECORDS,
            at(USE, ANN.arn): recorded.fact(recorded.call(*deed) for deed in [*WRITES, *STOPS]),
            **more,
        },
    )


@pytest.mark.parametrize("scope", [SCOPE, Scope(playbook=APART, now=NOW)], ids=["no groups", "exempt from groups"])
def test_a_user_who_has_it_directly_gets_one_of_their_own(scope: Scope) -> None:
    fault = found(direct(), scope=scope)[DIRECT]
    assert wanted(fault) == replaced(mine("ann-AmazonS3"), DIRECT, PUT)
    assert fault.wants[2].notice.startswith("ann can no longer use s3-object-lambda; keeps of s3 only PutObject")


def test_the_plan_for_a_user_denies_no_call_and_takes_what_the_proof_says() -> None:
    draft = planner.draft(direct(), with_settings(control, LOGGED), SCOPE, RESOURCES)
    own = [change for change in draft.changes if "ann" in change.address]
    assert [(kind_of(c.address), c.after is None) for c in own] == [
        ("iam.policy", False), ("iam.user_policy", False), ("iam.user_policy", True),
    ]  # fmt: skip
    assert (own[1].needs, own[2].needs) == ((own[0].id,), (own[1].id,))
    assert all(change.reversal == "exact" for change in draft.changes)
    assert draft.replay and (draft.replay.denied, draft.replay.perhaps) == (0, 0)
    assert [effect.who for effect in draft.proof.effects if effect.loses and effect.who] == [(at("iam.user", "ann"),)]
    assert not any(effect.gains for effect in draft.proof.effects)


@pytest.mark.parametrize(
    ("scope", "more", "why"),
    [
        (WITH_GROUPS, {}, "it waits for `groups`: make a new plan after it"),
        (SCOPE, attached("user/ann", 1), "a policy was attached to ann in the last 90 days"),
    ],
)
def test_a_user_waits(scope: Scope, more: Mapping[Address, Value], why: str) -> None:
    fault = found(direct(more=more), scope=scope)[DIRECT]
    assert (fault.wants, fault.evidence["stays"]) == ((), why)


@pytest.mark.parametrize(("who", "why"), [("cleo", "a user has the same policy"), ("ann", "it waits for `groups`")])
def test_a_group_waits_for_who_is_about_to_join_it(who: str, why: str) -> None:
    fault = team(direct=[who], scope=WITH_GROUPS)
    assert fault.wants == ()
    assert str(fault.evidence["stays"]).startswith(why)
