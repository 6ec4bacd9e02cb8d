"""Compares the live account with the playbook and makes an ordered, guarded list of changes. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from remediate import guard, order
from remediate.account import Account
from remediate.controls.base import Control
from remediate.effective import AWS_POLICY
from remediate.errors import BadInput, Unreadable
from remediate.guard import denied
from remediate.guard.rules import principal
from remediate.model import (
    Address,
    Change,
    Check,
    Exempted,
    Exemption,
    Fault,
    Finding,
    Manual,
    Proof,
    Reason,
    Reversal,
    Struct,
    Unknown,
    Value,
    Want,
    at,
    gravest,
    kind_of,
)
from remediate.order import Step
from remediate.playbook.scope import Scope
from remediate.proof import prove
from remediate.protocols import Resources
from remediate.replay import replay
from remediate.replayed import Replay

Chosen = Sequence[tuple[Control[Struct], Struct]]
"""The controls of a playbook, each with its settings."""

Found = tuple[Control[Struct], Fault]


class Proposal(Struct, frozen=True, kw_only=True):
    """What was found and what would repair it, in order; nobody has looked yet at what that does to people."""

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    manual: tuple[Manual, ...]
    unknowns: tuple[Unknown, ...]
    exempted: tuple[Exempted, ...]
    unseen: tuple[Unknown, ...]


class Draft(Proposal, frozen=True, kw_only=True):
    """What a plan says, before it has a header and a digest."""

    checks: tuple[Check, ...]
    proof: Proof
    replay: Replay | None


def draft(account: Account, chosen: Chosen, scope: Scope, resources: Resources) -> Draft:
    """Finds what is wrong, orders what would repair it, and has the guard look at it.

    Raises Refused when the guard says no, BadInput when two controls want different things of one address.
    """
    return judged(propose(account, chosen, scope, resources), account, scope, resources)


def judged(proposal: Proposal, account: Account, scope: Scope, resources: Resources) -> Draft:
    """The proposal, with what the guard and the proof say of it. Raises Refused when the guard says no."""
    book = scope.playbook
    checks = guard.check(account, proposal.changes, resources, book.exemptions, scope.now, break_glass=book.break_glass)
    named = {unknown.what for unknown in proposal.unknowns}  # a control may have asked for it before the proof did
    gaps = ((gap, why) for gap, why in account.unknown.items() if kind_of(Address(gap)) == AWS_POLICY)
    unread = (Unknown(what=gap, reason=why) for gap, why in gaps if gap not in named)
    seen = msgspec.structs.replace(proposal, unknowns=(*proposal.unknowns, *sorted(unread, key=lambda u: u.what)))
    recorded = replay(account, proposal.changes, scope.now)
    return Draft(
        **msgspec.structs.asdict(seen),
        checks=(*checks, *denied.checks(recorded)),
        proof=prove(account, proposal.changes),
        replay=recorded,
    )


def propose(account: Account, chosen: Chosen, scope: Scope, resources: Resources) -> Proposal:
    """Finds what is wrong and orders what would repair it. Raises BadInput when two controls want different things."""
    faults, gaps = examine(account, chosen, scope)
    exempted = [e for control, fault in faults if (e := _exempted(control.id, fault, account, scope, resources))]
    spared = {(e.control, e.address) for e in exempted}
    acting = [(c, f) for c, f in faults if (c.id, f.address) not in spared]
    wants: dict[Address, list[tuple[str, Want]]] = defaultdict(list)
    for control, fault in acting:
        for want in fault.wants:
            wants[want.address].append((control.id, want))
    changes = ordered(_steps(account, wants), account, resources)
    changed: dict[Address, tuple[int, ...]] = {}
    for change in changes:
        changed[change.address] = (*changed.get(change.address, ()), change.id)
    return Proposal(
        findings=tuple(sorted((_finding(c, f, changed) for c, f in acting), key=lambda f: (f.control, f.address))),
        changes=changes,
        manual=(*_manual(acting), *(_expired(e) for e in scope.expired())),
        unknowns=tuple(gaps),
        exempted=tuple(sorted(exempted, key=lambda e: (e.control, e.address))),
        unseen=tuple(_unseen(account, chosen, scope)),
    )


def _unseen(account: Account, chosen: Chosen, scope: Scope) -> Iterator[Unknown]:
    for control, settings in chosen:
        for what, why in control.unseen(account, settings, scope):
            yield Unknown(what=what, reason=why, controls=(control.id,))


def examine(
    account: Account, chosen: Chosen, scope: Scope
) -> tuple[list[tuple[Control[Struct], Fault]], list[Unknown]]:
    """What each control finds, and what could not be read.

    A control that misses something it must know finds nothing; one that can do without it says what it finds elsewhere.
    Both are named beside what is missing.
    """
    faults: list[Found] = []
    blind: dict[str, list[str]] = {gap: [] for gap in account.unknown}
    for control, settings in chosen:
        try:
            # What it asked for in vain, such as one region of many: the control judges what it sees of the rest.
            missing = blind.keys() & set(control.asks(account, settings, scope))
            found = list(control.check(account, settings, scope))
        except Unreadable as error:
            blind[error.prefix].append(control.id)
        else:
            faults += [(control, fault) for fault in found]
            for gap in missing:
                blind[gap].append(control.id)
    gaps = [Unknown(what=g, reason=account.unknown[g], controls=tuple(c)) for g, c in sorted(blind.items())]
    return faults, gaps


def asked(account: Account, chosen: Chosen, scope: Scope) -> frozenset[Address]:
    """What the controls need to know besides the first reading, and was not asked for yet."""
    found: set[Address] = set()
    for control, settings in chosen:
        try:
            found.update(control.asks(account, settings, scope))
        except Unreadable:
            continue  # `examine` reports it, with the reason
    return frozenset(found) - account.asked


def _exempted(control: str, fault: Fault, account: Account, scope: Scope, resources: Resources) -> Exempted | None:
    exemption = exemption_of(control, fault.address, account, scope, resources)
    if exemption is None:
        return None
    return Exempted(
        control=control,
        address=fault.address,
        summary=fault.summary,
        owner=exemption.owner,
        reason=exemption.reason,
        expires=exemption.expires.isoformat(),
    )


def exemption_of(
    control: str, address: Address, account: Account, scope: Scope, resources: Resources
) -> Exemption | None:
    """The exemption that keeps this control from the user or role that an address belongs to."""
    kind = resources.get(kind_of(address))
    who = principal(account, kind.principal(address)) if kind else None
    return scope.exemption(control, who) if who else None


def _steps(account: Account, wants: Mapping[Address, list[tuple[str, Want]]]) -> list[Step]:
    steps: list[Step] = []
    for address, asked_for in wants.items():
        lasting = [(c, w) for c, w in asked_for if not w.meanwhile]
        afters = [w.after for _, w in lasting or asked_for]
        if any(after != afters[0] for after in afters):
            raise BadInput(
                f"the controls {', '.join(sorted({c for c, _ in asked_for}))} want different things of {address}",
                remedy="Switch one of them off in the playbook, or plan them apart with --control.",
            )
        before = account.value(address)
        if afters[0] != before:
            step = _step(address, before, afters[0], lasting or asked_for)
            steps.append(step)
            if not lasting:
                steps.append(msgspec.structs.replace(step, before=step.after, after=before))
    return steps


def _step(address: Address, before: Value, after: Value, wants: Sequence[tuple[str, Want]]) -> Step:
    risk, also = gravest(w.risk for _, w in wants)
    return Step(
        address=address,
        before=before,
        after=after,
        reasons=tuple(Reason(control=c, why=w) for c, w in sorted({(c, want.why) for c, want in wants})),
        risk=risk,
        also=also,
        frees=tuple(sorted({a for _, w in wants for a in w.frees})),
        evidence={k: v for _, w in wants for k, v in w.evidence.items()},
        notice="; ".join(sorted({w.notice for _, w in wants if w.notice})),
    )


def ordered(steps: Sequence[Step], account: Account, resources: Resources) -> tuple[Change, ...]:
    """The steps as numbered changes, each after all that it needs."""
    members = {group: account.members_of(group) for group in account.names("iam.group")}
    edges = order.needs(steps, resources, members)
    sequence = order.arrange(edges, [(s.address, str(n)) for n, s in enumerate(steps)])
    few = order.reduced(sequence, edges)
    number = {i: n for n, i in enumerate(sequence, start=1)}
    stays = _stays(steps, resources)
    changes: list[Change] = []
    for i in sequence:
        step, needed = steps[i], tuple(sorted(number[j] for j in few[i]))
        reversal, loss = _reversal(step, resources, stays)
        changes.append(
            Change(
                id=number[i],
                address=step.address,
                before=step.before,
                after=step.after,
                reasons=step.reasons,
                needs=needed,
                risk=step.risk,
                also=step.also,
                reversal=reversal,
                loss=loss,
                evidence=step.evidence,
                notice=step.notice,
            )
        )
    return tuple(changes)


def _stays(steps: Iterable[Step], resources: Resources) -> frozenset[Address]:
    """Entries that this plan creates for good."""
    created = [s for s in steps if s.before is None]
    return frozenset(
        s.address for s in created if resources[kind_of(s.address)].reversal(None, s.after)[0] == "impossible"
    )


def _reversal(step: Step, resources: Resources, stays: frozenset[Address]) -> tuple[Reversal, str]:
    kind = resources[kind_of(step.address)]
    parent = kind.parent(step.address)
    if parent in stays:
        return "impossible", f"it stays with {parent}"
    return kind.reversal(step.before, step.after)


def _finding(control: Control[Struct], fault: Fault, changed: Mapping[Address, tuple[int, ...]]) -> Finding:
    repairs = {want.address for want in fault.wants}
    return Finding(
        control=control.id,
        address=fault.address,
        severity=fault.severity,
        summary=fault.summary,
        standards=tuple(filter(None, (control.guideline, *control.standards))),
        evidence=fault.evidence,
        changes=tuple(sorted(i for address in repairs for i in changed.get(address, ()))),
    )


def _manual(acting: Iterable[tuple[Control[Struct], Fault]]) -> list[Manual]:
    steps = [(control.id, fault.manual) for control, fault in acting if fault.manual]
    found = [Manual(control=c, address=m.address, summary=m.summary, steps=m.steps, check=m.check) for c, m in steps]
    return sorted(found, key=lambda m: (m.control, m.address))


def _expired(exemption: Exemption) -> Manual:
    return Manual(
        control="exemptions",
        address=at("playbook.exemption", exemption.owner),
        summary=f"an exemption of {exemption.owner} ended on {exemption.expires}: {exemption.reason}",
        steps=("Give it a new date in the playbook, or take it out.",),
        check="The next plan finds no exemption that has ended.",
    )
