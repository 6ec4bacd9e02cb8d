"""The passwords of directories: where they are looked for, what is refused before any call, and that none gets out."""

from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.contract import directories as case
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.faults import Faults, refusal, server_error

from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.errors import CallFailed
from remediate.model import Value, at
from remediate.passwords import of_directory, of_trust
from remediate.sandbox.estate import directories

VARIABLE = "REMEDIATE_PASSWORD_CORP_EXAMPLE_COM"
SECRET = f"remediate/directory/{case.NAME}"


@pytest.fixture
def backend(aws: Aws) -> Any:
    case.network(aws.client)
    return case.backend()


def made(backend: Any) -> list[str]:
    return [directory.password for directory in backend.directories.values()]


def create(value: Value = case.SIMPLE) -> None:
    RESOURCES["ds.directory"].write(Session(), case.DIRECTORY, None, value)


def test_where_they_are_looked_for() -> None:
    assert (of_directory("a-b.example.com").variable, of_directory("a-b.example.com").secret) == (
        "REMEDIATE_PASSWORD_A_B_EXAMPLE_COM",
        "remediate/directory/a-b.example.com",
    )
    assert of_trust(case.NAME, case.FAR).variable == f"{VARIABLE}_TRUST_PARTNER_EXAMPLE_COM"
    assert of_trust(case.NAME, case.FAR).secret == f"{SECRET}/trust/{case.FAR}"


def test_the_environment_comes_before_the_secret(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "From-the-environment-1")
    create()
    monkeypatch.setenv(VARIABLE, "")
    create()
    assert made(backend) == ["From-the-environment-1", case.PASSWORD]


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ('{"password": "In-JSON-12345"}', "In-JSON-12345"),
        ('{"user": "Admin", "password": "In-JSON-12345"}', "In-JSON-12345"),
        ('{"other": "A-json-text-1"}', '{"other": "A-json-text-1"}'),
        ("12345678aB", "12345678aB"),
        ('"Quoted-12345"', '"Quoted-12345"'),
    ],
)
def test_a_secret_is_text_or_json(backend: Any, aws: Aws, text: str, password: str) -> None:
    aws.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)
    create()
    assert made(backend) == [password]


def test_no_password_is_refused_before_the_call(backend: Any, aws: Aws) -> None:
    aws.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    with pytest.raises(CallFailed, match=f"{VARIABLE} is not set, and there is no secret {SECRET} in us-east-1"):
        create()
    assert made(backend) == []


@pytest.mark.parametrize("password", ["Short-1", "onlylowercase", "lower123456", "x" * 65 + "A1", "Two lines\n1"])
@pytest.mark.parametrize("value", [case.SIMPLE, case.MICROSOFT], ids=["simple", "microsoft"])
def test_what_aws_would_refuse_is_refused_before_the_call(
    backend: Any, monkeypatch: pytest.MonkeyPatch, password: str, value: Value
) -> None:
    monkeypatch.setenv(VARIABLE, password)
    with pytest.raises(CallFailed, match="BadPassword") as caught:
        create(value)
    assert password not in str(caught.value)
    assert made(backend) == []


def test_a_service_account_has_the_password_that_it_has(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "Short-1aB")
    create(case.CONNECTOR)
    assert made(backend) == ["Short-1aB"]


@pytest.mark.parametrize("fault", [refusal("ClientException", message=f"bad {case.PASSWORD}"), server_error])
def test_no_password_gets_out(backend: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], fault: Any) -> None:
    """Not into the plan, the journal, what a run says, or an error with everything that led to it."""
    wire = Wire()
    runs = Runs(plan_of(Step(case.DIRECTORY, None, case.SIMPLE)), tmp_path, wire)
    first = runs.run(Faults().nth("CreateDirectory", 1, fault))
    said = str(first.details) + repr(first.outcomes)
    second = runs.run()
    assert outcomes(second) == ["done"]
    said += str(second.details) + "".join(capfd.readouterr())
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file())
    assert written.count("corp.example.com") > 0
    assert case.PASSWORD not in said + written


def test_the_error_that_names_it_is_not_shown_beside_the_clean_one(backend: Any) -> None:
    wire = Wire()
    wire.faults = Faults().nth("CreateDirectory", 1, refusal("ClientException", message=f"bad {case.PASSWORD}"))
    with pytest.raises(CallFailed, match="bad …") as caught:
        RESOURCES["ds.directory"].write(wire.session, case.DIRECTORY, None, case.SIMPLE)
    error: BaseException | None = caught.value
    while error is not None:
        assert case.PASSWORD not in f"{error} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_a_secret_that_may_not_be_read_says_so(backend: Any) -> None:
    wire = Wire()
    wire.faults = Faults().when(lambda call: call.operation == "GetSecretValue", refusal("AccessDeniedException"))
    with pytest.raises(CallFailed, match="get_secret_value: AccessDeniedException"):
        RESOURCES["ds.directory"].write(wire.session, case.DIRECTORY, None, case.SIMPLE)
    assert made(backend) == []


def test_a_trust_is_not_sent_to_a_directory_that_is_not_ready(aws: Aws) -> None:
    case.active(aws.client)
    case.backend().minutes = 20
    wire = Wire()
    with pytest.raises(CallFailed, match=r"corp\.example\.com is Requested, not Active"):
        RESOURCES["ds.trust"].write(wire.session, at("ds.trust", "us-east-1", case.NAME, case.FAR), None, case.TWO_WAY)
    assert wire.faults.writes == []


def test_of_several_with_one_name_the_one_that_works_counts(aws: Aws) -> None:
    case.network(aws.client)
    place = {"VpcId": directories.VPC, "SubnetIds": sorted(directories.SUBNETS)}
    ds = aws.client("ds")
    for size in ("Small", "Large", "Small"):
        ds.create_directory(Name=case.NAME, Password=case.PASSWORD, Size=size, VpcSettings=place)
    backend = case.backend()
    failed, working, _ = backend.directories.values()
    failed.failed, backend.minutes = "no route", 0
    kind = RESOURCES["ds.directory"]
    value: Any = kind.read(Session(), case.DIRECTORY)[case.DIRECTORY]
    assert value["size"] == "Large"
    working.failed = "no route"
    value = kind.read(Session(), case.DIRECTORY)[case.DIRECTORY]
    assert value["size"] == "Small"
