"""Policies as small as CloudTrail's records allow: what is left of them, and where the records are not enough."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support import recorded
from support.accounts import (
    ME,
    NOW,
    account,
    ago,
    change,
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
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls.least_privilege import check, control
from remediate.controls.privilege import Settings
from remediate.controls.recorded import RECORDED
from remediate.effective import AWS_POLICY
from remediate.evidence.actions import needed
from remediate.evidence.arns import forms
from remediate.evidence.facts import EVIDENCE, USE
from remediate.evidence.summary import everybody
from remediate.model import Address, Fault, Value, at, when
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope
from remediate.policy import catalog, statements
from remediate.policy.compare import compare
from remediate.policy.evaluate import Policies, decide
from remediate.policy.request import Context, Request
from remediate.replay import replay

SOURCE = mine("app")
POLICY = at("iam.policy", SOURCE)
USED = at("iam.service_use", SOURCE)
SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
LOGGED = Settings(data_events=("s3", "dynamodb", "lambda"))
LAMBDA = {"Service": "lambda.amazonaws.com"}
JOB = role("job", LAMBDA, created=ago(900), last_used=ago(1))
RECORDS: dict[str, Value] = {"since": when(ago(89)), "until": when(ago(0.1)), "reads": True, "data": True, "unread": []}
S3 = "s3.amazonaws.com/"
HERE = f"eu-west-1:{ME}"
Deeds = Sequence[tuple[str, str, int]]
WRITES: Deeds = [(f"{S3}PutObject", f"arn:aws:s3:::uploads/{n}", 100) for n in range(20)]


def uses(deeds: Deeds) -> Value:
    return recorded.fact(recorded.call(*deed) for deed in deeds)


def app(
    text: Value, deeds: Deeds = WRITES, services: Iterable[str] = ("s3",), records: Value = RECORDS, **more: Value
) -> Account:
    """A policy of a role, what the role did by the records, and which services it used by last accessed data."""
    return account(
        policies(app=text),
        holding("role", "job", [SOURCE]),
        roles=[JOB],
        facts={
            USED: {**dict.fromkeys(("s3", "ec2")), **dict.fromkeys(services, when(ago(2)))},
            at("iam.policy_versions", SOURCE): {"count": 1, "since": when(ago(300))},
            **({at(EVIDENCE, ME): records} if records else {}),
            at(USE, JOB.arn): uses(deeds),
            **more,
        },
    )


def found(now: Account, settings: Settings = LOGGED) -> Fault:
    return {fault.address: fault for fault in check(now, settings, SCOPE)}[POLICY]


def after(fault: Fault) -> Value:
    """The new document; None where it stays as it is."""
    values = [want.after for want in fault.wants]
    return values[0]["document"] if values and isinstance(values[0], dict) else None


FULL = document(statement("s3:*"))
PUTS: dict[str, Value] = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::uploads/*"]}
PUT = document(PUTS)


@pytest.mark.parametrize("text", [FULL, document(statement("*"))])
def test_an_application_that_only_writes_files_to_one_bucket(text: Value) -> None:
    fault = found(app(text))
    assert after(fault) == PUT
    assert (fault.evidence["calls"], fault.evidence["actions"]) == (2000, ["s3:PutObject"])
    [want] = fault.wants
    assert want.risk == "restrictive"
    assert "keeps of s3 only PutObject" in want.notice
    assert "loses s3:PutObjectAcl, which s3:PutObject may need and no record shows" in want.notice


def test_the_plan_of_it_passes_the_guard_and_is_proven() -> None:
    draft = planner.draft(app(FULL), with_settings(control, LOGGED), SCOPE, RESOURCES)
    [change] = draft.changes
    assert (change.address, change.after) == (POLICY, {"path": "/", "document": PUT})
    assert {who for effect in draft.proof.effects for who in effect.who} == {at("iam.role", "job")}
    assert not [effect for effect in draft.proof.effects if effect.gains]


EC2: Deeds = [("ec2.amazonaws.com/StopInstances", f"arn:aws:ec2:{HERE}:instance/i-1", 1)]
MFA: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
STOP: dict[str, Value] = {
    "Effect": "Allow",
    "Action": ["ec2:StopInstances"],
    "Resource": [f"arn:aws:ec2:{HERE}:instance/i-1"],
}
SEND = statement("sqs:SendMessage")
TWO = document(statement(["s3:*", "ec2:*"]), SEND)
NAMES = sorted(action.name for action in catalog.actions().values() if action.name.startswith("ec2:"))
MANY: Deeds = [(f"ec2.amazonaws.com/{name[4:]}", "", 1) for name in NAMES]
BOTH = [*WRITES, *EC2]
OFFICE: Value = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
GUARDED = statement("s3:*", Condition=OFFICE)
ALL_GUARDED = document(statement(["ec2:*", "sqs:SendMessage", "s3:*"], Condition=OFFICE))
LEFT_GUARDED = statement(["sqs:SendMessage", "s3:*"], Condition=OFFICE)
LEFT: dict[str, tuple[Account, Settings, Value, str]] = {
    "each service by itself": (app(TWO, BOTH, ("s3", "ec2")), LOGGED, document(SEND, STOP, PUTS), ""),
    "one that was not used at all goes": (app(TWO, EC2, ("ec2",)), LOGGED, document(SEND, STOP), ""),
    "data events that may not be recorded": (
        app(TWO, BOTH, ("s3", "ec2")), Settings(), document(statement(["s3:*"]), SEND, STOP),
        "s3: its data events may not be recorded",
    ),
    "use that left no record": (
        app(TWO, WRITES, ("s3", "ec2")), LOGGED, document(statement(["ec2:*"]), SEND, PUTS),
        "ec2: its use left no record",
    ),
    "an event that is not known": (
        app(TWO, [*BOTH, ("ec2.amazonaws.com/NewThing", "", 1)], ("s3", "ec2")), LOGGED,
        document(statement(["ec2:*"]), SEND, PUTS), "ec2: it is not known what ec2.amazonaws.com/NewThing needed",
    ),
    "what is under a condition stays under it": (
        app(document(SEND, GUARDED), BOTH), LOGGED, document(SEND, {**PUTS, "Condition": OFFICE}), "",
    ),
    "and so does what else the statement allows": (
        app(ALL_GUARDED, BOTH, ("s3", "ec2")), Settings(), document(LEFT_GUARDED, {**STOP, "Condition": OFFICE}),
        "s3: its data events may not be recorded",
    ),
    "without a condition is enough": (
        app(document(GUARDED, statement("s3:*"), SEND)), LOGGED, document(SEND, PUTS), "",
    ),
    "each condition by itself": (
        app(document(GUARDED, statement(["s3:*", "ec2:*"], Condition=MFA)), BOTH, ("s3", "ec2")), LOGGED,
        document(*({**s, "Condition": c} for s, c in ((PUTS, OFFICE), (STOP, MFA), (PUTS, MFA)))), "",
    ),
    "a condition may be for rare days": (
        app(document(GUARDED, SEND), EC2), LOGGED, None, "s3: no record shows its use, and its condition",
    ),
    "an unknown event of another service": (
        app(TWO, [*BOTH, ("new.amazonaws.com/DoIt", "", 1)], ("s3", "ec2")), LOGGED, document(SEND, STOP, PUTS), "",
    ),
    "an event that is no longer told": (
        app(TWO, [*BOTH, ("*", "", 1)], ("s3", "ec2")), LOGGED, None, "s3: it is not known what * needed",
    ),
    "more than IAM allows": (
        app(document(statement("ec2:*")), MANY, ("ec2",)), LOGGED, None, "ec2: what was done is longer than IAM allows",
    ),
    "no records": (app(TWO, BOTH, ("s3", "ec2"), records=None), LOGGED, None, ""),
    "records of too few days": (
        app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "since": when(ago(88.9))}), LOGGED, None, "",
    ),
    "records that ended": (app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "until": when(ago(4))}), LOGGED, None, ""),
    "records that miss a file": (
        app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "unread": [f"{ago(90):%Y-%m-%d}"]}), LOGGED, None, "",
    ),
    "records that missed a file long ago": (
        app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "unread": [f"{ago(91):%Y-%m-%d}"]}), LOGGED,
        document(SEND, STOP, PUTS), "",
    ),
    "records without reads": (app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "reads": False}), LOGGED, None, ""),
    "records that hold no data events": (
        app(TWO, BOTH, ("s3", "ec2"), {**RECORDS, "data": False}), LOGGED,
        document(statement(["s3:*"]), SEND, STOP), "s3: its data events may not be recorded",
    ),
    "people who are not told apart": (
        app(TWO, BOTH, ("s3", "ec2"), **{at(USE, everybody(ME)): uses(WRITES)}), LOGGED, None, "",
    ),
    "a document of the old version": (
        app({**TWO, "Version": "2008-10-17"}, BOTH, ("s3", "ec2")), LOGGED, None, "",
    ),
    "only a report": (
        app(TWO, BOTH, ("s3", "ec2")), structs.replace(LOGGED, reduce_policies=False), None, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("now", "settings", "expected", "why"), LEFT.values(), ids=LEFT)
def test_what_is_left_and_why_the_rest_stays(now: Account, settings: Settings, expected: Value, why: str) -> None:
    fault = found(now, settings)
    assert after(fault) == expected
    assert why in str(fault.evidence.get("whole", ""))


def test_what_is_under_a_condition_is_not_found_without_records() -> None:
    now = app(document(GUARDED), records=None)
    assert list(check(now, LOGGED, SCOPE)) == []
    assert found(app(document(GUARDED))).summary == "app allows all of s3 under conditions"


RUN: Deeds = [("ec2.amazonaws.com/RunInstances", "", 1), ("ec2.amazonaws.com/CreateTags", "", 1)]
SIX: Deeds = [(f"ec2.amazonaws.com/{name[4:]}", "", 1) for name in NAMES[:6]]
UNSEEN = "may need and no record shows"
NOTICES = {
    "keeps of ec2 only StopInstances; keeps of s3 only PutObject; loses s3:PutObjectAcl, which s3:PutObject "
    f"{UNSEEN}; loses s3:PutObjectTagging, which s3:PutObject {UNSEEN}": (TWO, BOTH, ("s3", "ec2")),
    "can use s3 under conditions only; keeps of ec2 only StopInstances": (
        document(statement(["s3:*", "ec2:*"]), GUARDED), EC2, ("ec2",),
    ),
    "can no longer use s3; keeps of ec2 only StopInstances": (TWO, EC2, ("ec2",)),
    "can no longer use anything but ec2, nor pass roles to services; keeps of ec2 only CreateTags, RunInstances; loses "
    f"iam:PassRole, which ec2:RunInstances {UNSEEN}; loses ssm:GetParameters, which ec2:RunInstances {UNSEEN}": (
        document(statement("*")), RUN, ("ec2",),
    ),
    f"keeps of s3 only PutObject; loses s3:PutObjectAcl, which s3:PutObject {UNSEEN}; loses s3:PutObjectTagging, which "
    f"s3:PutObject {UNSEEN}": (document(GUARDED, SEND), WRITES, ("s3",)),
    "keeps of ec2 only CreateTags, RunInstances": (document(statement("ec2:*")), RUN, ("ec2",)),
    f"keeps of ec2 only {', '.join(name[4:] for name in NAMES[:5])} and 1 more; loses ec2:CreateTags, which {NAMES[0]} "
    f"{UNSEEN}": (document(statement("ec2:*")), SIX, ("ec2",)),
}  # fmt: skip


@pytest.mark.parametrize(("notice", "given_facts"), NOTICES.items())
def test_what_people_will_notice(notice: str, given_facts: tuple[Value, Deeds, Sequence[str]]) -> None:
    text, deeds, services = given_facts
    [want] = found(app(text, deeds, services)).wants
    assert want.notice == f"job {notice}"


def test_of_a_group_what_its_members_did() -> None:
    people = [user(name) for name in ("ann", "bob")]
    own = {person.name: [(f"{S3}GetObject", f"arn:aws:s3:::b/{person.name}", 1)] for person in people}
    now = account(
        policies(app=FULL),
        holding("group", "ops", [SOURCE]),
        members(ops="ann bob"),
        users=people,
        facts={
            at("iam.service_use", SOURCE): {"s3": when(ago(2))},
            at("iam.policy_versions", SOURCE): {"count": 1, "since": when(ago(300))},
            at(EVIDENCE, ME): RECORDS,
            **{at(USE, person.arn): uses(own[person.name]) for person in people},
        },
    )
    both = statement(["s3:GetObject"], ["arn:aws:s3:::b/ann", "arn:aws:s3:::b/bob"])
    assert after(found(now)) == document(both)


def test_the_services_whose_calls_are_all_recorded_are_services() -> None:
    assert {name.partition(":")[0] for name in catalog.actions()} >= RECORDED


def policy(text: Value) -> Value:
    return {"path": "/", "document": text}


EVENTS = st.sampled_from(
    [
        (f"{S3}PutObject", "arn:aws:s3:::b/a/{}"),
        (f"{S3}GetObject", "arn:aws:s3:::c/{}"),
        (f"{S3}DeleteObjects", "arn:aws:s3:::b"),
        (f"{S3}ListObjects", "arn:aws:s3:::{}"),
        (f"{S3}CopyObject", "arn:aws:s3:::b/{}"),
        (f"{S3}ListBuckets", ""),
        ("iam.amazonaws.com/GetUser", f"arn:aws:iam::{ME}:user/{{}}"),
        ("iam.amazonaws.com/ListUsers", ""),
        ("ec2.amazonaws.com/StopInstances", f"arn:aws:ec2:{HERE}:instance/i-{{}}"),
        ("ec2.amazonaws.com/RunInstances", ""),
        ("dynamodb.amazonaws.com/Query", f"arn:aws:dynamodb:{HERE}:table/{{}}"),
        ("lambda.amazonaws.com/Invoke", f"arn:aws:lambda:{HERE}:function:{{}}"),
        ("kms.amazonaws.com/ReEncrypt", f"arn:aws:kms:{HERE}:key/{{}}"),
        ("sts.amazonaws.com/GetCallerIdentity", ""),
        ("ec2.amazonaws.com/NewThing", ""),
    ]
)
DEEDS = st.lists(st.tuples(EVENTS, st.integers(0, 40)), min_size=1, max_size=60)
SERVICES = ["s3", "iam", "ec2", "dynamodb", "lambda", "kms"]
DENY: dict[str, Value] = {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::b/*"}
CONDITIONS: list[Value] = [
    None, OFFICE, MFA, {"StringEquals": {"aws:PrincipalTag/team": "data"}}, {"StringLike": {"s3:prefix": "a/*"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-06-02T00:00:00Z"}},
]  # fmt: skip
WHOLE = st.sets(st.sampled_from([f"{service}:*" for service in SERVICES]), min_size=1, max_size=4).map(sorted)
WIDE = st.builds(
    lambda actions, condition: statement([*actions], **({"Condition": condition} if condition else {})),
    WHOLE | st.just(["*"]),
    st.sampled_from(CONDITIONS),
)
DOCUMENTS = st.builds(
    lambda wide, more: document(*wide, *more),
    st.lists(WIDE, min_size=1, max_size=3),
    st.lists(st.sampled_from([DENY, SEND, statement("s3:Get*")]), max_size=2),
)
THEIRS = "arn:aws:iam::aws:policy/SomeFullAccess"
WHOSE = {"role": JOB.arn, "group": f"arn:aws:iam::{ME}:group/ops", "user": f"arn:aws:iam::{ME}:user/ann"}
NAMES_OF = {"role": "job", "group": "ops", "user": "ann"}
CIRCUMSTANCES: list[Context] = [
    {},
    {"aws:sourceip": "203.0.113.7", "aws:multifactorauthpresent": "true", "aws:principaltag/team": "data"},
    {"s3:prefix": "a/b", "aws:currenttime": "2026-06-01T13:00:00Z"},
]


TWO_PEOPLE = [user("ann"), user("bob")]


def held(text: Value, deeds: Deeds, theirs: bool, holder: str) -> Account:
    """A role, a user, or a group of two people who did it between them, that has this as a policy: as one of AWS's, as
    far as their documents can say it, or as one of the account's own."""
    name, shared = NAMES_OF[holder], holder == "group"
    done = {who.arn: deeds[n::2] for n, who in enumerate(TWO_PEOPLE)} if shared else {WHOSE[holder]: deeds}
    services = app(text, deeds, SERVICES).facts[USED]
    facts: dict[Address, Value] = {
        **(
            {at(AWS_POLICY, THEIRS): list(statements(text)), at("iam.service_use", WHOSE[holder]): services}
            if theirs
            else {USED: services, at("iam.policy_versions", SOURCE): {"count": 1, "since": when(ago(300))}}
        ),
        at(EVIDENCE, ME): RECORDS,
        **{at(USE, arn): uses(did) for arn, did in done.items()},
    }
    return account(
        holding(holder, name, [THEIRS if theirs else SOURCE]),
        {} if theirs else policies(app=text),
        members(ops="ann bob") if shared else {},
        users=[] if holder == "role" else TWO_PEOPLE,
        roles=[JOB] if holder == "role" else [],
        facts=facts,
    )


@given(DOCUMENTS, DEEDS, st.booleans(), st.booleans(), st.sampled_from(sorted(WHOSE)))
def test_replayed_no_call_is_denied_and_nothing_is_gained(
    text: Value, drawn: list[tuple[tuple[str, str], int]], logged: bool, theirs: bool, holder: str
) -> None:
    """Of a policy of the account's own, which changes, and of one of AWS's, which is replaced."""
    deeds = [(event, resource.format(f"n{number}"), 1) for (event, resource), number in drawn]
    now = held(text, deeds, theirs, holder)
    wants = [want for fault in check(now, LOGGED if logged else Settings(), SCOPE) for want in fault.wants]
    made = next((want.after["document"] for want in wants if isinstance(want.after, dict)), None)
    if made is None:
        return
    changes = [change(n, w.address, now.value(w.address), w.after, risk=w.risk) for n, w in enumerate(wants, start=1)]
    replayed = replay(now, changes, NOW)
    assert replayed
    assert replayed.denied + replayed.perhaps == 0, replayed.stopped
    before, after_it = (statements(it) for it in (text, made))
    compared = compare({"identity": frozenset(before)}, {"identity": frozenset(after_it)}, {})
    assert compared.relation in ("equal", "narrower")
    for event, resource, _ in deeds:
        need = needed(event)
        for action in (*need.actions, *need.besides) if need else ():
            for about in forms(action, resource) if resource else ["*", "arn:aws:s3:::elsewhere/k"]:
                for context in CIRCUMSTANCES:
                    asked = Request(action=action, resource=about.replace("*", "x"), context=context)
                    if decide(Policies(identity=before), asked).allowed:
                        assert decide(Policies(identity=after_it), asked).allowed, (event, about, context)
