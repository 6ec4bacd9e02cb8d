"""Trust policies: what is found, what is proposed, and that nobody is ever let in who was shut out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.accounts import ME, NOW, account, ago, document, holding, mine, role
from support.stress import examples

from remediate.account import Account, Role
from remediate.aws.resources import RESOURCES
from remediate.controls import CONTROLS, SETTINGS
from remediate.controls.base import Moment
from remediate.controls.cross_account_roles import Settings, Vendor, check, control
from remediate.controls.declared_roles import Declared
from remediate.controls.trusts import SHUT, Rules, judge
from remediate.errors import BadInput, Unreadable
from remediate.model import AccountId, Fault, State, Value, at
from remediate.playbook import Playbook
from remediate.playbook.load import load
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
FRIEND, STRANGER, VENDOR, SILENT = "222233334444", "555566667777", "999988887777", "888877776666"
GONE = "AIDACKCEVSQ6C2EXAMPLE"
SETTINGS_HERE = Settings(
    trusted_accounts=(FRIEND,),
    vendors={VENDOR: Vendor(name="auditor", external_id="agreed"), SILENT: Vendor(name="silent")},
)
ASSUME = "sts:AssumeRole"


def root(number: str) -> str:
    return f"arn:aws:iam::{number}:root"


def allow(principal: Value, condition: Value = None, **more: Value) -> dict[str, Value]:
    statement: dict[str, Value] = {"Effect": "Allow", "Principal": principal, "Action": ASSUME, **more}
    return statement if condition is None else {**statement, "Condition": condition}


def trusting(*statements: Value, name: str = "r", **facts: object) -> Role:
    return structs.replace(role(name), trust={"Version": "2012-10-17", "Statement": list(statements)}, **facts)


def found(*roles: Role, here: Settings = SETTINGS_HERE, **facts: Any) -> list[Fault]:
    now = account(*(holding("role", r.name) for r in roles), roles=roles, **facts)
    return list(check(now, here, SCOPE))


def after(fault: Fault) -> Sequence[Value]:
    """The statements that the role ends with."""
    [want] = fault.wants
    assert isinstance(want.after, Mapping)
    trust = want.after["trust"]
    assert isinstance(trust, Mapping)
    body = trust["Statement"]
    assert isinstance(body, list)
    return body


ORG: Value = {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}
ID: Value = {"StringEquals": {"sts:ExternalId": "agreed"}}
MFA: Value = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
FINE = {
    "own account": allow({"AWS": root(ME)}),
    "own account by its number": allow({"AWS": ME}),
    "own user": allow({"AWS": f"arn:aws:iam::{ME}:user/ann"}),
    "a service": allow({"Service": "ec2.amazonaws.com"}),
    "a provider": allow({"Federated": f"arn:aws:iam::{ME}:saml-provider/okta"}),
    "a trusted account": allow({"AWS": [root(FRIEND), root(ME)]}),
    "a vendor with an external id": allow({"AWS": root(VENDOR)}, ID),
    "a vendor with another external id": allow({"AWS": VENDOR}, {"StringLike": {"sts:externalid": "x-*"}}),
    "everyone of an organization": allow({"AWS": "*"}, ORG),
    "everyone of an organization's unit": allow(
        "*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-abc123/r-1/*"]}}
    ),
    "everyone of an account": allow({"AWS": "*"}, {"StringEquals": {"aws:PrincipalAccount": FRIEND}}),
    "everyone who is one role": allow(
        {"AWS": "*"}, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FRIEND}:role/x*"}}
    ),
    "who is denied": allow({"AWS": "*"}, Effect="Deny"),
    "a shut one": SHUT,
}


@pytest.mark.parametrize("statement", FINE.values(), ids=FINE)
def test_what_is_fine_is_left_alone(statement: Value) -> None:
    assert found(trusting(statement)) == []


OPEN = {
    "everyone": ({"AWS": "*"}, None),
    "everyone, written shortly": ("*", None),
    "everyone among others": ({"AWS": [root(ME), "*"]}, None),
    "everyone with MFA": ({"AWS": "*"}, MFA),
    "everyone at an address": ({"AWS": "*"}, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    "everyone of any organization": ({"AWS": "*"}, {"StringLike": {"aws:PrincipalOrgID": "*"}}),
    "everyone of this or of no organization": ({"AWS": "*"}, {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a"}}),
    "everyone of another organization": ({"AWS": "*"}, {"StringNotEquals": {"aws:PrincipalOrgID": "o-a"}}),
    "everyone without an organization": ({"AWS": "*"}, {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"}}),
    "a role of that name in any account": ({"AWS": "*"}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
    "a user id that ends somehow": ({"AWS": "*"}, {"StringLike": {"aws:userid": "*:alice"}}),
    "one of two ways is open": ({"AWS": "*"}, {"StringLike": {"aws:PrincipalOrgID": ["o-a", "*"]}}),
}


@pytest.mark.parametrize(("principal", "condition"), OPEN.values(), ids=OPEN)
def test_everyone_becomes_this_account_and_the_trusted_ones(principal: Value, condition: Value) -> None:
    [fault] = found(trusting(allow(principal, condition), last_used=ago(3)))
    assert (fault.severity, fault.address) == ("critical", at("iam.role", "r"))
    assert after(fault) == [allow({"AWS": [root(ME), root(FRIEND)]}, condition)]
    assert fault.wants[0].risk == "restrictive"
    assert "last used on 2026-05-29" in fault.wants[0].notice
    assert fault.evidence["last_used"] == "2026-05-29T12:00:00Z"


def test_where_nobody_has_said_who_is_trusted_there_are_no_strangers() -> None:
    here = Settings()
    assert found(trusting(allow({"AWS": root(STRANGER)})), here=here) == []
    [fault] = found(trusting(allow({"AWS": "*"})), here=here)
    assert after(fault) == [allow({"AWS": root(ME)})]


def test_strangers_go_and_the_others_stay_as_they_are() -> None:
    service = allow({"Service": "ec2.amazonaws.com"}, Sid="Machines")
    mixed = allow({"AWS": [root(STRANGER), f"arn:aws:sts::{STRANGER}:assumed-role/x/y", root(ME)], "Service": "x.aws"})
    [fault] = found(trusting(service, mixed))
    assert after(fault) == [service, allow({"AWS": root(ME), "Service": "x.aws"})]
    assert fault.severity == "high"
    assert "can no longer assume r" in fault.wants[0].notice


def test_a_role_for_strangers_alone_lets_in_nobody() -> None:
    [fault] = found(trusting(allow({"AWS": root(STRANGER)})))
    assert after(fault) == [SHUT]
    [fault] = found(trusting(allow({"AWS": root(STRANGER)}), allow({"Service": "ec2.amazonaws.com"})))
    assert after(fault) == [allow({"Service": "ec2.amazonaws.com"})]


def test_a_vendor_gets_a_statement_of_its_own_with_the_external_id() -> None:
    both = allow({"AWS": [root(ME), root(VENDOR)]}, MFA, Sid="People")
    [fault] = found(trusting(both))
    assert after(fault) == [
        allow({"AWS": root(ME)}, MFA, Sid="People"),
        allow({"AWS": root(VENDOR)}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}, **ID}),  # type: ignore[dict-item]
    ]
    assert "auditor" in fault.wants[0].notice and "only with the external id" in fault.wants[0].notice


def test_an_external_id_joins_the_conditions_that_are_there() -> None:
    there: Value = {"stringequals": {"aws:PrincipalTag/team": "audit"}}
    [fault] = found(trusting(allow({"AWS": root(VENDOR)}, there, Sid="Auditor")))
    both: Value = {"stringequals": {"aws:PrincipalTag/team": "audit", "sts:ExternalId": "agreed"}}
    assert after(fault) == [allow({"AWS": root(VENDOR)}, both, Sid="Auditor")]


@pytest.mark.parametrize(
    "condition",
    [None, MFA, {"StringEqualsIfExists": {"sts:ExternalId": "x"}}, {"StringLike": {"sts:ExternalId": "*"}}],
)
def test_a_vendor_whose_external_id_nobody_knows_is_asked(condition: Value) -> None:
    [fault] = found(trusting(allow({"AWS": root(SILENT)}, condition), name="it's; rm -rf"))
    assert fault.wants == () and fault.manual
    assert "Ask silent" in fault.manual.steps[0]


def test_everyone_but_some_is_for_a_person_to_decide() -> None:
    statement: Value = {"Effect": "Allow", "NotPrincipal": {"AWS": root(STRANGER)}, "Action": ASSUME}
    [fault] = found(trusting(statement, name="a b'c"))
    assert fault.wants == () and fault.manual and fault.severity == "critical"
    assert "'a b'\"'\"'c'" in fault.manual.steps[0]


def test_the_deleted_go_first_and_alone() -> None:
    """What comes with them could not be taken back: IAM takes their ids in no policy."""
    [fault] = found(trusting(allow({"AWS": [GONE, root(STRANGER)]}), allow({"AWS": root(VENDOR)})))
    assert after(fault) == [allow({"AWS": root(STRANGER)}), allow({"AWS": root(VENDOR)})]
    assert fault.wants[0].risk == "neutral" and fault.wants[0].notice == "" and fault.manual is None
    kind = RESOURCES["iam.role"]
    before: Value = {"path": "/", "trust": document(allow({"AWS": [GONE, root(ME)]}))}
    without: Value = {"path": "/", "trust": document(allow({"AWS": root(ME)}))}
    assert kind.reversal(before, without)[0] == "impossible"
    assert kind.reversal(without, without) == ("exact", "")
    [fault] = found(trusting(allow({"AWS": GONE})))
    assert after(fault) == [SHUT]


def test_what_services_keep_and_what_could_not_be_read() -> None:
    everyone = allow({"AWS": "*"})
    assert found(trusting(everyone, path="/aws-service-role/ec2/")) == []
    assert found(trusting(everyone, path="/aws-reserved/sso.amazonaws.com/")) == []
    assert found(structs.replace(role("r"), trust="no policy")) == []
    with pytest.raises(Unreadable):
        found(trusting(everyone), unknown={"iam.role": "denied"})


def test_the_role_that_this_run_works_with_is_left_to_a_person() -> None:
    caller = f"arn:aws:sts::{ME}:assumed-role/r/session"
    [fault] = found(trusting(allow({"AWS": "*"})), caller=caller)
    assert fault.wants == () and fault.manual
    assert "this run works with" in fault.manual.summary


def test_a_role_that_another_control_declares_is_left_to_that_one() -> None:
    """Two controls must never want different things of one role."""
    playbook = load("acme", SETTINGS)
    now = account(roles=[trusting(allow({"AWS": "*"}), name=name) for name in ("SupportAccess", "okta-readers", "r")])
    faults = {f.address: f for f in check(now, SETTINGS_HERE, Scope(playbook=playbook, now=NOW))}
    assert [a for a, fault in faults.items() if fault.wants] == [at("iam.role", "r")]
    left = faults[at("iam.role", "okta-readers")].manual
    assert left and "another control" in left.summary


# Nobody is let in who was shut out.

NAMES = ["*", root(ME), ME, root(FRIEND), root(STRANGER), f"arn:aws:iam::{STRANGER}:role/x", root(VENDOR), SILENT, GONE]
CONDITIONS: list[Value] = [
    None,
    ORG,
    ID,
    MFA,
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc123", "sts:ExternalId": "z"}},
]
Request = Mapping[str, str]
REQUESTS: list[Request] = [
    {"account": number, "arn": f"arn:aws:iam::{number}:role/x", "sts:ExternalId": external, "aws:PrincipalOrgID": org,
     "aws:MultiFactorAuthPresent": mfa}
    for number, external, org, mfa in product(
        (ME, FRIEND, STRANGER, VENDOR, SILENT, "101010101010"), ("", "agreed", "z"), ("", "o-abc123"), ("true", "false")
    )
]  # fmt: skip

principals = st.one_of(
    st.just("*"),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(lambda names: {"AWS": names}),
    st.sampled_from(NAMES).map(lambda name: {"AWS": name, "Service": "ec2.amazonaws.com"}),
)
statement_lists = st.lists(
    st.builds(
        lambda who, condition, effect: {**allow(who, condition), "Effect": effect},
        principals,
        st.sampled_from(CONDITIONS),
        st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    ),
    min_size=1,
    max_size=3,
)


def lets_in(trust: Value, request: Request) -> bool:
    """As AWS decides: an Allow that fits, and no Deny that does."""
    assert isinstance(trust, Mapping) and isinstance(trust["Statement"], list)
    effects = {str(s["Effect"]) for s in trust["Statement"] if isinstance(s, Mapping) and _fits(s, request)}
    return effects == {"Allow"}


def _fits(statement: Mapping[str, Value], request: Request) -> bool:
    principal = statement["Principal"]
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    names: Iterable[object] = named if isinstance(named, list) else [named]
    number = request["account"]
    if not {"*", number, root(number), request["arn"]} & set(names):
        return False
    condition = statement.get("Condition") or {}
    assert isinstance(condition, Mapping)
    tests = [pair for by_key in condition.values() if isinstance(by_key, Mapping) for pair in by_key.items()]
    return all(request[key] == value for key, value in tests)


@settings(max_examples=examples(500), deadline=None)
@given(statement_lists, st.sampled_from([None, frozenset[str](), frozenset({FRIEND})]))
def test_nobody_is_let_in_who_was_shut_out(body: list[dict[str, Value]], trusted: frozenset[str] | None) -> None:
    rules = Rules(
        where=AccountId(partition="aws", account=ME), trusted=trusted, vendors={VENDOR: "agreed", SILENT: None}
    )
    before: Value = {"Version": "2012-10-17", "Statement": body}
    judged = judge(before, rules)
    mended = {problem.kind for problem in judged.problems if problem.mended}
    event(f"mended: {sorted(mended)}")
    for request in REQUESTS:
        if lets_in(judged.narrowed, request):
            assert lets_in(before, request)
    again = judge(judged.narrowed, rules)
    assert not mended & {problem.kind for problem in again.problems if problem.mended}
    for request in REQUESTS:  # our own people lose nothing
        if request["account"] == ME and lets_in(before, request):
            assert lets_in(judged.narrowed, request)


# Roles that the playbook declares.

PEOPLE = Declared(name="support", trusted=(FRIEND,), mfa=True, policies=("ReadOnlyAccess", mine("own")))
MACHINE = Declared(name="feed", trusted=(VENDOR, FRIEND), external_id="agreed", path="/partners/")
OWN: State = {at("iam.policy", mine("own")): {"path": "/", "document": document()}}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def declared(*roles: Declared, now: Account) -> list[Fault]:
    return list(check(now, Settings(roles=roles), SCOPE))


def test_declared_roles_are_made() -> None:
    people, machine = declared(MACHINE, PEOPLE, now=account(OWN))[::-1]
    assert [w.address for w in people.wants] == [
        at("iam.role", "support"), at("iam.role_policy", "support", READ_ONLY),
        at("iam.role_policy", "support", mine("own")),
    ]  # fmt: skip
    assert {w.risk for w in (*people.wants, *machine.wants)} == {"additive"}
    assert people.wants[0].after == {"path": "/", "trust": document(allow({"AWS": root(FRIEND)}, MFA))}
    both = [root(FRIEND), root(VENDOR)]
    assert machine.wants[0].after == {"path": "/partners/", "trust": document(allow({"AWS": both}, ID))}


def test_a_declared_role_that_is_there_as_declared_is_fine_in_any_writing() -> None:
    trust = document({"Sid": "x", **allow({"AWS": [root(FRIEND)]}, {"Bool": {"aws:multifactorauthpresent": True}})})
    there = structs.replace(role("support"), trust=trust)
    now = account(OWN, holding("role", "support", [READ_ONLY, mine("own")]), roles=[there])
    assert declared(PEOPLE, now=now) == []


def test_a_declared_role_that_differs_is_mended() -> None:
    now = account(OWN, holding("role", "support"), roles=[trusting(allow({"AWS": "*"}), name="support", path="/old/")])
    [fault] = declared(PEOPLE, now=now)
    assert fault.wants[0].after == {"path": "/old/", "trust": document(allow({"AWS": root(FRIEND)}, MFA))}
    assert fault.wants[0].risk == "restrictive"
    assert f"only {FRIEND} can assume support, with MFA" in fault.wants[0].notice


def test_a_name_that_differs_in_case_only_is_for_a_person() -> None:
    [fault] = declared(PEOPLE, now=account(OWN, holding("role", "Support"), roles=[role("Support")]))
    assert fault.wants == () and fault.manual and "a role Support" in fault.manual.summary


def test_a_policy_that_is_not_there_is_for_a_person() -> None:
    [fault] = declared(PEOPLE, now=account())
    assert fault.manual and mine("own") in fault.manual.summary
    assert mine("own") not in " ".join(w.address for w in fault.wants)


WRONG = {
    "number": ("roles: [{name: a, trusted: [999988887777], mfa: true}]", "must stand in quotes"),
    "octal": (
        "trusted_accounts:\n      - '111122223333'\n      - 012345670123",
        r"trusted_accounts\[1\]: \d+ must stand in quotes",
    ),
    "eleven digits": ("roles: [{name: a, trusted: ['99998888777'], mfa: true}]", "which has 12 digits"),
    "other digits": ("trusted_accounts: ['٩٩٩٩٨٨٨٨٧٧٧٧']", "which has 12 digits"),
    "a vendor's number": ("vendors: {'1234': {name: x}}", "vendors.1234: 1234 is not the number"),
    "neither": ("roles: [{name: a, trusted: ['999988887777']}]", "people needs mfa: true"),
    "nobody": ("roles: [{name: a, trusted: [], mfa: true}]", "length"),
    "external id": ("roles: [{name: a, trusted: ['999988887777'], external_id: 'a b'}]", "matching regex"),
    "twice": (
        "roles: [{name: a, trusted: ['999988887777'], mfa: true}, {name: A, trusted: ['999988887777'], mfa: true}]",
        "A stands here twice",
    ),
    "misspelt": ("trusted_account: []", "Did you mean trusted_accounts"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_are_refused_at_their_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"controls:\n  cross-account-roles:\n    {text}\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load(str(path), SETTINGS, lambda name, chosen: CONTROLS[name].refuses(chosen, Moment(now=NOW)))
    said = f"{caught.value.what} {caught.value.remedy}"
    assert re.search(rf"mine\.yaml:\d+.*{message}", said), said


def test_a_right_playbook_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "controls: {cross-account-roles: {trusted_accounts: ['012345678901'], roles: "
        "[{name: a, trusted: ['012345678901'], external_id: 'x:1/2'}]}}",
        encoding="utf-8",
    )
    playbook = load(str(path), SETTINGS, lambda name, chosen: CONTROLS[name].refuses(chosen, Moment(now=NOW)))
    assert isinstance(playbook.controls[control.id], Settings)
