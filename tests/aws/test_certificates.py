"""Only the certificate that the plan saw is deleted, and only while nothing uses it."""

from pathlib import Path

import pytest
from support.aws import Aws
from support.contract.account import SHOP, shop
from support.engine import Runs, Step, Wire, outcomes, plan_of
from support.make import backend

from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.model import at
from remediate.sandbox.strict import settings

ADDRESS = at("iam.server_certificate", "shop")


@pytest.fixture
def runs(aws: Aws, tmp_path: Path) -> Runs:
    shop(aws.client)
    return Runs(plan_of(Step(ADDRESS, SHOP, None, risk="destructive")), tmp_path, Wire())


def test_one_that_took_its_name_stays(runs: Runs) -> None:
    kept = backend().certificates
    kept["SUCCESSOR00000001"] = kept.pop("EXAMPLE0000000001")
    assert outcomes(runs.run()) == ["conflict"]
    assert "SUCCESSOR00000001" in kept


def test_one_that_aws_knows_to_be_in_use_stays_and_goes_once_it_is_free(runs: Runs) -> None:
    kept = backend().certificates["EXAMPLE0000000001"]
    kept.used_by = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old"
    result = runs.run()
    assert outcomes(result) == ["failed"]
    assert "currently in use by" in result.details[1]
    kept.used_by = ""
    assert outcomes(runs.run()) == ["done"]


def test_all_are_read_in_one_listing_whatever_its_pages(aws: Aws) -> None:
    shop(aws.client)
    settings.page_size = 1
    session = Session()
    found = RESOURCES["iam.server_certificate"].read(session, at("iam.server_certificate"))
    assert found.keys() == {ADDRESS, at("iam.server_certificate", "other")}
    assert (found[ADDRESS], session.calls) == (SHOP, 2)
