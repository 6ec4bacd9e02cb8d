"""A one-time password is shown once and is in no file; the credentials of the caller are nowhere at all."""

import os
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends
from support.aws import Aws
from support.cli import run
from support.engine import plan_of, step
from support.latency import _operation

from remediate.store.plans import save

CANARY = "CANARY/secret/access/key/0123456789abcdef"


def password(aws: Aws, user: str) -> str:
    """What the account has, which no call would tell."""
    backend: Any = iam_backends[aws.account_id]["aws"]
    return str(backend.users[user].password)


def holding(folder: Path, text: str) -> list[Path]:
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return [file for file in files if text.encode() in file.read_bytes()]


def plan_for(aws: Aws, tmp_path: Path) -> list[str]:
    users = ["alice", "bob", "carol"]
    for user in users:
        aws.client("iam").create_user(UserName=user)
    save(plan_of(*(step("iam.login_profile", user, to="password") for user in users)), tmp_path / "a.plan.json")
    return users


def test_one_time_passwords_are_shown_once(aws: Aws, tmp_path: Path) -> None:
    users = plan_for(aws, tmp_path)
    for arguments in ((), ("--json",)):
        result = run("apply", "a.plan.json", "--yes", *arguments, cwd=tmp_path, AWS_SECRET_ACCESS_KEY=CANARY)
        assert result.returncode == 0, result.stderr
        output = result.stdout + result.stderr
        for user in users:
            assert output.count(password(aws, user)) == (1 if not arguments else 0)
            assert holding(tmp_path, password(aws, user)) == []
        assert CANARY not in output
        assert holding(tmp_path, CANARY) == []


def test_passwords_are_shown_whatever_stops_the_run(aws: Aws, tmp_path: Path) -> None:
    """Two are made, one of them with its answer lost; the third is refused, and then nothing works any more."""
    users = plan_for(aws, tmp_path)
    inner = aws.sandbox.application
    made = [0]

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        made[0] += _operation(environ) == "CreateLoginProfile"
        if made[0] < 3:
            return inner(environ, start_response)
        body = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>no</Message></Error></ErrorResponse>"
        start_response("403 No", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    aws.sandbox.application = application
    try:
        arguments = ("apply", "a.plan.json", "--yes", "--parallel", "1", "--json")
        result = run(*arguments, cwd=tmp_path, AWS_SECRET_ACCESS_KEY=CANARY)
    finally:
        aws.sandbox.application = inner
    assert result.returncode == 4, result.stderr
    have = [user for user in users if password(aws, user) != "None"]
    assert len(have) == 2
    for user in have:
        assert (result.stdout + result.stderr).count(password(aws, user)) == 1
        assert holding(tmp_path, password(aws, user)) == []
    assert CANARY not in result.stdout + result.stderr
    assert holding(tmp_path, CANARY) == []
