"""Whether a plan may be applied: the keys that an operator trusts, and what each signature beside a plan is worth.

An approval counts if it comes from a key in the operator's own file of trusted keys. Whoever made a plan does not
approve it: neither with the same key nor under the same name.
"""

import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec

from remediate.errors import Refused
from remediate.model import Plan, Role, Signature, Struct, Text
from remediate.signature import Ask, fault, fingerprint, is_kms, unasked


class Trusted(Struct, frozen=True, kw_only=True):
    """A key, and whose it is."""

    name: Text
    key: Text


class Trust(Struct, frozen=True, kw_only=True):
    """The keys whose word the operator takes."""

    approvers: Annotated[tuple[Trusted, ...], msgspec.Meta(min_length=1)]
    planners: tuple[Trusted, ...] = ()
    """Given, only these may make plans; a plan that nobody signed as its planner is refused then."""


class Judged(NamedTuple):
    """A signature, whose it is if its key is trusted, and why it does not count; empty if it does."""

    signature: Signature
    name: str
    fault: str


def judge(plan: Plan, signatures: Iterable[Signature], trust: Trust | None, ask: Ask = unasked) -> Iterator[Judged]:
    """What each signature is worth; those of KMS come last, and it is asked about each as it is taken.

    Without a file of trusted keys it is only said whether a signature is what its key signed.
    """
    planner = _name(plan.header.planner, "planner", trust)
    for signature in sorted(signatures, key=lambda s: is_kms(s.key)):
        name = _name(signature.key, signature.role, trust)
        lacking = _untrusted(signature, name, planner, trust) if trust else ""
        yield Judged(signature, name, lacking or fault(plan, signature, ask))


def _untrusted(signature: Signature, name: str, planner: str, trust: Trust) -> str:
    if not name and (signature.role == "approver" or trust.planners or is_kms(signature.key)):
        return "this is none of the trusted keys"  # and KMS is not asked about a key that only the plan names
    if signature.role == "approver" and planner and _person(name) == _person(planner):
        return "the same person made the plan"
    return ""


def _name(key: str, role: Role, trust: Trust | None) -> str:
    """Whose key it is; empty if it is nobody's."""
    if trust is None:
        return ""
    keys = trust.approvers if role == "approver" else trust.planners or trust.approvers
    return next((trusted.name for trusted in keys if trusted.key == key), "")


def _person(name: str) -> str:
    """A name without what two spellings of it differ in."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def approved(
    plan: Plan, file: str, signatures: Sequence[Signature], trust: Trust, ask: Ask, *, broken: Iterable[str] = ()
) -> Judged:
    """The approval by which this plan may be applied. Raises Refused, with what each signature lacks.

    `broken` says of signatures that cannot be read why.
    """
    _check_planner(plan, [s for s in signatures if s.role == "planner"], trust, ask)
    faults = list(broken)
    for found in judge(plan, [s for s in signatures if s.role == "approver"], trust, ask):
        if not found.fault:
            return found
        faults.append(f"{found.name or fingerprint(found.signature.key)}: {found.fault}")
    raise Refused(
        "no trusted key has approved this plan",
        details=[*faults, "Nothing was written."],
        remedy=_whom_to_ask(plan, file, trust),
    )


def _whom_to_ask(plan: Plan, file: str, trust: Trust) -> str:
    planner = _person(_name(plan.header.planner, "planner", trust))
    others = [t.name for t in trust.approvers if _person(t.name) != planner and t.key != plan.header.planner]
    if not others:
        return "Every trusted approver made this plan: name somebody else's key in the file of trusted keys."
    command = shlex.join(["remediate", "approve", file])
    return (
        f"Ask one of: {', '.join(dict.fromkeys(others))}. They run `{command} --key KEY`; then run this command again."
    )


def _check_planner(plan: Plan, signatures: Sequence[Signature], trust: Trust, ask: Ask) -> None:
    """Raises Refused where a planner must have signed, or is said to have, and no signature bears that out."""
    key = plan.header.planner
    names = ", ".join(dict.fromkeys(t.name for t in trust.planners))
    remedy = f"One of these makes a plan: {names}. They run" if names else "Make a new plan"
    if not key and not trust.planners:
        return
    found = list(judge(plan, signatures, trust, ask))
    if any(not planner.fault for planner in found):
        return
    claim = f"says that {fingerprint(key)} made it, and that is not proven" if key else "has no planner's signature"
    raise Refused(
        f"the plan {claim}",
        details=[*(f"{j.name or fingerprint(j.signature.key)}: {j.fault}" for j in found), "Nothing was written."],
        remedy=f"{remedy}: {'the rollback with' if plan.header.rolls_back else 'remediate plan'} --key KEY",
    )
