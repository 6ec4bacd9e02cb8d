"""Other accounts come in through roles, and only those that should.

Roles that the playbook declares for other accounts are made, with a trust policy that asks people for MFA, and vendors
and machines for an external id; what they may do are the managed policies named beside it. One that exists with another
trust policy gets the declared one.

The trust policies of all other roles are looked at: whether they let in everyone (without a condition that says who),
an account that is not among `trusted_accounts`, a vendor without an external id, or a user or role that is no more.
Each is narrowed: everyone becomes this account and the trusted ones, strangers go, and a vendor gets a statement of its
own with the external id of the playbook. An external id is no secret, but both sides must know it: where the playbook
has none, the vendor must be asked. Nobody is let in who was shut out, and conditions are only added to.

AWS tells when a role was last used, but not by whom. What lets in AWS services and identity providers is left alone,
and so are service-linked roles, which AWS alone can change. Rollback is exact, with one exception: IAM takes the id of
a deleted user or role in no policy. Nobody can use it; it is removed in a plan of its own, and stays away.
"""

import shlex
from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Role
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.declared_roles import Declared, ExternalId, Number, declared_role, last_use
from remediate.controls.principals import caller, declared_roles
from remediate.controls.trusts import Judged, Kind, Problem, Rules, judge
from remediate.model import Fault, Manual, Severity, Struct, Value, Want, at, when
from remediate.playbook.scope import Scope

FIXED = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that services keep: their trust policies cannot be changed in IAM.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html"""


class Vendor(Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1)]
    external_id: ExternalId | None = None
    """As agreed with the vendor; without it, the plan asks a person to agree on one."""


class Settings(Struct, frozen=True, kw_only=True):
    roles: tuple[Declared, ...] = ()
    """Roles for other accounts: made where they are missing."""
    trusted_accounts: tuple[Number, ...] | None = None
    """Accounts that may come in besides this one; `null`: nobody has said, and no account is a stranger."""
    vendors: Mapping[str, Vendor] = {}
    """Accounts of vendors by their number: they may come in with an external id."""


def refuses(settings: Settings, moment: Moment) -> Iterator[Complaint]:
    numbers: list[tuple[str, str | int]] = [(f"vendors.{number}", number) for number in settings.vendors]
    numbers += [(f"trusted_accounts[{n}]", number) for n, number in enumerate(settings.trusted_accounts or ())]
    for i, role in enumerate(settings.roles):
        numbers += [(f"roles[{i}].trusted[{n}]", number) for n, number in enumerate(role.trusted)]
        if role.name.lower() in (other.name.lower() for other in settings.roles[:i]):
            yield f"roles[{i}].name", f"{role.name} stands here twice: IAM does not tell upper from lower case"
    for where, number in numbers:
        if isinstance(number, int):
            yield where, f"{number} must stand in quotes: YAML reads some account numbers as other numbers"
        elif len(number) != 12 or not (number.isascii() and number.isdigit()):
            yield where, f"{number} is not the number of an account, which has 12 digits"


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.role", "iam.policy")
    rules = rules_of(account, settings)
    declared = {role.name: role for role in settings.roles}
    for name in sorted(declared):
        yield from declared_role(account, declared[name], rules)
    for name in sorted(account.roles.keys() - declared.keys()):
        role = account.roles[name]
        if not role.path.startswith(FIXED):
            yield from _existing(role, judge(role.trust, rules), settings, _left(account, role, scope))


def _left(account: Account, role: Role, scope: Scope) -> str:
    """Why a role's trust policy is left to a person, or to another control; empty if it is not."""
    if at("iam.role", role.name) == caller(account):
        return "it is what this run works with: use another role or user, and make a new plan"
    return "another control's settings say whom it lets in" if role.name in declared_roles(scope.playbook) else ""


def rules_of(account: Account, settings: Settings) -> Rules:
    listed = settings.trusted_accounts
    return Rules(
        where=account.where,
        trusted=None if listed is None else frozenset(map(str, listed)),
        vendors={number: vendor.external_id for number, vendor in settings.vendors.items()},
    )


SEVERITY: Mapping[Kind, Severity] = {
    "deleted": "low", "vendor": "medium", "stranger": "high", "excluded": "critical", "everyone": "critical",
}  # fmt: skip
"""From harmless to worst."""
WORDS: Mapping[Kind, str] = {
    "everyone": "lets in everyone",
    "excluded": "lets in everyone but those it names (NotPrincipal)",
    "stranger": "lets in {}, which the playbook does not trust",
    "vendor": "lets in the vendor {} without an external id",
    "deleted": "names {}, a user or role that is no more",
}


def _existing(role: Role, judged: Judged, settings: Settings, left_alone: str) -> Iterator[Fault]:
    problems = judged.problems
    if not problems:
        return
    mended = [p for p in problems if p.mended and not left_alone]
    # What waits for the deleted to go comes by itself in the next plan.
    left = [p for p in problems if p not in mended and not any(p.kind == "deleted" for p in mended)]
    yield Fault(
        address=at("iam.role", role.name),
        severity=max((SEVERITY[p.kind] for p in problems), key=list(SEVERITY.values()).index),
        summary=f"{role.name} {', '.join(_said(p, settings) for p in problems)}",
        evidence={"lets_in": [p.principal for p in problems], "last_used": when(role.last_used)},
        wants=(_narrowing(role, judged.narrowed, mended, settings),) if mended else (),
        manual=_ask(role, left, settings, left_alone) if left else None,
    )


def _said(problem: Problem, settings: Settings) -> str:
    return WORDS[problem.kind].format(_who(problem.principal, settings))


def _who(principal: str, settings: Settings) -> str:
    vendor = next((v.name for number, v in settings.vendors.items() if number in principal), "")
    return f"{vendor} ({principal})" if vendor else principal


def _narrowing(role: Role, narrowed: Value, mended: list[Problem], settings: Settings) -> Want:
    harmless = all(p.kind == "deleted" for p in mended)
    losses = "; ".join(_loss(role, p, settings) for p in mended)
    return Want(
        address=at("iam.role", role.name),
        after={"path": role.path, "trust": narrowed},
        why=f"{role.name} {', '.join(_said(p, settings) for p in mended)}",
        risk="neutral" if harmless else "restrictive",
        notice="" if harmless else f"{losses}{last_use(role)}",
    )


def _loss(role: Role, problem: Problem, settings: Settings) -> str:
    if problem.kind == "vendor":
        return f"{_who(problem.principal, settings)} can assume {role.name} only with the external id"
    who = "everyone outside" if problem.principal == "*" else _who(problem.principal, settings)
    return f"{who} can no longer assume {role.name}"


def _ask(role: Role, problems: list[Problem], settings: Settings, left_alone: str) -> Manual:
    address, quoted = at("iam.role", role.name), shlex.quote(role.name)
    show = f"Look at it: aws iam get-role --role-name {quoted} --query Role.AssumeRolePolicyDocument"
    change = f"aws iam update-assume-role-policy --role-name {quoted} --policy-document file://trust.json"
    if left_alone:
        steps: tuple[str, ...] = (
            show,
            f"Narrow it by hand: write what should be there to trust.json, and then: {change}",
        )
        summary = f"the trust policy of {role.name} stays as it is: {left_alone}"
    elif any(p.kind == "vendor" for p in problems):
        vendors = sorted({_who(p.principal, settings) for p in problems if p.kind == "vendor"})
        steps = (
            f"Ask {', '.join(vendors)} for the external id that they send (another one would shut them out).",
            "Write it in the playbook, beside the vendor's account: external_id.",
        )
        summary = f"{role.name} lets in a vendor without an external id, and the playbook does not know it"
    else:
        steps = (show, f"Name those who may come in as Principal, write it to trust.json, and then: {change}")
        summary = f"{role.name} lets in everyone but those it names: only you know who should come in"
    return Manual(address=address, summary=summary, steps=steps, check="The next plan looks at it again.")


control = Control(
    id="cross-account-roles",
    title="Other accounts come in through roles, and only those that should",
    guideline="G7",
    changes="makes the declared roles; narrows trust policies that let in too many",
    kinds=("iam.role", "iam.role_policy"),
    rollback="exact; the id of a deleted user or role stays away",
    settings=Settings,
    check=check,
    refuses=refuses,
    doc=__doc__,
)
