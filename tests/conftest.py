"""The account that tests run against: one sandbox for the whole session, empty again before each test."""

import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from support.aws import Aws
from support.direct import direct
from support.engine import Wire
from support.faults import Faults
from support.stress import examples

from remediate.sandbox import Sandbox

# A shell that starts the tests in the background has Ctrl-C ignored in them and in every program they start, where
# some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# An example that takes long on a machine that is busy is no fault of what it tests.
settings.register_profile("patient", deadline=None, max_examples=examples(200))
settings.load_profile("patient")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running, direct(running):
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


@pytest.fixture(scope="session")
def _wire(_clients: Aws) -> Wire:
    """One watched session for all tests, because botocore takes its time to make clients."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        return Wire()


@pytest.fixture
def wire(_wire: Wire, aws: Aws) -> Wire:
    """That session as if it were new: without faults, and knowing nobody's root user."""
    _wire.faults = Faults()
    _wire.session._roots.clear()
    _wire.session.fence = lambda: None
    return _wire


@pytest.fixture(scope="session")
def _states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("states")
    return (folder / str(n) for n in count())


@pytest.fixture(autouse=True)
def _state(_states: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks and what is known of journals: a folder of each test's own, and never this person's."""
    monkeypatch.setenv("REMEDIATE_STATE_DIR", str(next(_states)))
