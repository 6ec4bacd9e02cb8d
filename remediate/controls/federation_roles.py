"""The roles that somebody whom an identity provider vouches for can take on: trust, policies, length of sessions."""

from collections.abc import Iterator, Mapping
from typing import Any

from remediate.account import Account
from remediate.controls.identity_providers import OidcProvider, OidcRole, SamlRole
from remediate.model import Address, Fault, Manual, Value, Want, at
from remediate.policy import VERSION, NotAPolicy, federated_principals, statements, trust_statements

SIGN_IN: Mapping[str, str] = {
    "aws-cn": "https://signin.amazonaws.cn/saml",
    "aws-us-gov": "https://signin.amazonaws-us-gov.com/saml",
}
"""Where SAML assertions are sent to; elsewhere it is signin.aws.amazon.com.
https://docs.aws.amazon.com/general/latest/gr/signin-service.html"""
RESERVED = "/aws-"
"""Paths of roles that only AWS changes begin so."""
HOUR = 3600

Statement = Mapping[str, Value]


def provider_arn(account: Account, kind: str, name: str) -> str:
    return f"arn:{account.partition}:iam::{account.id}:{kind}-provider/{name}"


def of_saml(account: Account, provider: str) -> Statement:
    """Who signed in through this provider, to AWS and to nobody else.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
    """
    aud = SIGN_IN.get(account.partition, "https://signin.aws.amazon.com/saml")
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(account, "saml", provider)},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"SAML:aud": aud}},
    }


def of_oidc(account: Account, provider: OidcProvider, role: OidcRole) -> Statement:
    """Who has a token of this issuer, made out for these audiences, that names one of these subjects.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
    """
    audience: dict[str, Value] = {f"{provider.issuer}:aud": _one_or_all(provider.audiences)}
    subject: dict[str, Value] = {f"{provider.issuer}:sub": _one_or_all(role.subjects)}
    wild = any("*" in s or "?" in s for s in role.subjects)
    condition: Value = (
        {"StringEquals": audience, "StringLike": subject} if wild else {"StringEquals": audience | subject}
    )
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(account, "oidc", provider.issuer)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }


def _one_or_all(values: tuple[str, ...]) -> Value:
    return values[0] if len(values) == 1 else list(values)


def trusts(trust: Value, provider: str) -> bool:
    """Whether a role's trust names the identity provider with that ARN."""
    return any(provider in federated_principals(item) for item in trust_statements(trust))


def check(account: Account, role: SamlRole | OidcRole, trusted: Statement, through: str) -> Iterator[Fault]:
    """What a declared role lacks; `through` names its provider for people."""
    address = at("iam.role", role.name)
    obstacle = _obstacle(account, role)
    if obstacle:
        yield Fault(address=address, severity="medium", summary=obstacle, manual=_by_hand(address, obstacle))
        return
    why = f"who comes through {through} can take on {role.name}"
    wants = [
        *_trust(account, role.name, trusted, why, through),
        *_policies(account, role, why),
        *_session(account, role),
    ]
    changed = [w for w in wants if w.after != account.value(w.address)]
    if changed:
        there = account.value(address) is not None
        lacks = sorted({LACKS[w.address.partition("/")[0]] for w in changed})
        yield Fault(
            address=address,
            severity="medium",
            summary=f"{role.name} for {through}: {', '.join(lacks)}" if there else f"{through} has no role {role.name}",
            evidence={"policies": list(role.policies), "trust": trusted},
            wants=tuple(wants),
        )


LACKS: Mapping[str, str] = {
    "iam.role": "does not trust it as the playbook says",
    "iam.role_policy": "lacks policies",
    "iam.role_session": "has sessions of another length",
}


def _obstacle(account: Account, role: SamlRole | OidcRole) -> str:
    """Why the role must be mended by hand; empty if a plan can do it."""
    alike = [other for other in account.roles if other.lower() == role.name.lower() and other != role.name]
    if alike:
        return f"the role {alike[0]} differs from {role.name} in case only, and IAM takes them for the same"
    if role.name in account.roles and account.roles[role.name].path.startswith(RESERVED):
        return f"the role {role.name} belongs to AWS, and only AWS changes it"
    own = [p for p in role.policies if f":iam::{account.id}:" in p and account.value(at("iam.policy", p)) is None]
    return f"{role.name} is to have {own[0]}, which is not there" if own else ""


def _by_hand(address: Address, obstacle: str) -> Manual:
    return Manual(
        address=address,
        summary=f"{obstacle}: nothing is changed",
        steps=("Name another role, or another policy, in the playbook (federation: … roles).",),
        check="The next plan makes the role, or finds it as the playbook says.",
    )


def _trust(account: Account, name: str, trusted: Statement, why: str, through: str) -> Iterator[Want]:
    address = at("iam.role", name)
    live: Any = account.value(address)
    if not isinstance(live, Mapping):
        made: Value = {"path": "/", "trust": {"Version": VERSION, "Statement": [trusted]}}
        yield Want(address=address, after=made, why=why, risk="additive")
        return
    wanted, taken = _merged(live.get("trust"), trusted)
    after = live if _same(live.get("trust"), wanted) else {**live, "trust": wanted}
    yield Want(
        address=address,
        after=after,
        why=why,
        risk="restrictive" if taken else "additive",
        notice=f"who comes through {through} and is not named in the playbook is refused" if taken else "",
    )


def _merged(live: Value, trusted: Statement) -> tuple[Value, bool]:
    """Somebody's trust policy with our statement in it, and whether what it said of our provider is taken away."""
    provider = federated_principals(trusted)[0]
    kept: list[Value] = []
    taken = False
    for item in trust_statements(live):
        names = federated_principals(item)
        if provider not in names or not isinstance(item, Mapping) or item.get("Effect") != "Allow":
            kept.append(item)
            continue
        taken = taken or not _same(_alone(item), _alone(trusted))
        others = tuple(sorted(name for name in names if name != provider))  # as IAM and its reader show them
        if others:
            principal = item["Principal"]
            rest = dict(principal) if isinstance(principal, Mapping) else {}
            kept.append({**item, "Principal": {**rest, "Federated": _one_or_all(others)}})
    there = live if isinstance(live, Mapping) else {"Version": VERSION}
    return {**there, "Statement": [*kept, trusted]}, taken


def _alone(item: Statement) -> Value:
    return {"Version": VERSION, "Statement": [item]}


def _same(one: Value, other: Value) -> bool:
    try:
        return statements(one) == statements(other)
    except NotAPolicy:
        return False


def _policies(account: Account, role: SamlRole | OidcRole, why: str) -> Iterator[Want]:
    for policy in role.policies:
        arn = policy if policy.startswith("arn:") else f"arn:{account.partition}:iam::aws:policy/{policy}"
        yield Want(address=at("iam.role_policy", role.name, arn), after="attached", why=why, risk="additive")


def _session(account: Account, role: SamlRole | OidcRole) -> Iterator[Want]:
    """One hour, which is what a role has, is an entry that is not there."""
    if role.max_session_hours is None:
        return
    address = at("iam.role_session", role.name)
    live, after = account.value(address) or HOUR, role.max_session_hours * HOUR
    shorter = isinstance(live, int) and after < live
    yield Want(
        address=address,
        after=after if after != HOUR else None,
        why=f"sessions last {role.max_session_hours} hours at most",
        risk="restrictive" if shorter else "additive",
        notice="longer sessions can no longer be begun" if shorter else "",
    )
