"""Each phase under only its own policy, and with any one permission taken away.

The sandbox binds sessions of a role to their session policies: actions, and resources of IAM.
"""

import contextlib
import random
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from support.aws import Aws
from support.bound import ROLE, Bound, make_role
from support.contract import CASES, Case
from support.engine import ACCOUNT, Runs, Step, outcomes, plan_of, step
from support.mutations import READ_ONLY, everything
from support.snapshot import snapshot
from support.stress import STRESS

from remediate.aws.live import LiveAccount
from remediate.aws.reader.actions import ACCOUNT_ACTIONS, PLAN_ACTIONS, PLAN_ALSO
from remediate.aws.resources import RESOURCES
from remediate.aws.resources.directory import NETWORK
from remediate.aws.session import Session
from remediate.cli import applying, assuming, work
from remediate.errors import CallFailed, RemediateError
from remediate.model import AccountId, Address, Plan, Value, kind_of
from remediate.permissions import needs, plan_needs
from remediate.sandbox import fill
from remediate.session_policy import READING, parts
from remediate.store.plans import save

NOT_ASKED = frozenset(
    "cloudwatch:DescribeAlarms iam:CreateServiceLinkedRole kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey "
    "kms:ListResourceTags organizations:DescribeOrganization organizations:ListAWSServiceAccessForOrganization "
    "sns:ListSubscriptionsByTopic".split()
)
"""What AWS asks for in the caller's name, and the sandbox does not; and what only a rollback reads."""


ELSEWHERE: dict[str, set[str]] = {
    "iam.issued_key/svc/eu-west-1:remediate/svc/access-key": {"secretsmanager:UpdateSecretVersionStage"},
    "iam.issued_key/with a key of one's own": {"secretsmanager:UpdateSecretVersionStage"},
    "iam.policy with five versions": {"iam:CreatePolicy"},
    "secretsmanager.secret/eu-west-1/keys/a/b": {"secretsmanager:RestoreSecret"},
    "secretsmanager.secret/eu-west-1/mine": {"secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret"},
}
"""Permissions that another case uses."""
SPARED = frozenset({"secretsmanager:UntagResource"})
"""What a change asks for and goes on without: a mark that stays on a secret counts for minutes alone."""


class Account:
    """The account of one case, in which its entry has walked through the first of its values."""

    def __init__(self, case: Case, aws: Aws, folder: Path, steps: int = 0) -> None:
        aws.sandbox.reset()
        make_role(aws)
        self.own, self.folder = Session(), folder
        case.setup(aws.client)
        for address, value in case.needed.items():
            RESOURCES[kind_of(address)].write(self.own, address, None, value)
        self.address: Address = case.address if isinstance(case.address, str) else case.address(aws.client)
        self.kind = RESOURCES[kind_of(self.address)]
        for before, after in list(pairwise(case.values))[:steps]:
            self.kind.write(self.own, self.address, before, after)
        self.before, self.after = case.values[steps], case.values[steps + 1]
        evidence = self.kind.evidence(self.own, self.address) if self.before is not None else {}
        self.plan = plan_of(Step(self.address, self.before, self.after, evidence=evidence))
        self.bound = Bound(parts(self.plan, RESOURCES, ACCOUNT_ACTIONS))

        self.tried = False

    def read(self) -> Value:
        return self.kind.read(self.own, self.address).get(self.address)

    def runs(self) -> Runs:
        self.tried = True
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return Runs(self.plan, folder, self.bound)


SOME = CASES if STRESS else CASES[::3]


def transitions(case: Case) -> list[int]:
    """By default one of the case's, and always the same."""
    found = list(range(len(case.values) - 1))
    return found if STRESS else [random.Random(case.id).choice(found)]


def needed(account: Account) -> list[str]:
    where = AccountId(partition="aws", account=ACCOUNT)
    found = account.kind.permissions(account.address, account.before, account.after, where)
    return sorted({p.action for p in found} - NOT_ASKED - SPARED - set(NETWORK))


@pytest.mark.parametrize("case", SOME, ids=[case.id for case in SOME])
def test_without_a_permission_a_change_fails_and_is_recorded_and_with_it_the_same_run_goes_on(
    case: Case, aws: Aws, tmp_path: Path
) -> None:
    used, unused = set[str](), set[str]()
    for n in transitions(case):
        account = Account(case, aws, tmp_path, n)
        actions = needed(account)
        for action in actions if STRESS else random.Random(case.id).sample(actions, 1):
            account = account if not account.tried else Account(case, aws, tmp_path, n)
            (used if _fails_and_goes_on(account, action) else unused).add(action)
    if STRESS:
        assert unused - used <= ELSEWHERE.get(case.id, set()), f"permissions that no transition uses: {unused - used}"


def _fails_and_goes_on(account: Account, action: str) -> bool:
    """Whether the change needs the permission; if so, it fails without it in the right way."""
    account.bound.without(action)
    runs = account.runs()
    failed = outcomes(runs.run()) == ["failed"]
    if failed:
        assert any("AccessDenied" in record.detail for record in runs.records)
        assert account.read() in (account.before, *([account.after] if "sent" in runs.events() else []))
        account.bound.restored()
        assert outcomes(runs.run()) == ["done"]
    assert runs.events()[-1] == "done"
    assert account.read() == account.after
    return failed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path))
    return tmp_path


def connected(plan: Plan | None = None) -> Session:
    return assuming.connect(None, None, None, ROLE, plan)


def test_plan_apply_and_rollback_of_everything_each_under_only_its_own_policy(aws: Aws, folder: Path) -> None:
    fill()
    make_role(aws)
    plan, _ = work.make_plan(connected(), work.playbook_named("acme"), ())
    assert not plan.unknowns
    assert len({kind_of(change.address) for change in plan.changes}) > 40
    path = folder / "all.plan.json"
    save(plan, path)
    session = connected(plan)
    applying.check(plan, plan.changes, session, 4)
    applying.finish(plan, path, session, parallel=4, fail_fast=False, as_json=True)
    session = connected(plan)
    back, back_path = applying.inverse_of(plan, path, None, session, 4)
    applying.check(back, back.changes, session, 4)
    applying.finish(back, back_path, session, parallel=4, fail_fast=False, as_json=True)
    stayed = {kept.address for kept in back.kept}
    first = {change.address: change for change in reversed(plan.changes)}
    exact = {a: c.before for a, c in first.items() if c.reversal == "exact" and a not in stayed}
    assert LiveAccount(Session(), 4).read(exact) == exact


def small() -> Plan:
    return plan_of(
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_member", "ops", "alice", to="member", needs=(1,)),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
    )


SMALL = sorted({p.action for p in needs(small(), RESOURCES, ACCOUNT_ACTIONS)} - {"sts:GetCallerIdentity"})


@pytest.mark.parametrize("action", SMALL if STRESS else random.Random(4).sample(SMALL, 6))
def test_without_a_permission_apply_and_rollback_stop_cleanly_and_with_it_they_go_on(
    action: str, aws: Aws, folder: Path
) -> None:
    everything(aws.client("iam"))
    make_role(aws)
    before, plan, path = snapshot(aws.client), small(), folder / "small.plan.json"
    save(plan, path)
    bound = Bound(parts(plan, RESOURCES, ACCOUNT_ACTIONS))

    def apply() -> bool:
        return _go_on(plan, path, bound)

    def rollback() -> bool:
        back, back_path = applying.inverse_of(plan, path, None, bound.session, 4)
        return _go_on(back, back_path, bound)

    for go in (apply, rollback):
        bound.without(action)
        with contextlib.suppress(CallFailed, RemediateError):  # each ends a command with one screen, and not with 0
            assert go(), "it says that it is done"
        bound.restored()
        assert go()
    assert snapshot(aws.client) == before


def _go_on(plan: Plan, path: Path, bound: Bound) -> bool:
    """As the command does it; whether all is done now."""
    left = applying.remaining(plan, applying.recorded(path))
    if left:
        applying.check(plan, left, bound.session, 4)
        applying.finish(plan, path, bound.session, parallel=4, fail_fast=False, as_json=True)
    return not applying.remaining(plan, applying.recorded(path))


ASKED = PLAN_ACTIONS if STRESS else random.Random(1).sample(PLAN_ACTIONS, 1)


@pytest.mark.parametrize("action", ASKED)
def test_without_a_permission_a_plan_says_what_it_did_not_see(action: str, aws: Aws, folder: Path) -> None:
    """Or it was not needed, and the plan is the same."""
    fill()
    make_role(aws)
    playbook = work.playbook_named("acme" if STRESS else "guidelines")
    whole, _ = work.make_plan(Session(), playbook, ())
    bound = Bound({READING: plan_needs(PLAN_ACTIONS, PLAN_ALSO)})
    bound.without(action)
    try:
        plan, _ = work.make_plan(bound.session, playbook, ())
    except (CallFailed, RemediateError):
        return
    assert plan.unknowns or plan.changes == whole.changes
