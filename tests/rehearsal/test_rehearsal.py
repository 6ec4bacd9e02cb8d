"""What a rehearsal finds: nothing in a plan that is good, and every fault that is planted into one that is not."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from support import rehearsing
from support.aws import Aws
from support.engine import Wire
from support.rehearsing import Planned

from remediate.account import Account
from remediate.aws.loopback import WITHHELD
from remediate.cli.emulating import Emulated
from remediate.model import Address, Unknown, at, kind_of, pair_of
from remediate.sandbox import fill


def backend(account: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[account]["aws"]


@pytest.fixture
def made(aws: Aws, wire: Wire) -> Planned:
    """A plan of several kinds of changes, on the messy account."""
    fill()
    return rehearsing.planned(wire.session, "guidelines", ["groups", "unused-credentials", "password-policy"])


@pytest.mark.parametrize("playbook", ["guidelines", "acme"])
def test_the_shipped_playbooks_go_through_on_the_messy_account(playbook: str, aws: Aws, wire: Wire) -> None:
    fill()
    made = rehearsing.planned(wire.session, playbook)
    done = rehearsing.rehearsed(aws.sandbox, made)
    assert done.result.failures == ()
    assert (done.result.changes, done.result.left, done.result.restored) == (len(made.plan.changes), 0, True)
    assert done.result.skipped == ()
    assert {number for number, _ in done.calls} == {change.id for change in made.plan.changes}
    assert [number for number, _ in done.calls] == sorted(number for number, _ in done.calls)
    kept = {c.id for c in made.plan.changes if c.reversal == "impossible"}
    assert done.result.kept == len(kept)


def test_calls_are_named_as_aws_names_them_and_have_no_secret(aws: Aws, wire: Wire) -> None:
    fill()
    made = rehearsing.planned(wire.session, "acme", ["shared-credentials", "key-rotation", "password-policy"])
    done = rehearsing.rehearsed(aws.sandbox, made)
    by_name = {call.operation: call for _, call in done.calls}
    [policy] = [n for n, call in done.calls if call.operation == "UpdateAccountPasswordPolicy"]
    assert made.plan.changes[policy - 1].address == "iam.password_policy"
    assert by_name["CreateLoginProfile"].parameters["Password"] == WITHHELD
    assert by_name["PutSecretValue"].parameters["SecretString"] == WITHHELD
    said = msgspec.json.encode((done.result, done.calls)).decode()
    secrets = [key.secret_access_key for key in backend(aws.account_id).access_keys.values()]
    assert len(secrets) > 10
    assert not [secret for secret in secrets if secret in said]


class Full(Emulated):
    """No group takes any more policies, once the twin was looked at."""

    def look(self, asked: Iterable[Address] = ()) -> Account:
        account = super().look(asked)
        backend(account.id).account_summary._attached_policies_per_group_quota = 0
        return account


def test_a_refused_write_names_the_change_the_call_and_what_was_said(made: Planned, aws: Aws) -> None:
    done = rehearsing.on(rehearsing.staged(aws.sandbox, made, Full), made).result
    assert not done.passed
    first = re.fullmatch(r"#(\d+) \+ (iam\.group_policy/\S+) \((.*?)\): (.*)", done.failures[0])
    assert first
    assert made.plan.changes[int(first[1]) - 1].address == first[2]
    assert first[3] == "iam AttachGroupPolicy"
    assert "LimitExceeded" in first[4]
    assert done.failures[-1].endswith(" not tried: they need these")
    assert (done.left, done.restored) == (None, None)


def test_what_is_left_when_planned_again_fails(made: Planned, aws: Aws) -> None:
    needed = {n for change in made.plan.changes for n in change.needs}
    last = next(c for c in reversed(made.plan.changes) if c.id not in needed)
    part = tuple(c for c in made.plan.changes if c is not last)
    short = made._replace(plan=msgspec.structs.replace(made.plan, changes=part))
    done = rehearsing.rehearsed(aws.sandbox, short).result
    assert done.left == 1
    [failure] = done.failures
    assert failure.startswith(f"planned again: {last.sign} {last.address}: ")


class Meddled(Emulated):
    """Somebody makes a user after the plan was applied, whom no rollback takes away."""

    def look_back(self, made: Iterable[Address]) -> Account:
        self._aws.write("iam", "create_user", UserName="mallory")
        return super().look_back(made)


def test_what_is_not_as_before_when_taken_back_fails(made: Planned, aws: Aws) -> None:
    done = rehearsing.on(rehearsing.staged(aws.sandbox, made, Meddled), made).result
    assert done.left == 0
    assert done.restored is False
    assert done.failures == ('after taking back: iam.user/mallory: (absent) before, now {"path":"/"}',)


def test_changes_that_rest_on_what_is_not_carried_over_are_left_out_and_named(made: Planned, aws: Aws) -> None:
    stage = rehearsing.staged(aws.sandbox, made)
    change = next(c for c in made.plan.changes if c.evidence and kind_of(c.address) == "iam.access_key" and c.after)
    key = change.address.rpartition("/")[2]
    backend(aws.account_id).access_keys[key].last_used = None
    done = rehearsing.on(stage, made).result
    assert done.passed
    gap = next(gap for gap in done.uncovered if change.id in gap.changes)
    assert change.address.startswith(gap.what)
    dependents = {c.id for c in made.plan.changes if change.id in c.needs}
    assert {change.id, *dependents} <= set(done.skipped)
    assert done.changes == len(made.plan.changes) - len(done.skipped) > 0
    assert done.restored


def test_a_key_that_was_used_since_the_plan_was_made_fails(made: Planned, aws: Aws) -> None:
    change = next(c for c in made.plan.changes if c.evidence and kind_of(c.address) == "iam.access_key" and c.after)
    user, id = pair_of(change.address)
    used = tuple(
        msgspec.structs.replace(key, last_used=made.plan.header.created) if key.id == id else key
        for key in made.account.keys[user]
    )
    account = msgspec.structs.replace(made.account, keys={**made.account.keys, user: used})
    done = rehearsing.rehearsed(aws.sandbox, made._replace(account=account)).result
    assert done.skipped == ()
    assert done.failures[0].startswith(f"#{change.id} ~ {change.address}: the evidence has changed: planned on ")


def test_what_the_plan_could_not_see_is_not_rehearsed(made: Planned, aws: Aws) -> None:
    blind = Unknown(what="iam.password_policy", reason="AccessDenied", controls=("password-policy",))
    plan = msgspec.structs.replace(made.plan, unknowns=(blind,))
    account = msgspec.structs.replace(made.account, unknown={"iam.password_policy": "AccessDenied"})
    unread = made._replace(plan=plan, account=account)
    stage = rehearsing.staged(aws.sandbox, unread)
    assert stage.look().unknown == {"iam.password_policy": "AccessDenied"}
    done = rehearsing.on(stage, unread).result
    [change] = [c for c in plan.changes if c.address == at("iam.password_policy")]
    assert done.skipped == (change.id,)
    assert [gap.what for gap in done.uncovered if gap.changes] == ["control password-policy"]
    assert done.passed


def test_an_entry_that_cannot_be_made_is_a_gap(made: Planned, aws: Aws) -> None:
    odd = at("s3.bucket_policy", "nobody-has-this-bucket")
    account = msgspec.structs.replace(made.account, state={**made.account.state, odd: {"Statement": []}})
    stage = rehearsing.staged(aws.sandbox, made._replace(account=account))
    assert {gap for gap in stage.gaps if not gap.startswith("s3.bucket/")} == {odd}
    assert "NoSuchBucket" in stage.gaps[odd]
