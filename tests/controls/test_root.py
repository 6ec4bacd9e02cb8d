"""The root user's keys, MFA and use: what is found, what changes in member accounts, and what only people can do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from msgspec import structs
from support.accounts import ME, NOW, account, ago, slot, with_settings

from remediate import planner
from remediate.account import Account, Root
from remediate.aws.resources import RESOURCES
from remediate.controls import root_access_keys, root_mfa, root_usage
from remediate.errors import Unreadable
from remediate.model import Address, Fault, State, Value, at, when
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
MEMBER, OTHER = "210987654321", "310987654321"
LONG_AGO = ago(1000)


def summary(**flags: int) -> dict[str, int]:
    return {"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 0, "AccountPasswordPresent": 1, **flags}


# --- access keys of members -----------------------------------------------------------------------------------------

KEYS = root_access_keys.Settings(member_accounts=(MEMBER,))


@dataclass(frozen=True)
class Key:
    """A root key of the member, as it is read."""

    id: str = "A"
    active: bool = True
    used: datetime | None = None
    made: datetime = LONG_AGO


def seen(*keys: Key, member: str = MEMBER, **facts: Any) -> Account:
    state: State = {at("iam.root_access_key", member, k.id): "Active" if k.active else "Inactive" for k in keys}
    uses: State = {
        at("root.access_key", member, k.id): {"created": when(k.made), "last_used": when(k.used)} for k in keys
    }
    return account(state, facts=uses, **{"summary": summary(), **facts})


@dataclass(frozen=True)
class KeyCase:
    keys: tuple[Key, ...]
    deleted: str = ""
    """The ids of the keys that go."""
    manual: str = ""
    severity: str = "critical"


MEMBERS = {
    "none": KeyCase(()),
    "unused for long": KeyCase((Key(used=ago(91)),), deleted="A"),
    "at the limit": KeyCase((Key(used=ago(90)),), manual="works with key A (last used on"),
    "used today": KeyCase((Key(used=NOW),), manual="a key in use is never deleted"),
    "never used, and old": KeyCase((Key(made=ago(91)),), deleted="A"),
    "never used, and young": KeyCase((Key(made=ago(3)),), manual="no use on record"),
    "inactive, unused for long": KeyCase((Key(active=False, used=ago(91)),), deleted="A", severity="high"),
    "inactive, used of late": KeyCase((Key(active=False, used=ago(10)),), severity="high"),
    "two, one in use": KeyCase((Key(used=ago(91)), Key("B", used=ago(1))), deleted="A", manual="key B"),
    "two, none in use": KeyCase((Key(used=ago(91)), Key("B", used=ago(900))), deleted="AB"),
}


@pytest.mark.parametrize("case", MEMBERS.values(), ids=MEMBERS)
def test_keys_of_a_members_root(case: KeyCase) -> None:
    faults = list(root_access_keys.check(seen(*case.keys), KEYS, SCOPE))
    assert len(faults) == len(case.keys)
    assert {fault.severity for fault in faults} <= {case.severity}
    wants = {want.address: want for fault in faults for want in fault.wants}
    assert wants.keys() == {at("iam.root_access_key", MEMBER, id) for id in case.deleted}
    used = {at("iam.root_access_key", MEMBER, key.id): when(key.used) for key in case.keys}
    for address, want in wants.items():
        assert (want.after, want.risk, want.evidence) == (None, "destructive", {"last_used": used[address]})
    manual = " ".join(fault.manual.summary for fault in faults if fault.manual)
    assert case.manual in manual
    assert bool(case.manual) == bool(manual)


def test_a_deletion_says_that_it_cannot_be_taken_back_and_passes_the_guard() -> None:
    draft = planner.draft(seen(Key(used=ago(91))), with_settings(root_access_keys.control, KEYS), SCOPE, RESOURCES)
    (change,) = draft.changes
    assert (change.before, change.after, change.reversal, change.risk) == ("Active", None, "impossible", "destructive")
    assert "secret" in change.loss
    assert MEMBER in change.notice


@pytest.mark.parametrize("days", [30, 365])
def test_the_quarantine_is_the_playbooks(days: int) -> None:
    settings = root_access_keys.Settings(member_accounts=(MEMBER,), quarantine_days=days)
    gone = [f for f in root_access_keys.check(seen(Key(used=ago(100))), settings, SCOPE) if f.wants]
    assert bool(gone) is (days == 30)


def test_whose_keys_are_asked_for() -> None:
    settings = root_access_keys.Settings(member_accounts=(OTHER, MEMBER, ME, MEMBER))
    asked = list(root_access_keys.asks(account(), settings, SCOPE))
    kinds = ("iam.root_access_key", "root.access_key")
    assert asked == [at(kind, member) for member in (MEMBER, OTHER) for kind in kinds], "not the account itself"
    assert not list(root_access_keys.asks(account(), root_access_keys.Settings(), SCOPE))


def test_a_key_that_went_between_two_readings_is_no_finding() -> None:
    now = seen(Key(used=ago(91)))
    gone = account(facts=now.facts, summary=summary())
    assert not list(root_access_keys.check(gone, KEYS, SCOPE))


@pytest.mark.parametrize("kind", ["iam.root_access_key", "root.access_key"])
def test_a_member_out_of_reach_is_unknown_and_the_others_are_judged(kind: str) -> None:
    settings = root_access_keys.Settings(member_accounts=(MEMBER, OTHER))
    now = seen(Key(used=ago(91)), unknown={at(kind, OTHER): "assume_root: AccessDenied"})
    chosen = with_settings(root_access_keys.control, settings)
    draft = planner.draft(now, chosen, SCOPE, RESOURCES)
    assert [change.address for change in draft.changes] == [at("iam.root_access_key", MEMBER, "A")]
    assert [(u.what, u.controls) for u in draft.unknowns] == [(at(kind, OTHER), ("root-access-keys",))]


# --- access keys of the account itself ------------------------------------------------------------------------------


def own(partition: str = "aws", root: Root | None = None, **flags: int) -> list[Fault]:
    now = structs.replace(account(summary=summary(**flags), root=root), partition=partition)
    return list(root_access_keys.check(now, root_access_keys.Settings(), SCOPE))


def test_own_keys_are_left_to_the_root_user_with_exact_steps() -> None:
    keys = (slot(last_used=ago(3)), slot(active=False))
    (fault,) = own(root=Root(last_used=None, mfa=False, keys=keys), AccountAccessKeysPresent=1)
    assert (fault.severity, fault.wants) == ("critical", ())
    assert fault.evidence == {
        "AccountAccessKeysPresent": 1,
        "key 1": {"active": True, "created": when(ago(800)), "last_used": when(ago(3))},
        "key 2": {"active": False, "created": when(ago(800)), "last_used": None},
    }
    assert fault.manual
    text = " ".join(fault.manual.steps)
    order = [f"as the root user of account {ME}", "Security credentials", "Deactivate", "Delete", "90 days"]
    places = [text.index(part) for part in order]
    assert places == sorted(places), "deactivate first, delete after the quarantine"
    assert "member_accounts" in text
    assert "AccountAccessKeysPresent" in fault.manual.check


def test_what_is_true_now_counts_and_not_the_old_report() -> None:
    report = Root(last_used=None, mfa=False, keys=(slot(),))
    assert own(root=report) == []
    (fault,) = own(root=None, AccountAccessKeysPresent=1)
    assert fault.evidence == {"AccountAccessKeysPresent": 1}


@pytest.mark.parametrize(
    ("partition", "there", "never"),
    [
        ("aws", "https://console.aws.amazon.com/", "aws iam"),
        ("aws-cn", "https://console.amazonaws.cn/", "aws iam"),
        ("aws-us-gov", "aws iam update-access-key --status Inactive", "console"),
    ],
)
def test_where_the_root_user_signs_in(partition: str, there: str, never: str) -> None:
    (fault,) = own(partition, AccountAccessKeysPresent=1)
    assert fault.manual
    text = " ".join(fault.manual.steps)
    assert there in text
    assert never not in text


# --- MFA ------------------------------------------------------------------------------------------------------------

ANY, HARDWARE = root_mfa.Settings(), root_mfa.Settings(hardware=True)
VIRTUAL: Mapping[Address, Value] = {
    at("root.virtual_mfa", f"arn:aws:iam::{ME}:mfa/root-account-mfa-device"): {"enabled": None}
}


@dataclass(frozen=True)
class MfaCase:
    settings: root_mfa.Settings
    flags: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[Address, Value] = field(default_factory=dict)
    found: str = ""
    partition: str = "aws"


ON, NO_PASSWORD = {"AccountMFAEnabled": 1}, {"AccountPasswordPresent": 0}
MFA = {
    "none": MfaCase(ANY, found="signs in without MFA"),
    "none, hardware": MfaCase(HARDWARE, found="signs in without MFA"),
    "an app": MfaCase(ANY, ON, VIRTUAL),
    "an app, hardware": MfaCase(HARDWARE, ON, VIRTUAL, found="an authenticator app"),
    "a security key": MfaCase(ANY, ON),
    "a security key, hardware": MfaCase(HARDWARE, ON),
    "no password and no key": MfaCase(HARDWARE, NO_PASSWORD),
    "no password, but a key": MfaCase(ANY, {**NO_PASSWORD, "AccountAccessKeysPresent": 1}, found="without MFA"),
    "no console": MfaCase(HARDWARE, partition="aws-us-gov"),
}


@pytest.mark.parametrize("case", MFA.values(), ids=MFA)
def test_mfa_of_the_root_user(case: MfaCase) -> None:
    now = structs.replace(account(summary=summary(**case.flags), facts=case.facts), partition=case.partition)
    faults = list(root_mfa.check(now, case.settings, SCOPE))
    assert [case.found in fault.summary for fault in faults] == [True] * bool(case.found)
    for fault in faults:
        assert fault.manual
        assert not fault.wants
        steps = " ".join(fault.manual.steps)
        assert "Assign MFA device" in steps
        assert ("Authenticator app" in steps) is not case.settings.hardware
        assert all(serial.partition("/")[2] in steps for serial in case.facts)


def test_a_summary_that_is_silent_about_the_password_is_no_pass() -> None:
    assert list(root_mfa.check(account(summary={"AccountMFAEnabled": 0}), ANY, SCOPE))


@pytest.mark.parametrize("flags", [ON, {}])
@pytest.mark.parametrize("settings", [ANY, HARDWARE])
def test_devices_are_asked_for_where_they_decide(settings: root_mfa.Settings, flags: Mapping[str, int]) -> None:
    asked = list(root_mfa.asks(account(summary=summary(**flags)), settings, SCOPE))
    assert bool(asked) is (settings.hardware and bool(flags))
    with_gap = account(summary=summary(**ON), unknown={"root.virtual_mfa": "denied"})
    with pytest.raises(Unreadable):
        list(root_mfa.check(with_gap, HARDWARE, SCOPE))


# --- use ------------------------------------------------------------------------------------------------------------


def uses(root: Root | None, days: int = 90) -> Iterator[Fault]:
    return root_usage.check(account(root=root), root_usage.Settings(days=days), SCOPE)


USES: dict[str, tuple[Root, str]] = {
    "never": (Root(last_used=None, mfa=True), ""),
    "long ago": (Root(last_used=ago(90.1), mfa=True), ""),
    "on the last day": (Root(last_used=ago(90), mfa=True), "password"),
    "today": (Root(last_used=NOW, mfa=True), "password"),
    "with a key": (Root(last_used=ago(200), mfa=True, keys=(slot(), slot(last_used=ago(3)))), "access key 2"),
    "with a key that is inactive now": (
        Root(last_used=None, mfa=True, keys=(slot(active=False, last_used=ago(3)),)),
        "access key 1",
    ),
    "with both, the key later": (Root(last_used=ago(9), mfa=True, keys=(slot(last_used=ago(3)),)), "access key 1"),
    "with both, the password later": (Root(last_used=ago(1), mfa=True, keys=(slot(last_used=ago(3)),)), "password"),
}


@pytest.mark.parametrize(("root", "credential"), USES.values(), ids=USES)
def test_work_as_root(root: Root, credential: str) -> None:
    faults = list(uses(root))
    assert len(faults) == bool(credential)
    for fault in faults:
        assert fault.summary.endswith(f"with its {credential}")
        assert credential in fault.evidence
        assert all(str(moment) >= str(when(ago(90))) for moment in fault.evidence.values())
        assert fault.manual
        assert "alarms" in fault.manual.steps[-1]
        assert "four hours" in fault.manual.check


def test_the_playbook_says_how_recent() -> None:
    root = Root(last_used=ago(40), mfa=True)
    assert list(uses(root, days=41))
    assert not list(uses(root, days=39))
    assert not list(uses(None))


# --- what could not be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "settings", "gap"),
    [
        (root_access_keys.check, KEYS, "iam.summary"),
        (root_mfa.check, ANY, "iam.summary"),
        (root_usage.check, root_usage.Settings(), "credential-report"),
    ],
)
def test_what_could_not_be_read_is_never_a_pass(check: Any, settings: Any, gap: str) -> None:
    with pytest.raises(Unreadable):
        list(check(account(unknown={gap: "denied"}), settings, SCOPE))
