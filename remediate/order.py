"""The order of a plan, derived from what the changes say and never written by hand.

what is used comes before what uses it        create the group, then attach to it, then join it
what is deleted waits for what refers to it   detach everywhere, then delete the policy
access is given before it is taken away       per principal, and through groups for their members; but who waits for
                                              a place under a quota comes after the one that leaves it
a running trail comes before everything       whatever starting it does not itself need
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from remediate.errors import BadInput
from remediate.model import Address, Reason, Risk, Struct, Value, at, kind_of, name_of, pair_of
from remediate.protocols import Resources

Needs = Mapping[int, set[int]]


class Step(Struct, frozen=True, kw_only=True):
    """A transition that has no place in the order yet."""

    address: Address
    before: Value
    after: Value
    reasons: tuple[Reason, ...]
    risk: Risk
    also: tuple[Risk, ...] = ()
    frees: tuple[Address, ...] = ()
    evidence: Mapping[str, Value] = {}
    notice: str = ""


def needs(steps: Sequence[Step], resources: Resources, members: Mapping[str, tuple[str, ...]]) -> dict[int, set[int]]:
    """For each step, by its index, the steps that must be done before it. `members` are the groups' users now."""
    edges: dict[int, set[int]] = {i: set() for i in range(len(steps))}
    by_address: dict[Address, list[int]] = defaultdict(list)
    for i, step in enumerate(steps):
        by_address[step.address].append(i)
    _same_address(edges, by_address)
    _uses(edges, steps, resources, by_address)
    _access(edges, steps, resources, members)
    for i, step in enumerate(steps):
        edges[i].update(j for a in step.frees for j in by_address.get(a, ()))
    _trail_first(edges, steps)
    return {i: earlier - {i} for i, earlier in edges.items()}


def _same_address(edges: dict[int, set[int]], by_address: Mapping[Address, list[int]]) -> None:
    for chain in by_address.values():
        for earlier, later in pairwise(chain):
            edges[later].add(earlier)


def _uses(
    edges: dict[int, set[int]],
    steps: Sequence[Step],
    resources: Resources,
    by_address: Mapping[Address, list[int]],
) -> None:
    for i, step in enumerate(steps):
        kind = resources[kind_of(step.address)]
        used_then = set(kind.uses(step.address, step.before)) if step.before is not None else set()
        used_now = set(kind.uses(step.address, step.after)) if step.after is not None else set()
        for address in used_now:
            edges[i].update(j for j in by_address.get(address, ()) if steps[j].after is not None)
        for address in used_then - used_now:
            for j in by_address.get(address, ()):
                if steps[j].after is None:
                    edges[j].add(i)


def _access(
    edges: dict[int, set[int]],
    steps: Sequence[Step],
    resources: Resources,
    members: Mapping[str, tuple[str, ...]],
) -> None:
    """Per principal, what takes access away needs all that gives access, but for what waits for its place."""
    gives: dict[Address, set[int]] = defaultdict(set)
    takes: dict[Address, set[int]] = defaultdict(set)
    joined: dict[str, set[int]] = defaultdict(set)
    for i, step in enumerate(steps):
        kind = resources[kind_of(step.address)]
        principal = kind.principal(step.address)
        if not kind.carries_access() or principal is None:
            continue
        (takes if step.after is None else gives)[principal].add(i)
        if kind_of(step.address) == "iam.group_member" and step.after is not None:
            joined[pair_of(step.address)[0]].add(i)
    for group, joins in joined.items():
        complete = gives.get(at("iam.group", group), set())
        for i in joins:
            edges[i] |= complete
    for principal, given in list(gives.items()):
        for user in _users(principal, members):
            gives[user] |= given
    freed = {address for step in steps for address in step.frees}
    for principal, taken in takes.items():
        given = set().union(*(gives.get(p, ()) for p in (principal, *_users(principal, members))))
        waiting = {j for j in given if steps[j].frees}
        for i in taken:
            edges[i] |= given - waiting if steps[i].address in freed else given
    _denied_last(edges, steps)


def _denied_last(edges: dict[int, set[int]], steps: Sequence[Step]) -> None:
    """What a holder is newly denied comes after what it newly gets: enrolling a device before MFA is asked for."""
    held: dict[tuple[str, str], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for i, step in enumerate(steps):
        holder, _, part = kind_of(step.address).partition("_")
        if part in ("policy", "inline") and step.after is not None:
            given, denied = held[holder, pair_of(step.address)[0]]
            (denied if step.risk == "restrictive" and "additive" not in step.also else given).add(i)
    for given, denied in held.values():
        for i in denied:
            edges[i] |= given


def _users(principal: Address, members: Mapping[str, tuple[str, ...]]) -> list[Address]:
    """Whom a group's policies reach."""
    group = name_of(principal) if kind_of(principal) == "iam.group" else ""
    return [at("iam.user", user) for user in members.get(group, ())]


def _trail_first(edges: dict[int, set[int]], steps: Sequence[Step]) -> None:
    starts = {i for i, step in enumerate(steps) if _records(step)}
    before_it = set(starts)
    pending = list(starts)
    while pending:
        for j in edges[pending.pop()] - before_it:
            before_it.add(j)
            pending.append(j)
    for i in edges.keys() - before_it:
        edges[i] |= starts


def _records(step: Step) -> bool:
    """Whether the step puts the rest of the plan on record. A trail of one region may log, and miss all of IAM."""
    kind = kind_of(step.address)
    return kind == "cloudtrail.selectors" or (kind.startswith("cloudtrail.") and step.after is not None)


def arrange(edges: Needs, key: Sequence[tuple[str, ...]]) -> list[int]:
    """One order that respects the edges, the same for the same edges and keys.

    Raises BadInput if the steps need each other in a circle, naming them.
    """
    sorter = TopologicalSorter(edges)
    try:
        sorter.prepare()
    except CycleError as error:
        names = " -> ".join("/".join(key[i]) for i in error.args[1])
        raise BadInput(
            "changes that need each other in a circle", remedy="Please report this.", details=[names]
        ) from None
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda i: key[i])
        order += ready
        sorter.done(*ready)
    return order


def ancestors(order: Iterable[int], edges: Needs) -> dict[int, int]:
    """All that must be done before each step, as a bit set: bit i is step i."""
    result: dict[int, int] = {}
    for i in order:
        bits = 0
        for j in edges[i]:
            bits |= result[j] | (1 << j)
        result[i] = bits
    return result


def reduced(order: Sequence[int], edges: Needs) -> dict[int, set[int]]:
    """The same order with as few edges as say it: without those that follow from others."""
    above = ancestors(order, edges)
    place = {i: n for n, i in enumerate(order)}
    result: dict[int, set[int]] = {}
    for i in order:
        covered = 0
        result[i] = set()
        for j in sorted(edges[i], key=lambda j: -place[j]):
            if not covered >> j & 1:
                result[i].add(j)
                covered |= above[j] | 1 << j
    return result
