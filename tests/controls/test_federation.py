"""Identity providers and the roles that trust them: what is found, what is planned, and what is left alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from support.accounts import ADMIN, ME, NOW, READ_ONLY, account, ago, mine, password, role, user
from support.saml import FAR, certificate, metadata

from remediate.account import Role
from remediate.controls.federation import Settings, control
from remediate.controls.federation_oidc import OIDC
from remediate.controls.federation_saml import SAML
from remediate.controls.identity_providers import OidcProvider, OidcRole, SamlProvider, SamlRole
from remediate.errors import Unreadable
from remediate.model import Exemption, Fault, Matcher, State, Value, Want, at
from remediate.playbook import Document, Playbook
from remediate.playbook.scope import Scope

SCOPE = Scope(playbook=Playbook(name="test"), now=NOW)
GITHUB = "token.actions.githubusercontent.com"
OKTA_ARN, GITHUB_ARN = f"arn:aws:iam::{ME}:saml-provider/Okta", f"arn:aws:iam::{ME}:oidc-provider/{GITHUB}"
SOON, LATER = NOW + timedelta(days=20), NOW + timedelta(days=400)
NEW, OLD = metadata(), metadata(certificate(SOON), entity="http://www.okta.com/old")
ROTATED = metadata(certificate(LATER), certificate(FAR))


def declared(text: str = NEW, name: str = "Okta", **role: Any) -> SamlProvider:
    roles = (SamlRole(name="readers", **{"policies": ("ReadOnlyAccess",), **role}),) if role else ()
    return SamlProvider(name=name, metadata=Document("okta.xml", text), roles=roles)


def issuer(url: str = f"https://{GITHUB}", **facts: Any) -> OidcProvider:
    return OidcProvider(url=url, **{"audiences": ("sts.amazonaws.com",), **facts})


def deploys(*subjects: str) -> OidcRole:
    return OidcRole(name="deploy", policies=("ReadOnlyAccess",), subjects=subjects or ("repo:acme/*",))


def live(name: str = "Okta", text: str = NEW) -> State:
    return {at(SAML, name): {"metadata": list(text.split("\n"))}}


def statement(**more: Value) -> dict[str, Value]:
    return {
        "Effect": "Allow",
        "Principal": {"Federated": OKTA_ARN},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        **more,
    }


def trusting(*statements: Value, name: str = "readers", path: str = "/") -> tuple[State, Role]:
    """A role's entry, and the role."""
    trust: Value = {"Version": "2012-10-17", "Statement": list(statements)}
    made = Role(name=name, arn=f"arn:aws:iam::{ME}:role{path}{name}", path=path, trust=trust)
    return {at("iam.role", name): {"path": path, "trust": trust}}, made


def found(*states: State, saml: Any = (), oidc: Any = (), scope: Scope = SCOPE, **facts: Any) -> list[Fault]:
    settings = Settings(saml=tuple(saml), oidc=tuple(oidc))
    return list(control.check(account(*states, **facts), settings, scope))


def wants(faults: list[Fault]) -> dict[str, Want]:
    return {want.address: want for fault in faults for want in fault.wants}


def test_a_declared_provider_is_made_with_its_role() -> None:
    faults = found(saml=[declared("\ufeff" + NEW + "\n", max_session_hours=8)])
    planned = wants(faults)
    assert planned.keys() == {
        at(SAML, "Okta"),
        at("iam.role", "readers"),
        at("iam.role_policy", "readers", READ_ONLY),
        at("iam.role_session", "readers"),
    }
    assert planned[at(SAML, "Okta")].after == {"metadata": NEW.split("\n")}
    assert planned[at("iam.role", "readers")].after == {
        "path": "/",
        "trust": {"Version": "2012-10-17", "Statement": [statement()]},
    }
    assert planned[at("iam.role_session", "readers")].after == 28800
    assert {want.risk for want in planned.values()} == {"additive"}
    assert not [fault for fault in faults if fault.manual]


def test_what_is_as_declared_is_no_fault() -> None:
    there, made = trusting(statement())
    held = {at("iam.role_policy", "readers", READ_ONLY): "attached"}
    again = [declared(NEW.replace("md:", "x:").replace(":md=", ":x="), max_session_hours=1)]
    assert found(live(), there, held, roles=[made], saml=again) == []


@pytest.mark.parametrize(
    ("before", "after", "risk", "notice"),
    [
        (OLD, NEW, "restrictive", "sign-ins that its old certificates"),
        (metadata(certificate(LATER)), NEW, "restrictive", "sign-ins that its old certificates"),
        (metadata(certificate(LATER)), ROTATED, "additive", ""),
        (metadata(entity="other"), NEW, "restrictive", "sign-ins that its old certificates"),
        ("cannot be read", NEW, "restrictive", "sign-ins that its old certificates"),
    ],
)
def test_other_metadata_is_replaced(before: str, after: str, risk: str, notice: str) -> None:
    (fault,) = found(live(text=before), saml=[declared(after)])
    (want,) = fault.wants
    assert (want.address, want.after) == (at(SAML, "Okta"), {"metadata": after.split("\n")})
    assert (want.risk, want.notice[: len(notice)]) == (risk, notice)
    assert bool(want.notice) is bool(notice)


def test_a_file_that_is_older_than_the_live_metadata_changes_nothing() -> None:
    """Somebody rotated the certificate and did not say so in the playbook: going back would lock people out."""
    (fault,) = found(live(text=NEW), saml=[declared(metadata(certificate(LATER)))])
    assert fault.manual and not fault.wants
    assert fault.manual.steps == ("Put the identity provider's present metadata in place of okta.xml.",)


ENDING: Mapping[str, tuple[datetime, str | None]] = {
    "ended long ago": (ago(400), "high"),
    "ends now": (NOW, "high"),
    "ends soon": (NOW + timedelta(days=30), "medium"),
    "lasts": (NOW + timedelta(days=31), None),
}


@pytest.mark.parametrize(("ends", "severity"), ENDING.values(), ids=ENDING)
@pytest.mark.parametrize("known", [True, False], ids=["declared", "not declared"])
def test_certificates_that_end(ends: datetime, severity: str | None, known: bool) -> None:
    text = metadata(certificate(ends))
    faults = found(live(text=text), saml=[declared(text)] if known else [])
    assert [fault.severity for fault in faults] == ([severity] if severity else [])
    for fault in faults:
        assert fault.manual and f"{ends:%Y-%m-%d}" in fault.summary and not fault.wants
        steps = " ".join(fault.manual.steps)
        assert ("okta.xml" in steps) is known
        assert (f"delete-saml-provider --saml-provider-arn {OKTA_ARN}" in steps) is not known


def test_a_document_that_ends_before_its_certificates() -> None:
    (fault,) = found(live(text=metadata(more=f' validUntil="{SOON.isoformat()}"')))
    assert fault.summary == f"the metadata of Okta ends on {SOON:%Y-%m-%d}"


def test_what_the_plan_replaces_is_judged_as_it_will_be() -> None:
    assert len(found(live(text=OLD), saml=[declared(NEW)])) == 1
    replaced, ends = found(live(text=metadata(certificate(NOW))), saml=[declared(OLD)])
    assert replaced.wants and ends.severity == "medium"


def test_a_provider_that_roles_trust_is_not_to_be_deleted() -> None:
    there, made = trusting(statement())
    (fault,) = found(live(text=OLD), there, roles=[made])
    assert fault.evidence["roles"] == ["readers"]
    assert fault.manual and "delete" not in " ".join(fault.manual.steps)


def test_identity_center_looks_after_its_own() -> None:
    assert found(live("AWSSSO_0123456789abcdef_DO_NOT_DELETE", OLD)) == []


def test_metadata_that_cannot_be_read_is_never_a_pass() -> None:
    (fault,) = found(live(text="x" * 2000))
    assert (fault.summary, fault.severity) == ("the metadata of Okta cannot be read", "medium")


BOUND = statement(Condition={"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml", "saml:sub": "ann"}})
OPEN = {k: v for k, v in statement().items() if k != "Condition"}
OTHERS: dict[str, Value] = {
    "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
}  # fmt: skip
ADFS = f"arn:aws:iam::{ME}:saml-provider/adfs"
BOTH = statement(Principal={"Federated": [ADFS, OKTA_ARN]})
TRUSTS: Mapping[str, tuple[list[Value], list[Value] | None, str]] = {
    # the statements that are there, those that are wanted (None for the same), and the risk
    "the same": ([statement()], None, ""),
    "the same, otherwise written": ([statement(Sid="x", Action=["STS:AssumeRoleWithSAML"])], None, ""),
    "somebody else's beside it": ([OTHERS, statement()], None, ""),
    "only somebody else's": ([OTHERS], [OTHERS, statement()], "additive"),
    "without a condition": ([OPEN], [statement()], "restrictive"),
    "narrower": ([BOUND], [statement()], "restrictive"),
    "once more, wider": ([statement(), OPEN], [statement()], "restrictive"),
    "together with another provider": (
        [BOTH], [statement(Principal={"Federated": ADFS}), statement()], "restrictive",
    ),
    "a Deny stays": ([{**OPEN, "Effect": "Deny"}, statement()], None, ""),
    "no policy": ([], [statement()], "additive"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "risk"), TRUSTS.values(), ids=TRUSTS)
def test_trust_is_merged(before: list[Value], after: list[Value] | None, risk: str) -> None:
    there, made = trusting(*before, path="/people/")
    held = {at("iam.role_policy", "readers", READ_ONLY): "attached"}
    faults = found(live(), there, held, roles=[made], saml=[declared(policies=("ReadOnlyAccess",))])
    if after is None:
        assert faults == []
        return
    want = wants(faults)[at("iam.role", "readers")]
    assert want.after == {"path": "/people/", "trust": {"Version": "2012-10-17", "Statement": after}}
    assert (want.risk, bool(want.notice)) == (risk, risk == "restrictive")


@pytest.mark.parametrize(
    ("partition", "aud"),
    [
        ("aws", "https://signin.aws.amazon.com/saml"),
        ("aws-cn", "https://signin.amazonaws.cn/saml"),
        ("aws-us-gov", "https://signin.amazonaws-us-gov.com/saml"),
    ],
)
def test_each_partition_has_its_sign_in(partition: str, aud: str) -> None:
    there = msgspec.structs.replace(account(), partition=partition)
    faults = list(control.check(there, Settings(saml=(declared(policies=(mine("own"), "ReadOnlyAccess")),)), SCOPE))
    manual = [fault for fault in faults if fault.manual]
    assert manual and "own, which is not there" in manual[0].summary
    faults = list(control.check(there, Settings(saml=(declared(policies=("ReadOnlyAccess",)),)), SCOPE))
    trust: Any = wants(faults)[at("iam.role", "readers")].after
    assert trust["trust"]["Statement"][0]["Condition"] == {"StringEquals": {"SAML:aud": aud}}
    assert trust["trust"]["Statement"][0]["Principal"]["Federated"].startswith(f"arn:{partition}:iam::")
    assert at("iam.role_policy", "readers", f"arn:{partition}:iam::aws:policy/ReadOnlyAccess") in wants(faults)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"roles": [role("Readers")]}, "the role Readers differs from readers in case only"),
        ({"roles": [trusting(OTHERS, path="/aws-service-role/x.amazonaws.com/")[1]]}, "belongs to AWS"),
    ],
)
def test_a_role_that_is_not_ours_is_left_to_a_person(facts: dict[str, Any], said: str) -> None:
    faults = found(live(), saml=[declared(policies=("ReadOnlyAccess",))], **facts)
    (fault,) = [fault for fault in faults if fault.address == at("iam.role", "readers")]
    assert said in fault.summary and fault.manual and not fault.wants


def test_a_role_keeps_what_else_it_has() -> None:
    there, made = trusting(statement())
    held = {at("iam.role_policy", "readers", ADMIN): "attached"}
    planned = wants(found(live(), there, held, roles=[made], saml=[declared(policies=("ReadOnlyAccess",))]))
    assert planned[at("iam.role", "readers")].after == there[at("iam.role", "readers")]
    assert {a for a, w in planned.items() if a.startswith("iam.role_policy")} == {
        at("iam.role_policy", "readers", READ_ONLY)
    }


@pytest.mark.parametrize(
    ("live_seconds", "hours", "after", "risk"),
    [(None, 8, 28800, "additive"), (28800, 1, None, "restrictive"), (43200, 2, 7200, "restrictive")],
)
def test_sessions(live_seconds: int | None, hours: int, after: int | None, risk: str) -> None:
    there, made = trusting(statement())
    entry = {at("iam.role_session", "readers"): live_seconds} if live_seconds else {}
    planned = wants(found(live(), there, entry, roles=[made], saml=[declared(max_session_hours=hours)]))
    want = planned[at("iam.role_session", "readers")]
    assert (want.after, want.risk) == (after, risk)


def oidc_entries(*audiences: str, name: str = GITHUB) -> State:
    first = name.replace("/", "%2F")
    return {
        at(OIDC, name): {"url": f"https://{name}"},
        **{at("iam.oidc_audience", first, a): "audience" for a in audiences},
    }


def test_an_issuer_is_made_with_its_audiences_and_roles() -> None:
    planned = wants(found(oidc=[issuer(audiences=("sts.amazonaws.com", "api://x"), roles=(deploys(),))]))
    assert planned.keys() == {
        at(OIDC, GITHUB),
        at("iam.oidc_audience", GITHUB, "sts.amazonaws.com"),
        at("iam.oidc_audience", GITHUB, "api://x"),
        at("iam.role", "deploy"),
        at("iam.role_policy", "deploy", READ_ONLY),
    }
    trust: Any = planned[at("iam.role", "deploy")].after
    assert trust["trust"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": GITHUB_ARN},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{GITHUB}:aud": ["sts.amazonaws.com", "api://x"]},
                "StringLike": {f"{GITHUB}:sub": "repo:acme/*"},
            },
        }
    ]


def test_whole_subjects_are_compared_whole() -> None:
    planned = wants(found(oidc=[issuer(roles=(deploys("repo:acme/a:ref:refs/heads/main", "repo:acme/b:ref:x"),))]))
    trust: Any = planned[at("iam.role", "deploy")].after
    assert trust["trust"]["Statement"][0]["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": ["repo:acme/a:ref:refs/heads/main", "repo:acme/b:ref:x"],
        }
    }


def test_an_issuer_with_a_path() -> None:
    name = "oidc.eks.eu-west-1.amazonaws.com/id/A1"
    missing = wants(found(oidc_entries(name=name), oidc=[issuer(f"https://{name}")]))
    assert missing.keys() == {at("iam.oidc_audience", name.replace("/", "%2F"), "sts.amazonaws.com")}
    assert found(oidc_entries("sts.amazonaws.com", "another", name=name), oidc=[issuer(f"https://{name}")]) == []


def test_thumbprints() -> None:
    first, second = "a" * 40, "b" * 40
    pinned = [issuer(thumbprints=(second, first))]
    there = oidc_entries("sts.amazonaws.com")
    *_, later = found(oidc=pinned)
    assert later.manual and not later.wants, "IAM finds out the first by itself: nobody knows what that will be"
    (fault,) = found(there, {at("iam.oidc_thumbprints", GITHUB): [first]}, oidc=pinned)
    (want,) = fault.wants
    assert (want.after, want.risk) == ([first, second], "restrictive")
    assert found(there, {at("iam.oidc_thumbprints", GITHUB): [first, second]}, oidc=pinned) == []
    assert found(there, {at("iam.oidc_thumbprints", GITHUB): [first]}, oidc=[issuer()]) == []


PEOPLE = [user(name, password=password(ago(3))) for name in ("ann", "bob")]
ROBOT = user("robot", path="/apps/", password=password(None))
CENTER = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
ALONE: Mapping[str, tuple[dict[str, Any], int]] = {
    "people with passwords": ({"users": PEOPLE}, 2),
    "people without": ({"users": [user("ann")]}, 0),
    "a robot": ({"users": [ROBOT]}, 0),
    "a provider is declared": ({"users": PEOPLE, "saml": [declared()], "states": [live()]}, 0),
    "a provider that nobody uses": ({"users": PEOPLE, "states": [live()]}, 2),
    "a provider that a role trusts": (
        {"users": PEOPLE, "states": [live(), trusting(statement())[0]], "roles": [trusting(statement())[1]]}, 0,
    ),
    "roles of IAM Identity Center": (
        {"users": PEOPLE, "roles": [trusting(OTHERS, name="AWSReservedSSO_x", path=CENTER)[1]]}, 0,
    ),
    "a provider of IAM Identity Center": ({"users": PEOPLE, "states": [live("AWSSSO_1_DO_NOT_DELETE")]}, 0),
    "programs' tokens alone": ({"users": PEOPLE, "states": [oidc_entries("sts.amazonaws.com")]}, 2),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "count"), ALONE.values(), ids=ALONE)
def test_people_without_an_identity_provider_are_one_finding(facts: dict[str, Any], count: int) -> None:
    states = facts.get("states", [])
    faults = found(*states, **{name: fact for name, fact in facts.items() if name != "states"})
    assert [fault.address for fault in faults] == ([SAML] if count else [])
    for fault in faults:
        assert fault.summary.startswith(f"{count} people")
        assert fault.severity == "low" and fault.manual


def test_exempt_people_are_not_counted() -> None:
    exemption = Exemption(
        match=Matcher(name="ann"), owner="o", reason="break-glass", expires=(NOW + timedelta(9)).date()
    )
    spared = Scope(playbook=Playbook(name="test", exemptions=(exemption,)), now=NOW)
    (fault,) = found(users=PEOPLE, scope=spared)
    assert fault.evidence["people"] == ["bob"]


def test_many_people_are_counted_and_some_are_named() -> None:
    (fault,) = found(users=[user(f"u{n:02}", password=password(ago(3))) for n in range(25)])
    people = fault.evidence["people"]
    assert isinstance(people, list)
    assert (len(people), people[-1]) == (11, "and 15 more")


def test_it_asks_for_providers_and_for_the_sessions_of_roles_that_are_there() -> None:
    settings = Settings(saml=(declared(max_session_hours=2),))
    assert list(control.asks(account(), settings, SCOPE)) == [SAML, OIDC]
    assert at("iam.role_session", "readers") in control.asks(account(roles=[role("readers")]), settings, SCOPE)
    assert list(control.asks(account(roles=[role("readers")]), Settings(saml=(declared(),)), SCOPE)) == [SAML, OIDC]


@pytest.mark.parametrize("gap", [SAML, OIDC, "iam.role", at("iam.role_session", "readers")])
def test_what_could_not_be_read_is_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        found(unknown={gap: "denied"})


@pytest.mark.parametrize("gap", ["iam.user", "credential-report"])
def test_people_who_could_not_be_read_are_never_a_pass(gap: str) -> None:
    with pytest.raises(Unreadable):
        found(unknown={gap: "denied"})
    assert found(live(), saml=[declared()], unknown={gap: "denied"}) == []
