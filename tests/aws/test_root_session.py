"""The one way to be a member's root user: exactly which call asks for it, what has to be proven, and what it may do."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import Stubber
from support.aws import Aws
from support.contract.root import member_key, member_with_a_key
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.faults import Call, Faults, denied, expired, listen, refusal

from remediate.aws.resources.iam_root import AUDIT, DELETE, RootAccessKey
from remediate.aws.session import RootSession, Session
from remediate.errors import CallFailed, CredentialsEnded, Denied, Partial
from remediate.model import at, when
from remediate.sandbox.estate.root import MEMBER

ROOT = f"arn:aws:iam::{MEMBER}:root"
ENDS = datetime(2099, 1, 1, tzinfo=UTC)
MADE: dict[str, Any] = {
    "AccessKeyId": "ASIAROOTOFTHEMEMBER0",
    "SecretAccessKey": "s",
    "SessionToken": "token",
    "Expiration": ENDS,
}


def who_is(root: RootSession) -> str:
    return str(root.read("sts", "get_caller_identity")["Arn"])


@pytest.fixture
def wire(aws: Aws) -> Iterator[Wire]:
    """The sandbox with a member whose root has a key, and a session of which every call is seen."""
    member_with_a_key(aws.client)
    yield Wire()


class Answers:
    """Answers in AWS's place: GetCallerIdentity with an ARN, every other call with a refusal."""

    def __init__(self, session: Session, arn: str = "") -> None:
        self.arn = arn
        self.calls: list[Call] = []
        listen(session._boto.events, self.hook)

    def hook(self, request: AWSPreparedRequest, event_name: str, **_more: Any) -> AWSResponse | None:
        _, service, operation = event_name.split(".")
        call = Call(service, operation, 1, len(self.calls) + 1, request)
        self.calls.append(call)
        if operation != "GetCallerIdentity":
            return denied(call)
        inner = f"<GetCallerIdentityResult><Arn>{self.arn}</Arn></GetCallerIdentityResult>"
        return answered(call, f"<GetCallerIdentityResponse>{inner}</GetCallerIdentityResponse>")


def answered(call: Call, text: str) -> AWSResponse:
    headers = HTTPHeaders.from_pairs([("Content-Length", str(len(text)))])
    return AWSResponse(call.request.url, 200, headers, Raw(text.encode()))


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def offline(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Session:
    """AWS's own addresses, and nothing that goes there: each call is answered here."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    return Session(region="us-east-1")


def test_the_exact_request(offline: Session) -> None:
    answers = Answers(offline, ROOT)
    expected = {
        "TargetPrincipal": MEMBER,
        "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
        "DurationSeconds": 900,
    }
    with Stubber(offline._client("sts", "", once=False)) as stub:
        stub.add_response("assume_root", {"Credentials": MADE}, expected)
        assert offline.as_root(MEMBER, AUDIT, lambda root: root.access_key()) == MADE["AccessKeyId"]
        stub.assert_no_pending_responses()
    (proof,) = answers.calls
    assert proof.operation == "GetCallerIdentity"
    assert proof.request.headers["X-Amz-Security-Token"] == b"token"
    assert MADE["AccessKeyId"].encode() in proof.request.headers["Authorization"]


def test_never_the_global_endpoint_whatever_old_settings_say(offline: Session) -> None:
    answers = Answers(offline)
    with pytest.raises(Denied):
        offline.as_root(MEMBER, AUDIT, who_is)
    assert [(c.operation, c.request.url) for c in answers.calls] == [
        ("AssumeRoot", "https://sts.us-east-1.amazonaws.com/")
    ]


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:user/me", "arn:aws:iam::123456789012:root", "", ROOT + "x"])
def test_credentials_that_are_somebody_elses_are_never_used(offline: Session, arn: str) -> None:
    answers = Answers(offline, arn)
    with Stubber(offline._client("sts", "", once=False)) as stub:
        stub.add_response("assume_root", {"Credentials": MADE})
        with pytest.raises(CallFailed, match="NotRoot"):
            offline.as_root(MEMBER, DELETE, lambda root: root.write("iam", "delete_access_key", AccessKeyId="AKIA" * 5))
    assert [call.operation for call in answers.calls] == ["GetCallerIdentity"]


def test_the_proof_comes_before_the_first_call_without_a_user(wire: Wire) -> None:
    key = member_key().access_key_id
    RootAccessKey().write(wire.session, at("iam.root_access_key", MEMBER, key), "Active", None)
    assert [call.operation for call in wire.faults.calls] == ["AssumeRoot", "GetCallerIdentity", "DeleteAccessKey"]
    asked, _, deleted = (parse_qs(call.body) for call in wire.faults.calls)
    assert asked["TaskPolicyArn.arn"] == ["arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials"]
    assert (asked["DurationSeconds"], asked["TargetPrincipal"]) == (["900"], [MEMBER])
    assert (deleted["AccessKeyId"], "UserName" in deleted) == ([key], False)


def test_one_session_a_task_for_all_threads(wire: Wire) -> None:
    with ThreadPoolExecutor(8) as pool:
        arns = list(pool.map(lambda _: wire.session.as_root(MEMBER, AUDIT, who_is), range(8)))
    assert arns == [ROOT] * 8
    assert wire.faults.sends("AssumeRoot") == 1
    wire.session.as_root(MEMBER, DELETE, who_is)
    assert wire.faults.sends("AssumeRoot") == 2


def test_anew_before_it_ends(wire: Wire) -> None:
    first = wire.session.as_root(MEMBER, AUDIT, lambda root: root)
    first._ends = datetime.now(UTC) + timedelta(seconds=59)
    assert wire.session.as_root(MEMBER, AUDIT, lambda root: root) is not first
    assert wire.faults.sends("AssumeRoot") == 2


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_anew_when_aws_takes_it_no_longer(wire: Wire, code: str) -> None:
    """The deletion was refused, so it did not happen, and goes out again with new credentials."""
    wire.faults.nth("DeleteAccessKey", 1, refusal(code, 403))
    key = member_key().access_key_id
    RootAccessKey().write(wire.session, at("iam.root_access_key", MEMBER, key), "Active", None)
    operations = [call.operation for call in wire.faults.calls]
    assert operations == ["AssumeRoot", "GetCallerIdentity", "DeleteAccessKey"] * 2


def test_root_credentials_that_end_again_are_not_taken_for_the_callers(wire: Wire) -> None:
    """Otherwise the whole run would stop, and ask its caller to sign in."""
    wire.faults.when(lambda call: call.operation == "ListAccessKeys", expired)
    with pytest.raises(CallFailed, match="ExpiredToken") as caught:
        RootAccessKey().read(wire.session, at("iam.root_access_key", MEMBER))
    assert not isinstance(caught.value, CredentialsEnded)
    wire.faults = Faults().when(lambda call: call.operation == "GetCallerIdentity", expired)
    with pytest.raises(CallFailed, match="ExpiredToken") as caught:
        wire.session.as_root(MEMBER, DELETE, who_is)
    assert not isinstance(caught.value, CredentialsEnded)


def test_the_callers_credentials_that_ended_stop_the_run(wire: Wire) -> None:
    wire.faults.when(lambda call: call.operation == "AssumeRoot", expired)
    with pytest.raises(CredentialsEnded):
        wire.session.as_root(MEMBER, AUDIT, who_is)


def test_denied_is_denied(wire: Wire) -> None:
    wire.faults.when(lambda call: call.operation == "AssumeRoot", denied)
    with pytest.raises(Denied):
        wire.session.as_root(MEMBER, AUDIT, who_is)


@pytest.mark.parametrize(("used", "outcome"), [(True, "conflict"), (False, "done")])
def test_a_key_used_since_the_plan_is_not_deleted(wire: Wire, tmp_path: Path, used: bool, outcome: str) -> None:
    key = member_key()
    change = Step(
        at("iam.root_access_key", MEMBER, key.access_key_id),
        "Active",
        None,
        evidence={"last_used": "2020-01-01T00:00:00Z" if used else when(key.last_used.timestamp)},
        risk="destructive",
    )
    runs = Runs(plan_of(change), tmp_path, wire)
    faults = Faults()
    assert outcomes(runs.run(faults)) == [outcome]
    assert ("DeleteAccessKey" in faults.writes) is not used


WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a key of a user": ("iam", "delete_access_key", {"AccessKeyId": "AKIA" * 5, "UserName": "ann"}),
    "a key of nobody": ("iam", "delete_access_key", {"AccessKeyId": "AKIA" * 5, "UserName": ""}),
    "a key made inactive": ("iam", "update_access_key", {"AccessKeyId": "AKIA" * 5, "Status": "Inactive"}),
    "the root password": ("iam", "delete_login_profile", {}),
    "a bucket": ("s3", "delete_bucket", {"Bucket": "b"}),
}


@pytest.mark.parametrize(("service", "operation", "parameters"), WRITES.values(), ids=WRITES)
def test_it_writes_nothing_else(wire: Wire, service: str, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(CallFailed, match="NotForRoot"):
        wire.session.as_root(MEMBER, DELETE, lambda root: root.write(service, operation, **parameters))
    assert wire.faults.writes == ["AssumeRoot"]


def test_it_writes_nothing_once_the_run_lost_its_lock(wire: Wire) -> None:
    """The fence of the run is asked, and it is told of each call, also where they were set after the session began."""
    root = wire.session.as_root(MEMBER, DELETE, lambda root: root)
    told: list[str] = []
    wire.session.on_write = lambda _service, operation, _parameters: told.append(operation)

    def lost() -> None:
        raise Partial("this run lost the lock")

    wire.session.fence = lost
    key = member_key().access_key_id
    with pytest.raises(Partial, match="lost the lock"):
        root.write("iam", "delete_access_key", AccessKeyId=key)
    assert (told, "DeleteAccessKey" in wire.faults.writes) == ([], False)
    wire.session.fence = lambda: None
    root.write("iam", "delete_access_key", AccessKeyId=key)
    assert told == ["delete_access_key"]


def test_the_callers_own_session_never_writes_without_a_user(wire: Wire) -> None:
    wire.session.as_root(MEMBER, DELETE, who_is)
    with pytest.raises(CallFailed, match="ImplicitUser"):
        wire.session.write("iam", "delete_access_key", AccessKeyId=member_key().access_key_id)
    assert "DeleteAccessKey" not in wire.faults.writes


def test_every_call_is_counted_where_the_command_counts(wire: Wire) -> None:
    seen: list[str] = []
    wire.session.on_call = seen.append
    RootAccessKey().read(wire.session, at("iam.root_access_key", MEMBER))
    assert seen == ["assume_root", "get_caller_identity", "list_access_keys"]
    assert wire.session.calls == 3
