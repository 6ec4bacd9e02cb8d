"""The members of some groups work only from the company's networks, and within its hours.

Each rule of the playbook names groups, and networks or hours or both. The groups get policies that deny all else.

`networks` are the public addresses that AWS sees. What comes through a VPC endpoint has none: it is let in from `vpcs`
or `vpc_endpoints`, and of those from `vpc_networks` alone, or not at all. Calls that an AWS service makes for somebody
go through. A private network under `networks` would let nobody in, and is refused.

`hours` are local time, summer time included: days, `from` and `to` in quotes, and a time zone. IAM knows no recurring
hours, so that the closed times of the coming `ahead_days` are written down one by one. When half of the days are over,
a plan writes them anew. After the last day nothing is denied any more. The other way round, a schedule that died would
lock everybody out, at a moment when nobody looks; this way the next plan says that the hours have run out.

A renewal gives back hours that have passed and takes those to come: additive and restrictive. `remediate drift
--correct` does what the playbook approves, and that is not restrictive by default. For renewals without a person, run
it with a playbook of its own that has this control alone, and `approve: [neutral, additive, restrictive]`.

Nobody is to shut themselves out. A rule that leaves out the address that AWS sees this program come from, or the time
at which it runs, is refused with its line before anything is read. `caller_address` says the address where it cannot be
found out; `caller_outside: accept` says that this program may run from elsewhere. Whatever a rule says, the guard
refuses a plan, and once more its apply, that denies something to whoever runs it, or leaves fewer than two
administrators who may work at any time from anywhere. So a group that the caller is in, or somebody exempt, is left to
a person.

A group that is not there yet is reported; once it is, the next plan gives it its policies. What a rule has left that is
gone, or that names a group no more, is taken away. Rollback is exact.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from remediate.account import Account
from remediate.controls.access_rules import PER_GROUP, Rule, Settings, places_document, refuses
from remediate.controls.base import Control
from remediate.controls.closing_hours import in_words
from remediate.controls.hours_policy import Schedule
from remediate.controls.own_policies import OwnPolicy, arn_of, holders_of, is_ours, name_taken, spared, written
from remediate.model import Address, Fault, Manual, Severity, Value, Want, at, kind_of, name_of
from remediate.playbook.scope import Scope
from remediate.words import many

ID = "access-conditions"
SOON = 3
"""Days before the last written one from which on it is urgent."""
Bound = Mapping[str, frozenset[str]]
"""The ARNs of our policies that each group is to carry."""


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "iam.policy")
    views = [View(account, settings, scope, rule) for rule in settings.rules]
    bound: dict[str, frozenset[str]] = defaultdict(frozenset)
    for view in views:
        for group in view.rule.groups:
            bound[group] |= {policy.arn for policy in view.policies}
    for view in views:
        yield from view.faults(bound)
    yield from _left_over(account, settings, scope, bound)


class View:
    """One rule in this account."""

    def __init__(self, account: Account, settings: Settings, scope: Scope, rule: Rule) -> None:
        self.account = account
        self.settings = settings
        self.scope = scope
        self.rule = rule

    @cached_property
    def policies(self) -> tuple[OwnPolicy, ...]:
        """What the groups of the rule are to carry."""
        rule, found = self.rule, []
        if rule.places:
            places = ", ".join((*rule.networks, *rule.vpcs, *rule.vpc_endpoints))
            found.append(self._policy("networks", places_document(rule), f"nothing from outside {places}"))
        if rule.hours and self._schedule:
            texts, why = self._schedule.lasting(self._live), f"nothing outside {in_words(rule.hours)}"
            found += [self._policy(_part(n), text, why) for n, text in enumerate(texts, start=1)]
        return tuple(found)

    def faults(self, bound: Bound) -> Iterator[Fault]:
        obstacle = next(self._obstacles(), None)
        if obstacle:
            yield obstacle
            return
        changed = [p for p in self.policies if self.account.document(p.arn) is not None and written(self.account, p)]
        if changed:
            yield self._outdated(changed)
        for group in self.rule.groups:
            if fault := self._group(group, bound[group]):
                yield fault

    def _policy(self, suffix: str, document: Value, why: str) -> OwnPolicy:
        path = self.settings.path
        arn = arn_of(self.account, path, f"{self.settings.prefix}-{self.rule.name}-{suffix}")
        return OwnPolicy(arn=arn, path=path, document=document, why=why)

    @cached_property
    def _schedule(self) -> Schedule | None:
        return Schedule(self.rule.hours, self.scope.now) if self.rule.hours else None

    @cached_property
    def _live(self) -> list[Value]:
        """The documents of hours that are there, from the first on without a gap."""
        found: list[Value] = []
        while document := self.account.document(self._policy(_part(len(found) + 1), None, "").arn):
            found.append(document)
        return found

    def _outdated(self, changed: Sequence[OwnPolicy]) -> Fault:
        left = self._schedule.days_left(self._live) if self._schedule else 0
        renewed = left > 0 and all(not policy.arn.endswith("-networks") for policy in changed)
        if renewed:
            what, severity = f"the closed hours are written down for {left} more days", _urgent(left)
        elif self._schedule and self._live and self._schedule.ended(self._live):
            what, severity = "the closed hours have run out, and nothing is denied any more", _urgent(0)
        else:
            what, severity = "what is denied is not what the rule says", _urgent(0)
        return Fault(
            address=changed[0].address,
            severity=severity,
            summary=f"{self.rule.name}: {what}",
            evidence={"days_left": left, "policies": [policy.arn.rpartition("/")[2] for policy in changed]},
            wants=tuple(want for policy in self.policies for want in written(self.account, policy)),
        )

    def _group(self, group: str, bound: frozenset[str]) -> Fault | None:
        """What the group lacks of this rule. `bound` is what all the rules want it to carry."""
        holder, rule = at("iam.group", group), self.rule.name
        if self.account.value(holder) is None:
            make = f"aws iam create-group --group-name {shlex.quote(group)}"
            step = f"Make it ({make}), or correct its name in the rule {rule}."
            return _by_hand(holder, f"the rule {rule} is for a group {group}, which is not there", step)
        carried = [*self.account.under("iam.group_policy", group)]
        missing = [policy for policy in self.policies if policy.arn not in carried]
        if not missing:
            return None
        if who := spared(self.account, self.scope, ID, holder):
            step = "Take whom it must not concern out of the group; or make the plan as somebody who is not in it."
            return _by_hand(holder, f"{group} is to be bound by {rule}, and {who}", step)
        most = self.account.summary.get("AttachedPoliciesPerGroupQuota", PER_GROUP)
        if len(bound.union(carried)) > most:
            step = "Move some of its policies to another group, or have AWS raise the quota."
            return _by_hand(
                holder,
                f"{group} carries {many(len(carried), 'policy', 'policies')}, with no room for the rule {rule}",
                step,
            )
        return Fault(
            address=holder,
            severity="medium",
            summary=f"{group}: the rule {rule} does not bind its members",
            evidence={"members": len(self.account.members_of(group)), "missing": [p.why for p in missing]},
            wants=tuple(self._bind(group, missing)),
        )

    def _bind(self, group: str, missing: Sequence[OwnPolicy]) -> Iterator[Want]:
        for policy in missing:
            yield from written(self.account, policy)
            yield Want(
                address=at("iam.group_policy", group, policy.arn),
                after="attached",
                why=policy.why,
                risk="restrictive",
                notice=f"can do {policy.why} any more",
            )

    def _obstacles(self) -> Iterator[Fault]:
        for policy in self.policies:
            name = policy.arn.rpartition("/")[2]
            if taken := name_taken(self.account, policy):
                step = "Choose another name for the rule, or another prefix, in the playbook."
                summary = f"there is a policy {taken.rpartition('/')[2]} that is not ours"
                yield _by_hand(at("iam.policy", taken), summary, step)
            changes = self.account.document(policy.arn) is not None and written(self.account, policy)
            for holder in holders_of(self.account, policy.arn) if changes else ():
                if who := spared(self.account, self.scope, ID, holder):
                    step = f"Take them out of the reach of {name_of(holder)}, or make the plan as somebody else."
                    yield _by_hand(policy.address, f"{name} is to change, and {who}", step)


def _part(number: int) -> str:
    return "hours" if number == 1 else f"hours-{number}"


def _urgent(days: int) -> Severity:
    return "high" if days < SOON else "low"


def _is_made(account: Account, settings: Settings, arn: str) -> bool:
    """Whether this control made a policy, for a rule that is or was there."""
    return arn.startswith(arn_of(account, settings.path, f"{settings.prefix}-")) and is_ours(account.document(arn))


def _left_over(account: Account, settings: Settings, scope: Scope, bound: Bound) -> Iterator[Fault]:
    """Our policies that no rule asks for any more, and groups that carry one which is not for them."""
    wanted = frozenset(arn for arns in bound.values() for arn in arns)
    for arn in account.names("iam.policy"):
        if not _is_made(account, settings, arn):
            continue
        holders = [*holders_of(account, arn)]
        groups = [h for h in holders if kind_of(h) == "iam.group" and arn not in bound.get(name_of(h), ())]
        if arn not in wanted or groups:
            yield _taken_back(account, scope, arn, holders if arn not in wanted else groups, gone=arn not in wanted)


def _taken_back(account: Account, scope: Scope, arn: str, holders: Sequence[Address], *, gone: bool) -> Fault:
    name, address = arn.rpartition("/")[2], at("iam.policy", arn)
    summary = f"{name} is left of a rule that is gone" if gone else f"{name} is on a group that no rule names"
    for holder in holders:
        who = spared(account, scope, ID, holder) or ("nobody knows why" if kind_of(holder) != "iam.group" else "")
        if who:
            step = f"Detach it from {name_of(holder)} by hand, if it has served."
            return _by_hand(address, f"{summary}, {holder} has it, and {who}", step)
    why = "no rule of the playbook asks for it"
    detached = [at("iam.group_policy", name_of(holder), arn) for holder in holders]
    wants = [Want(address=a, after=None, why=why, risk="additive") for a in detached]
    if gone:
        wants.append(Want(address=address, after=None, why=why, risk="additive"))
    return Fault(
        address=address,
        severity="low",
        summary=summary,
        evidence={"holders": [str(holder) for holder in holders]},
        wants=tuple(wants),
    )


def _by_hand(address: Address, summary: str, step: str) -> Fault:
    return Fault(
        address=address,
        severity="medium",
        summary=summary,
        manual=Manual(
            address=address,
            summary=summary,
            steps=(step, "Then make a new plan."),
            check="The next plan finds nothing in the way.",
        ),
    )


control = Control(
    id=ID,
    title="Groups work from the company's networks and within its hours",
    guideline="G9",
    changes="attaches policies to groups that deny what comes from elsewhere, or at other times",
    kinds=("iam.group_policy", "iam.policy"),
    rollback="exact",
    settings=Settings,
    check=check,
    refuses=refuses,
    doc=__doc__,
)
