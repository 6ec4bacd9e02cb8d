"""MFA is asked for: the two policies as a table of requests, each user as a case, and all of it beside `groups`."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from support.accounts import (
    ADMIN,
    ME,
    NOW,
    READ_ONLY,
    account,
    ago,
    document,
    folded,
    holding,
    members,
    mine,
    password,
    policies,
    role,
    said,
    slot,
    statement,
    taken_back,
    user,
    with_settings,
)
from support.evaluator import allowed, denied
from support.stress import examples

from remediate import planner, rollback
from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.cli import work
from remediate.controls import CONTROLS, groups
from remediate.controls.base import Control
from remediate.controls.mfa import Settings, control
from remediate.controls.mfa_policy import WITHOUT_MFA, denial, requires_mfa, self_service
from remediate.controls.own_users import Person
from remediate.errors import BadInput, Unreadable
from remediate.guard import access
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Address, Exemption, Matcher, State, Struct, Value, at, kind_of, pair_of
from remediate.planner import Draft
from remediate.playbook import Playbook
from remediate.playbook.scope import Scope

EXEMPT = Exemption(match=Matcher(tag={"exempt": "*"}), owner="o", reason="r", expires=date(2027, 1, 1))
BOTH: Mapping[str, Struct] = {"groups": groups.Settings(), "mfa": Settings()}
STRICT, CONSOLE, OWN = mine("RequireMFA"), mine("RequireMFAInConsole"), mine("ManageOwnMFA")
SIGNS_IN = {"password": password(ago(1))}
KEY = {"keys": (slot(),)}

# --- what the policies say -------------------------------------------------------------------------------------------

STRICT_FORM: Any = denial("BoolIfExists")
CONSOLE_FORM: Any = denial("Bool")
SERVICE = self_service(account())
ANN, DEEP = f"arn:aws:iam::{ME}:user/ann", f"arn:aws:iam::{ME}:user/apps/deep/ann"
REQUESTS = {
    # how the request was signed: aws:MultiFactorAuthPresent, and whether each form denies it
    "with MFA": ("true", False, False),
    "a session without MFA": ("false", True, True),
    "a long-term access key, which says nothing of MFA": (None, True, False),
}


@pytest.mark.parametrize(("mfa_present", "strict", "console"), REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize(
    "action", ["s3:GetObject", "iam:CreateAccessKey", "iam:DeactivateMFADevice", "sts:AssumeRole", "iam:UpdateUser"]
)
def test_everything_is_denied_without_mfa(mfa_present: str | None, strict: bool, console: bool, action: str) -> None:
    context = {"MultiFactorAuthPresent": mfa_present} if mfa_present else {}
    assert denied(STRICT_FORM, action, **context) == strict
    assert denied(CONSOLE_FORM, action, **context) == console


@pytest.mark.parametrize("action", WITHOUT_MFA)
@pytest.mark.parametrize("form", [STRICT_FORM, CONSOLE_FORM])
def test_but_what_it_takes_to_enrol_a_device_and_to_choose_a_new_password(form: Value, action: str) -> None:
    assert not denied(form, action, MultiFactorAuthPresent="false")


@pytest.mark.parametrize("action", [a for a in WITHOUT_MFA if a != "sts:GetSessionToken"])
def test_and_that_is_allowed_because_a_deny_allows_nothing(action: str) -> None:
    """GetSessionToken needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    device = f"arn:aws:iam::{ME}:mfa/whatever"
    on = device if "VirtualMFADevice" in action and "List" not in action else ANN
    assert allowed(SERVICE, action, on, username="ann", MultiFactorAuthPresent="false")


MINE_ALONE = {
    "myself": (ANN, "ann", True),
    "myself at a path": (DEEP, "ann", True),
    "somebody whose name ends like mine": (f"arn:aws:iam::{ME}:user/joann", "ann", False),
    "somebody at a path that ends like my name": (f"arn:aws:iam::{ME}:user/ann/bob", "ann", False),
    "somebody else": (f"arn:aws:iam::{ME}:user/bob", "ann", False),
    "somebody of another account": ("arn:aws:iam::999988887777:user/ann", "ann", False),
}


@pytest.mark.parametrize(("target", "who", "may"), MINE_ALONE.values(), ids=MINE_ALONE)
def test_people_may_do_it_for_themselves_alone(target: str, who: str, may: bool) -> None:
    for action in ("iam:ChangePassword", "iam:EnableMFADevice", "iam:GetUser"):
        assert allowed(SERVICE, action, target, username=who, MultiFactorAuthPresent="false") == may


@pytest.mark.parametrize(("present", "may"), [("true", True), ("false", False), (None, False)])
def test_a_device_is_given_up_only_with_mfa(present: str | None, may: bool) -> None:
    context = {"MultiFactorAuthPresent": present} if present else {}
    assert allowed(SERVICE, "iam:DeactivateMFADevice", ANN, username="ann", **context) == may


NO_MFA: Value = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
COUNTS: dict[str, tuple[Value, bool]] = {
    "ours": (STRICT_FORM, True),
    "ours for the console": (CONSOLE_FORM, True),
    "AWS's other example, which lists users": (
        document({"Effect": "Deny", "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListUsers"],
                  "Resource": "*", "Condition": NO_MFA}), True),
    "everything, without exception": (
        document({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NO_MFA}), True),
    "one that leaves more": (
        document({"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*", "Condition": NO_MFA}), False),
    "one that leaves another service": (
        document({"Effect": "Deny", "NotAction": ["s3:GetObject"], "Resource": "*", "Condition": NO_MFA}), False),
    "some actions alone": (
        document({"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": NO_MFA}), False),
    "some resources alone": (
        document({"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::b", "Condition": NO_MFA}), False),
    "at times": (
        document({"Effect": "Deny", "Action": "*", "Resource": "*",
                  "Condition": {**NO_MFA, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}), False),  # type: ignore[dict-item]
    "with MFA": (
        document({"Effect": "Deny", "Action": "*", "Resource": "*",
                  "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}), False),
    "an Allow": (document({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": NO_MFA}), False),
    "no policy at all": ("text", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "counts"), COUNTS.values(), ids=COUNTS)
def test_which_policies_count(text: Value, counts: bool) -> None:
    assert requires_mfa(text) == counts


# --- whom the plan asks ----------------------------------------------------------------------------------------------


def plan(now: Account, chosen: Mapping[str, Struct] | None = None, **choices: Any) -> Draft:
    controls = dict(chosen or {"mfa": Settings(**choices)})
    playbook = Playbook(name="test", exemptions=(EXEMPT,), controls=controls)
    known: dict[str, Control[Any]] = {"mfa": control, "groups": groups.control}
    return planner.draft(
        now, [(known[c], s) for c, s in controls.items()], Scope(playbook=playbook, now=NOW), RESOURCES
    )


def joined(draft: Draft) -> set[str]:
    """`group/user` for each membership that the plan makes."""
    return {a.partition("/")[2] for a in (c.address for c in draft.changes) if kind_of(a) == "iam.group_member"}


def summaries(draft: Draft) -> dict[str, str]:
    return {f.address.partition("/")[2]: f"{f.severity}: {f.summary}" for f in draft.findings}


CARRIED = (
    holding("group", "RequireMFA", [OWN, STRICT]),
    holding("group", "RequireMFAInConsole", [OWN, CONSOLE]),
    policies(ManageOwnMFA=SERVICE, RequireMFA=STRICT_FORM, RequireMFAInConsole=CONSOLE_FORM),
)
THEIRS = (holding("group", "Theirs", [mine("Theirs")]), policies(Theirs=STRICT_FORM))
WHO: dict[str, tuple[Account, set[str], dict[str, str]]] = {
    # the account; the memberships that the plan makes; the findings by user
    "a password alone": (
        account(users=[user("ann", **SIGNS_IN)]),
        {"RequireMFA/ann"}, {"ann": "medium: ann signs in with a password alone"}),
    "an administrator": (
        account(holding("group", "g", [ADMIN]), members(g="ann"), users=[user("ann", **SIGNS_IN)]),
        {"RequireMFA/ann"}, {"ann": "high: ann signs in with a password alone"}),
    "with an active key": (
        account(users=[user("ann", **SIGNS_IN, **KEY)]),
        {"RequireMFAInConsole/ann"}, {"ann": "medium: ann signs in with a password alone"}),
    "with an inactive key": (
        account(users=[user("ann", keys=(slot(False),), **SIGNS_IN)]),
        {"RequireMFA/ann"}, {"ann": "medium: ann signs in with a password alone"}),
    "with a device": (
        account(users=[user("ann", mfa=True, **SIGNS_IN)]),
        {"RequireMFA/ann"}, {"ann": "low: ann has an MFA device, and nothing keeps it from working without"}),
    "without a password": (account(users=[user("ann", **KEY)]), set(), {}),
    "an application with a password": (
        account(users=[user("svc", path="/apps/", **SIGNS_IN, **KEY)]),
        {"RequireMFAInConsole/svc"}, {"svc": "medium: svc signs in with a password alone"}),
    "exempt": (account(users=[user("ann", tags={"exempt": "yes"}, **SIGNS_IN)]), set(), {}),
    "asked, with a device": (
        account(*CARRIED, members(RequireMFA="ann"), users=[user("ann", mfa=True, **SIGNS_IN)]), set(), {}),
    "asked, and no device yet": (
        account(*CARRIED, members(RequireMFA="ann"), users=[user("ann", **SIGNS_IN)]),
        set(), {"ann": "low: ann has no MFA device yet, and can do nothing but enrol one"}),
    "asked in the console, and the key is gone": (
        account(*CARRIED, members(RequireMFAInConsole="ann"), users=[user("ann", mfa=True, **SIGNS_IN)]), set(), {}),
    "asked, and has a key since": (
        account(*CARRIED, members(RequireMFA="ann"), users=[user("ann", mfa=True, **SIGNS_IN, **KEY)]), set(), {}),
    "asked by a policy of the company's": (
        account(*THEIRS, members(Theirs="ann"), users=[user("ann", mfa=True, **SIGNS_IN)]), set(), {}),
    "asked by an inline policy": (
        account(holding("user", "ann", (), {"p": STRICT_FORM}), users=[user("ann", mfa=True, **SIGNS_IN)]), set(), {}),
    "beside others who are asked": (
        account(*CARRIED, members(RequireMFA="bob"),
                users=[user("ann", **SIGNS_IN), user("bob", mfa=True, **SIGNS_IN)]),
        {"RequireMFA/ann"}, {"ann": "medium: ann signs in with a password alone"}),
}  # fmt: skip


@pytest.mark.parametrize(("now", "memberships", "found"), WHO.values(), ids=WHO)
def test_who_is_asked(now: Account, memberships: set[str], found: dict[str, str]) -> None:
    draft = plan(now)
    assert joined(draft) == memberships
    assert summaries(draft) == found
    assert not draft.manual


def test_who_has_a_device_may_be_left_alone() -> None:
    now = account(users=[user("ann", mfa=True, **SIGNS_IN), user("bob", **SIGNS_IN)])
    draft = plan(now, enforce="without-mfa")
    assert joined(draft) == {"RequireMFA/bob"}
    assert "ann" not in summaries(draft)


def test_each_change_says_what_it_gives_and_takes() -> None:
    draft = plan(account(users=[user("ann", **SIGNS_IN), user("bob", mfa=True, **SIGNS_IN)]))
    changes = {c.address: c for c in draft.changes}
    classes = {a: c.classes for a, c in changes.items()}
    assert classes[at("iam.group_member", "RequireMFA", "ann")] == {"restrictive", "additive"}
    assert classes[at("iam.group_policy", "RequireMFA", OWN)] == {"additive"}
    assert classes[at("iam.group_policy", "RequireMFA", STRICT)] == {"restrictive"}
    assert {classes[a] for a in classes if kind_of(a) in ("iam.group", "iam.policy")} == {frozenset({"additive"})}
    assert "enrol an MFA device" in changes[at("iam.group_member", "RequireMFA", "ann")].notice
    assert changes[at("iam.group_member", "RequireMFA", "bob")].notice == "", "who has a device notices nothing"


def test_names_are_settings() -> None:
    names: dict[str, Any] = {
        "group": "MFA",
        "policy": "DenyWithoutMFA",
        "self_service_policy": "Own",
        "path": "/security/",
    }
    draft = plan(account(users=[user("ann", **SIGNS_IN)]), **names)
    arn = f"arn:aws:iam::{ME}:policy/security/"
    assert {c.address for c in draft.changes} == {
        at("iam.group", "MFA"), at("iam.policy", f"{arn}Own"), at("iam.policy", f"{arn}DenyWithoutMFA"),
        at("iam.group_policy", "MFA", f"{arn}Own"), at("iam.group_policy", "MFA", f"{arn}DenyWithoutMFA"),
        at("iam.group_member", "MFA", "ann"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [{"policy": "requiremfainconsole"}, {"self_service_policy": "RequireMFA"}, {"group": "RequireMFAinconsole"}],
)
def test_two_forms_need_two_names(names: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match="names"):
        msgspec.convert(names, Settings)


# --- what stands in the way ------------------------------------------------------------------------------------------

EDITED = document({**STRICT_FORM["Statement"][0], "NotAction": ["iam:*", "s3:*"]})
FULL = (*(holding("group", f"g{n}") for n in range(10)), members(**{f"g{n}": "ann" for n in range(10)}))
BY_HAND: dict[str, tuple[Account, str, str]] = {
    # the account; where the manual step is; what it says
    "ten groups": (account(*FULL, users=[user("ann", **SIGNS_IN)]), "iam.user/ann", "none is left for RequireMFA"),
    "the caller": (account(users=[user("caller", **SIGNS_IN)]), "iam.user/caller", "what this run works with"),
    "somebody else's policy of that name": (
        account(policies(RequireMFA=document(statement("s3:*"))), users=[user("ann", **SIGNS_IN)]),
        f"iam.policy/{STRICT}", "a policy RequireMFA that is not ours"),
    "somebody else's policy of that name in other letters": (
        account(policies(requiremfa=STRICT_FORM), users=[user("ann", **SIGNS_IN)]),
        f"iam.policy/{mine('requiremfa')}", "a policy requiremfa that is not ours"),
    "somebody else's policy for oneself": (
        account(policies(ManageOwnMFA=document(statement("iam:*"))), users=[user("ann", **SIGNS_IN)]),
        f"iam.policy/{OWN}", "a policy ManageOwnMFA that is not ours"),
    "a group that carries more": (
        account(holding("group", "RequireMFA", [READ_ONLY]), users=[user("ann", **SIGNS_IN)]),
        "iam.group/RequireMFA", "carries more than what asks for MFA: ReadOnlyAccess"),
    "a group that carries something inline": (
        account(holding("group", "RequireMFA", (), {"x": document(statement("s3:*"))}),
                users=[user("ann", **SIGNS_IN)]),
        "iam.group/RequireMFA", "carries more than what asks for MFA: x"),
    "a group in other letters": (
        account(holding("group", "requiremfa"), users=[user("ann", **SIGNS_IN)]),
        "iam.group/RequireMFA", "there is a group requiremfa"),
    "an exempt member of a group that lost its policy": (
        account(holding("group", "RequireMFA"), members(RequireMFA="glass"),
                users=[user("ann", **SIGNS_IN), user("glass", tags={"exempt": "yes"}, **SIGNS_IN)]),
        "iam.group/RequireMFA", "glass is exempt"),
    "the caller in a group that lost its policy": (
        account(holding("group", "RequireMFA"), members(RequireMFA="caller"),
                users=[user("ann", **SIGNS_IN), user("caller", **KEY)]),
        "iam.group/RequireMFA", "what this run works with is in it"),
    "a member with an active key of a group that lost its policy": (
        account(holding("group", "RequireMFA"), members(RequireMFA="svc"),
                users=[user("ann", **SIGNS_IN), user("svc", **KEY)]),
        "iam.group/RequireMFA", "svc has an access key, which would stop working"),
    "an exempt holder of a policy that was edited": (
        account(holding("user", "glass", [STRICT]), policies(RequireMFA=EDITED),
                users=[user("ann", **SIGNS_IN), user("glass", tags={"exempt": "yes"})]),
        f"iam.policy/{STRICT}", "RequireMFA is to change, and glass is exempt"),
    "an exempt role that holds a policy that was edited": (
        account(holding("role", "glass", [STRICT]), policies(RequireMFA=EDITED),
                roles=[role("glass", tags={"exempt": "y"})], users=[user("ann", **SIGNS_IN)]),
        f"iam.policy/{STRICT}", "RequireMFA is to change, and glass is exempt"),
    "no room for another group": (
        account(users=[user("ann", **SIGNS_IN)], summary={"GroupsQuota": 0}),
        "iam.group/RequireMFA", "IAM allows the account 0 more groups"),
    "no room for both policies": (
        account(users=[user("ann", **SIGNS_IN)], summary={"PoliciesQuota": 1}),
        "iam.group/RequireMFA", "IAM allows the account 1 more policies"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "where", "what"), BY_HAND.values(), ids=BY_HAND)
def test_what_is_left_to_a_person(now: Account, where: str, what: str) -> None:
    draft = plan(now)
    assert draft.changes == ()
    (manual,) = draft.manual
    assert manual.address == where
    assert what in manual.summary
    assert manual.steps and manual.check
    assert any("signs in with a password alone" in f.summary for f in draft.findings)


def test_names_with_quotes_stay_names_in_the_steps() -> None:
    now = account(holding("user", "a'b;c", [STRICT]), policies(RequireMFA=EDITED),
                  users=[user("ann", **SIGNS_IN), user("a'b;c", tags={"exempt": "yes"})])  # fmt: skip
    (manual,) = plan(now).manual
    assert "--user-name 'a'\"'\"'b;c'" in manual.steps[0]


def test_one_form_in_the_way_is_not_the_others() -> None:
    now = account(
        holding("group", "RequireMFA", [READ_ONLY]), users=[user("ann", **SIGNS_IN), user("bob", **SIGNS_IN, **KEY)]
    )
    assert joined(plan(now)) == {"RequireMFAInConsole/bob"}


def test_room_for_one_form_alone() -> None:
    now = account(users=[user("ann", **SIGNS_IN), user("bob", **SIGNS_IN, **KEY)], summary={"GroupsQuota": 1})
    draft = plan(now)
    assert joined(draft) == {"RequireMFA/ann"}
    assert [m.address for m in draft.manual] == ["iam.group/RequireMFAInConsole"]


# --- what was edited is put right ------------------------------------------------------------------------------------


def test_an_edited_policy_is_put_right_for_all_who_hold_it() -> None:
    now = account(*CARRIED[:2], policies(ManageOwnMFA=SERVICE, RequireMFA=EDITED, RequireMFAInConsole=CONSOLE_FORM),
                  members(RequireMFA="ann"), users=[user("ann", **SIGNS_IN)])  # fmt: skip
    (changed,) = plan(now).changes
    assert changed.address == at("iam.policy", STRICT)
    assert changed.after == {"path": "/", "document": STRICT_FORM}
    assert changed.classes == {"restrictive", "additive"}, "one Deny in place of another"


def test_a_policy_of_ours_that_says_nothing_any_more_is_put_right() -> None:
    broken: Any = {"Version": "2012-10-17", "Statement": [{"Sid": "RemediateNothing"}]}
    now = account(*CARRIED[:2], policies(ManageOwnMFA=SERVICE, RequireMFA=broken, RequireMFAInConsole=CONSOLE_FORM),
                  members(RequireMFA="ann"), users=[user("ann", **SIGNS_IN)])  # fmt: skip
    (changed,) = plan(now).changes
    assert changed.after == {"path": "/", "document": STRICT_FORM}


def test_a_policy_in_other_writing_is_left_as_it_is() -> None:
    again = {**STRICT_FORM["Statement"][0], "NotAction": [a.upper() for a in reversed(WITHOUT_MFA)]}
    written = policies(ManageOwnMFA=SERVICE, RequireMFA=document(again), RequireMFAInConsole=CONSOLE_FORM)
    now = account(*CARRIED[:2], written, users=[user("ann", **SIGNS_IN)])
    assert {kind_of(c.address) for c in plan(now).changes} == {"iam.group_member"}


def test_a_group_that_lost_its_policy_gets_it_back() -> None:
    now = account(
        holding("group", "RequireMFA", [OWN]), *CARRIED[2:], members(RequireMFA="ann"), users=[user("ann", **SIGNS_IN)]
    )
    (changed,) = plan(now).changes
    assert changed.address == at("iam.group_policy", "RequireMFA", STRICT)
    assert changed.risk == "restrictive"


# --- beside the control `groups` -------------------------------------------------------------------------------------

NINE = (
    *(holding("group", f"g{n}", [mine(f"own{n}")]) for n in range(9)),
    members(**{f"g{n}": "ann" for n in range(9)}),
    policies(**{f"own{n}": document(statement(f"sqs:Do{n}")) for n in range(9)}),
)


def test_the_last_place_belongs_to_what_the_user_has_of_its_own() -> None:
    now = account(*NINE, holding("user", "ann", [READ_ONLY]), users=[user("ann", **SIGNS_IN)])
    draft = plan(now, BOTH)
    assert joined(draft) == {"ReadOnlyUsers/ann"}
    (manual,) = draft.manual
    assert "in 9 groups and is to join 1 more" in manual.summary
    assert joined(plan(now)) == {"RequireMFA/ann"}, "without `groups` in the playbook there is a place"


def test_a_group_that_the_user_is_about_to_leave_is_no_place() -> None:
    """`groups` swaps the membership that gives least: here that of a group which lost its policy."""
    groups_of_ann = (holding("group", g, [mine(g)] if g == "one" else ()) for g in ("one", "RequireMFA"))
    now = account(*groups_of_ann, members(one="ann", RequireMFA="ann"), policies(one=document(statement("sqs:Do"))),
                  holding("user", "ann", [READ_ONLY]), users=[user("ann", **SIGNS_IN)],
                  summary={"GroupsPerUserQuota": 2})  # fmt: skip
    draft = plan(now, BOTH)
    assert {c.address: c.after for c in draft.changes}[at("iam.group_member", "RequireMFA", "ann")] is None
    assert [m.address for m in draft.manual] == ["iam.user/ann"]


def test_the_last_group_of_the_account_too() -> None:
    now = account(holding("user", "ann", [READ_ONLY]), users=[user("ann", **SIGNS_IN)], summary={"GroupsQuota": 1})
    assert joined(plan(now, BOTH)) == {"ReadOnlyUsers/ann"}


def test_a_control_that_cannot_see_what_it_needs_takes_no_place() -> None:
    blind = {"mfa": Settings(), "shared-credentials": CONTROLS["shared-credentials"].settings(
        people={"team": (Person(name="ann", group="g0"),)})}  # fmt: skip
    team = user("team", keys=KEY["keys"])
    now = account(*NINE, users=[user("ann", **SIGNS_IN), team], unknown={"iam.login_profile/team": "denied"})
    playbook = Playbook(name="test", controls=blind)
    draft = planner.draft(now, with_settings(control), Scope(playbook=playbook, now=NOW), RESOURCES)
    assert joined(draft) == {"RequireMFA/ann"}


@pytest.mark.parametrize("gap", ["iam.user", "iam.group", "iam.policy", "credential-report"])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        list(control.check(account(unknown={gap: "denied"}), Settings(), Scope(playbook=Playbook(name="t"), now=NOW)))


texts = st.sampled_from(
    [
        document(statement("s3:GetObject")),
        document(statement("s3:PutObject")),
        COUNTS["everything, without exception"][0],
    ]
)
attached = st.sets(st.sampled_from([ADMIN, READ_ONLY, mine("a"), mine("b")]), max_size=2)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """A few people with passwords, keys, devices and policies of their own, and quotas that are nearly used up."""
    names = ["ann", "bob", "cid"]
    parts: list[State] = [holding("user", n, draw(attached), draw(st.dictionaries(st.just("p"), texts))) for n in names]
    for group in draw(st.sets(st.sampled_from(["one", "two", "RequireMFA"]))):
        parts += [
            holding("group", group, draw(attached)),
            members(**{group: " ".join(draw(st.sets(st.sampled_from(names))))}),
        ]
    parts.append(policies(a=draw(texts), b=draw(texts)))
    people = [
        user(
            name,
            mfa=draw(st.booleans()),
            password=draw(st.sampled_from([None, password(ago(3))])),
            keys=draw(st.sampled_from([(), (slot(),), (slot(False),)])),
            tags=draw(st.sampled_from([{}, {"exempt": "yes"}])),
        )
        for name in names
    ]
    quotas = {"GroupsPerUserQuota": draw(st.integers(3, 5)), "GroupsQuota": draw(st.sampled_from([4, 6, 300])),
              "PoliciesQuota": draw(st.sampled_from([3, 5, 1500])), "AttachedPoliciesPerUserQuota": 4}  # fmt: skip
    return account(*parts, users=people, summary=quotas)


def after(now: Account, state: Mapping[Address, Value]) -> Account:
    return msgspec.structs.replace(now, state=state)


TWO_GROUPS_LEFT = account(
    holding("user", "ann", [ADMIN, READ_ONLY]),
    *(holding("user", name, (), {"p": document(statement("s3:GetObject"))}) for name in ("bob", "cid")),
    *(holding("group", "RequireMFA", ()), holding("group", "one", ()), members(one="ann")),
    users=[user("ann", **SIGNS_IN), user("bob"), user("cid")],
    summary={"GroupsPerUserQuota": 3, "GroupsQuota": 4, "PoliciesQuota": 5},
)
"""bob and cid need one, and ann needs two, or one for both her policies."""


@settings(max_examples=examples(300), deadline=None)
@given(accounts())
@example(TWO_GROUPS_LEFT)
def test_both_controls_in_one_plan_are_accepted_are_enough_and_are_taken_back(now: Account) -> None:
    draft = plan(now, BOTH)  # the guard has looked at it
    event(f"joined: {len(joined(draft))}, by hand: {len(draft.manual)}")
    state = folded(now.state, draft.changes)
    then = after(now, state)
    assert plan(then, BOTH).changes == (), "planning again plans nothing"
    assert taken_back(state, draft.changes) == now.state
    left = {pair_of(m.address)[0] for m in draft.manual} | {n for n, u in now.users.items() if "exempt" in u.tags}
    blocked = any(kind_of(m.address) != "iam.user" for m in draft.manual)
    for name, who in now.users.items():
        if who.password and name not in left and not blocked:
            assert _asked(state, name), name
        if not who.password and at("iam.group_member", "RequireMFA", name) not in now.state:
            assert said(state, name) == said(now.state, name), "nobody else's access changes"


def _asked(state: Mapping[Address, Value], name: str) -> bool:
    documents = list(_reaching(state, name))
    return any(denied(d, "s3:GetObject", MultiFactorAuthPresent="false") for d in documents)


def _reaching(state: Mapping[Address, Value], name: str) -> Iterator[Value]:
    of = [
        ("user", name),
        *(("group", pair_of(a)[0]) for a in state if a.startswith("iam.group_member/") and a.endswith(f"/{name}")),
    ]
    for holder, owner in of:
        yield from (v for a, v in state.items() if a.startswith(f"iam.{holder}_inline/{owner}/"))
        arns = [a.split("/", 2)[2] for a in state if a.startswith(f"iam.{holder}_policy/{owner}/")]
        held = [state.get(at("iam.policy", arn)) for arn in arns]
        yield from (p["document"] for p in held if isinstance(p, Mapping))


@settings(max_examples=examples(100), deadline=None)
@given(accounts(), st.data())
def test_from_any_moment_it_goes_on_and_back(now: Account, data: st.DataObject) -> None:
    draft = plan(now)
    done: set[int] = set()
    for change in draft.changes:
        if done.issuperset(change.needs) and data.draw(st.booleans(), label=f"#{change.id}"):
            done.add(change.id)
    then = after(now, folded(now.state, [c for c in draft.changes if c.id in done]))
    rest = [
        msgspec.structs.replace(c, needs=tuple(n for n in c.needs if n not in done))
        for c in draft.changes
        if c.id not in done
    ]
    assert not list(access.violations(Access(Timeline(then, rest))))
    back = rollback._backwards(draft.changes, [c for c in draft.changes if c.id in done], RESOURCES)
    assert not list(access.violations(Access(Timeline(then, back))))
    assert folded(then.state, back) == now.state


def test_a_playbook_with_two_forms_of_one_name_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("controls:\n\n  mfa:\n    policy: RequireMFAInConsole\n", encoding="utf-8")
    with pytest.raises(
        BadInput, match=r"mine.yaml:3: controls.mfa: policy, console_policy and self_service_policy need"
    ):
        work.playbook_named(str(path))


NO_IAM = {"Effect": "Deny", "Action": "iam:EnableMFADevice", "Resource": "*"}
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
KEPT: dict[str, tuple[State, dict[str, Any], bool]] = {
    "a boundary without IAM": (policies(b=document(statement("s3:*"))), {"boundary": mine("b")}, True),
    "a boundary with IAM": (policies(b=document(statement("iam:*"))), {"boundary": mine("b")}, False),
    "a boundary that nobody has read": ({}, {"boundary": "arn:aws:iam::aws:policy/PowerUserAccess"}, True),
    "a boundary without IAM, and a device": (
        policies(b=document(statement("s3:*"))), {"boundary": mine("b"), "mfa": True}, False),
    "a Deny of its own": (holding("user", "ann", (), {"no": document(NO_IAM)}), {}, True),
    "a Deny of something else": (
        holding("user", "ann", (), {"no": document({**NO_IAM, "Action": "s3:*"})}), {}, False),
    "a Deny elsewhere": (holding("user", "ann", (), {"no": document(
        {**NO_IAM, "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})}), {}, False),
    "AWS's own Deny": (holding("user", "ann", [DENY_ALL]), {}, True),
}  # fmt: skip


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(("parts", "facts", "kept"), KEPT.values(), ids=KEPT)
def test_who_could_never_enrol_a_device_is_left_to_a_person(
    parts: State, facts: dict[str, Any], kept: bool, inside: bool
) -> None:
    """Nobody else waits for that, unless they are in the group already: then its policies would reach them."""
    joined = members(RequireMFA="ann") if inside else {}
    people = [user("ann", password=password(ago(1)), **facts), user("bob", password=password(ago(1)))]
    draft = plan(account(holding("group", "RequireMFA"), joined, parts, users=people))
    left = [*([at("iam.group", "RequireMFA")] if inside else []), at("iam.user", "ann")]
    assert [m.address for m in draft.manual] == (left if kept else [])
    assert not kept or all("could never enrol" in manual.summary for manual in draft.manual)
    joins = at("iam.group_member", "RequireMFA", "bob") in {c.address for c in draft.changes}
    assert joins is not (kept and inside)
