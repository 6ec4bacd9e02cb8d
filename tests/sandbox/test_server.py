"""The sandbox starts, ends and starts again; it says what stops it, and nothing else."""

import builtins
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws import Aws
from support.latency import latency, slow_client
from support.snapshot import snapshot

from remediate.errors import BadInput
from remediate.sandbox import Sandbox, SandboxMissing

TWICE = """
from remediate.sandbox import Sandbox
import boto3
for _ in range(2):
    with Sandbox() as sandbox:
        iam = boto3.client("iam", endpoint_url=sandbox.url, **{KEYS})
        iam.create_user(UserName="alice")
        print(iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"])
"""
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


def test_twice_in_one_process_with_the_same_ids_and_no_noise() -> None:
    done = run(TWICE.replace("{KEYS}", json.dumps(KEYS)))
    once, again = done.stdout.splitlines()
    assert once == again
    assert done.stderr == ""


def test_importing_it_imports_no_moto() -> None:
    done = run("import sys, remediate.sandbox, remediate.sandbox.strict; print('moto' in sys.modules)")
    assert done.stdout.strip() == "False"


def test_no_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("moto"):
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SandboxMissing) as stopped:
        Sandbox().__enter__()
    assert "remediate-aws[sandbox]" in stopped.value.remedy


def test_a_port_in_use(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(BadInput) as stopped, Sandbox(port):
        pass
    assert str(port) in str(stopped.value)


def test_one_at_a_time(aws: Aws) -> None:
    aws.client("iam").create_user(UserName="alice")
    with pytest.raises(BadInput, match="already"), Sandbox():
        pass
    assert aws.client("iam").get_user(UserName="alice")  # starting another one would have emptied this one


def test_loopback_only(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    assert sandbox.url.startswith("http://127.0.0.1:")
    with socket.socket() as other, pytest.raises(OSError):
        other.connect(("127.0.0.2", port))


def test_environment_reaches_nothing_else(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    assert environment["AWS_ENDPOINT_URL"] == sandbox.url
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    who = run("import boto3; print(boto3.client('sts').get_caller_identity()['Account'])", environment)
    assert who.stdout.strip() == sandbox.account_id


def test_reset_empties_everything(aws: Aws) -> None:
    empty = snapshot(aws.client)
    aws.client("iam").create_user(UserName="alice")
    aws.client("s3").create_bucket(Bucket="logs")
    aws.client("kms", "eu-west-1").create_key()
    aws.client("logs").create_log_group(logGroupName="trail")
    assert snapshot(aws.client) != empty
    aws.sandbox.reset()
    assert snapshot(aws.client) == empty


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("detective", "list_graphs", {}),
        ("cloudtrail", "list_channels", {}),
        ("iam", "list_service_specific_credentials", {"UserName": "alice"}),
    ],
)
def test_what_moto_lacks_is_said_at_once(aws: Aws, service: str, operation: str, parameters: Any) -> None:
    client = aws.client(service)
    calls = slow_client(client)
    with pytest.raises(ClientError, match="NotImplemented"):
        getattr(client, operation)(**parameters)
    assert calls.total == 1


def test_latency_from_outside(aws: Aws) -> None:
    with latency(aws.sandbox, 20) as calls:
        aws.client("iam").list_users()
        aws.client("cloudtrail").describe_trails()
        aws.client("s3").list_buckets()
    assert calls.by_operation == {"ListUsers": 1, "DescribeTrails": 1, "GET /": 1}
    aws.client("iam").list_users()
    assert calls.total == 3


def run(program: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", program],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
