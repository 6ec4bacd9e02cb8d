"""What IAM decides about a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from remediate.model import Struct
from remediate.policy.principals import Reach, reach
from remediate.policy.request import Request, lookup
from remediate.policy.rules import Rule, about

Layer = Literal["service control", "resource control", "resource", "identity", "boundary", "session"]
Outcome = Literal["allowed", "implicitly denied", "explicitly denied", "unknown"]

Statements = tuple[str, ...]
"""In canonical form: `remediate.policy.statements`."""


class Policies(Struct, frozen=True, kw_only=True):
    """What bears on somebody's requests for one resource."""

    identity: Statements = ()
    """Of the user and their groups, or of the role."""
    boundary: Statements | None = None
    session: Statements | None = None
    service_control: tuple[Statements, ...] = ()
    """Of the caller's organization: each level from the root to the account. None of them bears on the management
    account, or on service-linked roles."""
    resource_control: tuple[Statements, ...] = ()
    """Of the resource's organization, likewise."""
    resource: Statements | None = None
    """The resource's own policy, or the trust policy of the role that is assumed."""
    resource_decides: bool = False
    """Trust policies and key policies: without them, identity policies give nothing, not even in the same account."""


class Decision(Struct, frozen=True, kw_only=True):
    """What is decided, and by what."""

    outcome: Outcome
    layer: Layer | None = None
    """Which kind of policy allows, denies, does not allow, or has a statement that is not understood."""
    statements: Statements = ()
    """Those of that kind that allow or deny; where the outcome is unknown, those that are not understood."""
    reason: str = ""
    """Why the outcome is unknown."""

    @property
    def allowed(self) -> bool:
        return self.outcome == "allowed"


class _Hit(NamedTuple):
    """A statement that is about the request, or may be."""

    layer: Layer
    level: int
    rule: Rule
    how: Reach
    doubt: str


def decide(policies: Policies, request: Request) -> Decision:
    """What IAM decides; `unknown` where that depends on a statement that is not understood.

    What is denied either way is said to be implicitly denied, though a statement that is not understood might deny it.
    """
    hits = tuple(_hits(policies, request))
    if denies := [hit for hit in hits if hit.rule.effect == "Deny" and not hit.doubt]:
        layer = denies[0].layer
        return Decision(outcome="explicitly denied", layer=layer, statements=_said(denies, layer))
    allows = [hit for hit in hits if hit.rule.effect == "Allow"]
    at_best = _refused_by(policies, request, allows)
    if at_best is not None:
        return Decision(outcome="implicitly denied", layer=at_best)
    sure = [hit for hit in allows if not hit.doubt]
    at_worst = _refused_by(policies, request, sure)
    open_ = [hit for hit in hits if hit.doubt and (hit.rule.effect == "Deny" or at_worst is not None)]
    if open_:
        layer = open_[0].layer
        return Decision(outcome="unknown", layer=layer, statements=_said(open_, layer), reason=open_[0].doubt)
    layer = _giving(policies, request, sure)
    return Decision(outcome="allowed", layer=layer, statements=_said(sure, layer))


def _giving(policies: Policies, request: Request, allows: Sequence[_Hit]) -> Layer:
    """What an allowed request is owed to: the resource's policy where that gives it and identity policies do not."""

    def do_without(layer: Layer) -> bool:
        return _refused_by(policies, request, [hit for hit in allows if hit.layer != layer]) is None

    return "resource" if do_without("identity") and not do_without("resource") else "identity"


def _said(hits: Iterable[_Hit], layer: Layer) -> Statements:
    return tuple(hit.rule.canonical for hit in hits if hit.layer == layer)


def _hits(policies: Policies, request: Request) -> Iterator[_Hit]:
    found = lookup(request.context)
    action = request.action.lower()
    service = action.partition(":")[0]
    for layer, level, statements in _layers(policies):
        for one in about(statements, service):
            if one.covers(action, request.resource, found):
                hit = _hit(layer, level, one, policies, request)
                if hit:
                    yield hit


def _layers(policies: Policies) -> Iterator[tuple[Layer, int, Statements]]:
    for level, statements in enumerate(policies.service_control):
        yield "service control", level, statements
    for level, statements in enumerate(policies.resource_control):
        yield "resource control", level, statements
    yield "resource", 0, policies.resource or ()
    yield "identity", 0, policies.identity
    yield "boundary", 0, policies.boundary or ()
    yield "session", 0, policies.session or ()


def _hit(layer: Layer, level: int, one: Rule, policies: Policies, request: Request) -> _Hit | None:
    """The statement, if it may be about the caller and its conditions may hold."""
    doubt = one.lets(request.context)
    if doubt is None:
        return None
    how: Reach | Literal[""] | None = "directly"
    if layer in ("resource", "resource control") and one.principals:
        how = reach(one.principals, one.effect, request.caller, bounded=policies.boundary is not None)
    elif layer in ("resource", "resource control"):
        doubt = doubt or f"a {layer} policy says whom it is about"
    elif one.principals:
        doubt = doubt or f"a policy of the {layer} kind has no Principal"
    if how == "":
        return None
    return _Hit(
        layer, level, one, how or "directly", doubt or ("" if how else "AWS does not say whether it names them")
    )


def _refused_by(policies: Policies, request: Request, allows: Sequence[_Hit]) -> Layer | None:
    """The first kind of policy that would have to allow the request and does not; None if it is allowed."""
    given = {(hit.layer, hit.level) for hit in allows}
    controls: tuple[tuple[Layer, int], ...] = (
        ("service control", len(policies.service_control)),
        ("resource control", len(policies.resource_control)),
    )
    for layer, levels in controls:
        if not all((layer, level) in given for level in range(levels)):
            return layer
    how = {hit.how for hit in allows if hit.layer == "resource"}
    caller = request.caller.kind
    if caller in ("service", "provider", "anonymous") or ("directly" in how and not request.crosses):
        return None if "directly" in how else "resource"
    if not how and (policies.resource_decides or request.crosses):
        return "resource"
    named = "behind" in how and not request.crosses
    if not named and caller != "root" and ("identity", 0) not in given:
        return "identity"
    return _limited_by(policies, request, given)


def _limited_by(policies: Policies, request: Request, given: set[tuple[Layer, int]]) -> Layer | None:
    """The permissions boundary or the session policy, if it does not allow what others do. A session of
    GetFederationToken has no permissions but those that its session policy passes on."""
    if policies.boundary is not None and ("boundary", 0) not in given:
        return "boundary"
    needed = policies.session is not None or request.caller.kind == "federated session"
    return "session" if needed and ("session", 0) not in given else None
