"""Plan, apply, plan again, roll back: judged by an independent picture, and by what the plan declares."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import Runs, Wire, outcomes, plan_of, step
from support.faults import Faults
from support.mutations import READ_ONLY, everything
from support.snapshot import Snapshot, snapshot

from remediate import rollback
from remediate.aws.live import LiveAccount
from remediate.aws.reader import read_account
from remediate.aws.resources import RESOURCES
from remediate.cli import applying, work
from remediate.errors import BadInput, Partial, Refused
from remediate.model import Plan, at
from remediate.sandbox import fill
from remediate.store.files import journal_path, rollback_path
from remediate.store.plans import load, save


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def messy(aws: Aws, wire: Wire, folder: Path) -> Aws:
    fill(people=10)
    wire.faults = Faults()
    return aws


def pictured(aws: Aws) -> Snapshot:
    """The account as plain boto3 sees it."""
    return snapshot(aws.client)


def planned(wire: Wire) -> tuple[Plan, Path]:
    """A saved plan of everything the default playbook wants."""
    plan, _ = work.make_plan(wire.session, work.playbook_named("guidelines"), ())
    path = work.plan_path(plan, None)
    save(plan, path)
    return plan, path


def applied(wire: Wire, plan: Plan, path: Path) -> dict[int, str]:
    applying.check(plan, applying.remaining(plan, applying.recorded(path)), wire.session, 8)
    return dict(applying.execute(plan, path, wire.session, parallel=8, fail_fast=False).outcomes)


def taken_back(wire: Wire, plan: Plan, path: Path) -> tuple[Plan, dict[int, str]]:
    back, place = applying.inverse_of(plan, path, None, wire.session, 8)
    return back, applied(wire, back, place)


def paths_that_differ(before: Any, after: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where two pictures of an account differ, as deep as possible."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            yield from paths_that_differ(before.get(key), after.get(key), (*where, str(key)))
    elif before != after:
        yield where


def writes_beyond(wire: Wire, count: int) -> f.Chooser:
    """Every write after so many."""
    return lambda call: call.writes and len(wire.faults.writes) > count


PICTURED: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "iam.access_key": lambda user, key: ("users", user, "keys", key),
    "iam.role": lambda role, _: ("roles", role, "trust", "Statement"),
    "logs.group": lambda region, name: ("log_groups", region, name),
    "logs.retention": lambda region, name: ("log_groups", region, name),
    "s3.bucket_versioning": lambda bucket, _: ("buckets", bucket, "versioning"),
}
"""Where the picture shows what a plan may declare as lost."""


def declared(back: Plan, plan: Plan) -> set[tuple[str, ...]]:
    """What stays different by the plans' own words: what the rollback keeps, and what it restores only alike."""
    losses = [k.address for k in back.kept] + [c.address for c in back.changes if c.loss]
    losses += [c.address for c in plan.changes if c.loss]
    found = set()
    for address in losses:
        kind, _, rest = address.partition("/")
        if kind in PICTURED:
            first, _, second = rest.partition("/")
            found.add(PICTURED[kind](first, second))
    return found


def test_there_and_back(messy: Aws, wire: Wire) -> None:
    before = pictured(messy)
    plan, path = planned(wire)
    assert pictured(messy) == before
    assert len(plan.changes) > 60
    assert set(applied(wire, plan, path).values()) == {"done"}

    again, _ = work.make_plan(wire.session, work.playbook_named("guidelines"), ())
    assert again.changes == ()

    back, result = taken_back(wire, plan, path)
    assert set(result.values()) == {"done"}
    assert set(paths_that_differ(before, pictured(messy))) <= declared(back, plan)
    assert {k.address for k in back.kept} <= {c.address for c in plan.changes if c.reversal == "impossible"}
    assert all(kept.why for kept in back.kept)

    with pytest.raises(Refused, match="applied and rolled back"):
        applying.refuse_if_rolled_back(plan, path)


def test_rolling_back_twice_sends_nothing(messy: Aws, wire: Wire) -> None:
    plan, path = planned(wire)
    applied(wire, plan, path)
    back, _ = taken_back(wire, plan, path)
    after = pictured(messy)
    wire.faults = Faults()
    same, place = applying.inverse_of(plan, path, None, wire.session, 8)
    assert same == back
    assert applying.remaining(same, applying.recorded(place)) == []
    assert wire.faults.writes == []
    assert pictured(messy) == after


@pytest.mark.parametrize("stopped_after", [0, 1, 17, 60])
def test_a_partial_apply_goes_back(stopped_after: int, messy: Aws, wire: Wire) -> None:
    before = pictured(messy)
    plan, path = planned(wire)
    wire.faults = Faults().when(writes_beyond(wire, stopped_after), f.expired)
    result = applied(wire, plan, path)
    assert "done" in result.values() or stopped_after == 0
    wire.faults = Faults()
    if stopped_after == 0:
        with pytest.raises(BadInput, match="nothing of this plan was applied"):
            applying.inverse_of(plan, path, None, wire.session, 8)
        return
    back, result = taken_back(wire, plan, path)
    assert list(result.values()) == ["done"] * len(back.changes)  # none, if all that was done cannot be taken back
    assert len(back.changes) + len(back.kept) == len([r for r in applying.records_of(path) if r.event == "done"])
    assert set(paths_that_differ(before, pictured(messy))) <= declared(back, plan)


def test_an_interrupted_rollback_goes_on(messy: Aws, wire: Wire) -> None:
    before = pictured(messy)
    plan, path = planned(wire)
    applied(wire, plan, path)
    back, place = applying.inverse_of(plan, path, None, wire.session, 8)
    for writes in (1, 5, 30):
        wire.faults = Faults().when(writes_beyond(wire, writes), f.expired)
        with pytest.raises(Partial) as partial:
            applying.finish(back, place, wire.session, parallel=4, fail_fast=False, as_json=True)
        assert partial.value.exit_code == 4
        wire.faults = Faults()
        same, place = applying.inverse_of(plan, path, None, wire.session, 8)
        assert same == back
    assert set(applied(wire, back, place).values()) == {"done"}
    assert set(paths_that_differ(before, pictured(messy))) <= declared(back, plan)


# --- small plans ----------------------------------------------------------------------------------------------------


def small(aws: Aws, wire: Wire, folder: Path) -> Runs:
    """A group with a policy, and alice moved from her own policy to the group."""
    iam = aws.client("iam")
    everything(iam)
    iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    steps = (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group_member", "ops", "alice", to="member", needs=(2,)),
        step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None, needs=(3,)),
        step("iam.user_tag", "alice", "team", to="blue"),
    )
    return Runs(plan_of(*steps), folder, wire)


def test_a_group_that_somebody_joined_stays(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    iam = aws.client("iam")
    runs.run()
    iam.create_user(UserName="newcomer")
    iam.add_user_to_group(GroupName="ops", UserName="newcomer")
    back, result = taken_back(wire, runs.plan, runs.path)
    assert set(result.values()) == {"done"}
    kept = {k.address: k.why for k in back.kept}
    assert set(kept) == {at("iam.group", "ops"), at("iam.group_policy", "ops", READ_ONLY)}
    assert "newcomer" in kept[at("iam.group", "ops")]
    assert "iam.group/ops" in kept[at("iam.group_policy", "ops", READ_ONLY)]
    assert iam.list_groups_for_user(UserName="newcomer")["Groups"][0]["GroupName"] == "ops"
    assert iam.list_attached_group_policies(GroupName="ops")["AttachedPolicies"]
    assert iam.list_groups_for_user(UserName="alice")["Groups"] == []
    assert iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]


def test_what_somebody_else_had_done_stays(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    iam = aws.client("iam")
    iam.create_group(GroupName="ops")
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "blue"}])
    assert outcomes(runs.run()) == ["already", "done", "done", "done", "already"]
    taken_back(wire, runs.plan, runs.path)
    assert iam.list_user_tags(UserName="alice")["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert iam.get_group(GroupName="ops")["Users"] == []


def test_a_change_whose_outcome_is_unknown_goes_back_if_it_was_done(aws: Aws, wire: Wire, folder: Path) -> None:
    """The run died between the call and its answer: the account knows."""
    runs = small(aws, wire, folder)
    before = pictured(aws)
    faults = Faults().nth("TagUser", 1, f.answer_lost)
    executor = runs.executor(faults)
    executor.live.read = dying(executor.live.read, wire)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        executor.run()
    assert runs.events(5) == ["intent"]
    wire.faults = Faults()
    back, result = taken_back(wire, runs.plan, runs.path)
    assert set(result.values()) == {"done"}
    assert pictured(aws) == before
    assert at("iam.user_tag", "alice", "team") in [c.address for c in back.changes]


def dying(read: Any, wire: Wire) -> Any:
    def look(addresses: Any) -> Any:
        if wire.faults.sends("TagUser"):
            raise KeyboardInterrupt
        return read(addresses)

    return look


def test_a_change_that_aws_refused_is_not_ours(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run(Faults().nth("TagUser", 1, f.denied))
    wire.faults = Faults()
    iam = aws.client("iam")
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "blue"}])
    back, _ = taken_back(wire, runs.plan, runs.path)
    assert at("iam.user_tag", "alice", "team") not in [c.address for c in back.changes]
    assert iam.list_user_tags(UserName="alice")["Tags"] == [{"Key": "team", "Value": "blue"}]


def test_an_account_that_cannot_be_asked_has_no_rollback(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run(Faults().when(lambda call: call.operation == "ListUserTags" and call.n > 2, f.denied))
    assert runs.events(5)[-1] == "failed"
    wire.faults = Faults().when(lambda call: call.operation == "ListUserTags", f.denied)
    with pytest.raises(BadInput, match="nobody knows whether change #5 was done"):
        applying.inverse_of(runs.plan, runs.path, None, wire.session, 4)


@pytest.mark.parametrize("tag", ["theirs", ""])
def test_what_was_edited_since_stops_the_rollback(tag: str, aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run()
    iam = aws.client("iam")
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": tag}])
    before = pictured(aws)
    back, place = applying.inverse_of(runs.plan, runs.path, None, wire.session, 4)
    with pytest.raises(Refused) as refusal:
        applying.check(back, back.changes, wire.session, 4)
    shown = "\n".join(refusal.value.details)
    assert "iam.user_tag/alice/team" in shown
    assert '"blue"' in shown
    assert json.dumps(tag) in shown
    assert "(absent)" in shown
    assert "by hand" in refusal.value.remedy
    assert pictured(aws) == before
    assert not journal_path(place).exists()


def test_a_rolled_back_plan_is_not_applied_again(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run()
    applying.refuse_if_rolled_back(runs.plan, runs.path)
    elsewhere = folder / "other" / "mine.json"
    back, place = applying.inverse_of(runs.plan, runs.path, elsewhere, wire.session, 4)
    assert place == elsewhere
    applying.refuse_if_rolled_back(runs.plan, runs.path)  # it is written, and was not begun
    applying.execute(back, place, wire.session, parallel=4, fail_fast=False)
    with pytest.raises(Refused, match="rolled back"):
        applying.refuse_if_rolled_back(runs.plan, runs.path)
    assert runs.records[-1].plan == back.digest


def test_a_file_that_holds_another_plan_is_not_overwritten(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run()
    other = plan_of(step("iam.group", "else", to={"path": "/"}))
    save(other, rollback_path(runs.path))
    with pytest.raises(Refused, match="is another plan"):
        applying.inverse_of(runs.plan, runs.path, None, wire.session, 4)
    assert load(rollback_path(runs.path)) == other


def test_a_journal_of_another_plan_is_refused(aws: Aws, wire: Wire, folder: Path) -> None:
    """Its outcomes would be taken for this plan's: changes that were never made would count as done."""
    runs = small(aws, wire, folder)
    runs.run()
    runs.path.unlink()
    other = plan_of(step("iam.group", "else", to={"path": "/"}))
    journal = journal_path(runs.path).read_bytes()
    journal_path(runs.path).unlink()
    save(other, runs.path)
    journal_path(runs.path).write_bytes(journal)
    with pytest.raises(Refused, match="tells of another plan"):
        applying.recorded(runs.path)


def test_a_rollback_can_be_taken_back(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run()
    after = pictured(aws)
    back, _ = taken_back(wire, runs.plan, runs.path)
    place = rollback_path(runs.path)
    forward, result = taken_back(wire, back, place)
    assert set(result.values()) == {"done"}
    assert pictured(aws) == after
    assert forward.header.rolls_back == back.digest


def test_the_inverse_is_the_plan_backwards(aws: Aws, wire: Wire, folder: Path) -> None:
    runs = small(aws, wire, folder)
    runs.run()
    done = rollback.settled(runs.plan, runs.records, LiveAccount(wire.session, 4), runs.clock)
    back = rollback.inverse(runs.plan, done, read_account(wire.session), RESOURCES, runs.clock.now())
    assert [(c.address, c.before, c.after) for c in back.changes] == [
        (c.address, c.after, c.before) for c in reversed(runs.plan.changes)
    ]
    by_address = {c.address: c for c in back.changes}
    number = {c.id: c.address for c in back.changes}
    needs = {a: {number[n] for n in c.needs} for a, c in by_address.items()}
    assert needs[at("iam.group_member", "ops", "alice")] == {at("iam.user_policy", "alice", READ_ONLY)}
    assert needs[at("iam.user_tag", "alice", "team")] == set()
