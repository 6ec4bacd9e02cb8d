"""The way into the caller's role: whoever assumed it, known or not, must be able to assume it again."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from support.accounts import ADMIN, ME, TOO_MANY, account, change, document, holding, role, statement, user

from remediate.account import Account
from remediate.guard import chain
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, Value, at

OPS, HUB = at("iam.role", "ops"), at("iam.role", "hub")
SESSION = f"arn:aws:sts::{ME}:assumed-role"
BY_ANN, HUBS = f"arn:aws:iam::{ME}:user/ann", f"{SESSION}/hub/x"
OPS_ARN = f"arn:aws:iam::{ME}:role/ops"
ROOT: Value = {"AWS": f"arn:aws:iam::{ME}:root"}
ANN: Value = {"AWS": f"arn:aws:iam::{ME}:user/ann"}
BY_HUB: Value = {"AWS": f"arn:aws:iam::{ME}:role/hub"}
FIRST: Value = {"AWS": "arn:aws:iam::000011112222:root"}
VENDOR: Value = {"AWS": "arn:aws:iam::999988887777:root"}
BOTH: Value = {"AWS": [f"arn:aws:iam::{ME}:root", "arn:aws:iam::999988887777:root"]}
HASH: Value = {"CanonicalUser": "a" * 64}
LAMBDA: Value = {"Service": "lambda.amazonaws.com"}
OKTA: Value = {"Federated": f"arn:aws:iam::{ME}:saml-provider/okta"}
SAME: Mapping[str, Value] = {"Effect": "Allow", "Principal": HASH, "Action": "sts:AssumeRole"}
ALL_BUT: Mapping[str, Value] = {
    "Effect": "Deny",
    "NotPrincipal": {"AWS": [f"arn:aws:iam::{ME}:root", f"arn:aws:iam::{ME}:role/hub", HUBS]},
    "Action": "sts:AssumeRole",
}
ASSUMES = document(statement("sts:AssumeRole", OPS_ARN))


def lets(principal: Value, effect: str = "Allow", **condition: Value) -> Mapping[str, Value]:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}


def trust(*said: Mapping[str, Value]) -> Value:
    return {"path": "/", "trust": document(*said)}


def to(*said: Mapping[str, Value], before: Value = ROOT, risk: Risk = "neutral") -> Change:
    return change(1, OPS, trust(lets(before)), trust(*said), risk=risk)


def now(
    by: str = "", trusted: Value = ROOT, own: Mapping[str, Value] | None = None, said: Any = (), **facts: Any
) -> Account:
    """A run that works as `ops`, which `ann` may assume, or `hub`; `said` in place of who is trusted."""
    held = {"assumes": ASSUMES} if own is None else own
    opens = {"trust": document(*said)} if said else {}
    return account(
        holding("role", "ops", [ADMIN]),
        holding("user", "ann", (), held),
        holding("role", "hub", (), held),
        roles=[msgspec.structs.replace(role("ops", trusted), **opens), role("hub")],
        assumed_by=by,
        **{"caller": f"{SESSION}/ops/remediate-plan", "assumer_key": "AKIAANN", **facts},
    )


def elsewhere(here: Account, **arns: str) -> Account:
    """The same with roles at other paths; one without an ARN is not known."""
    moved = {n: msgspec.structs.replace(one, arn=arns.get(n, one.arn)) for n, one in here.roles.items()}
    return msgspec.structs.replace(here, roles={n: one for n, one in moved.items() if one.arn})


def violations(here: Account, *changes: Change) -> list[str]:
    return list(chain.violations(Access(Timeline(here, changes))))


def loses(holder: str = "user", name: str = "ann", id: int = 1, needs: tuple[int, ...] = ()) -> Change:
    return change(id, at(f"iam.{holder}_inline", name, "assumes"), ASSUMES, None, *needs)


def denied(*said: Mapping[str, Value]) -> Change:
    return change(1, at("iam.user_inline", "ann", "no"), None, document(*said))


THEIRS = "arn:aws:iam::999988887777:user/zoe"
NO_MFA: Value = {"aws:MultiFactorAuthPresent": "false"}
DENY: Any = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
OFFICE: Any = {"aws:SourceIp": "203.0.113.0/24"}
NOT_OFFICE: Any = {**DENY, "Condition": {"NotIpAddress": OFFICE}}
DEEP = f"arn:aws:iam::{ME}:role/deep/path/"
THEIR_SESSION, THEIR_ROLE = "arn:aws:sts::999988887777:assumed-role/ci/x", "arn:aws:iam::999988887777:role/ci"
TEAM: Any = {"aws:PrincipalTag/team": "ops"}
OPS_TEAM = [user("ann", tags={"team": "ops"})]
RETAGGED = change(3, at("iam.user_tag", "ann", "team"), "ops", "dev")
MOVED = change(2, at("iam.user_inline", "ann", "again"), None, ASSUMES)
CASES: dict[str, tuple[Account, list[Change], str]] = {
    "nobody knows by whom, the same": (now(), [to(lets(ROOT))], ""),
    "nobody knows by whom, and one more": (now(), [to(lets(BOTH))], ""),
    "nobody knows by whom, and another": (now(), [to(lets(VENDOR), risk="restrictive")], "#1 iam.role/ops: ops, which"),
    "nobody knows by whom, and one less": (now(trusted=BOTH), [to(lets(ROOT), before=BOTH)], "may not be let in"),
    "nobody knows by whom, under a condition": (now(), [to(lets(ROOT, Bool=NO_MFA))], "may not be let in"),
    "nobody knows by whom, and one kept out": (now(), [to(lets(ROOT), lets(ANN, "Deny"))], "may not be let in"),
    "nobody knows by whom, and no policy": (now(), [change(1, OPS, trust(lets(ROOT)), {"trust": "x"})], "let in"),
    "nobody knows by whom, and one kept out as before": (
        now(said=[lets(ROOT), lets(ANN, "Deny")]), [to(lets(BOTH), lets(ANN, "Deny"))], ""),
    "nobody knows by whom, and one kept out no more": (now(said=[lets(ROOT), lets(ANN, "Deny")]), [to(lets(BOTH))], ""),
    "the root user": (now(caller=f"arn:aws:iam::{ME}:root"), [to(lets(VENDOR))], ""),
    "another role": (now(), [change(1, HUB, trust(lets(ROOT)), trust(lets(VENDOR)))], ""),
    "no role": (now(caller=BY_ANN), [to(lets(VENDOR))], ""),
    "a user, and somebody else less": (now(BY_ANN, BOTH), [to(lets(ROOT), before=BOTH)], ""),
    "a user, who is not let in": (now(BY_ANN), [to(lets(VENDOR))], "user/ann is not let in"),
    "a user, by name now": (now(BY_ANN), [to(lets(ANN))], ""),
    "a user, who is kept out": (now(BY_ANN), [to(lets(ROOT), lets(ANN, "Deny"))], "user/ann is not let in"),
    "a user, somebody else is kept out": (now(BY_ANN), [to(lets(ROOT), lets(BY_HUB, "Deny"))], ""),
    "a user, on too many conditions": (
        now(BY_ANN), [to(lets(ROOT), lets(ANN, "Deny", StringEquals=TOO_MANY))], "user/ann is not let in"),
    "a user, who is kept from something else": (
        now(BY_ANN), [to({**lets(ANN, "Deny"), "Action": "iam:*"}, lets(ROOT))], ""),
    "a user, who is kept from what a variable stands for": (
        now(BY_ANN), [to({**lets(ANN, "Deny"), "Action": "sts:${aws:username}*"}, lets(ROOT))], ""),
    "a user, who is let in after somebody else": (now(BY_ANN), [to(lets(FIRST), lets(ROOT))], ""),
    "a user, from one network": (
        now(BY_ANN), [to(lets(ROOT, IpAddress={"aws:SourceIp": "203.0.113.0/24"}))], "user/ann is not let in"),
    "a user, by what is no statement": (now(BY_ANN), [to(lets(ROOT, "Perhaps"))], "user/ann is not let in"),
    "a user, as one whom only S3 knows": (now(BY_ANN), [to(lets(HASH))], "user/ann is not let in"),
    "a user, as one whom only S3 knows, as before": (now(BY_ANN, HASH), [to(SAME)], ""),
    "a user, as another whom only S3 knows": (
        now(BY_ANN, HASH), [to(lets({"CanonicalUser": "b" * 64}), before=HASH)], "user/ann is not let in"),
    "nobody knows by whom, and all but one kept out": (now(), [to(lets(ROOT), ALL_BUT)], "may not be let in"),
    "a user, with an external id": (
        now(BY_ANN), [to(lets(ROOT, StringEquals={"sts:ExternalId": "x"}))], "user/ann is not let in"),
    "a user with a key, with MFA": (
        now(BY_ANN), [to(lets(ROOT, Bool={"aws:MultiFactorAuthPresent": "true"}))], "user/ann is not let in"),
    "a user with a key, not without MFA": (now(BY_ANN), [to(lets(ROOT), lets(ROOT, "Deny", Bool=NO_MFA))], ""),
    "a user in a session, not without MFA": (
        now(BY_ANN, assumer_key="ASIAANN"), [to(lets(ROOT), lets(ROOT, "Deny", Bool=NO_MFA))], "not let in"),
    "a user, who may not": (now(BY_ANN), [loses()], "#1 iam.user_inline/ann/assumes: ops"),
    "a user, who may not, beside one more who is let in": (
        now(BY_ANN), [loses(), change(2, OPS, trust(lets(ROOT)), trust(lets(BOTH)))], "#1 iam.user_inline/ann/assumes"),
    "a user, who is named and needs no policy": (now(BY_ANN, ANN), [loses()], ""),
    "a user, who may all the same": (
        now(BY_ANN, own={"assumes": ASSUMES, "all": document(statement("*"))}), [loses()], ""),
    "a user, who may by the time": (now(BY_ANN), [MOVED, loses(id=3, needs=(2,))], ""),
    "a user, who is denied it": (now(BY_ANN), [denied(DENY)], f"{BY_ANN} may not assume it"),
    "a user, who is denied it as somebody else": (
        now(BY_ANN), [denied({**DENY, "Condition": {"StringNotEquals": {"aws:username": "ann"}}})], ""),
    "a user, who is denied it where nobody is let in, and at last everywhere": (
        now(BY_ANN, said=[lets(ROOT, IpAddress=OFFICE)]),
        [denied(NOT_OFFICE), change(2, at("iam.user_inline", "ann", "all"), None, document(DENY))], "#2 iam.user"),
    "a user, kept out with an external id": (
        now(BY_ANN), [to(lets(ROOT), lets(ROOT, "Deny", StringEquals={"sts:ExternalId": "x"}))], ""),
    "a user, by a tag": (now(BY_ANN, said=[lets(ROOT, StringEquals=TEAM)], users=OPS_TEAM), [loses("user", "bob")], ""),
    "a user, by a tag that changes": (
        now(BY_ANN, said=[lets(ROOT, StringEquals=TEAM)], users=OPS_TEAM), [RETAGGED], "#3 iam.user_tag/ann/team: ops"),
    "a user, by a tag that changes, or without": (
        now(BY_ANN, said=[lets(ROOT, StringEquals=TEAM), lets(ROOT)], users=OPS_TEAM), [RETAGGED], ""),
    "a user, by a tag that will change": (
        now(BY_ANN, users=OPS_TEAM), [to(lets(ROOT, StringEquals=TEAM)), RETAGGED], "#1 iam.role/ops: ops"),
    "a user, kept out by a tag that comes": (
        now(BY_ANN, said=[lets(ROOT), lets(ROOT, "Deny", StringEquals={"aws:PrincipalTag/team": "dev"})],
            users=OPS_TEAM), [RETAGGED], "#3 iam.user_tag/ann/team: ops"),
    "a user, kept out of the office as before": (
        now(BY_ANN, said=[lets(ROOT), lets(ROOT, "Deny", IpAddress=OFFICE)]), [loses("user", "bob")], ""),
    "a user, kept out by a tag already": (
        now(BY_ANN, said=[lets(ROOT), lets(ROOT, "Deny", StringEquals=TEAM)], users=OPS_TEAM), [loses()], ""),
    "a user, who is named and denied it": (now(BY_ANN, ANN), [denied(DENY)], "#1 iam.user_inline/ann/no: ops"),
    "a user, who is denied something else": (now(BY_ANN), [denied({**DENY, "Resource": f"{OPS_ARN}2"})], ""),
    "a user, who is denied it elsewhere": (
        now(BY_ANN), [denied({**DENY, "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})], "/no: ops"),
    "a user, who could not before": (now(BY_ANN, own={}), [denied(DENY)], ""),
    "a user, named no longer, who may": (now(BY_ANN, ANN), [to(lets(ROOT), before=ANN)], ""),
    "a user, named no longer, who may not": (now(BY_ANN, ANN, own={}), [to(lets(ROOT), before=ANN)], "#1 iam.role/ops"),
    "a user, named no longer, who will not": (
        now(BY_ANN, ANN), [loses(), change(2, OPS, trust(lets(ANN)), trust(lets(ROOT)))], "#2 iam.role/ops: ops"),
    "a role, and somebody else less": (now(HUBS, BOTH), [to(lets(ROOT), before=BOTH)], ""),
    "a role, which is named": (now(HUBS), [to(lets(BY_HUB))], ""),
    "a role, which may not": (now(HUBS), [loses("role", "hub")], "#1 iam.role_inline/hub/assumes: ops"),
    "a role, which is named and needs no policy": (now(HUBS, BY_HUB), [loses("role", "hub")], ""),
    "a role, whose own door is shut": (
        now(HUBS), [change(1, HUB, trust(lets(ROOT)), trust(lets(LAMBDA)))], "#1 iam.role/hub: hub, which"),
    "a role at a path, which is named": (
        elsewhere(now(HUBS), hub=f"{DEEP}hub"), [to(lets({"AWS": f"{DEEP}hub"}))], ""),
    "a role that nobody can read, which is named": (elsewhere(now(HUBS), hub=""), [to(lets(BY_HUB))], ""),
    "a user, who may assume a role at a path": (
        elsewhere(now(BY_ANN, own={"p": document(statement("*", f"{DEEP}ops"))}), ops=f"{DEEP}ops"),
        [denied({**DENY, "Resource": f"{DEEP}*"})], "/no: ops"),
    "a session of another account, by its role": (now(THEIR_SESSION, BOTH), [to(lets({"AWS": THEIR_ROLE}))], ""),
    "a session of another account, by another role": (
        now(THEIR_SESSION, BOTH), [to(lets({"AWS": f"{THEIR_ROLE}2"}))], f"{THEIR_SESSION} is not let in"),
    "somebody of another account": (now(THEIRS, BOTH), [to(lets(VENDOR), before=BOTH)], ""),
    "somebody of another account, not let in": (now(THEIRS, BOTH), [to(lets(ROOT), before=BOTH)], "zoe is not let in"),
}  # fmt: skip


@pytest.mark.parametrize(("here", "changes", "why"), CASES.values(), ids=CASES)
def test_who_assumed_the_role_can_assume_it_again(here: Account, changes: list[Change], why: str) -> None:
    found = violations(here, *changes)
    assert len(found) == bool(why), found
    assert why in "\n".join(found)


def test_what_takes_the_policy_and_what_shuts_the_door_are_both_named() -> None:
    one, two = violations(now(BY_ANN), loses(), change(2, OPS, trust(lets(ROOT)), trust(lets(VENDOR))))
    assert one.startswith("#1 iam.user_inline/ann/assumes: ops") and two.startswith("#2 iam.role/ops: ops")


def test_a_boundary_binds_a_roles_session_and_no_user_who_is_named() -> None:
    narrow: Value = {"path": "/", "document": document(statement("s3:*"))}
    wide: Value = {"path": "/", "document": document(statement("*"))}
    bound = at("iam.policy", f"arn:aws:iam::{ME}:policy/b")
    for by, trusted, refused in ((BY_ANN, ANN, False), (HUBS, BY_HUB, True), (BY_ANN, ROOT, True)):
        arn = f"arn:aws:iam::{ME}:policy/b"
        here = account(
            now().state,
            {bound: wide},
            users=[user("ann", boundary=arn)],
            roles=[role("ops", trusted), role("hub", boundary=arn)],
            caller=f"{SESSION}/ops/x",
            assumed_by=by,
        )
        assert bool(violations(here, change(1, bound, wide, narrow))) is refused


@pytest.mark.parametrize("boundary", ["", f"arn:aws:iam::{ME}:policy/b"])
def test_a_deny_of_all_but_some_passes_over_nobody_who_has_a_boundary(boundary: str) -> None:
    here = account(
        now().state,
        {at("iam.policy", f"arn:aws:iam::{ME}:policy/b"): {"path": "/", "document": document(statement("*"))}},
        roles=[role("ops"), role("hub", boundary=boundary)],
        caller=f"{SESSION}/ops/x",
        assumed_by=HUBS,
    )
    assert bool(violations(here, to(lets(ROOT), ALL_BUT))) is bool(boundary)


ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
PROVIDERS: dict[str, tuple[Value, str, Value, Risk, bool]] = {
    "a SAML provider": (OKTA, "iam.saml_provider/okta", None, "destructive", True),
    "another": (OKTA, "iam.saml_provider/okt", None, "destructive", False),
    "one of the other kind": (OKTA, "iam.oidc_provider/okta", None, "destructive", False),
    "what gives": (OKTA, "iam.saml_provider/okta", "x", "additive", False),
    **{
        f"an OIDC provider with a slash in its name: {kind}": (
            {"Federated": f"arn:aws:iam::{ME}:oidc-provider/{ISSUER}"}, f"iam.{kind}", None, "restrictive", True)
        for kind in (f"oidc_provider/{ISSUER}", f"oidc_thumbprints/{ISSUER}",
                     f"oidc_audience/{ISSUER.replace('/', '%2F')}/sts.amazonaws.com")
    },
    "its beginning": (
        {"Federated": f"arn:aws:iam::{ME}:oidc-provider/{ISSUER}"}, f"iam.oidc_provider/{ISSUER[:34]}", None,
        "restrictive", False),
    "one that is named as somebody else": (
        {"AWS": f"arn:aws:iam::{ME}:saml-provider/okta"}, "iam.saml_provider/okta", None, "restrictive", False),
}  # fmt: skip


@pytest.mark.parametrize(("trusted", "address", "after", "risk", "refused"), PROVIDERS.values(), ids=PROVIDERS)
def test_the_provider_that_the_callers_role_trusts(
    trusted: Value, address: str, after: Value, risk: Risk, refused: bool
) -> None:
    taken = change(1, at(address), {"tags": {}}, after, risk=risk)
    found = violations(now(trusted=trusted), taken)
    assert bool(found) == refused, found
    assert all(line.startswith(f"#1 {address} is whom") for line in found)
    assert violations(now(BY_ANN, trusted), taken) == [], "who assumed it did not come by that"
