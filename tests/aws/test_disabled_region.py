"""A region that is switched off answers as if the credentials were bad: that is an unknown there, and nowhere else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
"""

import pytest
from support.aws import Aws
from support.engine import Wire
from support.faults import Call, Faults, refusal

from remediate.cli import work
from remediate.errors import CredentialsEnded
from remediate.model import Plan
from remediate.sandbox import fill

OFF = "eu-west-1"


def of(region: str, *operations: str) -> "Faults":
    """Calls of these operations to one region are refused: the region stands in what is signed."""
    return Faults().when(
        lambda call: call.operation in operations and f"/{region}/".encode() in _authorization(call), refusal(CODE)
    )


CODE = "AuthFailure"


def _authorization(call: Call) -> bytes:
    value = call.request.headers["Authorization"]
    return value if isinstance(value, bytes) else str(value).encode()


def planned(wire: Wire, faults: Faults) -> Plan:
    wire.faults = faults
    return work.make_plan(wire.session, work.playbook_named("guidelines"), ["instance-roles"])[0]


def test_it_is_an_unknown_for_itself_alone(aws: Aws, wire: Wire) -> None:
    fill()
    whole = planned(wire, Faults())
    plan = planned(wire, of(OFF, "DescribeInstances"))
    assert [u.what for u in plan.unknowns] == [f"ec2.instance/{OFF}"]
    assert plan.unknowns[0].controls == ("instance-roles",)
    assert "AuthFailure" in plan.unknowns[0].reason
    there = {f.address for f in whole.findings if f"/{OFF}/" in f.address}
    assert there
    assert {f.address for f in plan.findings} == {f.address for f in whole.findings} - there


def test_credentials_that_are_refused_everywhere_have_ended(aws: Aws, wire: Wire) -> None:
    fill()
    with pytest.raises(CredentialsEnded):
        planned(wire, Faults().when(lambda call: call.operation == "GetCallerIdentity", refusal(CODE)))


def test_of_what_has_no_region_they_have_ended(aws: Aws, wire: Wire) -> None:
    fill()
    with pytest.raises(CredentialsEnded):
        planned(
            wire, Faults().when(lambda call: call.operation == "GetInstanceProfile", refusal("InvalidClientTokenId"))
        )
