"""A one-time password that a killed run made and never showed: the next one says so, and how to set another."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.aws import Aws
from support.cli import run, started
from support.engine import plan_of, step
from support.latency import _operation

from remediate.store.plans import save

USERS = ("alice", "bob", "carol")


@contextmanager
def killed_at(aws: Aws, operation: str, n: int, *, carried_out: bool) -> Iterator[list[int]]:
    """AWS itself kills the process that is in the list, at the n-th call of an operation."""
    inner, calls, victim = aws.sandbox.application, [0], [0]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        calls[0] += _operation(environ) == operation
        if calls[0] != n or not victim[0] or _operation(environ) != operation:
            return inner(environ, start_response)
        answer = inner(environ, start_response) if carried_out else [b""]
        os.kill(victim[0], signal.SIGKILL)
        return answer

    aws.sandbox.application = application
    try:
        yield victim
    finally:
        aws.sandbox.application = inner


@pytest.mark.parametrize("carried_out", [True, False])
def test_it_is_said_of_those_that_were_made_and_not_shown(aws: Aws, tmp_path: Path, carried_out: bool) -> None:
    for user in USERS:
        aws.client("iam").create_user(UserName=user)
    chain = (step("iam.login_profile", user, to="password", needs=(n,) if n else ()) for n, user in enumerate(USERS))
    save(plan_of(*chain), tmp_path / "a.plan.json")
    with killed_at(aws, "CreateLoginProfile", 2, carried_out=carried_out) as victim:
        process = started("apply", "a.plan.json", "--yes", "--parallel", "1", cwd=tmp_path)
        victim[0] = process.pid
        assert process.wait(timeout=60) == -signal.SIGKILL
    again = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    shown, _, unseen = again.stderr.partition("An earlier run broke off")
    lost = USERS[:2] if carried_out else USERS[:1]
    assert [u for u in USERS if f"--user-name {u}" in unseen] == list(lost)
    assert [u for u in USERS if f"\n  {u} " in shown] == [u for u in USERS if u not in lost]
    assert "An earlier run broke off" in run("apply", "a.plan.json", "--yes", cwd=tmp_path).stderr  # whoever asks late


def test_of_a_run_that_ended_nothing_is_said(aws: Aws, tmp_path: Path) -> None:
    aws.client("iam").create_user(UserName="alice")
    save(plan_of(step("iam.login_profile", "alice", to="password")), tmp_path / "a.plan.json")
    for _ in range(2):
        told = run("apply", "a.plan.json", "--yes", cwd=tmp_path)
        assert told.returncode == 0
        assert "An earlier run broke off" not in told.stderr
