"""Who looks shared, and why; what the people behind a shared user get; and when its password goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from support.accounts import NOW, account, ago, members, password, slot, user, with_settings

from remediate import planner
from remediate.account import Account, User
from remediate.aws.resources import RESOURCES
from remediate.cli import work
from remediate.controls.own_users import Person
from remediate.controls.shared_credentials import Settings, asks, check, control
from remediate.errors import BadInput, Unreadable
from remediate.model import Exemption, Matcher, State, Value, at
from remediate.playbook import Playbook, Principals
from remediate.playbook.scope import Scope

PRINCIPALS = Principals(applications=(Matcher(path="/apps/*"),))
SCOPE = Scope(playbook=Playbook(name="test", principals=PRINCIPALS), now=NOW)
SIGNS_IN, BY_KEY = {"password": password(ago(1))}, {"keys": (slot(last_used=ago(1)),)}
MAILS = {"owner": "ann@example.com bob@example.com"}

SUSPECTS: dict[str, tuple[str, dict[str, Any], str]] = {
    # name, facts, severity of the finding
    "a generic name": ("admin", SIGNS_IN, "medium"),
    "a generic name, written otherwise": ("Admin", SIGNS_IN, "medium"),
    "a team's name": ("team-ops", SIGNS_IN, "medium"),
    "with keys in use too": ("team-ops", {**SIGNS_IN, **BY_KEY}, "high"),
    "a name of one's own": ("administrata", SIGNS_IN, ""),
    "a generic name that nobody signs in with": ("admin", {"password": password(None)}, ""),
    "not for long": ("admin", {"password": password(ago(91))}, ""),
    "at the limit": ("admin", {"password": password(ago(90))}, "medium"),
    "an application by evidence": ("deploy", BY_KEY, ""),
    "an application by the playbook": ("deploy", {**SIGNS_IN, "path": "/apps/"}, ""),
    "two mail addresses in a tag": ("x", {**SIGNS_IN, "tags": MAILS}, "medium"),
    "two mail addresses, a key in use": ("x", {"password": password(ago(200)), **BY_KEY, "tags": MAILS}, "medium"),
    "two mail addresses, nothing in use": ("x", {"password": password(ago(200)), "tags": MAILS}, ""),
    "one mail address twice": ("x", {**SIGNS_IN, "tags": {"owner": "ann@example.com/ann@example.com"}}, ""),
    "one mail address": ("x", {**SIGNS_IN, "tags": {"owner": "ann+aws@example.com"}}, ""),
}


@pytest.mark.parametrize(("name", "facts", "severity"), SUSPECTS.values(), ids=SUSPECTS)
def test_who_looks_shared(name: str, facts: dict[str, Any], severity: str) -> None:
    found = list(check(account(users=[user(name, **facts)]), Settings(), SCOPE))
    assert [(f.address, f.severity) for f in found] == [(at("iam.user", name), severity)] * bool(severity)
    for fault in found:
        assert fault.wants == ()
        assert fault.manual and "list them in the playbook" in fault.manual.summary
        assert fault.evidence["signs"]


def test_patterns_are_the_playbooks_to_give() -> None:
    users = [user("admin", **SIGNS_IN), user("crew[1]", **SIGNS_IN), user("crew1", **SIGNS_IN)]
    found = list(check(account(users=users), Settings(patterns=("CREW[?]",)), SCOPE))
    assert [f.address for f in found] == ["iam.user/crew[1]"]


OLGA, PIOTR = Person(name="olga", group="ops"), Person(name="piotr", group="audit")
LISTED = Settings(people={"team": (OLGA, PIOTR)})
TEAM = user("team", password=password(ago(0)), keys=(slot(last_used=ago(0)),))
NEW_OLGA: dict[str, Value] = {
    "iam.user/olga": {"path": "/"},
    "iam.group_member/ops/olga": "member",
    "iam.login_profile/olga": "password",
}
NEW_PIOTR: dict[str, Value] = {
    "iam.user/piotr": {"path": "/"},
    "iam.group_member/audit/piotr": "member",
    "iam.login_profile/piotr": "password",
}
BOTH = (user("olga", password=password(None)), user("piotr", password=password(None)))
MOVED = {"team": ago(8), "olga": ago(1), "piotr": ago(20)}


@dataclass(frozen=True)
class Case:
    users: tuple[User, ...] = ()
    """Besides the shared one."""
    state: State = field(default_factory=dict)
    sign_ins: Mapping[str, datetime | None] = field(default_factory=dict)
    wants: Mapping[str, Value] = field(default_factory=dict)
    manual: str = ""
    team: User = TEAM
    found: bool = True


def there(*passwords: str, groups: str = "ops audit", **joined: str) -> State:
    """The groups that there are, who is in which, and who has a password."""
    return {
        **{at("iam.group", name): {"path": "/"} for name in groups.split()},
        **{at("iam.login_profile", name): "password" for name in passwords},
        **members(**joined),
    }


ALL = there("team", "olga", "piotr", ops="olga", audit="piotr")
TEN = {f"g{n}": "olga" for n in range(10)}

CASES = {
    "nobody has a user": Case(state=there("team"), wants={**NEW_OLGA, **NEW_PIOTR}),
    "one has": Case(BOTH[:1], there("team", "olga", ops="olga"), {"olga": None}, wants=NEW_PIOTR),
    "one is in no group": Case(
        BOTH, there("team", "olga", "piotr", audit="piotr"), wants={"iam.group_member/ops/olga": "member"}
    ),
    "a group is missing": Case(
        state=there("team", groups="ops"), wants=NEW_OLGA, manual="piotr: there is no group audit yet"
    ),
    "a user alike": Case((user("Olga"),), there("team"), wants=NEW_PIOTR, manual="there is a user Olga"),
    "too many groups": Case(
        BOTH, there("team", "olga", "piotr", audit="piotr", **TEN), manual="olga: is in as many groups as IAM allows"
    ),
    "a user that was not finished": Case(
        (user("olga", created=ago(1)), BOTH[1]),
        there("team", "piotr", ops="olga", audit="piotr"),
        wants={"iam.login_profile/olga": "password"},
    ),
    "an old user without a password": Case(
        (user("olga"), BOTH[1]),
        there("team", "piotr", ops="olga", audit="piotr"),
        {"team": ago(8), "piotr": ago(1)},
        manual="olga did not sign in",
    ),
    "not all have signed in": Case(BOTH, ALL, {**MOVED, "piotr": None}, manual="piotr did not sign in as themselves"),
    "the shared one is still used": Case(BOTH, ALL, {**MOVED, "team": ago(6.9)}, manual="somebody signed in as team"),
    "all have moved": Case(BOTH, ALL, MOVED, wants={"iam.login_profile/team": None}),
    "all have moved, at the limit": Case(BOTH, ALL, {**MOVED, "team": ago(7)}, wants={"iam.login_profile/team": None}),
    "no record of its sign-in": Case(BOTH, ALL, {**MOVED, "team": None}, manual="without a recorded sign-in"),
    "its keys are left": Case(
        BOTH, there("olga", "piotr", ops="olga", audit="piotr"), MOVED, manual="its keys are still active"
    ),
    "nothing is left": Case(
        BOTH,
        there("olga", "piotr", ops="olga", audit="piotr"),
        MOVED,
        team=user("team", password=password(ago(8)), keys=(slot(False),)),
        found=False,
    ),
}


def situation(case: Case, **facts: Any) -> Account:
    """People are asked about one by one, so that a user made a moment ago is seen."""
    return account(case.state, users=[case.team, *case.users], sign_ins=case.sign_ins, **facts)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_people_get_and_when_the_password_goes(case: Case) -> None:
    found = list(check(situation(case), LISTED, SCOPE))
    assert len(found) == case.found
    assert {w.address: w.after for f in found for w in f.wants} == case.wants
    manual = [" ".join(f.manual.steps) for f in found if f.manual]
    assert len(manual) == bool(case.manual)
    assert case.manual in "".join(manual)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_plan_passes_the_guard_and_gives_before_it_takes(case: Case) -> None:
    draft = planner.draft(situation(case), with_settings(control, LISTED), SCOPE, RESOURCES)
    for change in draft.changes:
        if change.after is None:
            assert (change.risk, dict(change.evidence)) == ("restrictive", {"last_used": _text(case.sign_ins["team"])})
            assert change.notice
        else:
            assert change.risk == "additive"
            assert bool(change.notice) == change.address.startswith("iam.login_profile/")


def _text(moment: datetime | None) -> str:
    assert moment
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_people_who_share_two_users_get_one_of_their_own() -> None:
    settings = Settings(people={"team": (OLGA,), "ops": (Person(name="olga", group="audit"),)})
    now = account(there("team", "ops"), users=[TEAM, user("ops", **SIGNS_IN)])
    draft = planner.draft(now, with_settings(control, settings), SCOPE, RESOURCES)
    assert {c.address for c in draft.changes} == {*NEW_OLGA, "iam.group_member/audit/olga"}


def test_an_application_that_is_listed_counts() -> None:
    listed = Settings(people={"svc": (OLGA,)})
    svc = user("svc", path="/apps/", **SIGNS_IN)
    (fault,) = check(account(there("svc"), users=[svc]), listed, SCOPE)
    assert {w.address: w.after for w in fault.wants} == NEW_OLGA


def test_the_exempt_are_untouched() -> None:
    for name in ("team", "olga"):
        who = Exemption(match=Matcher(name=name), owner="o", reason="r", expires=date(2027, 1, 1))
        scope = Scope(playbook=Playbook(name="t", exemptions=(who,)), now=NOW)
        draft = planner.draft(situation(CASES["one is in no group"]), with_settings(control, LISTED), scope, RESOURCES)
        assert draft.changes == ()
        assert [e.address for e in draft.exempted] == ["iam.user/team"] * (name == "team")


def test_what_is_asked() -> None:
    now = situation(CASES["one has"])
    assert set(asks(now, LISTED, SCOPE)) == {"iam.login_profile/team", "iam.login_profile/olga"}
    assert set(asks(now, Settings(), SCOPE)) == set()
    assert set(asks(account(users=BOTH), LISTED, SCOPE)) == set(), "the shared user is gone"


@pytest.mark.parametrize(
    "gap", ["iam.user", "iam.group", "credential-report", "iam.login_profile/team", "iam.login_profile/olga"]
)
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(check(situation(CASES["one has"], unknown={gap: "denied"}), LISTED, SCOPE))


def test_names_are_quoted_in_commands_and_in_yaml() -> None:
    name = "x'\n- y"
    (fault,) = check(account(users=[user(name, **SIGNS_IN, tags=MAILS)]), Settings(), SCOPE)
    assert fault.manual
    assert """'x'"'"'\n- y'""" in fault.manual.steps[0]
    assert r"""{"x'\n- y":[{"name":"…","group":"…"}]}""" in fault.manual.steps[1]


REFUSED = {
    "its own successor": ("[{name: Team, group: ops}]", 4, ".team[0].name: team cannot be its own successor"),
    "twice": ("[{name: ann, group: a}, {name: ann, group: b}]", 4, ".team[1].name: ann stands here twice"),
    "in two spellings": (
        "[{name: ann, group: a}]\n      x: [{name: Ann, group: a}]",
        5,
        ".x[0].name: Ann and ann are one user to IAM",
    ),
    "no group": ("[{name: ann}]", 3, "[...][0]: Object missing required field group"),
    "a name that IAM does not take": ("[{name: 'ann b', group: a}]", 3, "[...][0].name: Expected str matching regex"),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_at_their_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"controls:\n  shared-credentials:\n    people:\n      team: {text}\n")
    with pytest.raises(BadInput) as caught:
        work.playbook_named(str(path))
    assert f"{path}:{line}: controls.shared-credentials.people{message}" in str(caught.value)
