"""What is read about root users, against moto."""

from datetime import UTC, datetime
from typing import Any

import pytest
from support.accounts import account
from support.aws import Aws
from support.contract.root import member_key, member_with_a_key
from support.make import user

from remediate.aws.facts import FACTS
from remediate.aws.reader import read_account, read_more
from remediate.aws.session import Session
from remediate.errors import Denied
from remediate.model import Address, State, Value, at, kind_of, when
from remediate.sandbox.estate.root import MEMBER

DEVICES, KEYS = Address("root.virtual_mfa"), at("root.access_key", MEMBER)
STRANGER = "999999999999"


def read(asked: Address) -> State:
    return FACTS[kind_of(asked)].read(Session(), account(), asked)


@pytest.mark.parametrize("used", [True, False])
def test_a_members_root_key(aws: Aws, used: bool) -> None:
    member_with_a_key(aws.client)
    key = member_key()
    expected: dict[str, Value] = {"created": when(key.create_date), "last_used": None}
    if used:
        expected |= {"last_used": when(key.last_used.timestamp), "service": "s3", "region": "us-east-1"}
    else:
        key.last_used = None
    assert read(KEYS) == {at("root.access_key", MEMBER, key.access_key_id): expected}


def test_a_member_without_keys_and_one_that_is_none(aws: Aws) -> None:
    member_with_a_key(aws.client)
    from moto.iam.models import iam_backends

    member: Any = iam_backends[MEMBER]["aws"]
    member.root_keys = ()
    assert read(KEYS) == {}
    with pytest.raises(Denied):
        read(at("root.access_key", STRANGER))


def test_a_member_that_is_denied_is_unknown_and_stops_nothing(aws: Aws) -> None:
    member_with_a_key(aws.client)
    session = Session()
    strange = {at("root.access_key", STRANGER), at("iam.root_access_key", STRANGER)}
    now = read_more(session, read_account(session), {KEYS, *strange})
    assert {name for name in now.unknown if "root" in name} == strange
    assert len(list(now.facts_of("root.access_key", MEMBER))) == 1


def enrol(aws: Aws, name: str, owner: str) -> str:
    """A virtual device, enabled for whoever has that ARN; moto enables them for users alone."""
    from moto.iam.models import iam_backends

    serial = str(
        aws.client("iam").create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    )
    backend: Any = iam_backends[aws.account_id]["aws"]
    device = backend.virtual_mfa_devices[serial]
    device.enable_date = datetime(2026, 1, 1, tzinfo=UTC)
    device.user = {"UserName": "x", "UserId": "x", "Path": "/", "Arn": owner, "CreateDate": device.enable_date}
    return serial


@pytest.mark.parametrize("name", ["root-account-mfa-device", "phone-of-the-boss"])
def test_virtual_devices_of_the_root_user(aws: Aws, name: str) -> None:
    serial = enrol(aws, name, f"arn:aws:iam::{aws.account_id}:root")
    assert read(DEVICES) == {at("root.virtual_mfa", serial): {"enabled": "2026-01-01T00:00:00Z"}}


def test_virtual_devices_of_others_and_of_nobody(aws: Aws) -> None:
    iam = aws.client("iam")
    enrol(aws, "anns", f"arn:aws:iam::{aws.account_id}:user/{user(iam)}")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="root-account-mfa-device")  # not assigned to anybody
    assert read(DEVICES) == {}
