"""Roles for other accounts, as a playbook declares them: made where they are missing, mended where they differ."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Role
from remediate.controls.trusts import EXTERNAL_ID, Rules
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.policy import VERSION, NotAPolicy, statements

DIGITS = r"^[0-9]{12}$"
Number = Annotated[str | int, Meta(extra_json_schema={"type": "string", "pattern": DIGITS})]
"""An account's 12 digits. An int is only taken so that it can be refused with the reason."""
ExternalId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@:/\\-]+$", min_length=2, max_length=1224)]
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
RoleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=64)]
Policy = Annotated[str, Meta(pattern="^[!-~]+$", max_length=2048)]


class Declared(Struct, frozen=True, kw_only=True):
    """A role for other accounts."""

    name: RoleName
    trusted: Annotated[tuple[Number, ...], Meta(min_length=1)]
    external_id: ExternalId | None = None
    """What a vendor or a machine says when it comes in."""
    mfa: bool = False
    """Whether who comes in must have signed in with MFA: for people."""
    policies: Annotated[tuple[Policy, ...], Meta(max_length=10)] = ()
    """Names of AWS managed policies, or ARNs of others."""
    path: Annotated[str, Meta(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"

    def __post_init__(self) -> None:
        if not self.mfa and self.external_id is None:
            raise ValueError("a role for people needs `mfa: true`, one for a vendor or a machine an `external_id`")


def declared_role(account: Account, role: Declared, rules: Rules) -> Iterator[Fault]:
    address = at("iam.role", role.name)
    alike = next((name for name in account.roles if name != role.name and name.lower() == role.name.lower()), "")
    if alike:
        yield Fault(address=address, severity="medium", summary=_absent(role), manual=_taken(address, alike))
        return
    arns = [_arn(account, policy) for policy in role.policies]
    missing = [arn for arn in arns if account.value(at("iam.role_policy", role.name, arn)) is None]
    gone = [arn for arn in missing if f":{account.id}:policy/" in arn and account.value(at("iam.policy", arn)) is None]
    wants = [*_trust_want(account, role, rules), *(_attach(role, arn) for arn in missing if arn not in gone)]
    if not wants and not gone:
        return
    there = role.name in account.roles
    yield Fault(
        address=address,
        severity="medium",
        summary=f"{role.name} is not as the playbook declares it" if there else _absent(role),
        evidence={"trusted": [str(number) for number in role.trusted], "missing policies": list(missing)},
        wants=tuple(wants),
        manual=_no_policy(address, gone) if gone else None,
    )


def _arn(account: Account, policy: str) -> str:
    return policy if policy.startswith("arn:") else f"arn:{account.partition}:iam::aws:policy/{policy}"


def _trust_want(account: Account, role: Declared, rules: Rules) -> Iterator[Want]:
    wanted, address, live = declared_trust(role, rules), at("iam.role", role.name), account.roles.get(role.name)
    who = ", ".join(str(number) for number in role.trusted)
    if live is None:
        value: Value = {"path": role.path, "trust": wanted}
        yield Want(address=address, after=value, why=f"lets {who} in as the playbook declares", risk="additive")
    elif not _same(live.trust, wanted):
        yield Want(
            address=address,
            after={"path": live.path, "trust": wanted},
            why=f"lets in {who} and nobody else, as the playbook declares",
            risk="restrictive",
            notice=f"only {who} can assume {role.name}, {_asked_of(role)}{last_use(live)}",
        )


def declared_trust(role: Declared, rules: Rules) -> dict[str, Value]:
    """The trust policy of a role that the playbook declares."""
    roots: list[Value] = [rules.root(str(number)) for number in sorted({str(n) for n in role.trusted})]
    condition: dict[str, Value] = {}
    if role.mfa:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    if role.external_id is not None:
        condition["StringEquals"] = {EXTERNAL_ID: role.external_id}
    statement: dict[str, Value] = {
        "Effect": "Allow",
        "Principal": {"AWS": roots[0] if len(roots) == 1 else roots},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return {"Version": VERSION, "Statement": [statement]}


def _same(one: Value, other: Value) -> bool:
    try:
        return statements(one) == statements(other)
    except NotAPolicy:
        return False


def _asked_of(role: Declared) -> str:
    return " and ".join(["with MFA"] * role.mfa + ["with the external id"] * (role.external_id is not None))


def _attach(role: Declared, arn: str) -> Want:
    why = f"what {role.name} may do, as the playbook declares"
    return Want(address=at("iam.role_policy", role.name, arn), after="attached", why=why, risk="additive")


def _absent(role: Declared) -> str:
    return f"{role.name} is declared, and is not there"


def _taken(address: Address, alike: str) -> Manual:
    return Manual(
        address=address,
        summary=f"there is a role {alike}, and IAM takes the two names for the same",
        steps=(f"Write {alike} in the playbook, or choose another name.",),
        check="The next plan makes the role, or finds it as it should be.",
    )


def _no_policy(address: Address, gone: Iterable[str]) -> Manual:
    return Manual(
        address=address,
        summary=f"the playbook names policies that are not there: {', '.join(gone)}",
        steps=("Create them, or take them out of the playbook.",),
        check="The next plan attaches them, or finds none missing.",
    )


def last_use(role: Role) -> str:
    return (
        f" (last used on {role.last_used:%Y-%m-%d}; by whom, AWS does not say)"
        if role.last_used
        else " (no use on record)"
    )
