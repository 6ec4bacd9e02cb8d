"""One watched session for all tests of the engine."""

import pytest
from support.aws import Aws
from support.engine import Wire


@pytest.fixture(scope="session")
def _wire(_clients: Aws) -> Wire:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _clients.environment().items():
            patch.setenv(name, value)
        return Wire()


@pytest.fixture
def wire(_wire: Wire, aws: Aws) -> Wire:
    return _wire
