"""What `plan` and `show` print."""

import re
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import BadInput
from remediate.model import Address, Concerned, Effect, Plan, Proof, Witness, at
from remediate.render import facts, plan_text
from remediate.render.text import columns
from render import plans

WIDTHS = (80, 100, 160)
PLANS: dict[str, Callable[[], Plan]] = {
    "small": plans.plan,
    "empty": plans.empty,
    "rollback": plans.rollback,
    "big": plans.big,
}
VIEWS: dict[str, Callable[[Plan, int], str]] = {
    "summary": lambda plan, width: plan_text.summary(plan, plans.PATH, width=width, calls=31, seconds=1.4, users=212),
    "details": lambda plan, width: plan_text.details(plan, width=width, colour=False),
    "who": lambda plan, width: plan_text.who(plan, width=width),
    "manual": lambda plan, width: plan_text.manual(plan, width=width),
    "one": lambda plan, width: "\n".join(plan_text.one(plan, str(c.id), width=width) for c in plan.changes[:20]),
}

SUMMARY = """\
account 123456789012 (acme-prod)   playbook guidelines   2026-11-23 10:15 UTC
read with 31 calls, 212 users in 1.4 s

Findings by guideline
  control             findings  changes  by hand  exempt  unknown
  groups                     1        6        -       1        -
  password-policy            1        1        -       -        -
  root-mfa                   -        -        1       -        -
  trail                      ?        -        -       -        1
  unused-credentials         3        3        -       -        -

Who will notice
  209 of 212 users keep exactly the access they have (proven)
  dave       key AKIA…MPLE deleted for good
  alice      password removed: not used since 2025-11-02; can be given a new one
  ci-legacy  key AKIA…MPLE made inactive: last used 231 days ago by s3 in
             us-east-1

Plan: 10 changes   7 neutral, 0 additive, 2 restrictive, 1 destructive
      8 can be taken back exactly
      1 can be taken back, but for:
        iam.login_profile/alice: the password itself: rollback makes a new
          one-time password, shown once
!     1 cannot be taken back:
        iam.access_key/dave/AKIAI44QH8DHBEXAMPLE: the key: its secret cannot be
          made again
✋ 1 thing by hand:
    root has no MFA device
    the steps:
      remediate show plans/20261123T101500Z-123456789012.plan.json --manual
? 1 thing could not be read, which is not a pass:
    cloudtrail (not checked: trail): AccessDenied: cloudtrail:DescribeTrails in
      eu-west-3

Saved plans/20261123T101500Z-123456789012.plan.json
  valid until 2026-11-24 10:15 UTC
Review: remediate show plans/20261123T101500Z-123456789012.plan.json
Next: remediate apply plans/20261123T101500Z-123456789012.plan.json"""

ONE = """\
#9  groups  neutral  exact                                              after #8
  - iam.user_inline/bob/read
    - {
    -   "Statement": [
    -     {
    -       "Action": ["s3:Get*", "s3:List*"],
    -       "Effect": "Allow",
    -       "Resource": "*"
    -     }
    -   ],
    -   "Version": "2012-10-17"
    - }
  why      bob's own policy (groups)
  for      G8, CIS 2.13, IAM.2
  undo     written back as it was
  after    #8 + iam.group_member/readers/bob"""


def too_wide(text: str, width: int) -> list[str]:
    """Lines over the width that could have been broken: a single long word cannot."""
    return [line for line in text.split("\n") if columns(line) > width and len(line.split()) > 1]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PLANS)
def test_lines_keep_to_the_width(name: str, view: str, width: int) -> None:
    allowed = [line for line in too_wide(VIEWS[view](PLANS[name](), width), width) if " aws " not in f" {line.strip()}"]
    assert allowed == []


def test_the_summary_of_a_plan() -> None:
    assert VIEWS["summary"](plans.plan(), 80) == SUMMARY


def test_the_summary_of_a_large_plan_is_one_screen_or_two() -> None:
    assert VIEWS["summary"](plans.big(), 80).count("\n") < 60
    assert "…and 245 more:\n    remediate show" in VIEWS["summary"](plans.big(), 80)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (plans.empty(), "Nothing to change: the account meets the playbook."),
        (msgspec.structs.replace(plans.empty(), exempted=plans.EXEMPTED), "but for what is exempt."),
        (msgspec.structs.replace(plans.empty(), manual=plans.MANUAL), "what is left is by hand."),
        (msgspec.structs.replace(plans.empty(), unknowns=plans.UNKNOWNS), "which is not a pass."),
    ],
)
def test_an_empty_plan_says_so(plan: Plan, says: str) -> None:
    summary = " ".join(VIEWS["summary"](plan, 80).split())
    assert says in summary
    assert "remediate apply" not in summary
    assert all(item.summary in summary for item in plan.manual)
    assert all(unknown.what in summary for unknown in plan.unknowns)


def test_nobody_notices() -> None:
    plan = plans.plan(plans.CHANGES[:3])
    assert "nobody: all 212 users keep exactly the access they have (proven)" in VIEWS["summary"](plan, 80)
    assert "nobody: everybody keeps" in plan_text.summary(plan, plans.PATH)
    assert plan_text.who(plan, width=80).startswith("Nobody: everybody keeps")
    unproven = msgspec.structs.replace(plan, checks=())
    assert "proven" not in VIEWS["summary"](unproven, 80) + plan_text.who(unproven, width=80)


LOSES = Witness(
    statement="{}",
    action="s3:Get",
    resource="arn:aws:s3:::b",
    context={"aws:sourceip": "10.0.0.1"},
    absent=("aws:x",),
)
PERHAPS = Witness(statement="{}", doubt="it depends on ${s3:prefix}")
ERIN, OPS = at("iam.user", "erin"), at("iam.role", "ops")
PROOF = Proof(
    effects=(
        Effect(who=(ERIN, OPS), loses=(LOSES, PERHAPS)),
        Effect(changes=(Concerned(change=1, who=(ERIN,)),), loses=(PERHAPS,), gains=(LOSES,)),
    ),
    open=("arn:aws:iam::aws:policy/Secret: AccessDenied",),
)


def test_the_proof_says_who_loses_what_and_who_nothing() -> None:
    erins = plans.change(1, at("iam.group_member", "readers", "erin"), "member", None)
    others = plans.change(2, at("iam.group_member", "readers", "alice"), None, "member")
    plan = msgspec.structs.replace(plans.plan((erins, others)), proof=PROOF)
    who = " ".join(plan_text.who(plan, width=200).split())
    lost = "loses s3:Get on arn:aws:s3:::b while aws:sourceip is 10.0.0.1 and there is no aws:x, and 1 more like it"
    assert f"erin {lost}" in who
    assert f"role ops {lost}" in who
    assert "Concerned, and nothing to notice: alice." in who
    assert "The proof does not cover 1 policy or statement: arn:aws:iam::aws:policy/Secret: AccessDenied" in who
    assert "does not cover 1 policy" in plan_text.summary(plan, plans.PATH)
    one = " ".join(plan_text.one(plan, "#1", width=200).split())
    assert "access erin: loses something, as far as can be told (it depends on ${s3:prefix})" in one
    assert "access erin: gains s3:Get on arn:aws:s3:::b" in one
    assert "access" not in plan_text.one(plan, "#2", width=200)


def test_a_rollback_reads_as_one() -> None:
    summary, details = VIEWS["summary"](plans.rollback(), 80), VIEWS["details"](plans.rollback(), 80)
    assert "rollback of plan cdcdcdcdcdcd" in summary
    assert "Rollback: 2 changes" in summary
    assert "Rollback of plan cdcdcdcdcdcd: 2 changes" in details
    for kept in plans.rollback().kept:
        assert kept.address in summary
        assert kept.address in details
    assert "can be taken back exactly" not in summary
    assert "Next:" not in summary


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PLANS)
def test_details_lose_no_change(name: str, width: int) -> None:
    plan = PLANS[name]()
    lines = VIEWS["details"](plan, width).splitlines()
    rows = [re.match(r" +#(\d+) +([-+~]) +(\S+)", line) for line in lines]
    shown = [(int(row[1]), row[2], row[3]) for row in rows if row]
    expected = [(c.id, c.sign, facts.name(c.address, plan.header.account)) for c in plan.changes]
    assert shown == expected


def test_details_name_what_is_besides_the_changes() -> None:
    details = VIEWS["details"](plans.plan(), 80)
    for text in ("root has no MFA device", "cloudtrail (not checked: trail)", "ops@example.com", "nobody gains"):
        assert text in details
    assert "! cannot be taken back: the key: its secret cannot be made again" in details
    assert "Active → Inactive" in details
    assert "after #1 #2 +2" in details


def test_a_wide_line_says_why_where_reasons_differ() -> None:
    two = tuple(plans.change(n, Address(f"iam.group/g{n}"), None, {}, why=f"reason {n}") for n in (1, 2))
    long = plans.change(3, Address("iam.group/g3"), None, {}, control="a-control-with-a-very-long-name-" * 3)
    wide = plan_text.details(plans.plan((*two, long)), width=160, colour=False)
    assert "#1  +  g1    reason 1" in wide
    assert "reason 1" not in plan_text.details(plans.plan((*two, long)), width=80, colour=False)
    assert "+ iam.group\n  a-control" in plan_text.details(plans.plan((long,)), width=80, colour=False)


def test_colour_adds_nothing_but_colour() -> None:
    for plan in (plans.plan(), plans.empty(), plans.rollback()):
        for plain, coloured in (
            (plan_text.summary(plan, plans.PATH), plan_text.summary(plan, plans.PATH, colour=True)),
            (plan_text.details(plan, width=80, colour=False), plan_text.details(plan, width=80, colour=True)),
        ):
            assert "\x1b[" in coloured
            assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_one_address() -> None:
    assert plan_text.one(plans.plan(), "iam.user_inline/bob/read", width=80) == ONE
    assert plan_text.one(plans.plan(), "#9", width=80) == plan_text.one(plans.plan(), "9", width=80) == ONE


def test_one_address_shows_both_values_and_what_they_rest_on() -> None:
    policy = plan_text.one(plans.plan(), "iam.password_policy", width=80)
    assert '    -   "MinimumPasswordLength": 6,\n    +   "MaxPasswordAge": 90,' in policy
    assert '        "RequireSymbols": true\n' in policy
    assert "finding  password-policy, medium: weak" in policy
    key = plan_text.one(plans.plan(), "4", width=80)
    assert "evidence last_used 2026-04-06T00:00:00Z; asked again right before the change" in key
    assert "before   #7 + iam.group_policy/readers/" in plan_text.one(plans.plan(), "1", width=100)


def test_one_address_without_changes() -> None:
    assert "✋ 1/1  root has no MFA device" in plan_text.one(plans.plan(), "iam.root", width=80)
    assert "exempt   groups: legacy has 1 policy" in plan_text.one(plans.plan(), "iam.user/legacy", width=80)
    assert "repaired by #1 #2 #7 #8 #9 #10" in plan_text.one(plans.plan(), "iam.user/bob", width=80)
    assert "stays    in use since" in plan_text.one(plans.rollback(), "iam.group/readers", width=80)


@pytest.mark.parametrize(
    ("asked", "near"),
    [("iam.user_inline/bob/reed", "iam.user_inline/bob/read"), ("ALICE", "iam.login_profile/alice")],
)
def test_an_address_that_is_not_there_names_its_like(asked: str, near: str) -> None:
    with pytest.raises(BadInput) as caught:
        plan_text.one(plans.plan(), asked, width=80)
    assert near in caught.value.details
    assert caught.value.address == asked


def test_an_address_like_none() -> None:
    with pytest.raises(BadInput) as caught:
        plan_text.one(plans.empty(), "zzz", width=80)
    assert caught.value.details == ()


def test_long_commands_of_manual_steps_stay_whole() -> None:
    lines = plan_text.manual(plans.plan(), width=80).splitlines()
    assert "      aws iam delete-login-profile --user-name 'somebody-with-a-long-name'" in lines
    assert "      aws iam list-mfa-devices" in lines
    assert plan_text.manual(plans.empty(), width=80) == "Nothing to do by hand."


@pytest.mark.parametrize("name", plans.HOSTILE)
@pytest.mark.parametrize("view", VIEWS)
def test_hostile_names_are_inert(view: str, name: str) -> None:
    assert_printable(VIEWS[view](plans.named(name), 80))


@given(st.text())
@settings(max_examples=30)
def test_no_name_reaches_the_terminal_raw(name: str) -> None:
    for view in VIEWS.values():
        assert_printable(view(plans.named(name), 80))


def assert_printable(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))
