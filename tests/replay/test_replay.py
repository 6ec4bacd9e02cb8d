"""The recorded calls of an account, held against a plan: who would have been denied what, and by which change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from support.accounts import (
    ME,
    NOW,
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
from support.recorded import LAST, call, fact, span

from remediate.account import Account, User
from remediate.errors import Refused
from remediate.evidence.facts import EVIDENCE, USE, Call
from remediate.evidence.summary import everybody
from remediate.guard import denied
from remediate.model import Address, Change, Risk, State, Value, at
from remediate.replay import MOST, replay
from remediate.replayed import Replay

GET, PUT = "s3.amazonaws.com/GetObject", "s3.amazonaws.com/PutObject"
ASSUME, SIGN_IN = "sts.amazonaws.com/AssumeRole", "signin.amazonaws.com/ConsoleLogin"
X = "arn:aws:s3:::b/x"
KEY, OTHER = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"
READS, WRITES = document(statement("s3:GetObject")), document(statement("s3:PutObject"))
ALICE, BOB = user("alice"), user("bob")
DOOR = role("door", {"AWS": [f"arn:aws:iam::{ME}:root", "arn:aws:iam::444455556666:root"]})
MINE = [call(GET, X, 7), call(PUT, X, 5)]


def at_hand(people: Mapping[str, Iterable[Call]], *states: State, **more: Any) -> Account:
    """An account with records of 90 days of what these did, by ARN."""
    facts = {at(EVIDENCE, ME): span(NOW), **{at(USE, who): fact(calls) for who, calls in people.items()}}
    return account(*states, users=[ALICE, BOB], roles=[DOOR], facts=facts, **more)


def less(n: int, address: Address, before: Value, after: Value = None, risk: Risk = "restrictive") -> Change:
    return change(n, address, before, after, risk=risk)


def found(now: Account, *changes: Change) -> Replay:
    result = replay(now, changes, NOW)
    assert result
    return result


def rows(of: Replay) -> list[tuple[str, int, str, int, bool]]:
    return [(one.name, one.change, one.action, one.calls, one.sure) for one in of.stopped]


OWN = holding("user", "alice", inline={"reads": READS, "writes": WRITES})
ENDS = less(3, at("iam.user_inline", "alice", "reads"), READS)


def test_nothing_is_said_where_nothing_is_recorded() -> None:
    assert replay(account(OWN, users=[ALICE]), [ENDS], NOW) is None


def test_what_one_policy_allowed() -> None:
    said = found(at_hand({ALICE.arn: MINE, BOB.arn: [call(GET, X, 100)]}, OWN), ENDS)
    assert rows(said) == [("alice", 3, "s3:GetObject", 7, True)]
    assert (said.calls, said.days, said.denied, said.perhaps, said.unmapped, said.more) == (112, 90, 7, 0, 0, 0)
    [weighed] = said.weighed
    assert (weighed.change, weighed.calls, weighed.denied, weighed.perhaps) == (3, 12, 7, 0)
    assert (said.stopped[0].resource, said.stopped[0].last) == (X, LAST)
    assert said.stopped[0].told == "7 calls of s3:GetObject on arn:aws:s3:::b/x, last on 2026-11-20"


def test_a_change_that_takes_nothing_is_not_weighed() -> None:
    gives = change(1, at("iam.user_inline", "alice", "more"), None, WRITES, risk="additive")
    said = found(at_hand({ALICE.arn: MINE}, OWN), gives)
    assert (said.weighed, said.stopped, said.denied) == ((), (), 0)


def test_what_moves_to_a_group_is_kept() -> None:
    group = {**holding("group", "Staff"), **members(Staff="alice")}
    moved = change(2, at("iam.group_inline", "Staff", "reads"), None, READS, risk="additive")
    assert found(at_hand({ALICE.arn: MINE}, OWN, group), moved, ENDS).stopped == ()


def test_the_change_that_stops_it_is_named_though_others_take_something_too() -> None:
    writes = less(4, at("iam.user_inline", "alice", "writes"), WRITES)
    said = found(at_hand({ALICE.arn: MINE}, OWN), ENDS, writes)
    assert rows(said) == [("alice", 3, "s3:GetObject", 7, True), ("alice", 4, "s3:PutObject", 5, True)]
    assert [(w.change, w.calls, w.denied) for w in said.weighed] == [(3, 12, 7), (4, 12, 5)]


def test_two_changes_that_only_together_stop_it() -> None:
    """Each leaves the other's way to allow it."""
    double = holding("user", "alice", [mine("reads")], {"reads": READS})
    now = at_hand({ALICE.arn: [call(GET, X, 7)]}, double, policies(reads=READS))
    detached = less(8, at("iam.user_policy", "alice", mine("reads")), "attached")
    assert rows(found(now, ENDS, detached)) == [("alice", 8, "s3:GetObject", 7, True)]


def test_somebody_with_the_same_policies_is_told_apart_by_name() -> None:
    home = document(statement("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"))
    states = [holding("user", name, inline={"reads": READS}) for name in ("alice", "bob")]
    made = {who.arn: [call(GET, "arn:aws:s3:::b/alice/1", 2)] for who in (ALICE, BOB)}
    narrower = [less(n, at("iam.user_inline", who, "reads"), READS, home) for n, who in enumerate(("alice", "bob"), 1)]
    assert rows(found(at_hand(made, *states), *narrower)) == [("bob", 2, "s3:GetObject", 2, True)]


def test_a_role() -> None:
    now = at_hand({DOOR.arn: MINE}, holding("role", "door", inline={"reads": READS}))
    assert rows(found(now, less(1, at("iam.role_inline", "door", "reads"), READS))) == [
        ("role door", 1, "s3:GetObject", 7, True)
    ]


def test_calls_whose_permission_is_not_known_are_counted_where_it_may_be_taken() -> None:
    odd = [call("s3.amazonaws.com/Whatever", X, 3), call("ec2.amazonaws.com/Whatever", "", 4)]
    said = found(at_hand({ALICE.arn: [*MINE, *odd], BOB.arn: odd}, OWN), ENDS)
    assert (said.unmapped, said.unknown, said.denied) == (3, ("s3.amazonaws.com/Whatever",), 7)
    everything = document(statement("*"))
    star = holding("user", "alice", inline={"reads": everything})
    said = found(at_hand({ALICE.arn: odd}, star), less(3, ENDS.address, everything))
    assert (said.unmapped, said.unknown) == (7, ("ec2.amazonaws.com/Whatever", "s3.amazonaws.com/Whatever"))


def test_people_whom_the_records_do_not_tell_apart() -> None:
    said = found(at_hand({everybody(ME): MINE, BOB.arn: [call(GET, X)]}, OWN), ENDS)
    assert rows(said) == [("alice", 3, "s3:GetObject", 7, False)]
    assert (said.denied, said.perhaps) == (0, 7)


def test_calls_of_one_sort_are_told_together() -> None:
    sorts = [call(GET, X, n, region=f"r{n}", last=int(LAST.timestamp()) - n) for n in (1, 2, 3)]
    said = found(at_hand({ALICE.arn: sorts}, OWN), ENDS)
    assert [(one.calls, one.last) for one in said.stopped] == [(6, datetime(2026, 11, 20, 9, 14, 59, tzinfo=UTC))]


def test_no_more_than_a_page_is_kept_and_the_rest_is_counted() -> None:
    many = [call(GET, f"{X}{n}", n + 1) for n in range(MOST + 3)]
    said = found(at_hand({ALICE.arn: many}, OWN), ENDS)
    assert (len(said.stopped), said.more, said.denied) == (MOST, 3, sum(range(MOST + 4)))
    assert said.stopped[0].calls == MOST + 3


@dataclass(frozen=True)
class Credential:
    """A change of what somebody calls with, and which of alice's calls it stops."""

    change: Change
    stopped: Sequence[tuple[str, int]]
    calls: Sequence[Call] = field(
        default=(call(GET, X, 7), call(PUT, X, 5, credential=OTHER), call(SIGN_IN, "", 2, credential=""))
    )


KEYS = at("iam.access_key", "alice", KEY)
CREDENTIALS = {
    "a key that is made inactive": Credential(less(1, KEYS, "Active", "Inactive"), [("s3:GetObject", 7)]),
    "a key that is deleted": Credential(less(1, KEYS, "Active"), [("s3:GetObject", 7)]),
    "a key that was inactive": Credential(less(1, KEYS, "Inactive"), []),
    "a key that is made active": Credential(less(1, KEYS, "Inactive", "Active"), []),
    "a password": Credential(less(1, at("iam.login_profile", "alice"), "password"), [("signin:ConsoleLogin", 2)]),
    "a password that is made": Credential(less(1, at("iam.login_profile", "alice"), None, "password"), []),
    "the user": Credential(
        less(1, at("iam.user", "alice"), {"path": "/"}),
        [("s3:GetObject", 7), ("s3:PutObject", 5), ("signin:ConsoleLogin", 2)],
    ),
    "somebody else": Credential(less(1, at("iam.user", "bob"), {"path": "/"}), []),
    "whom nobody knows": Credential(less(1, at("iam.user", "carl"), {"path": "/"}), []),
}  # fmt: skip


@pytest.mark.parametrize("case", CREDENTIALS)
def test_what_somebody_called_with(case: str) -> None:
    given = CREDENTIALS[case]
    said = found(at_hand({ALICE.arn: given.calls}, OWN), given.change)
    assert [(action, calls) for _, _, action, calls, sure in rows(said) if sure] == given.stopped
    assert [w.calls for w in said.weighed] == ([14] if given.stopped else [])


def test_what_is_stopped_for_sure_is_not_told_as_perhaps() -> None:
    unsure = less(1, ENDS.address, READS, document(statement("s3:GetObject", "arn:aws:s3:::b/${aws:userid}")))
    gone = less(2, KEYS, "Active")
    assert rows(found(at_hand({ALICE.arn: [call(GET, X)]}, OWN), unsure)) == [("alice", 1, "s3:GetObject", 1, False)]
    assert rows(found(at_hand({ALICE.arn: [call(GET, X)]}, OWN), unsure, gone)) == [
        ("alice", 2, "s3:GetObject", 1, True)
    ]


def trust(*principals: Value, **condition: Value) -> Value:
    more = {"Condition": condition} if condition else {}
    return document(*({"Effect": "Allow", "Principal": one, "Action": "sts:AssumeRole", **more} for one in principals))


def tagging(*principals: Value) -> Value:
    """The same, who may give the session tags."""
    both: list[Value] = ["sts:AssumeRole", "sts:TagSession"]
    return document(*({"Effect": "Allow", "Principal": one, "Action": both} for one in principals))


US, THEM = {"AWS": f"arn:aws:iam::{ME}:root"}, {"AWS": "arn:aws:iam::444455556666:root"}
EC2, OKTA = {"Service": "ec2.amazonaws.com"}, {"Federated": f"arn:aws:iam::{ME}:saml-provider/Okta"}
THEIRS = "arn:aws:iam::444455556666:user/dan"
THEM_ID = "444455556666"
SOMEBODY = f"AWSAccount:{THEM_ID}"
"""As AWS records whoever comes from another account."""
THEM_BUT_DAN: Sequence[dict[str, Value]] = (
    {"Effect": "Allow", "Principal": THEM, "Action": "sts:AssumeRole"},
    {"Effect": "Deny", "Principal": {"AWS": THEIRS}, "Action": "sts:AssumeRole"},
)
TEAM = f"arn:aws:iam::{ME}:role/team/lead"
SESSION = "arn:aws:sts::111122223333:assumed-role/lead/dan"
TRUSTS: dict[str, tuple[Value, Value, str, str]] = {
    "nothing changes for them": (trust(US, THEM), trust(US), ALICE.arn, "kept"),
    "another account is left out": (trust(US, THEM), trust(US), THEIRS, "denied"),
    "they are named": (trust(US), trust({"AWS": ALICE.arn}), ALICE.arn, "kept"),
    "somebody else is named": (trust(US), trust({"AWS": BOB.arn}), ALICE.arn, "denied"),
    "a session of a role that is named": (trust(US), trust({"AWS": TEAM}), TEAM, "kept"),
    "the session itself is named": (trust(US), trust({"AWS": SESSION}), TEAM, "kept"),
    "another session is named": (trust(US), trust({"AWS": f"{SESSION}2"}), TEAM, "denied"),
    "a service": (trust(US, EC2), trust(US), "ec2.amazonaws.com", "denied"),
    "a service that stays": (trust(US, EC2), trust(EC2), "ec2.amazonaws.com", "kept"),
    "whom a provider vouches for": (trust(US, OKTA), trust(US), "SAMLUser:dan", "perhaps"),
    "whom a provider still vouches for": (trust(US, OKTA), trust(US, OKTA, EC2), "SAMLUser:dan", "kept"),
    "an external id": (
        trust(THEM), trust(THEM, StringEquals={"sts:ExternalId": "x"}), THEIRS, "perhaps",
    ),
    "somebody of an account that is left out": (trust(US, THEM), trust(US), SOMEBODY, "denied"),
    "of one that stays": (trust(US, THEM), trust(THEM), SOMEBODY, "kept"),
    "of one that everybody becomes": (trust({"AWS": "*"}), trust(THEM), SOMEBODY, "kept"),
    "of another than that": (trust({"AWS": "*"}), trust(US), SOMEBODY, "denied"),
    "of one of which somebody is named": (trust(THEM), trust(US, {"AWS": THEIRS}), SOMEBODY, "perhaps"),
    "of one of which somebody is named by id": (trust(THEM), trust({"AWS": "AIDA0EXAMPLE"}), SOMEBODY, "perhaps"),
    "of one of which somebody stays": (trust(US, {"AWS": THEIRS}), trust({"AWS": THEIRS}), SOMEBODY, "kept"),
    "of one of which nobody stays": (trust(US, {"AWS": THEIRS}), trust(US), SOMEBODY, "denied"),
    "of one of which some are kept out": (
        trust(THEM), document(*THEM_BUT_DAN), SOMEBODY, "perhaps",
    ),
    "of one that a condition names": (
        trust({"AWS": "*"}), trust({"AWS": "*"}, StringEquals={"aws:PrincipalAccount": THEM_ID}), SOMEBODY, "kept",
    ),
    "of one that a condition leaves out": (
        trust({"AWS": "*"}), trust({"AWS": "*"}, StringEquals={"aws:PrincipalAccount": ME}), SOMEBODY, "denied",
    ),
    "an external id of theirs": (trust(THEM), trust(THEM, StringEquals={"sts:ExternalId": "x"}), SOMEBODY, "perhaps"),
    "MFA that their key does not show": (
        trust(US), trust(US, Bool={"aws:MultiFactorAuthPresent": "true"}), ALICE.arn, "denied",
    ),
    "another network": (trust(US), trust(US, IpAddress={"aws:SourceIp": "198.51.100.0/24"}), ALICE.arn, "denied"),
    "their network": (trust(US), trust(US, IpAddress={"aws:SourceIp": "203.0.113.0/24"}), ALICE.arn, "kept"),
    "any of their network": (trust(US), trust(US, IpAddress={"aws:SourceIp": "203.0.0.0/16"}), BOB.arn, "kept"),
    "part of their network": (trust(US), trust(US, IpAddress={"aws:SourceIp": "203.0.113.7/32"}), BOB.arn, "perhaps"),
    "tags of a session that may have had some": (tagging(US), trust(US), ALICE.arn, "perhaps"),
    "tags that nobody could give": (trust(US), trust(US, EC2), ALICE.arn, "kept"),
    "tags that may still be given": (tagging(US, THEM), tagging(US), ALICE.arn, "kept"),
    "the root user": (trust(US), trust({"AWS": ALICE.arn}), f"arn:aws:iam::{ME}:root", "denied"),
    "no policy": (trust(US), document(), ALICE.arn, "denied"),
}  # fmt: skip


@pytest.mark.parametrize("case", TRUSTS)
def test_who_assumed_a_role(case: str) -> None:
    before, after, who, expected = TRUSTS[case]
    credential = "dan/ASIAIOSFODNN7EXAMPLE" if who == TEAM else KEY
    network = "203.0.113.0/24" if who == BOB.arn else "203.0.113.7"
    calls = [
        call(ASSUME, DOOR.arn, 4, credential=credential, network=network),
        call(ASSUME, f"{DOOR.arn}2", 8),
        call(GET, DOOR.arn, 16),
    ]
    narrower = less(5, at("iam.role", "door"), {"path": "/", "trust": before}, {"path": "/", "trust": after})
    said = found(at_hand({who: calls}), narrower)
    assert rows(said) == (
        [] if expected == "kept" else [(rows(said)[0][0], 5, "sts:AssumeRole", 4, expected == "denied")]
    )
    assert [w.calls for w in said.weighed] == [4]


@pytest.mark.parametrize(
    ("before", "after"), [(None, trust(US)), (trust(US), trust(US)), (trust(US), None)], ids=["new", "same", "gone"]
)
def test_roles_whose_trust_does_not_change(before: Value, after: Value) -> None:
    was, then = ({"path": "/", "trust": one} if one else None for one in (before, after))
    said = found(at_hand({ALICE.arn: [call(ASSUME, DOOR.arn)]}), less(5, at("iam.role", "door"), was, then))
    assert said.stopped == ()


@pytest.mark.parametrize(
    ("address", "risk", "unseen"),
    [
        (at("s3.bucket_policy", "b"), "restrictive", True),
        (at("iam.user_tag", "alice", "team"), "destructive", True),
        (at("iam.password_policy", ME), "neutral", False),
        (ENDS.address, "restrictive", False),
        (at("iam.group", "old"), "destructive", False),
    ],
)
def test_changes_of_which_no_record_tells_whom_they_stop(address: Address, risk: Risk, unseen: bool) -> None:
    said = found(at_hand({ALICE.arn: []}, OWN), less(9, address, READS, risk=risk))
    assert said.unseen == ((9,) if unseen else ())


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (GET, True), ("s3.amazonaws.com/DeleteObjects", True), ("s3.amazonaws.com/GetBucketAcl", False),
        ("dynamodb.amazonaws.com/Query", True), ("dynamodb.amazonaws.com/BatchGetItem", True),
        ("dynamodb.amazonaws.com/ListTables", False), ("lambda.amazonaws.com/Invoke", True),
        ("lambda.amazonaws.com/ListFunctions", False), ("sqs.amazonaws.com/SendMessage", True),
    ],
)  # fmt: skip
def test_whether_there_are_data_events(event: str, data: bool) -> None:
    assert found(at_hand({ALICE.arn: [call(event)]})).data is data


def test_files_that_could_not_be_read_are_counted() -> None:
    now = at_hand({ALICE.arn: MINE}, OWN)
    first = NOW.date() - timedelta(days=89)
    days = [f"{first - timedelta(days=1)}", f"{first}", f"{NOW:%Y-%m-%d}"]
    records = {**now.facts[at(EVIDENCE, ME)], "unread": days}  # type: ignore[dict-item]
    assert found(structs.replace(now, facts={**now.facts, at(EVIDENCE, ME): records}), ENDS).unread == 2


def refused(of: Replay, most: int) -> Refused:
    with pytest.raises(Refused) as caught:
        denied.refuse(of, [ENDS], most)
    return caught.value


def test_the_guard_refuses_more_than_the_playbook_allows() -> None:
    said = found(at_hand({ALICE.arn: MINE}, OWN), ENDS)
    denied.refuse(said, [ENDS], 7)
    denied.refuse(None, [ENDS], 0)
    error = refused(said, 6)
    assert "it would have denied 7 of 12 calls recorded in 90 days, the limit is 6" in error.what
    assert error.details == (
        f"alice: 7 calls of s3:GetObject on {X}, last on 2026-11-20, by #3 iam.user_inline/alice/reads",
    )
    assert "--max-denied 7." in error.remedy
    perhaps = structs.replace(said, denied=0, perhaps=7, stopped=(structs.replace(said.stopped[0], sure=False),))
    assert "denied 0" not in refused(perhaps, 0).what
    assert refused(perhaps, 0).details[0].startswith("alice: perhaps 7 calls")
    assert "7 and perhaps 2 of" in refused(structs.replace(said, perhaps=2), 8).what


def test_the_guard_names_few_and_counts_the_rest() -> None:
    many = [call(GET, f"{X}{n}") for n in range(MOST + 1)]
    error = refused(found(at_hand({ALICE.arn: many}, OWN), ENDS), 0)
    assert len(error.details) == denied.SHOWN + 1
    assert error.details[-1] == f"and {MOST + 1 - denied.SHOWN} more sorts of calls"


def test_that_nobody_would_have_noticed_is_a_check() -> None:
    [check] = denied.checks(found(at_hand({ALICE.arn: MINE}, OWN)))
    assert check.detail == "none of 12 calls recorded in 90 days would have been denied"
    assert denied.checks(found(at_hand({ALICE.arn: MINE}, OWN), ENDS)) == denied.checks(None) == ()


def test_users_with_a_path() -> None:
    nested = User(name="eve", arn=f"arn:aws:iam::{ME}:user/a/b/eve", path="/a/b/", created=NOW)
    facts = {at(EVIDENCE, ME): span(NOW), at(USE, nested.arn): fact(MINE)}
    now = account(holding("user", "eve", inline={"reads": READS}), users=[nested], facts=facts)
    assert rows(found(now, less(1, at("iam.user_inline", "eve", "reads"), READS)))[0][0] == "eve"
