"""Whom a role's trust policy lets in, and what a change of it means for those who work through the role."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import unquote

import msgspec

from remediate.guard.access import TAKES
from remediate.guard.timeline import Timeline
from remediate.model import Address, Change, Value, kind_of, name_of, pair_of
from remediate.policy import NotAPolicy, canonical_json, federated_principals, lets_people_in, statements
from remediate.policy import trust_statements as listed
from remediate.policy.branches import NOWHERE, Free, Layers, Rule
from remediate.policy.known import Known, prepared
from remediate.policy.principals import reach
from remediate.policy.request import Caller
from remediate.policy.rules import rule
from remediate.policy.statement import parse

ASSUME = "sts:assumerole"
TRUST: Layers = frozenset({"trust"})
"""The layer of the trust policy: the others are those of who assumes the role."""


def shut(timeline: Timeline, role: Address) -> Change | None:
    """The change after which nobody but an AWS service may assume a role that people may assume now."""
    for change in timeline.of_kind("iam.role"):
        if change.address == role and _open(change.before) and not _open(change.after):
            return change
    return None


def policy_of(role: Value) -> Value:
    """The trust policy in the value of a role's entry; None where the role is absent."""
    return role.get("trust") if isinstance(role, Mapping) else None


def _open(role: Value) -> bool:
    return lets_people_in(policy_of(role))


def provider_taken(timeline: Timeline, trust: Value) -> Iterator[str]:
    """Changes that take something from an identity provider that a trust policy lets people in by."""
    named = [name for item in listed(trust) for name in federated_principals(item)]
    words = ("saml", "oidc")
    trusted = {(word, name) for arn in named for word in words for name in arn.split(f":{word}-provider/")[1:]}
    for change in timeline.changes.values():
        kind = kind_of(change.address).removeprefix("iam.")
        word, _, part = kind.partition("_")
        issuer = unquote(pair_of(change.address)[0]) if part == "audience" else name_of(change.address)
        if change.classes & TAKES and (word, issuer) in trusted:
            yield (
                f"#{change.id} {change.address} is whom the role that this run works with trusts: "
                "nobody could assume it again through this provider to finish or roll back"
            )


def rules(
    trust: Value,
    who: Caller,
    known: Known,
    layers: Layers,
    moves: Callable[[str], bool] = lambda _: False,
    action: str = ASSUME,
) -> Iterator[Rule]:
    """What a trust policy says of somebody who would assume the role, before and after alike; but for statements about
    a tag of theirs that the plan changes (`moves`): after that, nobody knows. `action`: in lower case.

    Whom it names needs no policy of their own; a role's session is still bound by a boundary.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    unbound = frozenset(name for name in layers if not name.startswith("boundary"))
    for text in _statements(trust):
        statement = parse(text)
        if statement.principals is None or not rule(text).actions.cover(action, lambda _: None):
            continue
        how = reach(statement.principals, statement.effect, who, bounded=unbound != layers)
        if how == "":
            continue
        allows = statement.effect == "Allow"
        by: Mapping[str | None, Layers] = {"behind": unbound, "account": TRUST}
        given = by.get(how, layers)
        doubt = frozenset({Free(text)}) if how is None else frozenset[Free]()
        sure = not moves(text)
        for one in prepared(_anywhere(text), known):
            yield Rule(allows, given, given if sure else NOWHERE, one.open | doubt)
            if not sure and not allows:
                yield Rule(False, NOWHERE, given)


def _statements(trust: Value) -> Iterator[str]:
    """What a trust policy says; what is not understood lets nobody in."""
    try:
        found = statements(trust)
    except NotAPolicy:
        return
    for text in found:
        with suppress(NotAPolicy):
            parse(text)
            yield text


def _anywhere(text: str) -> str:
    """A statement of a trust policy, which says whom it is about, as one of a user says what it is about."""
    item = {key: value for key, value in msgspec.json.decode(text).items() if "Principal" not in key}
    return canonical_json({"Resource": ["*"], **item}).decode()


def doors(trust: Value, effect: str) -> frozenset[str]:
    """Each name that a trust policy lets in, or keeps out, with the conditions: a statement for every one."""
    found: set[str] = set()
    for text in _statements(trust):
        item = {key: value for key, value in msgspec.json.decode(text).items() if value != {}}
        principal = item.get("Principal")
        named = principal.items() if isinstance(principal, Mapping) else [("*", [principal])]
        each = [{kind: name} for kind, names in named for name in names] if item["Effect"] == effect else []
        found.update(canonical_json({**item, "Principal": one}).decode() for one in each)
    return frozenset(found)
