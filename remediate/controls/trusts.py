"""Trust policies: whom one lets in, and the same one narrowed. What comes out never lets in anybody who was shut out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from remediate.model import AccountId, Struct, Value
from remediate.policy import aws_principals, deleted_principals, trust_statements

Kind = Literal["everyone", "excluded", "stranger", "vendor", "deleted"]
"""everyone   `*`, and no condition that says who
excluded   NotPrincipal: everyone but those named
stranger   an account that the playbook does not trust
vendor     a vendor's account without an external id
deleted    a user or role that is no more"""

EXTERNAL_ID = "sts:ExternalId"
WHO = frozenset(
    "aws:principalorgid aws:principalorgpaths aws:principalaccount aws:principalarn aws:userid aws:sourcevpc "
    "aws:sourcevpce aws:sourcearn aws:sourceaccount aws:sourceorgid aws:sourceorgpaths sts:externalid".split()
)
"""Condition keys that say who may come in, or from whose network. An address does not: many accounts share it."""
SHUT: Mapping[str, Value] = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
"""What is left of a trust policy that lets in nobody; IAM takes none without a statement."""


class Rules(Struct, frozen=True, kw_only=True):
    """Whom the playbook lets in."""

    where: AccountId
    trusted: frozenset[str] | None
    """Accounts besides our own; None where the playbook does not say, so that no account is a stranger."""
    vendors: Mapping[str, str | None]
    """External ids by account; None where the playbook does not have it."""

    def root(self, account: str) -> str:
        return f"arn:{self.where.partition}:iam::{account}:root"

    def insiders(self) -> list[str]:
        return [
            self.root(a) for a in (self.where.account, *sorted((self.trusted or frozenset()) - {self.where.account}))
        ]


class Problem(Struct, frozen=True, kw_only=True):
    kind: Kind
    principal: str
    mended: bool
    """Whether the narrowed policy is free of it; a person must mend the others."""


class Judged(Struct, frozen=True, kw_only=True):
    problems: tuple[Problem, ...]
    narrowed: Value


def judge(trust: Value, rules: Rules) -> Judged:
    """What is wrong with a trust policy, and the same policy narrowed as far as that goes without asking anybody.

    The ids of the deleted go first, and alone: IAM takes them back in no policy, so a change that removes them cannot
    be taken back, and nothing else must depend on that.
    """
    dead = deleted_principals(trust)
    found = [_statement(item, rules, dead) for item in trust_statements(trust)]
    problems = tuple(problem for some, _ in found for problem in some)
    if not isinstance(trust, Mapping) or not any(problem.mended for problem in problems):
        return Judged(problems=problems, narrowed=trust)
    statements = [item for _, items in found for item in items]
    allows = any(isinstance(item, Mapping) and item.get("Effect") == "Allow" for item in statements)
    return Judged(problems=problems, narrowed={**trust, "Statement": statements if allows else [*statements, SHUT]})


def _statement(item: Value, rules: Rules, dead: frozenset[str]) -> tuple[list[Problem], list[Value]]:
    if not isinstance(item, Mapping) or item.get("Effect") != "Allow":
        return [], [item]
    if "NotPrincipal" in item:
        return [Problem(kind="excluded", principal="*", mended=False)], [item]
    kinds = {name: _kind(name, item.get("Condition"), rules, dead) for name in aws_principals(item)}
    problems = [
        Problem(kind=kind, principal=name, mended=_can_mend(kind, name, rules, dead))
        for name, kind in kinds.items()
        if kind
    ]
    mended = {problem.principal: problem.kind for problem in problems if problem.mended}
    return problems, _narrowed(item, mended, rules) if mended else [item]


def _kind(name: str, condition: Value, rules: Rules, dead: frozenset[str]) -> Kind | None:
    account = account_of(name)
    if name in dead:
        return "deleted"
    if name == "*":
        return None if _says_who(condition) else "everyone"
    if not account or account == rules.where.account:
        return None
    if account in rules.vendors:
        return None if _tests(condition, frozenset({EXTERNAL_ID.lower()})) else "vendor"
    return "stranger" if rules.trusted is not None and account not in rules.trusted else None


def _can_mend(kind: Kind, name: str, rules: Rules, dead: frozenset[str]) -> bool:
    if dead:
        return kind == "deleted"
    return kind != "vendor" or rules.vendors[account_of(name)] is not None


def account_of(principal: str) -> str:
    """The number of the account that a principal belongs to; empty for `*` and for the ids of the deleted."""
    number = principal.split(":")[4] if principal.count(":") >= 5 else principal
    return number if re.fullmatch(r"\d{12}", number) else ""


def _narrowed(item: Mapping[str, Value], mended: Mapping[str, Kind], rules: Rules) -> list[Value]:
    """The statement without those whom it should not let in; vendors get one of their own, with their external id."""
    principal = item.get("Principal")
    others = {k: v for k, v in principal.items() if k != "AWS"} if isinstance(principal, Mapping) else {}
    stay = [name for name in aws_principals(item) if name not in mended]
    stay += [name for name in rules.insiders() if "everyone" in mended.values() and name not in stay]
    result: list[Value] = [{**item, "Principal": {**others, **_aws(stay)}}] if stay or others else []
    for account in sorted({account_of(name) for name, kind in mended.items() if kind == "vendor"}):
        names = [name for name in mended if account_of(name) == account]
        bound = {
            **item,
            "Principal": _aws(names),
            "Condition": _with_external_id(item.get("Condition"), rules, account),
        }
        result.append(bound if not result else {k: v for k, v in bound.items() if k != "Sid"})  # which must be unique
    return result


def _aws(names: list[str]) -> dict[str, Value]:
    """As roles are read: sorted, and one name stands alone."""
    return {"AWS": names[0] if len(names) == 1 else sorted(names)} if names else {}


def _with_external_id(condition: Value, rules: Rules, account: str) -> Value:
    """All conditions of a statement must hold, so one more lets in fewer."""
    there = dict(condition) if isinstance(condition, Mapping) else {}
    operator = next((name for name in there if name.lower() == "stringequals"), "StringEquals")
    tests = there.get(operator)
    return {**there, operator: {**(tests if isinstance(tests, Mapping) else {}), EXTERNAL_ID: rules.vendors[account]}}


def _says_who(condition: Value) -> bool:
    return _tests(condition, WHO)


def _tests(condition: Value, keys: frozenset[str]) -> bool:
    """Whether a condition holds only for certain values of one of these keys. Keys and operators ignore case."""
    for operator, tests in condition.items() if isinstance(condition, Mapping) else ():
        for key, values in tests.items() if isinstance(tests, Mapping) else ():
            if _positive(operator) and key.lower() in keys and all(_certain(key, value) for value in _list(values)):
                return True
    return False


def _positive(operator: str) -> bool:
    """Whether it fails for other values, and where the key is missing: unlike `…Not…`, `…IfExists`, `ForAllValues`."""
    base = operator.lower().removeprefix("foranyvalue:")
    return base in ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")


def _certain(key: str, value: Value) -> bool:
    """Whether a value names somebody: in every account there may be a role of that name."""
    if not isinstance(value, str):
        return False
    if key.lower() in ("aws:principalarn", "aws:sourcearn"):
        return bool(account_of(value))
    return not value.startswith(("*", "?"))


def _list(value: Value) -> Iterable[Value]:
    return value if isinstance(value, list) else [value]
