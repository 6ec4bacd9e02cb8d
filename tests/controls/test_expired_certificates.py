"""Certificates that have ended go after a while, and nothing else does; those that end soon are said."""

from datetime import timedelta

import pytest
from support.accounts import NOW, account

from remediate.controls.expired_certificates import Settings, control
from remediate.errors import Unreadable
from remediate.model import Address, Fault, Value, at, when
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
SECOND = timedelta(seconds=1)


def certificate(left: timedelta, name: str = "shop") -> dict[Address, Value]:
    return {at("iam.server_certificate", name): {"path": "/", "id": "ASCA1", "expires": when(NOW + left)}}


def found(state: dict[Address, Value], settings: Settings = Settings()) -> list[Fault]:  # noqa: B008
    return list(control.check(account(state), settings, SCOPE))


CASES = {
    # days left: whether it is said, and whether it is deleted
    "long": (timedelta(days=30) + SECOND, False, False),
    "soon": (timedelta(days=30), True, False),
    "ends now": (timedelta(0), True, False),
    "ended": (-timedelta(days=30) + SECOND, True, False),
    "ended long ago": (-timedelta(days=30), True, True),
}


@pytest.mark.parametrize(("left", "said", "deleted"), CASES.values(), ids=CASES)
def test_when_it_is_said_and_when_it_goes(left: timedelta, said: bool, deleted: bool) -> None:
    faults = found(certificate(left))
    assert len(faults) == said
    wants = [want for fault in faults for want in fault.wants]
    assert [(w.address, w.after, w.risk) for w in wants] == [
        (at("iam.server_certificate", "shop"), None, "destructive")
    ] * deleted
    assert all(want.notice for want in wants)
    assert all(bool(fault.manual) != deleted for fault in faults)


@pytest.mark.parametrize(
    ("settings", "left", "deleted"),
    [
        (Settings(grace_days=0), timedelta(0), True),
        (Settings(grace_days=0), SECOND, False),
        (Settings(grace_days=3650), -timedelta(days=3000), False),
    ],
)
def test_the_playbook_says_how_long(settings: Settings, left: timedelta, deleted: bool) -> None:
    assert bool([want for fault in found(certificate(left), settings) for want in fault.wants]) == deleted


def test_no_warning_where_none_is_asked_for() -> None:
    assert found(certificate(SECOND), Settings(warn_days=0)) == []


def test_the_evidence_and_the_day_of_the_deletion() -> None:
    (fault,) = found(certificate(-timedelta(days=1)))
    assert fault.evidence["expires"] == when(NOW - timedelta(days=1))
    assert fault.summary == "the certificate shop ended on 2026-05-31, and is deleted from 2026-06-30 on"


def test_one_without_an_end_is_left_alone() -> None:
    assert found({at("iam.server_certificate", "odd"): {"path": "/", "id": "ASCA1", "expires": None}}) == []


def test_what_could_not_be_read_is_never_a_pass() -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={"iam.server_certificate": "denied"}), Settings(), SCOPE))
