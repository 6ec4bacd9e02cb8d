"""Reading the account: complete whatever the pages, few calls, and a read that fails is an unknown, never a pass."""

from functools import cache

import msgspec
import pytest
from support.aws import Aws
from support.engine import Wire
from support.faults import Faults, denied

from remediate.aws.reader import read_account
from remediate.cli import work
from remediate.errors import CallFailed
from remediate.model import Plan
from remediate.sandbox import fill
from remediate.sandbox.strict import settings

OPERATIONS = (
    "GetAccountAuthorizationDetails",
    "GetPolicy",
    "GetPolicyVersion",
    "GenerateCredentialReport",
    "GetCredentialReport",
    "GetAccountSummary",
    "GetAccountPasswordPolicy",
    "ListAccessKeys",
    "GetAccessKeyLastUsed",
    "GetUser",
    "GetLoginProfile",
    "DescribeRegions",
    "DescribeTrails",
    "GetTrailStatus",
    "GetEventSelectors",
    "GetBucketPolicy",
    "GetBucketVersioning",
    "DescribeLogGroups",
    "DescribeMetricFilters",
    "DescribeAlarms",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "DescribeInstances",
    "GetInstanceProfile",
    "DescribeBudgets",
    "DescribeBudgetNotificationsForAccount",
    "GetAnomalyMonitors",
    "GetAnomalySubscriptions",
    "GenerateServiceLastAccessedDetails",
    "GetServiceLastAccessedDetails",
    "GetServiceLastAccessedDetailsWithEntities",
    "ListPolicyVersions",
    "ListSAMLProviders",
    "GetSAMLProvider",
    "ListOpenIDConnectProviders",
)
ONLY_FOR_PEOPLE = {"ListAccountAliases"}
"""Without the alias the account's number stands alone: nothing is concluded from it."""


def planned(wire: Wire, faults: Faults) -> Plan:
    wire.faults = faults
    return work.make_plan(wire.session, work.playbook_named("guidelines"), ())[0]


@cache
def unhindered(wire: Wire) -> Plan:
    """The plan of the messy account when everything can be read: the same account each time, so it is made once."""
    return planned(wire, Faults())


@pytest.mark.parametrize("empty", [False, True])
def test_short_and_empty_pages_give_the_same_account(aws: Aws, wire: Wire, empty: bool) -> None:
    fill()
    whole = read_account(wire.session)
    settings.page_size, settings.empty_pages = 1, empty
    in_pieces = read_account(wire.session)
    assert msgspec.to_builtins(in_pieces) == msgspec.to_builtins(whole)
    assert len(whole.users) >= 40


def test_calls_do_not_grow_with_users(aws: Aws, wire: Wire) -> None:
    counts = []
    for people in (40, 400):
        aws.sandbox.reset()
        fill(people)
        before = wire.session.calls
        plan, _ = work.make_plan(wire.session, work.playbook_named("guidelines"), ())
        changed = {c.address.split("/")[1] for c in plan.changes if c.address.startswith(CREDENTIALS)}
        counts.append(wire.session.calls - before - 2 * len(changed))
    assert max(counts) <= 120 + len(settings.regions)  # instances are listed region by region


PARTS = 5
"""In so many tests each operation is denied once, on an account that is filled once a test."""
CREDENTIALS = ("iam.access_key/", "iam.login_profile/", "iam.user_tag/")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_denied_read_is_an_unknown(aws: Aws, wire: Wire, part: int) -> None:
    fill()
    good = unhindered(wire)
    for operation in OPERATIONS[part::PARTS]:
        faults = Faults().when(lambda call, denied=operation: call.operation == denied, denied)  # type: ignore[misc]
        plan = planned(wire, faults)
        assert faults.sends(operation) >= 1, operation
        assert plan.unknowns, f"the plan says nothing of what it could not read: {operation}"
        assert all("AccessDenied" in unknown.reason for unknown in plan.unknowns), operation
        blind = {control for unknown in plan.unknowns for control in unknown.controls}
        missing = {(f.control, f.address) for f in good.findings} - {(f.control, f.address) for f in plan.findings}
        unread = tuple(unknown.what for unknown in plan.unknowns)
        assert {control for control, address in missing if not _about(address, unread)} <= blind, operation


def _about(address: str, unread: tuple[str, ...]) -> bool:
    """Whether something that could not be read is about the same user's credentials."""
    return any(what.split("/")[1:2] == address.split("/")[1:2] for what in unread if "/" in what)


def test_every_operation_of_a_plan_is_among_those_that_are_denied(aws: Aws, wire: Wire) -> None:
    fill()
    faults = Faults()
    planned(wire, faults)
    made = {call.operation for call in faults.calls}
    bucket_details = {o for o in made if o.startswith(("GetBucket", "GetPublic", "HeadBucket"))}
    rest = made - bucket_details - set(OPERATIONS) - ONLY_FOR_PEOPLE
    assert rest <= {"GetCallerIdentity", "GetRole", "GetRolePolicy", "DescribeOrganization"}  # the last: the proof says


def test_an_account_that_cannot_be_identified_is_an_error(aws: Aws, wire: Wire) -> None:
    with pytest.raises(CallFailed):
        planned(wire, Faults().when(lambda call: call.operation == "GetCallerIdentity", denied))


def test_planning_sends_nothing_that_changes(aws: Aws, wire: Wire) -> None:
    fill()
    faults = Faults()
    planned(wire, faults)
    assert faults.writes == []
