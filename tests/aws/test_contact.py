"""The service of an account's contacts has one endpoint in a partition, wherever the program runs."""

import pytest
from support.aws import Aws
from support.faults import Faults, refusal

from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.model import at

HOMES = {"eu-west-1": "us-east-1", "us-east-1": "us-east-1", "cn-north-1": "cn-northwest-1"}


@pytest.mark.parametrize(("region", "home"), HOMES.items())
def test_asked_at_its_home_from_any_region(aws: Aws, region: str, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is answered here, so that none leaves the machine."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    faults = Faults().when(lambda _: True, refusal("ResourceNotFoundException", 404))
    session = faults.watch(Session(region=region))
    assert RESOURCES["account.contact"].read(session, at("account.contact", "SECURITY")) == {}
    (call,) = faults.calls
    assert call.request.url.startswith(f"https://account.{home}.amazonaws.com")
    assert f"/{home}/account/" in str(call.request.headers["Authorization"])
