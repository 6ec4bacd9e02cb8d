"""A session for rehearsals reaches the emulator and nothing else, whatever the environment says."""

import socket
from typing import Any, NoReturn

import pytest
from support.aws import Aws

from remediate.aws.loopback import WITHHELD, LoopbackSession, shown
from remediate.errors import CallFailed
from remediate.sandbox.direct import ask_of

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "opens-nothing"}
NOWHERE = "http://203.0.113.1:9"
"""https://www.rfc-editor.org/rfc/rfc5737: nobody has this address."""
ELSEWHERE = {
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "ALL_PROXY": NOWHERE,
    "AWS_ENDPOINT_URL": NOWHERE,
    "AWS_ENDPOINT_URL_IAM": NOWHERE,
    "AWS_ENDPOINT_URL_S3": NOWHERE,
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
}


@pytest.fixture
def session(aws: Aws) -> LoopbackSession:
    return LoopbackSession(aws.url, KEYS, "us-east-1", "AKIAOFTHECALLER00000", ask_of(aws.sandbox.application))


@pytest.fixture
def sent(session: LoopbackSession) -> list[Any]:
    """Every request as it leaves."""
    requests: list[Any] = []
    events = session._boto._session.get_component("event_emitter")
    events.register_first("before-send", lambda **event: requests.append(event["request"]))
    return requests


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)


CALLS = [
    ("iam", "list_users", {}),
    ("s3", "list_buckets", {}),
    ("s3", "get_bucket_location", {"Bucket": "no-such-bucket"}),
    ("sts", "get_caller_identity", {}),
    ("account", "get_alternate_contact", {"AlternateContactType": "SECURITY"}),
    ("organizations", "describe_organization", {}),
    ("accessanalyzer", "list_analyzers", {}),
    ("ce", "get_anomaly_monitors", {}),
]


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
def test_every_request_is_for_the_emulator_and_nothing_connects(
    service: str,
    operation: str,
    parameters: Any,
    elsewhere: None,
    aws: Aws,
    session: LoopbackSession,
    sent: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket.socket, "connect", nobody)
    try:
        session.read(service, operation, region="eu-west-1", **parameters)
    except CallFailed as error:
        assert error.code not in ("NotTheEmulator", "EndpointConnectionError", "ProxyConnectionError")
    assert [request.url.startswith(f"{aws.url}/") for request in sent] == [True] * len(sent)
    assert sent
    signed = " ".join(str(value) for request in sent for value in request.headers.values())
    assert "AKIAREAL" not in signed


def test_a_request_to_anywhere_else_is_never_sent(session: LoopbackSession, monkeypatch: pytest.MonkeyPatch) -> None:
    client = session._boto.client("iam", endpoint_url="https://iam.amazonaws.com", **KEYS)  # type: ignore[call-overload]
    monkeypatch.setattr(socket.socket, "connect", nobody)
    with pytest.raises(CallFailed, match=r"sends nothing to iam\.amazonaws\.com"):
        client.list_users()


def nobody(*_: object) -> NoReturn:
    raise AssertionError("asked")


@pytest.mark.parametrize("url", ["https://iam.amazonaws.com", "http://localhost:5000", "http://127.0.0.1.example.com"])
def test_it_is_made_for_this_machine_alone(url: str) -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        LoopbackSession(url, KEYS, "us-east-1", "", nobody)


def test_it_says_that_it_signs_with_the_callers_key(session: LoopbackSession) -> None:
    assert session.access_key() == "AKIAOFTHECALLER00000"


def test_each_thread_notes_its_own_calls(session: LoopbackSession) -> None:
    session.write("iam", "create_group", GroupName="unheard")
    with session.noting() as calls:
        session.write("iam", "create_user", UserName="alice")
        session.read("iam", "get_user", UserName="alice")
        session.write("iam", "create_login_profile", UserName="alice", Password="Tr0ub4dor&3-and-more")
    session.write("iam", "create_group", GroupName="unheard-too")
    assert [(c.operation, c.parameters) for c in calls] == [
        ("CreateUser", {"UserName": "alice"}),
        ("CreateLoginProfile", {"UserName": "alice", "Password": WITHHELD}),
    ]


def test_what_is_sensitive_is_withheld_at_any_depth(session: LoopbackSession) -> None:
    def input_of(service: str, operation: str) -> Any:
        model = session._client(service, "", once=True).meta.service_model
        return model.operation_model(operation).input_shape

    connect = {
        "Name": "corp.example",
        "Password": "s3cret",
        "Size": "Small",
        "ConnectSettings": {"CustomerUserName": "svc", "CustomerDnsIps": ["10.0.0.1"]},
    }
    told = shown(connect, input_of("ds", "ConnectDirectory"))
    assert told == {**connect, "Password": WITHHELD}
    secret = {"SecretId": "a", "SecretString": "s3cret", "SecretBinary": b"s3cret", "VersionStages": ["AWSCURRENT"]}
    assert shown(secret, input_of("secretsmanager", "PutSecretValue")) == {
        **secret,
        "SecretString": WITHHELD,
        "SecretBinary": WITHHELD,
    }
    assert shown({"Body": b"bytes", "None": None, "Number": 1.5}, None) == {
        "Body": WITHHELD,
        "None": None,
        "Number": 1.5,
    }
