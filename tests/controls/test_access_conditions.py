"""Groups bound to networks and hours: what the plan makes, renews and takes back, and what it refuses or leaves."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.accounts import (
    ADMIN,
    ME,
    READ_ONLY,
    account,
    document,
    folded,
    holding,
    members,
    mine,
    password,
    policies,
    role,
    statement,
    taken_back,
    user,
    with_settings,
)
from support.aws import Aws
from support.cli import run
from support.evaluator import denied

from remediate import planner
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.cli import work
from remediate.controls import CONTROLS, SETTINGS
from remediate.controls.access_conditions import control
from remediate.controls.access_rules import Settings
from remediate.controls.base import Moment
from remediate.errors import BadInput, Refused, Unreadable
from remediate.model import Exemption, Matcher, State, at, kind_of
from remediate.planner import Draft
from remediate.playbook import Playbook
from remediate.playbook.load import load
from remediate.playbook.scope import Scope
from remediate.sandbox import fill
from remediate.store.plans import save

NOON = datetime(2026, 6, 3, 10, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Berlin."""
EXEMPT = Exemption(match=Matcher(tag={"exempt": "*"}), owner="o", reason="r", expires=date(2027, 1, 1))
NETWORKS = ["203.0.113.0/24", "2001:db8:ac::/48"]
HOURS = {"from": "07:00", "to": "19:00", "timezone": "Europe/Berlin"}
PLACES_ARN, HOURS_ARN, HOURS_2_ARN = (mine(f"AccessConditions-office-{n}") for n in ("networks", "hours", "hours-2"))


def settings_of(*rules: Mapping[str, object], **more: object) -> Settings:
    return msgspec.convert({"rules": list(rules), **more}, Settings)


def rule(name: str = "office", groups: tuple[str, ...] = ("devs",), **parts: object) -> Mapping[str, object]:
    return {"name": name, "groups": list(groups), **(parts or {"networks": NETWORKS, "hours": HOURS})}


def plan(now: Account, *rules: Mapping[str, object], at_: datetime = NOON, **more: object) -> Draft:
    scope = Scope(playbook=Playbook(name="test", exemptions=(EXEMPT,)), now=at_)
    return planner.draft(now, with_settings(control, settings_of(*rules, **more)), scope, RESOURCES)


def after(now: Account, draft: Draft) -> Account:
    return msgspec.structs.replace(now, state=folded(now.state, draft.changes))


DEVS = account(
    holding("group", "devs", [READ_ONLY]), holding("group", "ops"), members(devs="ann bob"),
    caller=f"arn:aws:sts::{ME}:assumed-role/ci/run",
)  # fmt: skip
BOUND = after(DEVS, plan(DEVS, rule()))


def test_a_group_is_bound_to_networks_and_hours() -> None:
    draft = plan(DEVS, rule())
    assert {c.address: c.risk for c in draft.changes} == {
        at("iam.policy", PLACES_ARN): "additive",
        at("iam.policy", HOURS_ARN): "additive",
        at("iam.group_policy", "devs", PLACES_ARN): "restrictive",
        at("iam.group_policy", "devs", HOURS_ARN): "restrictive",
    }
    places, hours = (BOUND.document(arn) for arn in (PLACES_ARN, HOURS_ARN))
    inside = {"SourceIp": "203.0.113.9", "ViaAWSService": "false"}
    assert not denied(places, "s3:GetObject", **inside)
    assert denied(places, "s3:GetObject", SourceIp="198.51.100.1", ViaAWSService="false")
    assert not denied(hours, "s3:GetObject", CurrentTime="2026-06-03T10:00:00Z", **inside)
    assert denied(hours, "s3:GetObject", CurrentTime="2026-06-03T22:00:00Z", **inside)
    notices = {c.notice for c in draft.changes if c.notice}
    assert notices == {
        "can do nothing from outside 203.0.113.0/24, 2001:db8:ac::/48 any more",
        "can do nothing outside mon, tue, wed, thu, fri 07:00-19:00 Europe/Berlin any more",
    }
    (finding,) = draft.findings
    assert (finding.severity, finding.evidence["members"]) == ("medium", 2)


def test_it_is_enough_and_taken_back() -> None:
    draft = plan(DEVS, rule())
    assert plan(BOUND, rule()).changes == ()
    assert plan(BOUND, rule()).findings == ()
    assert taken_back(BOUND.state, draft.changes) == DEVS.state


def test_nothing_is_found_without_rules() -> None:
    assert plan(DEVS).findings == ()


def test_several_groups_carry_the_same_policies() -> None:
    draft = plan(DEVS, rule(groups=("devs", "ops")))
    assert len([c for c in draft.changes if kind_of(c.address) == "iam.policy"]) == 2
    assert len([c for c in draft.changes if kind_of(c.address) == "iam.group_policy"]) == 4


def test_two_rules_for_one_group() -> None:
    draft = plan(DEVS, rule(networks=NETWORKS), rule("night", hours=HOURS))
    assert {c.address.rpartition("-")[2] for c in draft.changes} == {"networks", "hours"}
    assert plan(after(DEVS, draft), rule(networks=NETWORKS), rule("night", hours=HOURS)).changes == ()


RENEWALS = {
    # days later: what is planned, what is said, how urgent
    "the same day": (timedelta(hours=9), 0, "", ""),
    "half of the days are left": (timedelta(days=7), 0, "", ""),
    "fewer are left": (timedelta(days=8), 1, "the closed hours are written down for 6 more days", "low"),
    "two are left": (timedelta(days=12), 1, "the closed hours are written down for 2 more days", "high"),
    "none is left": (timedelta(days=20), 1, "the closed hours have run out, and nothing is denied any more", "high"),
}


@pytest.mark.parametrize(("later", "changes", "said", "severity"), RENEWALS.values(), ids=RENEWALS)
def test_hours_are_renewed_before_they_run_out(later: timedelta, changes: int, said: str, severity: str) -> None:
    draft = plan(BOUND, rule(), at_=NOON + later)
    assert len(draft.changes) == changes
    assert [f"{f.severity}: {f.summary}" for f in draft.findings] == ([f"{severity}: office: {said}"] if said else [])
    for change in draft.changes:
        assert change.address == at("iam.policy", HOURS_ARN)
        assert change.classes == {"additive", "restrictive"}
    assert plan(after(BOUND, draft), rule(), at_=NOON + later).changes == ()


CHANGED = {
    "another network": (rule(networks=[*NETWORKS, "198.51.100.0/24"], hours=HOURS), [PLACES_ARN]),
    "other hours": (rule(networks=NETWORKS, hours={**HOURS, "to": "20:00"}), [HOURS_ARN]),
    "more days": (rule(networks=NETWORKS, hours={**HOURS, "ahead_days": 20}), [HOURS_ARN]),
}


@pytest.mark.parametrize(("changed", "arns"), CHANGED.values(), ids=CHANGED)
def test_a_rule_that_changed(changed: Mapping[str, object], arns: list[str]) -> None:
    draft = plan(BOUND, changed)
    assert [c.address for c in draft.changes] == [at("iam.policy", arn) for arn in arns]
    assert draft.findings[0].summary == "office: what is denied is not what the rule says"
    assert draft.findings[0].severity == "high"
    assert plan(after(BOUND, draft), changed).changes == ()


def test_what_somebody_loosened_is_put_right() -> None:
    value: Any = BOUND.value(at("iam.policy", PLACES_ARN))
    (said,) = value["document"]["Statement"]
    loose = {**said, "Condition": {**said["Condition"], "NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}}
    edited = {**value, "document": document(loose)}
    now = msgspec.structs.replace(BOUND, state={**BOUND.state, at("iam.policy", PLACES_ARN): edited})
    (change,) = plan(now, rule()).changes
    assert change.after == value


def test_many_days_take_several_policies_and_fewer_take_them_back() -> None:
    long, short = (rule(hours={**HOURS, "days": ["tue", "thu"], "ahead_days": n}) for n in (120, 14))
    draft = plan(DEVS, long)
    assert at("iam.group_policy", "devs", HOURS_2_ARN) in {c.address for c in draft.changes}
    then = after(DEVS, draft)
    assert plan(then, long).changes == ()
    back = plan(then, short)
    assert {c.address: c.after for c in back.changes}[at("iam.policy", HOURS_2_ARN)] is None
    assert plan(after(then, back), short).changes == ()


def test_a_rule_that_is_gone_leaves_nothing() -> None:
    draft = plan(BOUND)
    assert {c.classes for c in draft.changes} == {frozenset({"additive"})}
    assert after(BOUND, draft).state == DEVS.state


def test_a_group_that_a_rule_names_no_more_is_free() -> None:
    both = after(DEVS, plan(DEVS, rule(groups=("devs", "ops"))))
    draft = plan(both, rule())
    assert {c.address for c in draft.changes} == {at("iam.group_policy", "ops", a) for a in (PLACES_ARN, HOURS_ARN)}
    assert plan(after(both, draft), rule()).changes == ()


def devs(*states: State, **facts: Any) -> Account:
    return account(holding("group", "devs"), *states, **{"caller": f"arn:aws:sts::{ME}:assumed-role/ci/run", **facts})


GLASS = user("glass", tags={"exempt": "yes"})
TEN = holding("group", "devs", [f"arn:aws:iam::aws:policy/P{n}" for n in range(9)])
OURS: Any = {a: v for a, v in BOUND.state.items() if kind_of(a) in ("iam.policy", "iam.group_policy")}
OLD = {a: v for a, v in OURS.items() if "hours" in a}
LATER = NOON + timedelta(days=10)
BY_HAND: dict[str, tuple[Account, datetime, str, str]] = {
    # the account, the day, where the manual step is and what it says
    "no such group": (account(), NOON, "iam.group/devs", "is for a group devs, which is not there"),
    "an exempt member": (devs(members(devs="glass"), users=[GLASS]), NOON, "iam.group/devs", "glass is exempt"),
    "the caller": (
        devs(members(devs="caller"), users=[user("caller")], caller=f"arn:aws:iam::{ME}:user/caller"),
        NOON, "iam.group/devs", "what this run works with is in it"),
    "somebody else's policy of that name": (
        devs(policies(**{"AccessConditions-office-networks": document(statement("s3:*"))})),
        NOON, f"iam.policy/{PLACES_ARN}", "that is not ours"),
    "no room in the group": (devs(TEN), NOON, "iam.group/devs", "with no room for the rule office"),
    "an exempt member, when the hours are to be renewed": (
        devs(OURS, members(devs="glass"), users=[GLASS]), LATER, f"iam.policy/{HOURS_ARN}", "and glass is exempt"),
    "the caller, when the hours are to be renewed": (
        devs(OURS, members(devs="caller"), users=[user("caller")], caller=f"arn:aws:iam::{ME}:user/caller"),
        LATER, f"iam.policy/{HOURS_ARN}", "what this run works with is in it"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "day", "where", "what"), BY_HAND.values(), ids=BY_HAND)
def test_what_is_left_to_a_person(now: Account, day: datetime, where: str, what: str) -> None:
    draft = plan(now, rule(), at_=day)
    assert draft.changes == ()
    assert {m.address for m in draft.manual} == {where}
    assert what in draft.manual[0].summary
    assert draft.findings


LEFT: dict[str, Account] = {
    "on an exempt user": devs(OLD, holding("user", "glass", [HOURS_ARN]), users=[GLASS]),
    "on a user, and nobody knows why": devs(OLD, holding("user", "ann", [HOURS_ARN])),
    "on a role": devs(OLD, holding("role", "ops", [HOURS_ARN]), roles=[role("ops")]),
    "on a group with an exempt member": devs(OLD, members(devs="glass"), users=[GLASS]),
}


@pytest.mark.parametrize("now", LEFT.values(), ids=LEFT)
def test_what_is_left_of_a_rule_and_is_not_for_a_plan_to_take(now: Account) -> None:
    draft = plan(now)
    assert draft.changes == ()
    assert [m.address for m in draft.manual] == [at("iam.policy", HOURS_ARN)]


def test_somebodys_own_policy_with_our_prefix_is_left_alone() -> None:
    now = devs(policies(**{"AccessConditions-mine": document(statement("s3:*"))}))
    assert plan(now).findings == ()


def test_hours_for_all_administrators_are_refused() -> None:
    """They may work at noon, and nobody could at night: the guard says so, whatever the rule accepts."""
    people = [user(n, password=password(None)) for n in ("ann", "bob")]
    now = devs(holding("group", "devs", [ADMIN]), members(devs="ann bob"), users=people)
    with pytest.raises(Refused) as caught:
        plan(now, rule(caller_outside="accept", hours=HOURS))
    assert "administrators who may work at any time from anywhere" in "\n".join(caught.value.details)


@pytest.mark.parametrize("gap", ["iam.user", "iam.group", "iam.policy"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(
            control.check(
                account(unknown={gap: "denied"}), settings_of(rule()), Scope(playbook=Playbook(name="t"), now=NOON)
            )
        )


# --- refused at its line, before any call ----------------------------------------------------------------------------


def read(folder: Path, text: str, address: str | None = "203.0.113.9", now: datetime = NOON) -> Playbook:
    path = folder / "mine.yaml"
    path.write_text("controls:\n  access-conditions:\n" + text, encoding="utf-8")
    moment = Moment(now=now, address=lambda: address)
    return load(str(path), SETTINGS, lambda control, settings: CONTROLS[control].refuses(settings, moment))


RULE = "    rules:\n      - name: office\n        groups: [devs]\n"
ON = RULE + "        networks:\n          - 203.0.113.0/24\n"
OPEN = RULE + "        hours:\n          from: '07:00'\n          to: '19:00'\n          timezone: Europe/Berlin\n"
VPC = RULE + "        vpcs: [vpc-0a]\n"
WEEK = "          days: [mon, tue, wed, thu, fri, sat, sun]\n"
HERE = "controls.access-conditions.rules[0]"
V6 = [f"'2001:db8:{n:x}::/48'" for n in range(400)]
EVENING = NOON + timedelta(hours=9)
BAD: Mapping[str, tuple[str, str | None, datetime, str]] = {
    # the playbook's text, the caller's address, the moment, and what is said
    "a private network": (
        ON + "          - 10.0.0.0/8\n", "203.0.113.9", NOON, f":8: {HERE}.networks[1]: 10.0.0.0/8 is private"),
    "bits beyond the length": (ON + "          - 198.51.100.7/24\n", "203.0.113.9", NOON, ":8: "),
    "no network": (ON + "          - home\n", "203.0.113.9", NOON, "home is no network, such as 203.0.113.0/24"),
    "everybody": (ON + "          - 0.0.0.0/0\n", "203.0.113.9", NOON, "the whole internet: leave networks out"),
    "no group": (
        "    rules:\n      - name: x\n        groups: []\n        networks: [203.0.113.0/24]\n", "203.0.113.9", NOON,
        f":5: {HERE}.groups: Expected array of length >= 1"),
    "nothing asked": (RULE, "203.0.113.9", NOON, f":4: {HERE}: a rule needs networks"),
    "two rules of one name": (
        ON + "      - {name: Office, groups: [ops], networks: [203.0.113.0/24]}\n", "203.0.113.9", NOON,
        ":8: controls.access-conditions.rules[1].name: two rules are called Office"),
    "a VPC's network without the VPC": (
        ON + "        vpc_networks: [10.0.0.0/8]\n", "203.0.113.9", NOON, f":8: {HERE}.vpc_networks: anybody"),
    "a VPC that is none": (
        RULE + "        vpcs: [main]\n", "203.0.113.9", NOON, "rules[0].vpcs[0]: Expected str matching regex"),
    "too many networks": (
        RULE + f"        networks: [{', '.join(V6)}]\n", "2001:db8::1", NOON, "and IAM allows 6144: join some"),
    "outside the networks": (
        ON, "198.51.100.1", NOON,
        f":6: {HERE}.networks: AWS sees this program come from 198.51.100.1"),
    "an address that cannot be found out": (ON, None, NOON, f":6: {HERE}.networks: nobody knows"),
    "a stated address outside": (
        ON + "    caller_address: 198.51.100.1\n", "203.0.113.9", NOON, "AWS sees this program come from 198.51.100.1"),
    "a stated address that is none": (
        ON + "    caller_address: here\n", None, NOON,
        ":8: controls.access-conditions.caller_address: here is no address"),
    "a VPC alone: nobody can tell": (VPC, "203.0.113.9", NOON, f":6: {HERE}.vpcs: nobody knows"),
    "outside the hours": (
        OPEN, None, EVENING, f":6: {HERE}.hours: it is Wed 21:00 in Europe/Berlin, and closed"),
    "a time zone that nobody knows": (
        OPEN.replace("Berlin", "Bern"), None, NOON,
        f":9: {HERE}.hours.timezone: there is no time zone Europe/Bern"),
    "hours that never end": (
        OPEN.replace("07:00", "00:00").replace("19:00", "24:00") + WEEK, None, NOON, f":6: {HERE}.hours: it is never"),
    "hours that never begin": (
        OPEN.replace("19:00", "07:00"), None, NOON, f":6: {HERE}.hours: from 07:00 to 07:00 is never open"),
    "a time without quotes": (OPEN.replace("'07:00'", "17:00"), None, NOON, "hours.from: Expected str, got int"),
    "a time off the quarter": (OPEN.replace("07:00", "07:10"), None, NOON, "hours.from: Expected str matching"),
    "more days than fit": (
        OPEN + "          ahead_days: 366\n" + WEEK, None, NOON,
        f":10: {HERE}.hours.ahead_days: 366 days need 16 policies of 6144 characters"),
    "a key that is misspelt": (ON + "        hour: {}\n", "203.0.113.9", NOON, "unknown key hour"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "address", "now", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_at_its_line(
    tmp_path: Path, text: str, address: str | None, now: datetime, said: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, text, address, now)
    assert said in str(caught.value)
    assert "mine.yaml:" in str(caught.value)


GOOD: Mapping[str, tuple[str, str | None, datetime]] = {
    "inside": (ON, "203.0.113.9", NOON),
    "inside, as somebody says": (ON + "    caller_address: 203.0.113.9\n", None, NOON),
    "in a network of the VPC, as somebody says": (
        VPC + "        vpc_networks: [10.0.0.0/8]\n    caller_address: 10.1.2.3\n", None, NOON),
    "in the hours": (OPEN, None, NOON),
    "outside the networks, and that is accepted": (ON + "        caller_outside: accept\n", None, NOON),
    "outside the hours, and that is accepted": (OPEN + "        caller_outside: accept\n", None, EVENING),
    "days that just fit": (
        OPEN + "          ahead_days: 220\n" + WEEK, None, NOON),
    "no rule": ("    rules: []\n", None, NOON),
}  # fmt: skip


@pytest.mark.parametrize(("text", "address", "now"), GOOD.values(), ids=GOOD)
def test_what_is_right_is_read(tmp_path: Path, text: str, address: str | None, now: datetime) -> None:
    assert isinstance(read(tmp_path, text, address, now).controls["access-conditions"], Settings)


def test_every_complaint_about_an_address_that_is_none_is_that_one() -> None:
    wrong = settings_of(rule(), caller_address="here")
    assert [where for where, _ in control.refuses(wrong, Moment(now=NOON))] == ["caller_address"]


def test_nobody_asks_for_the_address_without_networks(tmp_path: Path) -> None:
    def never() -> str | None:
        raise AssertionError("no rule has networks")

    path = tmp_path / "mine.yaml"
    path.write_text(f"controls:\n  access-conditions:\n{OPEN}", encoding="utf-8")
    moment = Moment(now=NOON, address=never)
    load(str(path), SETTINGS, lambda control, settings: CONTROLS[control].refuses(settings, moment))


# --- the whole story -------------------------------------------------------------------------------------------------

MINE = """
extends: guidelines
controls:
  access-conditions:
    rules:
      - name: office
        groups: [developers, nobody]
        networks: [203.0.113.0/24]
        hours: {days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00", timezone: Europe/Berlin}
        caller_outside: accept
"""


def test_planned_applied_and_taken_back(aws: Aws, tmp_path: Path) -> None:
    fill()
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    iam = aws.client("iam")

    def carried() -> set[str]:
        held = iam.list_attached_group_policies(GroupName="developers")["AttachedPolicies"]
        return {policy["PolicyName"] for policy in held}

    before = carried()
    only = ("-p", "mine.yaml", "--control", "access-conditions")
    made = run("plan", *only, "-o", "a.plan.json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "nobody, which is not there" in made.stdout
    assert run("apply", "a.plan.json", "--yes", cwd=tmp_path).returncode == 0
    assert carried() - before == {"AccessConditions-office-networks", "AccessConditions-office-hours"}
    again = run("plan", *only, "--detailed-exitcode", cwd=tmp_path)
    assert again.returncode == 0, again.stdout
    watched = run("drift", *only, "--correct", cwd=tmp_path)
    assert watched.returncode == 0, watched.stdout + watched.stderr
    back = run("rollback", "a.plan.json", "--yes", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert carried() == before


FROM_NETWORKS = "".join(
    line for line in MINE.splitlines(keepends=True) if "hours:" not in line and "outside" not in line
)


@pytest.mark.parametrize("given", ["option", "environment"])
def test_the_sandbox_sees_this_program_come_from_the_loopback_address(aws: Aws, tmp_path: Path, given: str) -> None:
    (tmp_path / "mine.yaml").write_text(FROM_NETWORKS, encoding="utf-8")
    option = ("--endpoint-url", aws.url) if given == "option" else ()
    url = aws.url if given == "environment" else ""
    made = run("plan", "-p", "mine.yaml", *option, cwd=tmp_path, AWS_ENDPOINT_URL=url)
    assert made.returncode == 1
    assert (
        "mine.yaml:8: controls.access-conditions.rules[0].networks: AWS sees this program come from 127.0.0.1"
        in made.stderr
    )
    assert "Add caller_outside: accept" in made.stderr


def test_a_plan_made_by_somebody_else_is_refused_for_who_is_in_the_group(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by a role in the office, applied by a member of the group from anywhere: the guard looks again."""
    fill()
    aws.client("iam").attach_user_policy(UserName="heidi.new", PolicyArn=ADMIN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    session = work.connect(None, None, None)
    made, _ = work.make_plan(session, work.playbook_named("mine.yaml"), ("access-conditions",))
    save(made, tmp_path / "a.plan.json")
    key = aws.client("iam").create_access_key(UserName="heidi.new")["AccessKey"]
    result = run("apply", "a.plan.json", "--yes", cwd=tmp_path,
                 AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])  # fmt: skip
    assert result.returncode == 3
    assert "would take from this run what it needs" in result.stderr
