"""The executor against a strict AWS, with faults on the wire: nothing is done twice, and nothing is hidden."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from support import faults as f
from support.aws import Aws
from support.engine import FakeClock, Runs, Step, Wire, outcomes, plan_of, step
from support.faults import Faults
from support.make import role_in
from support.mutations import MUTATIONS, PASSWORDS, READ_ONLY, TRUST, Mutation, everything

from remediate.aws.failures import THROTTLED
from remediate.aws.session import Session
from remediate.errors import CallFailed, Partial
from remediate.model import Address, Change, Event, Receipt, Value, kind_of

CLEAN: dict[str, dict[str, Any]] = {}
"""What each mutation leaves, found out once."""
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
        found[policy["Arn"]] = [(v["PolicyVersion"]["Document"], v["PolicyVersion"]["IsDefaultVersion"]) for v in shown]
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
    """The account after the same change without faults; the account is empty again when this returns."""
    if mutation.id in CLEAN:
        return CLEAN[mutation.id]
    folder.mkdir()
    runs = one_change(mutation, aws, wire, folder)
    assert outcomes(runs.run()) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]
    assert tuple(wire.faults.writes) == mutation.calls
    CLEAN[mutation.id] = details(aws)
    aws.sandbox.reset()
    return CLEAN[mutation.id]


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
def test_a_call_that_never_arrived_is_sent_once_more(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clean = expected(mutation, aws, wire, tmp_path / "clean")
    runs = one_change(mutation, aws, wire, tmp_path)
    result = runs.run(Faults().nth(mutation.calls[0], 1, f.lost_on_the_way))
    assert outcomes(result) == ["done"]
    assert runs.events() == ["intent", "intent", "sent", "done"]
    assert tuple(wire.faults.writes) == (mutation.calls[0], *mutation.calls)
    assert details(aws) == clean
    assert runs.clock.slept >= 1.7  # it asked the account first


@every_mutation
def test_an_unreachable_endpoint_is_waited_for_and_nothing_is_sent_twice(
    mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    assert outcomes(runs.run(Faults().nth(mutation.calls[0], 1, f.unreachable))) == ["done"]
    assert runs.events() == ["intent", "sent", "done"]
    assert outcomes(runs.run()) == ["done"]
    assert wire.faults.calls == []


@every_mutation
def test_a_refusal_is_recorded_and_never_sent_again(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
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
def test_what_somebody_else_did_already_is_not_ours(mutation: Mutation, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = one_change(mutation, aws, wire, tmp_path)
    (tmp_path / "other").mkdir()
    Runs(runs.plan, tmp_path / "other", wire).run()
    assert outcomes(runs.run()) == ["already"]
    assert wire.faults.writes == []


# --- plans of several changes ---------------------------------------------------------------------------------------


def team(aws: Aws) -> tuple[Step, ...]:
    """Two people and what a new group for them needs: 2 and 3 rest on 1, 4 on 3 and 2; 5 to 9 on nothing."""
    iam = aws.client("iam")
    everything(iam)
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="alice", PolicyArn=READ_ONLY)
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    return (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group_member", "ops", "alice", to="member", needs=(1,)),
        step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None, needs=(2, 3)),
        step("iam.user_tag", "alice", "team", to="blue"),
        step("iam.user_tag", "bob", "team", was="red", to="blue"),
        step("iam.login_profile", "bob", to="password"),
        step("iam.password_policy", to=PASSWORDS),
        step("iam.role", "new", to={"path": "/", "trust": TRUST}),
    )


DONE = ["done"] * 9


@pytest.fixture
def runs(aws: Aws, wire: Wire, tmp_path: Path) -> Runs:
    return Runs(plan_of(*team(aws)), tmp_path, wire)


def test_throttling_slows_down_and_finishes(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=runs.clock.sleep, time=time.time))
    assert outcomes(runs.run(Faults().when(f.every(0.3), f.throttled))) == DONE
    assert sum(r.event == "intent" for r in runs.records) == 9  # one intent each, however often it was refused


def test_throttling_without_an_end_is_given_up_and_resumed(runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.operation == "CreateGroup", f.throttled))
    assert result.outcomes[1] == "failed"
    assert 120 <= runs.clock.slept <= 140
    assert {2, 3, 4}.isdisjoint(result.outcomes)
    assert outcomes(runs.run()) == DONE


def test_each_call_denied(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Whichever call is denied: never a success, never silence, never a second try; then it goes on."""
    count = clean_calls(aws, wire, tmp_path)
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        result = runs.run(Faults().when(at_call(index), f.denied))
        bad = [change for change, event in result.outcomes.items() if event not in ("done", "already")]
        assert bad or len(result.outcomes) < 9 or result.stopped, f"call {index} was swallowed"
        assert all("AccessDenied" in result.details[change] for change in bad)
        assert runs.records[-1].detail != "complete"
        assert not any(calls > 1 for calls in Counter(map(identity_of, runs.wire.faults.calls)).values())
        assert outcomes(runs.run()) == DONE, f"call {index}"


def test_credentials_that_end_at_each_call(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Nothing more is written from then on, and the same plan finishes with new credentials."""
    count = clean_calls(aws, wire, tmp_path)
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        result = runs.run(Faults().when(from_call(index), f.expired))
        assert "ExpiredToken" in result.stopped
        assert runs.records[-1].event == "end"
        assert "ExpiredToken" in runs.records[-1].detail
        refused = [call for call in wire.faults.calls if call.index > index and call.writes]
        assert len(refused) < runs.parallel  # only those in hand
        assert set(outcomes(runs.run())) <= {"done"}, f"call {index}"


def at_call(index: int) -> f.Chooser:
    return lambda call: call.index == index


def from_call(index: int) -> f.Chooser:
    return lambda call: call.index >= index


def clean_calls(aws: Aws, wire: Wire, folder: Path) -> int:
    """How many calls the plan takes without faults."""
    runs = again(aws, wire, folder / "clean")
    assert outcomes(runs.run()) == DONE
    return len(wire.faults.calls)


def again(aws: Aws, wire: Wire, folder: Path) -> Runs:
    """The account and the plan as at first."""
    folder.mkdir()
    aws.sandbox.reset()
    return Runs(plan_of(*team(aws)), folder, wire, parallel=2)


def identity_of(call: f.Call) -> object:
    """What makes a write the same write: its operation and its parameters."""
    return (call.operation, call.request.body) if call.writes else call.index


def test_a_failure_stops_only_what_depends_on_it(runs: Runs) -> None:
    result = runs.run(Faults().nth("AttachGroupPolicy", 1, f.denied))
    assert result.outcomes == {1: "done", 2: "failed", 3: "done", **dict.fromkeys(range(5, 10), "done")}
    assert runs.records[-1].detail == "partial"


def test_fail_fast_starts_nothing_more(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=1)
    result = runs.run(Faults().nth("CreateGroup", 1, f.denied), fail_fast=True)
    assert result.outcomes == {1: "failed"}
    assert wire.faults.writes == ["CreateGroup"]
    assert "--fail-fast" in runs.records[-1].detail
    assert outcomes(runs.run()) == DONE


def test_stop_lets_what_is_in_hand_finish(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=2)
    executor = runs.executor()
    begun: list[int] = []

    def interrupted(call: f.Call) -> None:
        if call.operation == "CreateGroup":
            executor.stop("Ctrl-C")
            begun.append(sum(record.event == "intent" for record in runs.records))

    wire.faults.before = interrupted
    result = executor.run()
    assert result.stopped == "Ctrl-C"
    assert result.outcomes[1] == "done"
    assert set(result.outcomes.values()) == {"done"}
    assert len(result.outcomes) <= begun[0] + 1 < 6  # one more may have begun beside it
    assert runs.records[-1].detail == "Ctrl-C"
    assert outcomes(runs.run()) == DONE


def test_stop_ends_the_asking_of_what_aws_cannot_say(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path, wire)
    executor = runs.executor(Faults().when(lambda call: call.operation == "GetGroup", f.throttled))
    wire.faults.before = lambda call: executor.stop("Ctrl-C") if call.operation == "GetGroup" else None
    result = executor.run()
    assert (result.stopped, outcomes(result), wire.faults.writes) == ("Ctrl-C", ["failed"], [])
    assert outcomes(runs.run()) == ["done"]


def test_an_entry_that_somebody_else_makes_right_before_the_call_stays(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Of the same name, and with another value or the same."""
    iam = aws.client("iam")
    for path, came in (("/theirs/", "failed"), ("/", "already")):
        aws.sandbox.reset()
        (tmp_path / came).mkdir()
        runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path / came, wire)
        faults = Faults()

        def rival(call: f.Call, path: str = path) -> None:
            if call.operation == "CreateGroup":
                iam.create_group(GroupName="ops", Path=path)

        faults.before = rival
        result = runs.run(faults)
        assert outcomes(result) == [came]
        assert "EntityAlreadyExists" in runs.records[-2].detail
        assert iam.get_group(GroupName="ops")["Group"]["Path"] == path


def test_user_name_is_always_explicit(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """IAM takes a call without UserName as one on the caller itself."""
    for mutation in MUTATIONS:
        aws.sandbox.reset()
        (tmp_path / mutation.id).mkdir()
        runs = one_change(mutation, aws, wire, tmp_path / mutation.id)
        runs.run()
        for call in wire.faults.calls:
            shape = wire.session._client(call.service, "", once=True).meta.service_model.operation_model(call.operation)
            if shape.input_shape and "UserName" in shape.input_shape.members:
                assert "UserName=" in str(call.request.body), f"{mutation.id}: {call.operation}"
    before = len(wire.faults.calls)
    for name in ({}, {"UserName": ""}):
        with pytest.raises(CallFailed, match="act on the caller"):
            wire.session.write("iam", "create_access_key", **name)
    assert len(wire.faults.calls) == before


@pytest.mark.parametrize("code", [*sorted(THROTTLED)[:3], "ConcurrentModification", "EntityTemporarilyUnmodifiable"])
def test_what_aws_did_not_do_yet_is_tried_again(code: str, runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.writes and call.n == 1, f.refusal(code)))
    assert outcomes(result) == DONE


CODES = (
    "LimitExceeded AccessDenied EntityAlreadyExists NoSuchEntity DeleteConflict MalformedPolicyDocument InvalidInput "
    "ValidationError Throttling ServiceFailure ServiceUnavailable RequestTimeout InternalFailure"
).split()


@pytest.mark.parametrize("code", CODES)
def test_the_sdk_sends_a_write_once_in_every_retry_mode(code: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    sends = []
    for setting in ("true", "false"):
        monkeypatch.setenv("AWS_NEW_RETRIES_2026", setting)
        monkeypatch.setenv("AWS_RETRY_MODE", "legacy" if setting == "false" else "adaptive")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
        faults = Faults().when(lambda _: True, f.refusal(code, 503 if code.startswith("Service") else 400))
        with pytest.raises(CallFailed):
            faults.watch(Session()).write("iam", "create_user", UserName="alice")
        sends.append(faults.sends("CreateUser"))
    assert sends == [1, 1]


@pytest.mark.parametrize("code", ["LimitExceeded", "AccessDenied"])
def test_a_read_that_is_refused_is_sent_once(code: str, aws: Aws) -> None:
    faults = Faults().when(lambda _: True, f.refusal(code))
    with pytest.raises(CallFailed):
        faults.watch(Session()).read("iam", "get_user", UserName="alice")
    assert faults.sends("GetUser") == 1


# --- consistency ----------------------------------------------------------------------------------------------------


def hidden(clock: FakeClock, seconds: float, created: str, *operations: str) -> Faults:
    """A created thing is not there for that long, whoever asks."""
    made: list[float] = []
    faults = Faults()

    def note(call: f.Call) -> None:
        if call.operation == created:
            made.append(clock.slept)

    faults.before = note
    invisible = lambda call: call.operation in operations and bool(made) and clock.slept < made[0] + seconds  # noqa: E731
    return faults.when(invisible, f.absent)


@pytest.mark.parametrize(("seconds", "seen"), [(0, True), (5, True), (60, True), (119, True), (121, False)])
def test_what_was_created_is_waited_for(seconds: float, seen: bool, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clock = FakeClock()
    steps = (
        step("iam.user", "new", to={"path": "/"}),
        step("iam.user_policy", "new", READ_ONLY, to="attached", needs=(1,)),
        step("iam.group", "ops", to={"path": "/"}),
    )
    runs = Runs(plan_of(*steps), tmp_path, wire, clock)
    uses = ("GetUser", "AttachUserPolicy", "ListAttachedUserPolicies")
    result = runs.run(hidden(clock, seconds, "CreateUser", *uses))
    assert result.outcomes[3] == "done"
    assert wire.faults.sends("CreateUser") == 1
    if seen:
        assert outcomes(result) == ["done"] * 3
    else:
        assert result.outcomes == {1: "failed", 3: "done"}
        assert "not seen after 120 s" in result.details[1]
        assert outcomes(runs.run()) == ["done"] * 3
        assert wire.faults.sends("CreateUser") == 0  # it is there by now
        assert runs.events(1)[-1] == "done"  # and it is ours


@pytest.mark.parametrize("seconds", [5, 60, 119])
def test_a_use_of_what_is_not_visible_yet_is_tried_again(seconds: float, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    clock = FakeClock()
    steps = (
        step("iam.group", "ops", to={"path": "/"}),
        step("iam.group_policy", "ops", READ_ONLY, to="attached", needs=(1,)),
    )
    runs = Runs(plan_of(*steps), tmp_path, wire, clock)
    result = runs.run(hidden(clock, seconds, "CreateGroup", "AttachGroupPolicy"))
    assert outcomes(result) == ["done", "done"]


def test_a_lost_answer_while_the_account_lags(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """The second send finds that the first was carried out; nothing failed."""
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.user", "new", to={"path": "/"})), tmp_path, wire, clock)
    faults = hidden(clock, 60, "CreateUser", "GetUser").nth("CreateUser", 1, f.answer_lost)
    assert outcomes(runs.run(faults)) == ["done"]
    assert faults.sends("CreateUser") == 2


def test_a_lost_password_is_shown(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """The call that made it was answered by nobody, and the one after it was refused: the first one counts."""
    aws.client("iam").create_user(UserName="alice")
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.login_profile", "alice", to="password")), tmp_path, wire, clock)
    faults = hidden(clock, 60, "CreateLoginProfile", "GetLoginProfile").nth("CreateLoginProfile", 1, f.answer_lost)
    result = runs.run(faults)
    assert outcomes(result) == ["done"]
    first = parse_qs(str(next(c for c in faults.calls if c.operation == "CreateLoginProfile").request.body))
    assert result.secrets == [("iam.login_profile/alice", first["Password"][0])]


def test_a_run_that_ended_with_an_answer_in_hand_waits_before_it_sends_again(
    aws: Aws, wire: Wire, tmp_path: Path
) -> None:
    clock = FakeClock()
    runs = Runs(plan_of(step("iam.user", "new", to={"path": "/"})), tmp_path, wire, clock)
    faults = hidden(clock, 30, "CreateUser", "GetUser")
    executor = runs.executor(faults)
    executor.ledger.progress = lambda _change, event: raise_(Crash()) if event == "sent" else None
    with pytest.raises(Crash):
        executor.run()
    assert outcomes(runs.run(hidden_still(clock, 30, faults))) == ["done"]
    assert wire.faults.sends("CreateUser") == 0


def hidden_still(clock: FakeClock, seconds: float, before: Faults) -> Faults:
    return Faults().when(lambda call: call.operation == "GetUser" and clock.slept < seconds, f.absent)


class Crash(Exception):
    """The program ends here."""


def raise_(error: Exception) -> None:
    raise error


def test_reads_that_are_denied_after_a_write_are_not_asked_for_two_minutes(runs: Runs) -> None:
    result = runs.run(Faults().when(lambda call: call.operation == "GetGroup" and call.n > 2, f.denied))
    assert result.outcomes[1] == "failed"
    assert "could not be read back" in result.details[1]
    assert runs.clock.slept < 10
    assert outcomes(runs.run()) == DONE


# --- the right account, the planned values ---------------------------------------------------------------------------


def other_account(aws: Aws) -> dict[str, str]:
    """Credentials of another account."""
    role = role_in("999988887777", "other")
    found: dict[str, str] = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="tester")["Credentials"]
    return found


def swap(session: Session, keys: dict[str, str]) -> None:
    """The credentials of a running session become others, as when a profile is signed in to anew."""
    credentials: Any = session._boto.get_credentials()
    credentials.access_key, credentials.secret_key = keys["AccessKeyId"], keys["SecretAccessKey"]
    credentials.token = keys["SessionToken"]


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_swapped_credentials_write_nothing(after: int, aws: Aws, wire: Wire, tmp_path: Path) -> None:
    plan = plan_of(*team(aws))
    keys = other_account(aws)
    wire_of_its_own = Wire()
    runs = Runs(plan, tmp_path, wire_of_its_own, parallel=1)
    executor = runs.executor()
    done: list[int] = []

    def progress(change: Change, event: Event) -> None:
        if event == "sent":
            done.append(change.id)
        if len(done) == after:
            swap(wire_of_its_own.session, keys)

    executor.ledger.progress = progress
    if after == 0:
        swap(wire_of_its_own.session, keys)
    result = executor.run()
    assert "999988887777" in result.stopped
    assert len(wire_of_its_own.faults.writes) == after
    runs.wire = wire
    assert outcomes(runs.run()) == DONE


def test_an_edit_between_any_two_calls_is_never_overwritten(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Somebody gives one address a third value right before the n-th call: it stays, and all three values are shown."""
    iam = aws.client("iam")
    count = clean_calls(aws, wire, tmp_path)
    conflicts = 0
    for index in range(1, count + 1):
        runs = again(aws, wire, tmp_path / str(index))
        faults = Faults()
        begun: list[int] = []

        def edit(call: f.Call, n: int = index, faults: Faults = faults, begun: list[int] = begun) -> None:
            if call.index == n:
                iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "theirs"}])
                begun.append(max(c.index for c in faults.calls))  # by other threads meanwhile

        faults.before = edit
        result = runs.run(faults)
        now = {t["Key"]: t["Value"] for t in iam.list_user_tags(UserName="bob")["Tags"]}["team"]
        written = [c.index for c in faults.calls if c.operation == "TagUser" and "UserName=bob" in c.body]
        if result.outcomes[6] == "conflict":
            conflicts += 1
            assert not written
            assert now == "theirs"
            assert '"theirs"' in result.details[6]
            assert '"red"' in result.details[6]
        else:
            assert written
            looks = [c for c in faults.calls if c.operation == "ListUserTags" and "UserName=bob" in c.body]
            looked = [c.index for c in looks if c.index < written[0]]
            assert begun[0] >= looked[-1]  # only between the last look and the call itself is there no defence
    assert conflicts > 3


def test_waiting_for_aws_looks_again(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """A change that was throttled for a while has not been looked at for as long."""
    iam = aws.client("iam")
    everything(iam)
    iam.tag_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    runs = Runs(plan_of(step("iam.user_tag", "alice", "team", was="red", to="blue")), tmp_path, wire)
    faults = Faults().nth("TagUser", 1, f.throttled)
    theirs = [{"Key": "team", "Value": "theirs"}]
    faults.before = lambda call: iam.tag_user(UserName="alice", Tags=theirs) if call.operation == "TagUser" else None
    assert outcomes(runs.run(faults)) == ["conflict"]
    assert faults.sends("TagUser") == 1


def test_a_failed_change_that_somebody_else_made_is_not_ours(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(step("iam.group", "ops", to={"path": "/"})), tmp_path, wire)
    assert outcomes(runs.run(Faults().nth("CreateGroup", 1, f.denied))) == ["failed"]
    aws.client("iam").create_group(GroupName="ops")
    assert outcomes(runs.run()) == ["already"]


def test_somebody_was_faster(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    """Between the last look and the call, somebody did the same: that is no failure, and it is theirs."""
    iam = aws.client("iam")
    everything(iam)
    runs = Runs(plan_of(step("iam.login_profile", "alice", to="password")), tmp_path, wire)
    faults = Faults()

    def edit(call: f.Call) -> None:
        if call.operation == "CreateLoginProfile":
            iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")

    faults.before = edit
    result = runs.run(faults)
    assert outcomes(result) == ["already"]
    assert result.secrets == []


# --- this machine ---------------------------------------------------------------------------------------------------


def test_nothing_is_sent_once_the_journal_cannot_be_written(
    aws: Aws, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(*team(aws))
    for full in range(1, 20):
        aws.sandbox.reset()
        team(aws)
        (tmp_path / str(full)).mkdir()
        runs = Runs(plan, tmp_path / str(full), wire, parallel=2)
        executor = runs.executor()
        disk = Disk(executor.journal._file, full)  # type: ignore[attr-defined]
        executor.journal._file = disk  # type: ignore[attr-defined]
        with pytest.raises(Partial, match="No space left"):
            executor.run()
        assert disk.full
        intents = Counter(r.change for r in runs.records if r.event == "intent")
        assert len(wire.faults.writes) <= intents.total()
        assert outcomes(runs.run()) == DONE
        assert runs.records[-1].detail == "complete"


class Disk:
    """A file on a disk that is full at the n-th write, which is torn, and has room again after that."""

    def __init__(self, file: Any, full_at: int) -> None:
        self.file = file
        self.left = full_at
        self.full = False

    def write(self, line: bytes) -> int:
        self.left -= 1
        if self.left == 0:
            self.full = True
            return int(self.file.write(line[: len(line) // 2]))
        return int(self.file.write(line))

    def fileno(self) -> int:
        return int(self.file.fileno())


def test_an_error_of_our_own_ends_the_run_and_loses_nothing(aws: Aws, wire: Wire, tmp_path: Path) -> None:
    runs = Runs(plan_of(*team(aws)), tmp_path, wire, parallel=2)
    executor = runs.executor()
    write = executor.live.write

    def broken(address: Address, before: Value, after: Value) -> Receipt:
        if kind_of(address) == "iam.user_tag":
            raise Crash
        return write(address, before, after)

    executor.live.write = broken  # type: ignore[method-assign]
    with pytest.raises(Crash):
        executor.run()
    assert len(wire.faults.writes) <= 4  # what was in hand beside it, and nothing after
    assert outcomes(runs.run()) == DONE


def test_counters(runs: Runs) -> None:
    result = runs.run(Faults().nth("AttachGroupPolicy", 1, f.denied))
    assert (result.count("done"), result.count("failed"), result.count("done", "failed", "already")) == (7, 1, 8)
    again = runs.run()
    assert again.count("done") == 9
    assert again.details == {}
