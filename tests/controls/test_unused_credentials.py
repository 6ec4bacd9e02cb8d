"""Idle keys and passwords: what goes, what stays, and what nobody touches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from support.accounts import NOW, account, ago, key, password, slot, user, with_settings

from remediate import planner
from remediate.account import Account, Key, User
from remediate.aws.resources import RESOURCES
from remediate.controls.unused_credentials import Settings, control
from remediate.errors import Unreadable
from remediate.model import Exemption, Fault, Matcher, Value, at
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
TODAY = f"{NOW:%Y-%m-%d}"


@dataclass(frozen=True)
class Case:
    keys: tuple[Key, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the user `alice`."""
    sign_ins: Mapping[str, datetime | None] = field(default_factory=dict)
    wants: Mapping[str, Value] = field(default_factory=dict)
    """By the end of the address: what is to become of it."""
    manual: str = ""
    profile: bool = True


def tag(key_id: str, days_ago: float) -> dict[str, str]:
    return {f"remediate:inactive:{key_id}": f"{ago(days_ago):%Y-%m-%d}"}


def off(key_id: str, **facts: Any) -> Key:
    return key(key_id, active=False, **facts)


IDLE = {"alice/A": "Inactive", "alice/remediate:inactive:A": TODAY}
DELETED: dict[str, Value] = {"alice/A": None, "alice/remediate:inactive:A": None}
FULL = {f"tag{n}": "x" for n in range(50)}
USED, STALE = ago(1), ago(100)

CASES = {
    "no credential": Case(),
    "idle key": Case((key("A", last_used=STALE),), wants=IDLE),
    "at the limit": Case((key("A", last_used=ago(90)),)),
    "a day over the limit": Case((key("A", last_used=ago(90.01)),), wants=IDLE),
    "used today": Case((key("A", last_used=NOW),)),
    "used yesterday": Case((key("A", last_used=USED),)),
    "idle by the report, not asked yet": Case((key("A", last_used=STALE, asked=False),)),
    "never used, past grace": Case((key("A", created=ago(8)),), wants=IDLE),
    "never used, within grace": Case((key("A", created=ago(6.9)),)),
    "made today": Case((key("A", created=NOW),)),
    "never used, by the report alone": Case((key("A", asked=False),)),
    "second key, less used": Case((key("A", last_used=ago(31)), key("B", last_used=USED)), wants=IDLE),
    "second key within its limit": Case(
        (key("A", last_used=ago(29)), key("B", last_used=USED)), manual="uses two access keys"
    ),
    "second key that was never used": Case((key("A"), key("B", last_used=ago(80))), wants=IDLE),
    "second key just made": Case((key("A", created=ago(2)), key("B", last_used=USED))),
    "both idle": Case(
        (key("A", last_used=STALE), key("B", last_used=ago(120))),
        wants={**IDLE, "alice/B": "Inactive", "alice/remediate:inactive:B": TODAY},
    ),
    "both between the two limits: the more recent one stays": Case(
        (key("A", last_used=ago(60)), key("B", last_used=ago(50))), wants=IDLE
    ),
    "a successor that waits to be fetched": Case(
        (key("A", last_used=USED, created=ago(200)), key("B", created=ago(30))), {"tags": {"remediate:rotating:A": "x"}}
    ),
    "the key that has a successor": Case(
        (key("A", created=ago(200)), key("B", last_used=USED)), {"tags": {"remediate:rotating:A": "x"}}, wants=IDLE
    ),
    "an inactive second key is none": Case(
        (off("B", last_used=USED), key("A", last_used=ago(60))), facts={"tags": tag("B", 0)}
    ),
    "inactive without a tag": Case((off("A", last_used=STALE),), wants={"alice/remediate:inactive:A": TODAY}),
    "inactive with a tag that is no day": Case(
        (off("A"),), {"tags": {"remediate:inactive:A": "soon"}}, wants={"alice/remediate:inactive:A": TODAY}
    ),
    "inactive with a day to come": Case(
        (off("A"),), {"tags": tag("A", -2)}, wants={"alice/remediate:inactive:A": TODAY}
    ),
    "quarantine waiting": Case((off("A", last_used=STALE),), {"tags": tag("A", 29)}),
    "quarantine begun today": Case((off("A", last_used=STALE),), {"tags": tag("A", 0)}),
    "quarantine over": Case((off("A", last_used=STALE),), {"tags": tag("A", 31)}, wants=DELETED),
    "quarantine over, never used": Case((off("A"),), {"tags": tag("A", 31)}, wants=DELETED),
    "quarantine over, used on its first day": Case(
        (off("A", last_used=ago(31)),),
        {"tags": tag("A", 31)},
        wants=DELETED,
    ),
    "quarantine over by the report alone": Case((off("A", last_used=STALE, asked=False),), {"tags": tag("A", 31)}),
    "used since": Case(
        (off("A", last_used=ago(10)),), {"tags": tag("A", 31)}, wants={"alice/remediate:inactive:A": TODAY}
    ),
    "made active again and idle": Case((key("A", last_used=STALE),), {"tags": tag("A", 60)}, wants=IDLE),
    "made active again and used": Case((key("A", last_used=USED),), {"tags": tag("A", 60)}),
    "no room for a tag": Case((key("A", last_used=STALE),), {"tags": FULL}, manual="no room for the tag"),
    "the last room for a tag": Case((key("A", last_used=STALE),), {"tags": dict(list(FULL.items())[1:])}, wants=IDLE),
    "room for one of two tags": Case(
        (key("A", last_used=STALE), key("B", last_used=ago(120))),
        {"tags": dict(list(FULL.items())[1:])},
        wants=IDLE,
        manual="no room for the tag",
    ),
    "no room, and quarantine over": Case(
        (off("A"),),
        {"tags": {**dict(list(FULL.items())[1:]), **tag("A", 31)}},
        wants=DELETED,
    ),
    "password idle": Case((), {"password": password(STALE)}, {"alice": STALE}, {"iam.login_profile/alice": None}),
    "password used today": Case((), {"password": password(NOW)}, {"alice": NOW}),
    "password at the limit": Case((), {"password": password(ago(90))}, {"alice": ago(90)}),
    "password idle by the report, used in fact": Case((), {"password": password(STALE)}, {"alice": USED}),
    "password idle by the report, not asked": Case((), {"password": password(STALE)}),
    "password idle by the report, and no record in fact": Case(
        (), {"password": password(STALE)}, {"alice": None}, manual="no record"
    ),
    "password idle by the report, gone in fact": Case(
        (), {"password": password(STALE)}, {"alice": STALE}, profile=False
    ),
    "password idle, a new one given": Case((), {"password": password(STALE, changed=ago(2))}, {"alice": STALE}),
    "password idle, a new one given and not used": Case(
        (), {"password": password(STALE, changed=ago(8))}, {"alice": STALE}, {"iam.login_profile/alice": None}
    ),
    "password without a record": Case((), {"password": password(None)}, manual="no record of a sign-in"),
    "password without a record in the report, used in fact": Case((), {"password": password(None)}, {"alice": USED}),
    "password without a record, of a new user": Case((), {"created": ago(60), "password": password(None, ago(60))}),
    "password without a record, just changed": Case((), {"password": password(None, ago(3))}),
}  # fmt: skip


def situation(case: Case) -> Account:
    alice = user("alice", **case.facts)
    state: dict[Any, Value] = {
        at("iam.access_key", "alice", k.id): "Active" if k.active else "Inactive" for k in case.keys
    }
    state |= {at("iam.user_tag", "alice", name): value for name, value in alice.tags.items()}
    state |= {at("iam.login_profile", "alice"): "password"} if alice.password and case.profile else {}
    return account(state, users=[alice], keys={"alice": case.keys}, sign_ins=case.sign_ins)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wanted(case: Case) -> None:
    faults = list(control.check(situation(case), Settings(), SCOPE))
    wants = {want.address: want.after for fault in faults for want in fault.wants}
    expected = {
        (name if name.startswith("iam.") else f"iam.{'user_tag' if ':' in name else 'access_key'}/{name}"): after
        for name, after in case.wants.items()
    }
    assert wants == expected
    manual = [fault.manual.summary for fault in faults if fault.manual]
    assert len(manual) == bool(case.manual), manual
    assert case.manual in "".join(manual)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_plan_passes_the_guard_and_rests_on_evidence(case: Case) -> None:
    now = situation(case)
    draft = planner.draft(now, with_settings(control), SCOPE, RESOURCES)
    kinds = {(c.before, c.after) for c in draft.changes if c.address.startswith("iam.access_key/")}
    assert not {("Active", "Inactive"), ("Inactive", None)} <= kinds, "R15"
    for it in draft.changes:
        if it.address.startswith(("iam.access_key/", "iam.login_profile/")):
            assert "last_used" in it.evidence, "asked again before it is applied"
            assert it.notice
            assert it.risk == ("destructive" if it.after is None and "access_key" in it.address else "restrictive")


def test_only_the_stale_one_of_four() -> None:
    """Two users with two keys each: what happens to one key says nothing about the others (R13)."""
    people = ("ann", "bob")
    keys = {name: (key(f"{name}1", name, last_used=USED), off(f"{name}2", owner=name)) for name in people}
    keys["bob"] = (keys["bob"][0], key("bob2", "bob", last_used=STALE))
    tags = {"remediate:inactive:ann2": f"{ago(3):%Y-%m-%d}"}
    now = account(users=[user("ann", tags=tags), user("bob")], keys=keys)
    wants = [want.address for fault in control.check(now, Settings(), SCOPE) for want in fault.wants]
    assert wants == ["iam.access_key/bob/bob2", "iam.user_tag/bob/remediate:inactive:bob2"]


ASKS: dict[str, tuple[User, tuple[Key, ...] | None, set[str]]] = {
    "nobody suspicious": (user("a", keys=(slot(last_used=USED),)), None, set()),
    "an idle slot": (user("a", keys=(slot(last_used=STALE),)), None, {"iam.access_key/a"}),
    "two active slots": (user("a", keys=(slot(last_used=USED), slot(last_used=USED))), None, {"iam.access_key/a"}),
    "an inactive slot": (user("a", keys=(slot(False, last_used=USED),)), None, {"iam.access_key/a"}),
    "a slot never used": (user("a", keys=(slot(),)), None, {"iam.access_key/a"}),
    "a new slot": (user("a", keys=(slot(created=ago(1)),)), None, set()),
    "a listed key that is idle": (user("a"), (key("A", "a", asked=False),), {"iam.access_key/a/A"}),
    "a listed key that was asked": (user("a"), (key("A", "a"),), set()),
    "a listed key in use": (user("a"), (key("A", "a", last_used=USED, asked=False),), set()),
    "a key whose quarantine is over": (
        user("a", tags=tag("A", 31)),
        (key("A", "a", active=False, last_used=ago(40), asked=False),),
        {"iam.access_key/a/A"},
    ),
    "an idle password": (user("a", password=password(STALE)), None, {"iam.login_profile/a"}),
    "a password in use": (user("a", password=password(USED)), None, set()),
    "a password without a record": (user("a", password=password(None)), None, set()),
}


@pytest.mark.parametrize(("who", "keys", "expected"), ASKS.values(), ids=ASKS)
def test_what_is_asked(who: User, keys: tuple[Key, ...] | None, expected: set[str]) -> None:
    now = account(users=[who], keys={} if keys is None else {"a": keys})
    assert set(control.asks(now, Settings(), SCOPE)) == expected


@pytest.mark.parametrize(
    "gap",
    ["iam.user", "credential-report", "iam.access_key/alice", "iam.access_key/alice/A", "iam.login_profile/alice"],
)
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    now = account(users=[user("alice", password=password(STALE))], unknown={gap: "denied"})
    with pytest.raises(Unreadable):
        list(control.check(now, Settings(), SCOPE))


def test_the_exempt_are_recorded_and_untouched() -> None:
    who = Exemption(match=Matcher(tag={"exempt": "*"}), owner="o", reason="r", expires=date(2027, 1, 1))
    scope = Scope(playbook=Playbook(name="t", exemptions=(who,)), now=NOW)
    case = Case((key("A", last_used=STALE),), {"tags": {"exempt": "x"}})
    draft = planner.draft(situation(case), with_settings(control), scope, RESOURCES)
    assert not draft.changes and not draft.findings
    assert [e.address for e in draft.exempted] == ["iam.access_key/alice/A"]


def test_where_a_key_was_used_last_is_said() -> None:
    used = key("A", last_used=STALE, service="s3", region="eu-west-1")
    (fault,) = faults(Case((used,)))
    assert "last used 100 days ago by s3 in eu-west-1" in fault.summary


def faults(case: Case) -> list[Fault]:
    return list(control.check(situation(case), Settings(), SCOPE))
