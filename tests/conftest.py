"""The account that tests run against: one sandbox for the whole session, empty again before each test."""

from collections.abc import Iterator

import pytest
from support.aws import Aws

from remediate.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def _clients(sandbox: Sandbox) -> Aws:
    return Aws(sandbox)


@pytest.fixture
def aws(_clients: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An empty account, and an environment in which boto3 reaches nothing else."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in _clients.environment().items():
        monkeypatch.setenv(name, value)
    _clients.sandbox.reset()
    return _clients
