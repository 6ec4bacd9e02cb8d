"""The emulator asked without a connection says what it says over one, and its own mistakes are answers."""

import json
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from support.aws import Aws

from remediate.aws.loopback import LoopbackSession
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Address, Value
from remediate.sandbox import fill
from remediate.sandbox.direct import ask_of
from remediate.sandbox.server import ENVIRONMENT

KEYS = {
    "aws_access_key_id": ENVIRONMENT["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
}


@pytest.fixture
def direct(aws: Aws) -> LoopbackSession:
    return LoopbackSession(aws.url, KEYS, "us-east-1", "", ask_of(aws.sandbox.application))


READS = (
    "iam.password_policy",
    "iam.saml_provider",
    "iam.user_inline/zoe.escape/escape",
    "iam.user_tag/yuri.tags/terminal",
    "iam.access_key/a,b",
    "s3.bucket_policy/acme-trail-eu",
    "cloudtrail.trail/eu-west-1/eu-audit",
    "access_analyzer.analyzer/eu-west-1",
    "logs.metric_filter/eu-west-1/aws-cloudtrail-logs",
    "cloudwatch.alarm/eu-west-1",
    "budgets.budget",
    "organizations.service_access",
)


@pytest.mark.parametrize("address", READS)
def test_the_same_answers_as_over_a_connection(address: Address, aws: Aws, direct: LoopbackSession) -> None:
    fill()
    kind = RESOURCES[address.partition("/")[0]]
    found = kind.read(Session(), address)
    assert found
    assert kind.read(direct, address) == found


def test_threads_wait_for_each_other(aws: Aws) -> None:
    inside: list[int] = []

    def application(environ: Any, start: Any) -> Iterable[bytes]:
        inside.append(1)
        assert len(inside) == 1
        threading.Event().wait(0.01)
        inside.pop()
        start("200 OK", [("X", "y")])
        return [environ["PATH_INFO"].encode("latin-1"), b"!"]

    ask, answers = ask_of(application), list[Any]()
    threads = [
        threading.Thread(target=lambda: answers.append(ask("GET", "http://h/a%2Fb%20c", {}, b""))) for _ in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(status, heads["X"], text) for status, heads, text in answers] == [(200, "y", b"/a/b c!")] * 4


@pytest.mark.parametrize(("service", "operation"), [("iam", "list_users"), ("organizations", "list_roots")])
def test_a_mistake_of_the_emulator_is_an_answer_and_nothing_asks_again(
    service: str, operation: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def broken(environ: Any, start: Any) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        raise KeyError("<oh>")

    session = LoopbackSession(aws.url, KEYS, "us-east-1", "", ask_of(broken))
    with pytest.raises(CallFailed) as stopped:
        session.read(service, operation)
    assert (stopped.value.code, stopped.value.message) == ("EmulatorFailed", "the emulator failed: KeyError: '<oh>'")
    assert len(asked) == 1


def test_a_body_arrives_as_it_is(direct: LoopbackSession, aws: Aws) -> None:
    arn = "arn:aws:s3:::names/ü & <x>"
    statement: Value = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": arn}
    policy: Value = {"Version": "2012-10-17", "Statement": [statement]}
    direct.write("s3", "create_bucket", Bucket="names")
    direct.write("s3", "put_bucket_policy", Bucket="names", Policy=json.dumps(policy, ensure_ascii=False))
    assert json.loads(aws.client("s3").get_bucket_policy(Bucket="names")["Policy"]) == policy
