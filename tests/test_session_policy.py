"""A session policy allows all that the exact one allows, fits, and allows nothing more to be changed."""

import json
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.actions import action_of
from support.engine import ACCOUNT, Step, plan_of

from remediate.aws.reader.actions import ACCOUNT_ACTIONS, PLAN_ACTIONS, PLAN_ALSO
from remediate.aws.resources import RESOURCES
from remediate.model import AccountId, Permission, Plan, Value, at
from remediate.permissions import MANAGED, managed, needs, plan_needs, size
from remediate.session_policy import LONGEST, NAMED, PATTERNS, READING, coarser, parts, policies, reads, text

WHERE = AccountId(partition="aws", account=ACCOUNT)
Statement = dict[str, Any]


def statements(policy: str) -> list[Statement]:
    return [
        {key: [held] if key in ("Action", "Resource") and isinstance(held, str) else held for key, held in one.items()}
        for one in json.loads(policy)["Statement"]
    ]


def allows(policy: list[Statement], wanted: Permission) -> bool:
    """By its own reading of the JSON: `*` and `?` stand for any characters, and a condition must be there as it is."""
    condition = {wanted.condition[0]: {wanted.condition[1]: wanted.condition[2]}} if wanted.condition else None
    return any(
        one["Effect"] == "Allow"
        and any(fnmatchcase(wanted.action, pattern) for pattern in one["Action"])
        and any(fnmatchcase(wanted.resource, pattern) for pattern in one["Resource"])
        and one.get("Condition") in (None, condition)
        for one in policy
    )


KINDS = {
    "iam.user_policy": ("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    "iam.group_member": ("alice",),
    "iam.role_inline": ("own",),
    "iam.login_profile": (),
    "iam.instance_profile_role": ("job",),
    "kms.rotation": ("alias/logs",),
    "s3.bucket_policy": (),
    "cloudwatch.alarm": ("root-usage",),
    "sns.topic": (),
    "secretsmanager.secret": ("svc",),
    "iam.root_access_key": ("AKIA1",),
    "access_analyzer.analyzer": ("external",),
}
names = st.text("abcdefgh-", min_size=1, max_size=40)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kind = draw(st.sampled_from(sorted(KINDS)))
    sample: Value = RESOURCES[kind].sample
    before, after = draw(st.sampled_from([(None, sample), (sample, None)]))
    return Step(at(kind, draw(names), *KINDS[kind]), before, after)


plans = st.lists(steps(), min_size=1, max_size=120).map(lambda found: plan_of(*found))


@settings(max_examples=30, deadline=None)
@given(plans)
def test_the_sessions_together_may_do_all_that_the_plan_needs_and_change_nothing_else(plan: Plan) -> None:
    exact = needs(plan, RESOURCES, ACCOUNT_ACTIONS)
    sessions = parts(plan, RESOURCES, ACCOUNT_ACTIONS)
    assert frozenset().union(*sessions.values()) >= exact
    assert {p.action for held in sessions.values() for p in held} == {p.action for p in exact}
    assert all(reads(permission.action) for permission in sessions[READING])


@settings(max_examples=30, deadline=None)
@given(plans)
def test_what_is_less_exact_allows_at_least_the_same_and_fits(plan: Plan) -> None:
    for held in parts(plan, RESOURCES, ACCOUNT_ACTIONS).values():
        found = policies(held)
        assert found, "a hundred changes of a dozen kinds fit"
        for policy in found:
            assert len(policy.text) <= LONGEST
            says = statements(policy.text)
            assert all(allows(says, permission) for permission in held)
        assert (found[0].text == text(held)) == (not found[0].beyond)


@settings(max_examples=30, deadline=None)
@given(plans)
def test_no_step_allows_a_writing_action_that_the_plan_does_not_name(plan: Plan) -> None:
    for held in parts(plan, RESOURCES, ACCOUNT_ACTIONS).values():
        named = {permission.action for permission in held}
        for _, more in coarser(held):
            says = statements(text(more))
            assert all(action in named for one in says for action in one["Action"] if action not in PATTERNS)
            assert all(p in more for p in held if p.condition or p.action in NAMED)
            assert all(allows(says, permission) for permission in held)


def test_the_longest_lists_go_first_and_others_stay_exact() -> None:
    users = [Step(at("iam.user_tag", f"user-with-quite-a-long-name-{n}", "team"), None, "blue") for n in range(60)]
    plan = plan_of(
        *users, Step(at("iam.role_policy", "job", "arn:aws:iam::aws:policy/ReadOnlyAccess"), None, "attached")
    )
    first = policies(parts(plan, RESOURCES, ACCOUNT_ACTIONS)["iam"])[0]
    assert first.beyond == ("every user/*",)
    assert first.exact > LONGEST
    resources = {tuple(one["Resource"]) for one in statements(first.text)}
    role = f"arn:aws:iam::{ACCOUNT}:role"
    assert resources == {(f"arn:aws:iam::{ACCOUNT}:user/*",), (f"{role}/*/job", f"{role}/job")}


def test_the_policy_for_planning_is_a_session_policy_as_it_is() -> None:
    first = policies(plan_needs(PLAN_ACTIONS, PLAN_ALSO))[0]
    assert first.beyond == ()


def test_what_cannot_be_said_in_a_session_policy_has_none() -> None:
    held = frozenset(
        Permission(action="iam:PassRole", resource=f"arn:aws:iam::{ACCOUNT}:role/role-{n:04}") for n in range(60)
    )
    assert policies(held) == ()


@cache
def operations() -> list[str]:
    """IAM's names of all operations of the services that patterns are about."""
    session = botocore.session.get_session()
    found = []
    for service in session.get_available_services():
        if service in SERVICES:
            model = session.get_service_model(service)
            found += [action_of(service, operation) for operation in model.operation_names]
    return found


@pytest.mark.parametrize(
    ("action", "reads_only"),
    [
        ("iam:GetUser", True),
        ("iam:GenerateCredentialReport", True),
        ("kms:GenerateDataKey", False),
        ("sts:AssumeRoot", False),
    ],
)
def test_what_reads(action: str, reads_only: bool) -> None:
    """Who generates a data key holds it; who generates a report has it made."""
    assert reads(action) is reads_only


SERVICES = frozenset(
    "accessanalyzer account cloudtrail cloudwatch ds iam kms logs organizations s3 secretsmanager sns".split()
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_beginnings_stand_for_reading_settings_alone(pattern: str) -> None:
    """AWS's own policy for auditors allows all of it; that policy reads settings, and nothing that is kept in them."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    document = json.loads(aws_managed_policies_data)["SecurityAudit"]["Document"]
    audit = [action for one in document["Statement"] for action in one["Action"]]
    matched = [action for action in operations() if fnmatchcase(action, pattern)]
    assert matched
    beyond = [action for action in matched if not any(fnmatchcase(action, allowed) for allowed in audit)]
    assert beyond == []


@settings(max_examples=30, deadline=None)
@given(plans)
def test_managed_policies_together_are_the_policy(plan: Plan) -> None:
    held = needs(plan, RESOURCES, ACCOUNT_ACTIONS)
    documents = managed(held, "Remediate")
    assert all(size(document) <= MANAGED for document in documents)
    said = [statement for document in documents for statement in document["Statement"]]
    sids = [statement["Sid"] for statement in said]
    assert len(set(sids)) == len(sids)
    told = {
        Permission(action=action, resource=resource, condition=_condition(statement.get("Condition", {})))
        for statement in said
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert told == held


def _condition(found: dict[str, dict[str, str]]) -> tuple[str, str, str] | None:
    return next(((op, key, value) for op, held in found.items() for key, value in held.items()), None)
