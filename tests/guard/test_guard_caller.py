"""What a plan may do to its own caller: nothing that stops one of the calls it still needs, there and back."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from support.accounts import (
    ADMIN,
    ME,
    READ_ONLY,
    TOO_MANY,
    account,
    change,
    document,
    holding,
    members,
    mine,
    policies,
    role,
    statement,
    user,
)

from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.effective import AWS_POLICY
from remediate.guard import caller
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, State, Value, at
from remediate.policy import statements

NO_MFA: Value = {"aws:MultiFactorAuthPresent": "false"}
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
LETTERS = "abcdefghijkl"
WINDING = [f"arn:aws:iam::*:user/*{'*'.join(letters)}*" for letters in ("abcdefg", "bcdefga", "cdefgab")]
ENDLESS = [f"arn:aws:iam::*:user/*{'*'.join((LETTERS * 2)[first : first + 12])}*" for first in range(0, 12, 2)]
BOB, OTHER = (f"arn:aws:iam::{ME}:user/{name}" for name in ("bob", "other"))


def deny(action: str = "*", resource: Value = "*", **condition: Value) -> dict[str, Value]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, "Condition": condition}


ALL, IAM = document(statement("*")), document(statement("iam:*"))
WITH_MFA = document({**statement("*"), "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})
TEAM = document({**statement("*"), "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}})
READS: State = {at(AWS_POLICY, READ_ONLY): list(statements(document(statement(["s3:Get*", "iam:List*"]))))}


def now(own: Mapping[str, Value] | None = None, *more: State, **facts: Any) -> Account:
    """A caller who works with a key, with these policies (or all there is), and somebody whom the plan is about."""
    return account(
        holding("user", "caller", (), {"all": ALL} if own is None else own),
        holding("user", "bob", [READ_ONLY]),
        holding("group", "g"),
        *more,
        **{"caller_key": "AKIACALLER", "facts": READS, **facts},
    )


def gets(*said: Mapping[str, Value], id: int = 1, to: str = "iam.user_inline/caller") -> Change:
    kind, _, name = to.partition("/")
    return change(id, at(kind, name, "no"), None, document(*said), risk="restrictive")


def loses(policy: str = "all", body: Value = ALL, *needs: int, id: int = 1) -> Change:
    return change(id, at("iam.user_inline", "caller", policy), body, None, *needs, risk="restrictive")


NEEDED = change(9, at("iam.user_policy", "bob", READ_ONLY), "attached", None, risk="restrictive")
"""It needs iam:DetachUserPolicy, and the way back iam:AttachUserPolicy, on bob."""
AT_A_PATH = change(8, at("iam.role_policy", "ops", READ_ONLY), None, "attached")
JOINS = change(1, at("iam.group_member", "g", "caller"), None, "member")
SESSION: Any = {"caller_key": "ASIACALLER"}
DENIES: dict[str, tuple[Mapping[str, Value], str]] = {
    "what the plan does not call": (deny("s3:*"), ""),
    "what it calls": (deny("iam:DetachUserPolicy"), f"such as iam:DetachUserPolicy on {BOB}"),
    "the way back": (deny("iam:AttachUserPolicy"), f"such as iam:AttachUserPolicy on {BOB}"),
    "what it looks at": (deny("iam:GetAccountAuthorizationDetails"), "such as iam:GetAccountAuthorizationDetails"),
    "everything": (deny(), "such as iam:AttachUserPolicy"),
    "the same on somebody else": (deny("iam:*", OTHER), ""),
    "the same at another path": (deny("iam:*", f"arn:aws:iam::{ME}:user/*/bob"), ""),
    "the same on whom it is about": (deny("iam:*", [OTHER, BOB]), f"on {BOB}"),
    "the same on everybody else": ({"Effect": "Deny", "Action": "*", "NotResource": [BOB, "*"]}, ""),
    "in the console without MFA": (deny(Bool=NO_MFA), ""),
    "without MFA, by key too": (deny(BoolIfExists=NO_MFA), "such as iam:AttachUserPolicy"),
    "from elsewhere": (deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}), "aws:SourceIp"),
    "at night": (deny(DateGreaterThan={"aws:CurrentTime": "2026-06-01T19:00:00Z"}), "when aws:CurrentTime is "),
    "with an old session": (deny(Null={"aws:MultiFactorAuthAge": "false"}), ""),
    "through a service": (deny(Bool={"aws:ViaAWSService": "true"}), ""),
    "without TLS": (deny(Bool={"aws:SecureTransport": "false"}), ""),
    "as somebody else": (deny(StringNotEquals={"aws:username": "caller"}), ""),
    "as this one": (deny(StringLike={"aws:username": "call*"}), "such as iam:AttachUserPolicy"),
    "on too many conditions": (deny(StringEquals=TOO_MANY), "as far as can be told"),
    "on a condition that nobody knows": (deny(Sometimes={"aws:username": "x"}), "as far as can be told"),
}  # fmt: skip


def violations(account: Account, *changes: Change) -> list[str]:
    return list(caller.violations(Access(Timeline(account, changes)), RESOURCES))


@pytest.mark.parametrize(("said", "why"), DENIES.values(), ids=DENIES)
def test_a_deny_that_comes_is_weighed_by_what_the_plan_calls(said: Mapping[str, Value], why: str) -> None:
    found = violations(now(), gets(said), NEEDED)
    assert len(found) == bool(why), found
    assert not why or (found[0].startswith("#1 iam.user_inline/caller/no would take from this run") and why in found[0])
    joined = violations(now({"all": ALL}, {at("iam.group_inline", "g", "no"): document(said)}), JOINS, NEEDED)
    assert len(joined) == len(found), "the same through a group"
    assert violations(now({"all": ALL, "no": document(said)}), NEEDED) == [], "it is there already"


AWSS = "arn:aws:iam::aws:policy/Both"


def attached(*said: Mapping[str, Value], why: str = "") -> tuple[Account, list[Change], str]:
    """The caller gets a policy of AWS's with these statements."""
    facts: State = {**READS, at(AWS_POLICY, AWSS): list(statements(document(*said)))}
    return now(facts=facts), [change(1, at("iam.user_policy", "caller", AWSS), None, "attached"), NEEDED], why


CASES: dict[str, tuple[Account, list[Change], str]] = {
    "a policy of AWS's that denies something else": attached(statement("s3:*"), deny("sqs:*")),
    "a policy of AWS's that denies what it calls": attached(
        statement("s3:*"), deny("iam:Detach*"), why=f"#1 iam.user_policy/caller/{AWSS}"),
    "two changes that deny it, of which the first is named": (
        now(), [change(2, at("iam.user_policy", "caller", DENY_ALL), None, "attached"), gets(deny()), NEEDED],
        "#1 iam.user_inline/caller/no would take"),
    "of a session nobody knows whether it has MFA": (
        now(**SESSION), [gets(deny(Bool=NO_MFA)), NEEDED], "when aws:MultiFactorAuthPresent is false"),
    "a session that works with MFA alone": (now({"all": WITH_MFA}, **SESSION), [gets(deny(Bool=NO_MFA)), NEEDED], ""),
    "a session that is denied without MFA": (
        now({"all": ALL, "mfa": document(deny(Bool=NO_MFA))}, **SESSION), [gets(deny(Bool=NO_MFA)), NEEDED], ""),
    "a session that is denied what has no age": (
        now(**SESSION), [gets(deny(Null={"aws:MultiFactorAuthAge": "true"})), NEEDED],
        f"such as iam:AttachUserPolicy on {BOB} when there is no aws:MultiFactorAuthAge"),
    "what it calls on a role at a path": (
        now(None, {at("iam.role", "ops"): {"path": "/deep/"}}),
        [gets(deny("iam:*", f"arn:aws:iam::{ME}:role/deep/ops")), AT_A_PATH], f"{ME}:role/deep/ops"),
    "the same without the path": (
        now(None, {at("iam.role", "ops"): {"path": "/deep/"}}),
        [gets(deny("iam:*", f"arn:aws:iam::{ME}:role/ops")), AT_A_PATH], ""),
    "what it calls on a group of which no path is known": (
        now(None, {at("iam.group", "g"): {}}), [gets(deny("iam:*", f"arn:aws:iam::{ME}:group/g")),
        change(8, at("iam.group_policy", "g", READ_ONLY), None, "attached")], "on arn:aws:iam::111122223333:group/g"),
    "what it calls for a policy that it changes": (
        now(None, policies(p=IAM)), [gets(deny("iam:CreatePolicyVersion")), change(
            8, at("iam.policy", mine("p")), {"path": "/", "document": IAM}, {"path": "/", "document": ALL})],
        f"such as iam:CreatePolicyVersion on {mine('p')}"),
    "what it calls last for a role in a profile": (
        now(), [gets(deny("iam:PassRole")), change(8, at("iam.instance_profile_role", "p", "ops"), None, "added")],
        "such as iam:PassRole"),
    "the key it works with, made active": (
        now(), [change(1, at("iam.access_key", "caller", "AKIACALLER"), "Inactive", "Active")], ""),
    "all, and the same comes through a group before": (
        now({"all": ALL}, {at("iam.group_inline", "g", "all"): ALL}), [JOINS, loses("all", ALL, 1, id=2), NEEDED], ""),
    "what it may not do anyway": (now({"all": document(statement("s3:*"))}), [gets(deny("iam:*")), NEEDED], ""),
    "what it calls on two people alike": (
        now(), [gets(deny("iam:*", [BOB, OTHER])), NEEDED,
                change(8, at("iam.user_policy", "other", READ_ONLY), "attached", None)],
        f"such as iam:AttachUserPolicy on {BOB}"),
    "what it calls on somebody at a path that nobody knows, of more sorts than can be gone through": (
        now(), [gets(deny("iam:*", [*WINDING])), change(8, at("iam.user_policy", "zoe", READ_ONLY), None, "attached")],
        "#1 iam.user_inline/caller/no would take from this run"),
    "the same, and nothing of it is lost that can be gone through": (
        now({"all": ALL, "w": document(statement("iam:*", ENDLESS))}),
        [gets(deny("iam:*", OTHER)), change(8, at("iam.user_policy", "zoe", READ_ONLY), None, "attached")],
        f"such as iam:AttachUserPolicy on arn:aws:iam::{ME}:user/*/zoe, as far as can be told (it depends on it"),
    "on what nobody knows, where it is allowed on what nobody knows": (
        now({"all": document({**statement("*"), "Condition": {"Often": {"aws:username": "x"}}})}),
        [gets(deny(Sometimes={"aws:username": "x"})), NEEDED], '"Effect":"Allow","Resource":["*"]}, {"Action'),
    "a policy that only AWS knows": (now(facts={}), [change(1, at("iam.user_policy", "caller", DENY_ALL), None,
                                     "attached"), NEEDED], "such as iam:AttachUserPolicy"),
    "what is no policy": (now(), [change(1, at("iam.user_inline", "caller", "p"), None, "text"), NEEDED],
                          "as far as can be told"),
    "all it has": (now(), [loses(), NEEDED], "#1 iam.user_inline/caller/all would take from this run"),
    "all, and enough stays": (now({"all": ALL, "iam": IAM}), [loses(), NEEDED], ""),
    "all, and enough stays by two": (
        now({"all": ALL, "one": document(statement("iam:A*")), "two": document(statement(["iam:D*", "iam:G*",
             "iam:L*", "iam:P*"]))}), [loses(), NEEDED], ""),
    "all, and too little stays": (
        now({"all": ALL, "one": document(statement("iam:A*"))}), [loses(), NEEDED], "such as iam:DeleteUserPolicy"),
    "all, and enough comes before": (
        now(), [change(1, at("iam.user_inline", "caller", "iam"), None, IAM), loses("all", ALL, 1, id=2), NEEDED], ""),
    "all, and enough comes in any order": (
        now(), [change(1, at("iam.user_inline", "caller", "iam"), None, IAM), loses(id=2), NEEDED], "#2 "),
    "all, and with MFA it stays": (now({"all": ALL, "mfa": WITH_MFA}), [loses(), NEEDED], "iam:AttachUserPolicy"),
    "what it does not need": (now({"all": ALL, "s3": document(statement("s3:*"))}),
                              [loses("s3", document(statement("s3:*"))), NEEDED], ""),
    "a policy of AWS's, and its document is at hand": (
        now({"iam": IAM}, {at("iam.user_policy", "caller", READ_ONLY): "attached"}),
        [change(1, at("iam.user_policy", "caller", READ_ONLY), "attached", None, risk="restrictive"), NEEDED], ""),
    "a policy of AWS's, and nobody knows what it says": (
        now({"s3": document(statement("s3:*"))}, {at("iam.user_policy", "caller", READ_ONLY): "attached"}, facts={}),
        [change(1, at("iam.user_policy", "caller", READ_ONLY), "attached", None, risk="restrictive"), NEEDED],
        "as far as can be told"),
    "a deny that moves to a group": (
        now({"all": ALL, "no": document(deny("iam:*"))}, {at("iam.group_inline", "g", "no"): document(deny("iam:*"))}),
        [JOINS, loses("no", document(deny("iam:*")), 1, id=2), NEEDED], ""),
    "a deny of a group that it has left": (
        now({"all": ALL}, members(g="caller")),
        [change(1, at("iam.group_member", "g", "caller"), "member", None),
         change(2, at("iam.group_inline", "g", "no"), None, document(deny()), 1, risk="restrictive"), NEEDED], ""),
    "the boundary narrows": (
        now({"all": ALL}, policies(b=ALL), users=[user("caller", boundary=mine("b")), user("bob")]),
        [change(1, at("iam.policy", mine("b")), {"path": "/", "document": ALL},
                {"path": "/", "document": document(statement("s3:*"))}), NEEDED], "such as iam:AttachUserPolicy"),
    "the boundary keeps what it needs": (
        now({"all": ALL}, policies(b=ALL), users=[user("caller", boundary=mine("b")), user("bob")]),
        [change(1, at("iam.policy", mine("b")), {"path": "/", "document": ALL},
                {"path": "/", "document": document(statement("iam:*"))}), NEEDED], ""),
    "a tag that an Allow looks at": (
        now({"all": TEAM}, users=[user("caller", tags={"team": "ops"}), user("bob")]),
        [change(1, at("iam.user_tag", "caller", "team"), "ops", "dev"), NEEDED], "#1 iam.user_tag/caller/team would"),
    "a tag that a Deny looks at": (
        now({"all": ALL, "no": document(deny(StringEquals={"aws:PrincipalTag/team": "dev"}))}, users=[user("caller")]),
        [change(1, at("iam.user_tag", "caller", "team"), None, "dev"), NEEDED], "#1 iam.user_tag/caller/team would"),
    "a tag that nothing looks at": (
        now({"all": TEAM}, users=[user("caller", tags={"team": "ops"}), user("bob")]),
        [change(1, at("iam.user_tag", "caller", "town"), "x", "y"), NEEDED], ""),
    "another user's tag": (
        now({"all": TEAM}, users=[user("caller", tags={"team": "ops"}), user("bob")]),
        [change(1, at("iam.user_tag", "bob", "team"), "ops", "dev"), NEEDED], ""),
    "the root user": (now(caller=f"arn:aws:iam::{ME}:root"), [gets(deny()), NEEDED], ""),
    "the key it works with": (now(), [change(1, at("iam.access_key", "caller", "AKIACALLER"), "Active", "Inactive")],
                              "AKIACALLER is what this run works with"),
    "another key": (now(), [change(1, at("iam.access_key", "caller", "AKIAOTHER"), "Active", "Inactive")], ""),
    "its password": (now(), [change(1, at("iam.login_profile", "caller"), "password", None, risk="restrictive")], ""),
    "the user itself": (now(), [change(1, at("iam.user", "caller"), {"path": "/"}, None, risk="destructive")],
                        "#1 caller is what this run works with"),
}  # fmt: skip


@pytest.mark.parametrize(("here", "changes", "why"), CASES.values(), ids=CASES)
def test_what_a_plan_may_do_to_its_caller(here: Account, changes: list[Change], why: str) -> None:
    found = violations(here, *changes)
    assert bool(found) == bool(why), found
    assert why in "\n".join(found)


HERE = account(
    holding("user", "me", (), {"p": ALL}),
    holding("role", "me", (), {"p": ALL}),
    holding("group", "all", (), {"p": ALL}),
)
IN_GROUP = account(holding("user", "me"), holding("group", "all", (), {"p": ALL}), members(all="me"))


@pytest.mark.parametrize(
    ("here", "arn", "changed"),
    [
        (HERE, f"arn:aws:iam::{ME}:user/deep/path/me", at("iam.user_inline", "me", "p")),
        (HERE, f"arn:aws-us-gov:sts::{ME}:assumed-role/me/session", at("iam.role_inline", "me", "p")),
        (IN_GROUP, f"arn:aws:iam::{ME}:user/me", at("iam.group_member", "all", "me")),
    ],
)
def test_the_caller_is_found_in_every_kind_of_arn(here: Account, arn: str, changed: Address) -> None:
    me = msgspec.structs.replace(here, caller=arn)
    assert violations(me, change(1, changed, here.value(changed), None, risk="restrictive"))


def test_each_change_that_stops_it_is_named_once_with_a_call() -> None:
    report = document(deny("iam:GetCredentialReport"))
    changes = [
        gets(deny("iam:Detach*")),
        gets(deny("iam:Attach*"), id=2, to="iam.group_inline/g"),
        change(3, at("iam.user_inline", "caller", "report"), None, report),
        NEEDED,
    ]
    assert violations(now({"all": ALL}, members(g="caller")), *changes) == [
        "#1 iam.user_inline/caller/no would take from this run what it needs to finish or roll back, "
        f"such as iam:DetachUserPolicy on {BOB}",
        "#2 iam.group_inline/g/no would take from this run what it needs to finish or roll back, "
        f"such as iam:AttachUserPolicy on {BOB}",
        "#3 iam.user_inline/caller/report would take from this run what it needs to finish or roll back, "
        "such as iam:GetCredentialReport",
    ]


def test_a_role_that_works_and_one_that_is_only_there() -> None:
    here = account(
        holding("role", "ops", [ADMIN]),
        roles=[role("ops")],
        caller=f"arn:aws:sts::{ME}:assumed-role/ops/me",
    )
    assert violations(here, gets(deny(), to="iam.role_inline/ops"), NEEDED)
    assert not violations(here, gets(deny(), to="iam.role_inline/dev"), NEEDED)
