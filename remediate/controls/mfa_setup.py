"""The group and the policies of one form of `mfa`: what is missing, and what stands in the way."""

import shlex
from collections.abc import Callable, Iterator
from functools import cached_property

from remediate.account import Account, User
from remediate.controls.mfa_policy import Form, denial, self_service
from remediate.controls.own_policies import OwnPolicy, arn_of, holders_of, name_taken, spared, written
from remediate.model import Address, Fault, Manual, Risk, Struct, Value, Want, at, kind_of
from remediate.playbook.scope import Scope


class Shape(Struct, frozen=True, kw_only=True):
    """A form, and the names of what carries it."""

    form: Form
    group: str
    policy: str
    own: str
    path: str


class Setup:
    """What a form needs in this account before anybody can join its group."""

    def __init__(
        self,
        account: Account,
        scope: Scope,
        control: str,
        shape: Shape,
        also_made: frozenset[Address],
        kept_from: Callable[[User, Shape], str],
    ) -> None:
        self.account = account
        self.kept_from = kept_from
        self.also_made = also_made
        self.scope = scope
        self.control = control
        self.shape = shape
        keys = "sessions" if shape.form == "Bool" else "users"
        self.own = self._policy(shape.own, self_service(account), "what people may do for themselves without MFA")
        self.denial = self._policy(
            shape.policy, denial(shape.form), f"denies {keys} without MFA everything but enrolling a device"
        )

    def _policy(self, name: str, document: Value, why: str) -> OwnPolicy:
        path = self.shape.path
        return OwnPolicy(arn=arn_of(self.account, path, name), path=path, document=document, why=why)

    @cached_property
    def wants(self) -> tuple[Want, ...]:
        """What brings group and policies there, or back to what they should be."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[Want]:
        shape, why = self.shape, "a group for those whom it asks for MFA"
        if self.account.value(at("iam.group", shape.group)) is None:
            yield Want(address=at("iam.group", shape.group), after={"path": shape.path}, why=why, risk="additive")
        risks: tuple[tuple[OwnPolicy, Risk], ...] = ((self.own, "additive"), (self.denial, "restrictive"))
        for policy, risk in risks:
            yield from written(self.account, policy)
            attached = at("iam.group_policy", shape.group, policy.arn)
            if self.account.value(attached) is None:
                yield Want(address=attached, after="attached", why=policy.why, risk=risk)

    @cached_property
    def fault(self) -> Fault | None:
        """What keeps a plan from bringing it there, for a person to decide; None if nothing does."""
        return next(self._obstacles(), None)

    def _obstacles(self) -> Iterator[Fault]:
        shape, account = self.shape, self.account
        for policy in (self.own, self.denial):
            if taken := name_taken(account, policy):
                name = taken.rpartition("/")[2]
                yield _by_hand(at("iam.policy", taken), f"there is a policy {name} that is not ours", RENAME)
        yield from self._group_obstacles(at("iam.group", shape.group))
        changed = {want.address for want in self.wants}
        for policy in (self.own, self.denial):
            holders = [*holders_of(account, policy.arn)] if policy.address in changed else []
            for holder in holders:
                if who := self._spared(holder, policy):
                    yield _in_the_way(policy.address, holder, f"{policy.arn.rpartition('/')[2]} is to change", who)
        if any(kind_of(address) == "iam.group_policy" for address in changed):
            holder = at("iam.group", shape.group)
            if who := self._spared(holder, self.denial):
                yield _in_the_way(holder, holder, f"{shape.group} is to ask its members for MFA", who)
        if short := self._no_room():
            yield _by_hand(at("iam.group", shape.group), f"no room for {shape.group}: {short}", MAKE_ROOM)

    def _spared(self, holder: Address, policy: OwnPolicy) -> str:
        """Who must not be reached through this holder; empty if nobody is."""
        name = holder.partition("/")[2]
        reached = self.account.members_of(name) if kind_of(holder) == "iam.group" else (name,)
        users = [self.account.users[n] for n in reached if n in self.account.users]
        working = [user.name for user in users if any(key.active for key in user.keys)]
        who = spared(self.account, self.scope, self.control, holder)
        if not who and working and policy == self.denial and self.shape.form == "BoolIfExists":
            who = f"{working[0]} has an access key, which would stop working"
        if not who and policy == self.denial:
            kept = ((user, self.kept_from(user, self.shape)) for user in users)
            who = next((f"{user.name} could never enrol a device: {what} is denied" for user, what in kept if what), "")
        return who

    def _group_obstacles(self, group: Address) -> Iterator[Fault]:
        name = self.shape.group
        alike = next((g for g in self.account.names("iam.group") if g.lower() == name.lower()), name)
        if alike != name:
            yield _by_hand(group, f"there is a group {alike}, and IAM takes {name} for the same", RENAME)
        others = {*self.account.under("iam.group_policy", name)} - {self.own.arn, self.denial.arn}
        others |= {*self.account.under("iam.group_inline", name)}
        if others:
            carried = ", ".join(sorted(arn.rpartition("/")[2] for arn in others))
            yield _by_hand(group, f"the group {name} carries more than what asks for MFA: {carried}", RENAME)

    def _no_room(self) -> str:
        quotas = {"iam.group": ("GroupsQuota", 300, "groups"), "iam.policy": ("PoliciesQuota", 1500, "policies")}
        for kind, (quota, usual, what) in quotas.items():
            ours = {w.address for w in self.wants if kind_of(w.address) == kind and not self.account.value(w.address)}
            others = {a for a in self.also_made if kind_of(a) == kind and not self.account.value(a)}
            left = self.account.summary.get(quota, usual) - len(self.account.names(kind))
            if ours and len(ours | others) > left:
                return f"IAM allows the account {left} more {what}, and {len(ours | others)} are to be made"
        return ""


RENAME = "Choose other names in the playbook (controls: mfa: group, policy, …), or rename what is there."
MAKE_ROOM = "Delete what nobody uses, or have AWS raise the quota."


def _by_hand(address: Address, summary: str, step: str) -> Fault:
    return Fault(
        address=address,
        severity="medium",
        summary=f"nobody is asked for MFA: {summary}",
        manual=Manual(
            address=address,
            summary=summary,
            steps=(step, "Then make a new plan."),
            check="The next plan finds nothing in the way, and asks people for MFA.",
        ),
    )


def _in_the_way(address: Address, holder: Address, what: str, who: str) -> Fault:
    kind, _, name = holder.removeprefix("iam.").partition("/")
    look = f"Look at the {kind}: aws iam get-{kind} --{kind}-name {shlex.quote(name)}"
    return _by_hand(address, f"{what}, and {who}", f"{look}. Take out of its reach whom it must not concern.")
