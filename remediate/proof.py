"""What a plan means for everybody's access: who loses what and who gains what, by each change and by all of them.

The guard refuses what no change declares. This says what the declared comes to, with requests that show it, so that
people can decide: the plan is followed change by change, and whom a change concerns is compared before and after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from remediate.account import Account
from remediate.effective import AWS_POLICY, SERVICE_CONTROL, Effective, facts_of, spelled_out
from remediate.model import Address, Change, Concerned, Effect, Proof, Witness, at
from remediate.policy import NotAPolicy
from remediate.policy.compare import Difference, Policies
from remediate.policy.known import ADMINISTRATOR, Known
from remediate.policy.sessions import callers, looks, marked
from remediate.policy.spelling import spelled
from remediate.policy.statement import parse
from remediate.policy.witness import Shown, generally

MOST = 5
"""Requests that show what somebody loses or gains by one change; the rest are counted."""


Witnesses = tuple[Witness, ...]


class Step(NamedTuple):
    """What one change, or the whole plan, does to the policies of one user or role."""

    change: int
    """0 for the whole plan."""
    principal: Address
    before: Policies
    after: Policies


def steps(account: Account, changes: Sequence[Change]) -> Iterator[Step]:
    """Every time that a user's or role's policies differ in what they say, those made by the plan left out."""
    effective = Effective(account)
    first: dict[Address, Policies] = {}
    for change in changes:
        concerned = {p for p in effective.concerned(change.address) if p in account.state}
        before = {principal: effective.of(principal) for principal in concerned}
        effective.apply(change.address, change.after)
        for principal in sorted(concerned):
            after = effective.of(principal)
            first.setdefault(principal, before[principal])
            if after != before[principal]:
                yield Step(change.id, principal, before[principal], after)
    for principal, before_all in sorted(first.items()):
        after_all = effective.of(principal)
        if after_all != before_all:
            yield Step(0, principal, before_all, after_all)


def asks(account: Account, changes: Sequence[Change]) -> frozenset[Address]:
    """What the proof needs to read, because something is compared with it: the documents of AWS's own policies, and
    the organization's service control policies."""
    texts = {
        t for step in steps(account, changes) for side in (step.before, step.after) for s in side.values() for t in s
    }
    arns = (text for text in texts if text.startswith("arn:") and not ADMINISTRATOR.match(text))
    organization = [Address(SERVICE_CONTROL)] if texts else []
    return frozenset([*organization, *(at(AWS_POLICY, arn) for arn in arns)]) - account.asked


def prove(account: Account, changes: Sequence[Change]) -> Proof:
    """Who loses and gains what. Principals of whom nothing is said keep exactly the access that they have."""
    comparing = Comparing(account)
    alike: dict[tuple[bool, bytes], Found] = {}
    seen: set[str] = set()
    for step in steps(account, changes):
        seen.update(text for side in (step.before, step.after) for held in side.values() for text in held)
        loses, gains = comparing.shown(step)
        if loses or gains:
            key = (step.change > 0, msgspec.json.encode([loses, gains], order="sorted"))
            alike.setdefault(key, Found(loses, gains, [])).steps.append(step)
    effects = sorted(map(_effect, alike.values()), key=_place)
    return Proof(effects=tuple(effects), open=tuple(_open(account, seen)))


def _place(effect: Effect) -> tuple[bool, int, tuple[Address, ...]]:
    """The whole plan first, then change by change."""
    return bool(effect.changes), effect.changes[0].change if effect.changes else 0, effect.who


class Found(NamedTuple):
    """The same loss and gain, at every step that makes it."""

    loses: Witnesses
    gains: Witnesses
    steps: list[Step]


def _effect(found: Found) -> Effect:
    by_change: dict[int, list[Address]] = {}
    for step in found.steps:
        by_change.setdefault(step.change, []).append(step.principal)
    return Effect(
        who=tuple(sorted(by_change.pop(0, ()))),
        changes=tuple(Concerned(change=change, who=tuple(who)) for change, who in sorted(by_change.items())),
        loses=found.loses[:MOST],
        gains=found.gains[:MOST],
        more=len(found.loses[MOST:]) + len(found.gains[MOST:]),
    )


class Comparing:
    """Comparisons, each made once: people with the same policies lose and gain the same."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._shown = Shown(account.id, account.partition)
        self._made: dict[object, tuple[Witnesses, Witnesses]] = {}

    def shown(self, step: Step) -> tuple[Witnesses, Witnesses]:
        """What is lost and what is gained."""
        known = facts_of(self.account, step.principal)
        before, after = (spelled_out(self.account, side) for side in (step.before, step.after))
        key = (tuple(before.items()), tuple(after.items()), relevant(known, (before, after)))
        if key not in self._made:
            self._made[key] = self._differing(before, after, known), self._differing(after, before, known)
        return self._made[key]

    def _differing(self, more: Policies, less: Policies, known: Known) -> Witnesses:
        """What one side allows and the other does not: to the user or role, and what else to sessions of theirs."""
        told: set[str] = set()
        found: list[Witness] = []
        for keys in callers(known, (more, less)):
            differences = [d for d in self._shown.differences(more, less, keys) if d.statement not in told]
            told.update(d.statement for d in differences)
            found += [_witness(marked(generally(d, keys), keys)) for d in differences]
        return _distinct(found)


def relevant(known: Known, sides: Iterable[Policies]) -> object:
    """What is known of somebody, if their policies look at it."""
    texts = (text for side in sides for held in side.values() for text in held)
    return tuple(sorted(known.items())) if any(map(looks, texts)) else None


def _distinct(found: Iterable[Witness]) -> Witnesses:
    """One for each request: several statements may be shown by the same."""
    by_request: dict[tuple[str, str, str], Witness] = {}
    for one in found:
        by_request.setdefault((one.action, one.resource, one.doubt or repr(sorted(one.context.items()))), one)
    return tuple(by_request.values())


def _witness(found: Difference) -> Witness:
    request = found.request
    if request is None:
        return Witness(statement=found.statement, doubt=found.doubt)
    return Witness(
        statement=found.statement,
        action=request.action,
        resource=request.resource,
        context={spelled(key): value for key, value in request.context.items()},
        absent=tuple(map(spelled, found.absent)),
    )


def _open(account: Account, texts: Iterable[str]) -> Iterator[str]:
    """What was compared and could not be looked into: policies and statements that are not known, by what they say."""
    if why := account.unknown.get(Address(SERVICE_CONTROL)):
        yield f"what service control policies of the organization forbid anyway: {why}"
    for text in sorted(texts):
        if text.startswith("arn:"):
            address = at(AWS_POLICY, text)
            if address not in account.facts and not ADMINISTRATOR.match(text):
                yield f"{text}: {account.unknown.get(address, 'its document was not read')}"
            continue
        try:
            parse(text)
        except NotAPolicy as problem:
            yield f"{text if len(text) <= 200 else text[:199] + '…'}: {problem}"
