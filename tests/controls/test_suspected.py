"""What CloudTrail's records make controls find: shared keys, work by hand as an application, work as the root user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.accounts import ME, NOW, account, ago, password, slot, user, with_settings

from remediate import planner
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.controls import application_logins, cross_account_roles, root_usage, shared_credentials
from remediate.controls.base import Control
from remediate.errors import Unreadable
from remediate.evidence.facts import EVIDENCE, USE
from remediate.evidence.fold import week_of
from remediate.evidence.signs import Rule, Sign, facts
from remediate.evidence.summary import everybody
from remediate.model import Exemption, Fault, Matcher, State, Value, at, when
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

BOOK = Playbook(name="test", principals=Principals(applications=(Matcher(path="/apps/*"),)))
SCOPE = Scope(playbook=BOOK, now=NOW)
RECORDS: dict[str, Value] = {"since": when(ago(89)), "until": when(ago(0.1)), "reads": True, "data": True, "unread": []}
MONDAY, SUNDAY = week_of(NOW.date()), date(2026, 3, 8)
THEM, TRUSTED = "999999999999", "888888888888"
ROOT, STRANGER = f"arn:aws:iam::{ME}:root", f"arn:aws:iam::{THEM}:user/eve"
ANN, APP = user("ann", password=password(ago(1)), keys=(slot(),)), user("web", path="/apps/", keys=(slot(),))
SHARED, LOGINS, USAGE = shared_credentials.control, application_logins.control, root_usage.control


def sign(rule: Rule, *names: str, hours: int = 1, weeks_ago: int = 0, key: str = "AKIA1") -> Sign:
    """So many hours of one week in which all of these were there."""
    bits = f"{(1 << hours) - 1:x}"
    monday = MONDAY - timedelta(weeks=weeks_ago)
    return Sign(rule=rule, week=monday, credential=key, hours=dict.fromkeys(names, bits))


NETWORKS = sign("networks", "192.0.0.0/16", "198.51.0.0/16", hours=3)
PROGRAMS = sign("programs", "boto3", "pulumi", "terraform", hours=3)
ABROAD = sign("other account", THEM)
BY_HAND = sign("by hand", "203.0.113.9")
SIGNED_IN = sign("sign-in", "203.0.113.9", key="")
AS_ROOT = sign("root", "s3.amazonaws.com/GetObject", key="")


def seen(told: Mapping[str, Iterable[Sign]], status: str = "Active", records: Value = RECORDS, **more: Any) -> Account:
    """An account of two whose keys are the same, with its records."""
    keys = {at("iam.access_key", name, "AKIA1"): status for name in ("ann", "web")}
    state: State = {address: value for address, value in keys.items() if status}
    known = {at(EVIDENCE, ME): records, **facts({who: list(signs) for who, signs in told.items()})}
    return account(state, users=[ANN, APP], facts=known, **more)


@dataclass(frozen=True)
class Case:
    control: Control[Any]
    told: Mapping[str, tuple[Sign, ...]]
    found: Mapping[str, str] = field(default_factory=dict)
    """By address, what the summary ends with."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    status: str = "Active"
    score: int = 1


IN_TWO = "hours with 2 or more at once of 2 unrelated networks: 192.0.0.0/16, 198.51.0.0/16"
KEY = {"iam.access_key/ann/AKIA1": f"3 {IN_TWO}"}
TOOLS = {"iam.access_key/ann/AKIA1": "3 hours with 3 or more at once of 3 programs: boto3, pulumi, terraform"}
THERE = {"iam.access_key/ann/AKIA1": f"1 hour of work across accounts: with {THEM}"}
HERE = {f"cloudtrail.signs/{STRANGER}": f"1 hour of work across accounts: with {THEM}"}
HAND = {"iam.access_key/web/AKIA1": "1 hour of work by hand, away from its programs: from 203.0.113.9"}
LOGIN = {
    "iam.user/web": "by CloudTrail's records: 1 hour in which somebody signed in to the console as an application, or "
    "tried to: from 203.0.113.9"
}
CALLS = {"root.user/use": "by CloudTrail's records: 1 hour of work as the root user: s3.amazonaws.com/GetObject"}
CASES = {
    "a clean account": Case(SHARED, {}),
    "a key in several networks": Case(SHARED, {ANN.arn: (NETWORKS,)}, KEY),
    "an application's key": Case(
        SHARED, {APP.arn: (NETWORKS,)}, {"iam.access_key/web/AKIA1": f"3 {IN_TWO}"}
    ),
    "in as many as allowed": Case(SHARED, {ANN.arn: (NETWORKS,)}, settings={"networks": 3}),
    "in fewer hours": Case(SHARED, {ANN.arn: (NETWORKS,)}, settings={"network_hours": 4}),
    "hours of several weeks": Case(
        SHARED, {ANN.arn: (NETWORKS, replace(NETWORKS, week=MONDAY - timedelta(weeks=1)))},
        {"iam.access_key/ann/AKIA1": f"6 {IN_TWO}"}, score=2,
    ),
    "in the first week that counts": Case(
        SHARED, {ANN.arn: (replace(NETWORKS, week=week_of(SUNDAY)),)}, KEY, {"days": (NOW.date() - SUNDAY).days},
    ),
    "in the week before": Case(
        SHARED, {ANN.arn: (replace(NETWORKS, week=week_of(SUNDAY)),)}, {}, {"days": (NOW.date() - SUNDAY).days - 1},
    ),
    "a key that is inactive now": Case(SHARED, {ANN.arn: (NETWORKS,)}, status="Inactive"),
    "a key that is gone": Case(SHARED, {ANN.arn: (NETWORKS,)}, status=""),
    "many programs": Case(SHARED, {ANN.arn: (PROGRAMS,)}, TOOLS),
    "as many programs as allowed": Case(SHARED, {ANN.arn: (PROGRAMS,)}, settings={"programs": 4}),
    "many programs in fewer hours": Case(SHARED, {ANN.arn: (PROGRAMS,)}, settings={"program_hours": 4}),
    "both": Case(
        SHARED, {ANN.arn: (NETWORKS, PROGRAMS)},
        {"iam.access_key/ann/AKIA1": "; ".join([*KEY.values(), *TOOLS.values()])}, score=2,
    ),
    "in another account": Case(SHARED, {ANN.arn: (ABROAD,)}, THERE),
    "in another account, seldom": Case(SHARED, {ANN.arn: (ABROAD,)}, settings={"other_account_hours": 2}),
    "in a trusted account": Case(SHARED, {ANN.arn: (sign("other account", TRUSTED),)}),
    "another account's key here": Case(SHARED, {STRANGER: (ABROAD, NETWORKS)}, HERE),
    "a trusted account's key here": Case(SHARED, {STRANGER.replace(THEM, TRUSTED): (sign("other account", TRUSTED),)}),
    "who is no more": Case(SHARED, {f"arn:aws:iam::{ME}:user/gone": (NETWORKS,)}),
    "an application's key in a person's hands": Case(LOGINS, {APP.arn: (BY_HAND,)}, HAND),
    "seldom": Case(LOGINS, {APP.arn: (BY_HAND,)}, settings={"by_hand_hours": 2}),
    "long ago": Case(LOGINS, {APP.arn: (replace(BY_HAND, week=MONDAY - timedelta(weeks=6)),)}),
    "a key in a person's hands that is inactive now": Case(LOGINS, {APP.arn: (BY_HAND,)}, status="Inactive"),
    "a person's key": Case(LOGINS, {ANN.arn: (BY_HAND,)}),
    "a sign-in as an application": Case(LOGINS, {APP.arn: (SIGNED_IN,)}, LOGIN),
    "fewer sign-ins": Case(LOGINS, {APP.arn: (SIGNED_IN,)}, settings={"sign_in_hours": 2}),
    "a sign-in as a person": Case(LOGINS, {ANN.arn: (SIGNED_IN,)}),
    "calls of the root user": Case(USAGE, {ROOT: (AS_ROOT,)}, CALLS),
    "fewer calls": Case(USAGE, {ROOT: (AS_ROOT,)}, settings={"hours": 2}),
    "calls of another account's root user": Case(USAGE, {ROOT.replace(ME, THEM): (AS_ROOT,)}),
}  # fmt: skip


def settings_of(case: Case) -> Any:
    return case.control.settings(**case.settings)


def found(case: Case, scope: Scope = SCOPE, **more: Any) -> list[Fault]:
    roles = cross_account_roles.Settings(trusted_accounts=(TRUSTED,))
    trusting = replace(scope, playbook=replace(scope.playbook, controls={"cross-account-roles": roles}))
    return list(case.control.check(seen(case.told, case.status, **more), settings_of(case), trusting))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_found(case: Case) -> None:
    faults = found(case)
    assert [fault.address for fault in faults] == list(case.found)
    for fault in faults:
        assert fault.summary.endswith(case.found[fault.address])
        assert fault.evidence["score"] == case.score
        assert "(counts from " in str(fault.evidence["reasons"])
        assert fault.wants == (), "a key in use is never taken away"
        assert fault.manual
        assert fault.manual.address == fault.address


def test_many_times_over_is_grave() -> None:
    for hours, severity in ((14, "medium"), (15, "high")):
        often = sign("networks", *NETWORKS.hours, hours=hours)
        [fault] = found(Case(SHARED, {ANN.arn: (often,)}))
        assert fault.severity == severity


def test_what_to_do_about_a_shared_key() -> None:
    [fault] = found(Case(SHARED, {ANN.arn: (replace(NETWORKS, credential="AKIA1"), ABROAD)}))
    assert fault.manual
    steps = "\n".join(fault.manual.steps)
    order = ["AttributeKey=AccessKeyId,AttributeValue=AKIA1", "create-access-key", "trusted_accounts", "last-used"]
    places = [steps.index(part) for part in [*order, "--user-name ann --access-key-id AKIA1 --status Inactive"]]
    assert places == sorted(places), "first a new one for each, and only then is the old one made inactive"


def test_by_the_accounts_word_and_by_the_records_it_is_one_finding() -> None:
    web = replace(APP, password=password(ago(2)))
    now = account(users=[web], sign_ins={"web": ago(2)}, facts=facts({APP.arn: [SIGNED_IN]}))
    [fault] = LOGINS.check(now, LOGINS.settings(), SCOPE)
    assert fault.summary == "somebody signed in as the application web on 2026-05-30"
    assert fault.evidence["score"] == 1


def test_whether_a_key_is_still_there_is_asked_and_never_guessed() -> None:
    for case in (CASES["a key in several networks"], CASES["an application's key in a person's hands"]):
        [name] = [address.split("/")[1] for address in case.found]
        asked = at("iam.access_key", name)
        assert set(case.control.asks(seen(case.told), settings_of(case), SCOPE)) == {asked}
        assert set(case.control.asks(seen({}), settings_of(case), SCOPE)) == set()
        with pytest.raises(Unreadable):
            found(case, unknown={asked: "denied"})


def test_the_exempt_are_left_alone() -> None:
    spare = Exemption(match=Matcher(name="ann"), owner="o", reason="r", expires=date(2027, 1, 1))
    for exemptions in ((), (spare,)):
        scope = replace(SCOPE, playbook=replace(BOOK, exemptions=exemptions))
        draft = planner.draft(seen({ANN.arn: (NETWORKS,)}), with_settings(SHARED), scope, RESOURCES)
        assert (len(draft.findings), len(draft.exempted)) == ((0, 1) if exemptions else (1, 0))
        assert draft.changes == ()


NONE = "there are no records of CloudTrail: `remediate evidence` reads them"
UNSEEN: dict[str, tuple[Value, str]] = {
    "enough": (RECORDS, ""),
    "none": (None, NONE),
    "that end as late as they may": ({**RECORDS, "until": when(ago(3))}, ""),
    "that end": (
        {**RECORDS, "until": when(ago(3.1))},
        "CloudTrail's records end on 2026-05-29: `remediate evidence` reads newer ones",
    ),
    "that begin too late": (
        {**RECORDS, "since": when(ago(88.9))},
        "CloudTrail's records begin on 2026-03-04, and 90 days count",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("records", "why"), UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_looked_into_is_said(records: Value, why: str) -> None:
    now = seen({}, records=records)
    draft = planner.draft(now, [*with_settings(SHARED), *with_settings(USAGE)], SCOPE, RESOURCES)
    assert [(one.controls, one.reason) for one in draft.unseen] == [
        ((control.id,), why) for control in (SHARED, USAGE) if why
    ]
    assert draft.unknowns == ()


def test_a_crowd_that_the_records_do_not_tell_apart_is_said() -> None:
    crowd = {at(EVIDENCE, ME): RECORDS, at(USE, everybody(ME)): []}
    [(what, why)] = LOGINS.unseen(account(facts=crowd), LOGINS.settings(), SCOPE)
    assert what == "work by hand with the keys of applications"
    assert why == "CloudTrail's records do not tell the people of this account apart"
