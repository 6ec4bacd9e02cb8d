"""An administrator role that nobody may assume any more is no administrator; and the caller keeps its own way in."""

from typing import Any

import pytest
from support.accounts import ADMIN, ME, account, change, document, holding, password, role, user
from support.accounts import NOW as TODAY
from support.saml import FAR, certificate, metadata

from remediate.account import Account
from remediate.aws.resources import RESOURCES
from remediate.guard import lockout
from remediate.guard.carriers import Access
from remediate.guard.timeline import Timeline
from remediate.model import Change, Risk, Value, at

OPS = at("iam.role", "ops")
ROOT: Value = {"AWS": f"arn:aws:iam::{ME}:root"}
VENDOR: Value = {"AWS": "arn:aws:iam::999988887777:root"}
NOW = account(
    holding("role", "ops", [ADMIN]),
    holding("user", "ann", [ADMIN]),
    roles=[role("ops")],
    users=[user("ann", password=password(None))],
)


def lets(principal: Value, effect: str = "Allow") -> dict[str, Value]:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}


def trust(principal: Value, effect: str = "Allow") -> Value:
    return {"path": "/", "trust": document(lets(principal, effect))}


def violations(now: Account, *changes: Change) -> list[str]:
    return list(lockout.violations(Access(Timeline(now, changes)), RESOURCES, TODAY))


CLOSING: dict[str, tuple[Value, bool]] = {
    "for a service": (trust({"Service": "lambda.amazonaws.com"}), True),
    "for nobody": (trust({"AWS": "*"}, "Deny"), True),
    "for the deleted": (trust({"AWS": "AROAEXAMPLEEXAMPLE123"}), True),
    "that is no policy": ({"path": "/", "trust": "text"}, True),
    "for a vendor": (trust(VENDOR), False),
    "for a provider": (trust({"Federated": f"arn:aws:iam::{ME}:saml-provider/okta"}), False),
    "for a user": (trust({"AWS": [f"arn:aws:iam::{ME}:user/ann", "AROAEXAMPLEEXAMPLE123"]}), False),
}


@pytest.mark.parametrize(("after", "closes"), CLOSING.values(), ids=CLOSING)
@pytest.mark.parametrize("risk", ["restrictive", "neutral"])
def test_a_trust_policy(after: Value, closes: bool, risk: Risk) -> None:
    found = violations(NOW, change(1, OPS, trust(ROOT), after, risk=risk))
    assert bool(found) == closes, found
    assert not closes or "of 2 working administrators only 1 would be left (user/ann)" in found[0]


def test_a_role_that_was_never_for_people_may_become_anything() -> None:
    lambdas: Value = {"Service": "lambda.amazonaws.com"}
    now = account(NOW.state, roles=[role("ops", lambdas)], users=NOW.users.values())
    assert violations(now, change(1, OPS, trust(lambdas), trust(ROOT, "Deny"), risk="restrictive")) == []


@pytest.mark.parametrize("caller", [f"arn:aws:iam::{ME}:user/ann", f"arn:aws:iam::{ME}:root"])
def test_the_document_that_makes_the_caller_an_administrator(caller: str) -> None:
    own = f"arn:aws:iam::{ME}:policy/own"
    body: Value = {"path": "/", "document": document({"Effect": "Allow", "Action": "*", "Resource": "*"})}
    less: Value = {"path": "/", "document": document({"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"})}
    names = ("ann", "bob", "cleo")
    now = account(
        holding("user", "ann", [own]),
        *(holding("user", name, [ADMIN]) for name in names[1:]),
        {at("iam.policy", own): body},
        users=[user(name, password=password(None)) for name in names],
        caller=caller,
    )
    found = violations(now, change(1, at("iam.policy", own), body, less, risk="restrictive"))
    assert bool(found) == caller.endswith("ann")
    assert not found or "would take from this run" in found[0]


def signer(*names: str, entity: str = "okta") -> Value:
    return {"metadata": list(metadata(*(certificate(FAR, name) for name in names), entity=entity).split("\n"))}


def provider(before: Value, after: Value = None, kind: str = "saml", *needs: int, name: str = "okta") -> Change:
    return change(2, at(f"iam.{kind}_provider", name), before, after, *needs, risk="restrictive")


OKTA, HUB = ({"Federated": f"arn:aws:iam::{ME}:saml-provider/{name}"} for name in ("okta", "hub"))
TWO: Value = {"Federated": [OKTA["Federated"], HUB["Federated"]]}
ISSUER: Value = {"Federated": f"arn:aws:iam::{ME}:oidc-provider/idp.example/x"}
OLD, NEW, UNREAD = signer("old"), signer("new"), {"metadata": ["?"]}
OPENED = change(1, OPS, trust(OKTA), trust(ROOT))
VOUCHED: dict[str, tuple[Any, list[Change], str]] = {
    "it goes": (OKTA, [provider(OLD)], "#2 iam.saml_provider/okta"),
    "another one goes": (OKTA, [provider(OLD, name="hub")], ""),
    "one of another name goes": (OKTA, [provider(OLD, name="x-okta")], ""),
    "one of the other kind goes": (OKTA, [provider({}, kind="oidc")], ""),
    "it comes": (OKTA, [provider(None, OLD)], ""),
    "somebody else signs": (OKTA, [provider(OLD, NEW)], "#2 iam.saml_provider/okta"),
    "somebody else signs too": (OKTA, [provider(OLD, signer("old", "new"))], ""),
    "somebody else signs no more": (OKTA, [provider(signer("old", "new"), NEW)], ""),
    "another entity signs": (OKTA, [provider(OLD, signer("old", entity="x"))], "#2 iam.saml_provider/okta"),
    "nobody knows who signed": (OKTA, [provider(UNREAD, NEW)], "#2 iam.saml_provider/okta"),
    "there was no metadata": (OKTA, [provider({}, NEW)], "#2 iam.saml_provider/okta"),
    "there is a user too": ({**OKTA, "AWS": f"arn:aws:iam::{ME}:user/ann"}, [provider(OLD)], ""),
    "there was a user too": ({**OKTA, "AWS": "AIDAEXAMPLEEXAMPLE123"}, [provider(OLD)], "#2 iam.saml_provider/okta"),
    "there is another provider too": (TWO, [provider(OLD)], ""),
    "both go": (TWO, [change(3, at("iam.saml_provider/hub"), OLD, None), provider(OLD)], "#3 iam.saml_provider/hub"),
    "another one is kept out, and it goes": ([lets(OKTA), lets(HUB, "Deny")], [provider(OLD)], "#2 iam.saml_provider"),
    "an issuer goes": (ISSUER, [provider({}, kind="oidc", name="idp.example/x")], "#2 iam.oidc_provider/idp"),
    "an issuer is another": (ISSUER, [provider({}, {"url": "x"}, "oidc", name="idp.example/x")], ""),
    "it goes, after the role has another door": (OKTA, [OPENED, provider(OLD, None, "saml", 1)], ""),
    "it goes, before the role has another door": (OKTA, [OPENED, provider(OLD)], "#2 iam.saml_provider/okta"),
    "it goes, and the role asked for it in between": (
        ROOT, [change(1, OPS, trust(ROOT), trust(OKTA)), provider(OLD)], "#2 iam.saml_provider/okta"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "changes", "by"), VOUCHED.values(), ids=VOUCHED)
def test_a_role_whose_people_no_identity_provider_vouches_for(now: Any, changes: list[Change], by: str) -> None:
    entry: Value = {"path": "/", "trust": document(*now)} if isinstance(now, list) else trust(now)
    here = account(NOW.state, {OPS: entry}, roles=NOW.roles.values(), users=NOW.users.values())
    found = violations(here, *changes)
    assert bool(found) == bool(by), found
    assert not by or f"only 1 would be left (user/ann), at least 2 are needed: {by}" in found[0]
