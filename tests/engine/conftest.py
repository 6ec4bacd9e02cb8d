"""What tests of the engine share."""

from pathlib import Path

import pytest
from support.aws import Aws
from support.engine import Runs, Wire, plan_of
from support.team import team


@pytest.fixture
def runs(aws: Aws, wire: Wire, tmp_path: Path) -> Runs:
    return Runs(plan_of(*team(aws)), tmp_path, wire)
