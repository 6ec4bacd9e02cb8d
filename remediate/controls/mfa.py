"""Everybody who has a console password works with multi-factor authentication.

Nobody can enrol a device for somebody else, so it is asked for: a policy denies everything without MFA, but enrolling a
device of one's own, changing one's own password, and what these need. A second policy allows just that, because a Deny
allows nothing. A group carries both, and the people concerned join it: one call for each.

There are two forms, each with its group. The strict one (`RequireMFA`) also denies requests with an access key, which
know nothing of MFA. It is for users who have no active key; a key made later works with a session that
`aws sts get-session-token` opens with MFA. The other (`RequireMFAInConsole`) leaves access keys alone and is for users
with an active one: sessions are denied, the console's and those that a key opens without MFA. Who is in either stays.

Whoever has no device yet signs in as before, finds everything denied but Security credentials, enrols a device there,
and works again after the next sign-in. A password that must be changed can be changed first. With `enforce: everyone`
those who have a device join too: they notice nothing, and can no longer give it up and go on. CIS asks for MFA of all
users with a password, so there is no age, no nature and no last use that counts; exemptions do.

A company's own policy that denies everything without MFA counts as well as ours. Our policies are known by their Sids
and put right when somebody edited them; one that has only the name, or a group that carries more, is left alone and
reported. Who is in as many groups as IAM allows, and whoever runs the plan, is left to a person: see the manual steps.

The change is restrictive, and additive too, for what people may then do for themselves. Rollback is exact.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta

from remediate.account import Account, User
from remediate.controls import elsewhere
from remediate.controls.base import Control
from remediate.controls.mfa_policy import denial, requires_mfa, self_service
from remediate.controls.mfa_setup import Setup, Shape
from remediate.effective import Effective
from remediate.enrolling import calls, kept_from
from remediate.model import Address, Fault, Manual, Severity, Struct, Value, Want, at, kind_of, pair_of, when
from remediate.playbook.scope import Scope
from remediate.policy import on_everything, statements
from remediate.words import many

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=128)]
ID = "mfa"


class Settings(Struct, frozen=True, kw_only=True):
    enforce: Literal["everyone", "without-mfa"] = "everyone"
    """Whom to ask for MFA: everybody with a password, or only those who have no device yet."""
    group: Name = "RequireMFA"
    """Of people without an active access key."""
    policy: Name = "RequireMFA"
    console_group: Name = "RequireMFAInConsole"
    """Of people with one."""
    console_policy: Name = "RequireMFAInConsole"
    self_service_policy: Name = "ManageOwnMFA"
    """What everybody may do for themselves without MFA."""
    path: Annotated[str, Meta(pattern=r"^/([!-~]+/)?$", max_length=512)] = "/"
    """The path of new groups and policies."""

    def __post_init__(self) -> None:
        policies = (self.policy, self.console_policy, self.self_service_policy)
        if len({name.lower() for name in policies}) < len(policies):
            raise ValueError("policy, console_policy and self_service_policy need three names")
        if self.group.lower() == self.console_group.lower():
            raise ValueError("group and console_group need two names")


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known("iam.user", "iam.group", "iam.policy", "credential-report")
    view = View(account, settings, scope)
    yield from (fault for shape in view.shapes if (fault := view.setup(shape).fault))
    for user in account.users.values():
        if user.password and (fault := view.judged(user)):
            yield fault


class View:
    """An account as this control sees it; made once for each look at it."""

    def __init__(self, account: Account, settings: Settings, scope: Scope) -> None:
        self.account = account
        self.settings = settings
        self.scope = scope
        s = settings
        self.strict = Shape(form="BoolIfExists", group=s.group, policy=s.policy, own=s.self_service_policy, path=s.path)
        self.console = Shape(
            form="Bool", group=s.console_group, policy=s.console_policy, own=s.self_service_policy, path=s.path
        )
        self._setups: dict[str, Setup] = {}
        self._carries: dict[tuple[str, str], bool] = {}

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Those that somebody is to join, or is in."""
        people = [user for user in self.account.users.values() if user.password and self._wanted(user)]
        return tuple(s for s in (self.strict, self.console) if any(self.shape(user) == s for user in people))

    def shape(self, user: User) -> Shape:
        """The form for this user: who is in one of the groups stays there."""
        groups = self.account.groups_of(user.name)
        for shape in (self.strict, self.console):
            if shape.group in groups:
                return shape
        return self.console if any(key.active for key in user.keys) else self.strict

    def setup(self, shape: Shape) -> Setup:
        if shape.group not in self._setups:
            self._setups[shape.group] = Setup(
                self.account, self.scope, ID, shape, self._also_made(shape), self.kept_from
            )
        return self._setups[shape.group]

    def kept_from(self, user: User, shape: Shape) -> str:
        """What this user, who has no device, could not do to enrol one once asked for MFA; empty if nothing."""
        documents = (self_service(self.account), denial(shape.form))
        more = tuple(text for document in documents for text in statements(document))
        return "" if user.mfa or not user.password else kept_from(self._effective, user, more)

    @cached_property
    def _effective(self) -> Effective:
        return Effective(self.account)

    def _also_made(self, shape: Shape) -> frozenset[Address]:
        """What else comes to be in the account with this plan, under the same quotas."""
        ours = self.setup(self.strict) if shape == self.console and self.strict in self.shapes else None
        wants = ours.wants if ours and not ours.fault else ()
        return frozenset(a for a, after in self._elsewhere.items() if after) | {want.address for want in wants}

    @cached_property
    def _elsewhere(self) -> Mapping[Address, Value]:
        return elsewhere.memberships(self.account, self.scope, ID)

    @cached_property
    def _joining(self) -> Mapping[str, int]:
        """How many more groups each user will be in, by what the other controls of the playbook want."""
        members = [(a, after) for a, after in self._elsewhere.items() if kind_of(a) == "iam.group_member"]
        change = Counter(pair_of(a)[1] for a, after in members if after and not self.account.value(a))
        change.subtract(pair_of(a)[1] for a, after in members if after is None and self.account.value(a))
        return change

    def asked(self, user: User) -> bool:
        """Whether a policy that reaches this user denies everything without MFA."""
        holders = [("user", user.name), *(("group", group) for group in self.account.groups_of(user.name))]
        return any(self._requires(holder, name) for holder, name in holders)

    def judged(self, user: User) -> Fault | None:
        asked, wanted = self.asked(user), self._wanted(user)
        if not wanted and (user.mfa or not asked):
            return None
        shape, exempt = self.shape(user), self.scope.exemption(ID, user)
        manual = self._by_hand(user, shape) if wanted and not exempt else None
        join = wanted and not manual and not self.setup(shape).fault
        return Fault(
            address=at("iam.user", user.name),
            severity=self._severity(user, asked=asked),
            summary=_summary(user, asked=asked),
            evidence={
                "mfa": user.mfa,
                "active_keys": sum(key.active for key in user.keys),
                "last_sign_in": when(user.password.last_used) if user.password else None,
            },
            wants=(*self.setup(shape).wants, *_membership(user, shape)) if join else (),
            manual=manual,
        )

    def _wanted(self, user: User) -> bool:
        """Whether the plan is to ask this user for MFA."""
        return not self.asked(user) and (self.settings.enforce == "everyone" or not user.mfa)

    def _requires(self, holder: str, name: str) -> bool:
        if (holder, name) not in self._carries:
            account, kind = self.account, f"iam.{holder}"
            documents = [account.document(arn) for arn in account.under(f"{kind}_policy", name)]
            documents += [account.value(at(f"{kind}_inline", name, p)) for p in account.under(f"{kind}_inline", name)]
            self._carries[holder, name] = any(requires_mfa(document) for document in documents)
        return self._carries[holder, name]

    def _severity(self, user: User, *, asked: bool) -> Severity:
        if asked or user.mfa:
            return "low"
        return "high" if self._everything(user) else "medium"

    def _everything(self, user: User) -> bool:
        account = self.account
        holders = [("user", user.name), *(("group", group) for group in account.groups_of(user.name))]
        return any(
            arn.endswith(":aws:policy/AdministratorAccess") or on_everything(account.document(arn), "Allow")
            for holder, name in holders
            for arn in account.under(f"iam.{holder}_policy", name)
        )

    def _by_hand(self, user: User, shape: Shape) -> Manual | None:
        """Why no plan asks this user for MFA, and what to do; None where one does."""
        address, groups = at("iam.user", user.name), self.account.groups_of(user.name)
        if address in self.account.working_as:
            return Manual(
                address=address,
                summary=f"{user.name} is what this run works with, and no plan denies anything to its own caller",
                steps=(
                    f"Sign in as {user.name}, and assign an MFA device under Security credentials.",
                    f"Make the next plan as somebody else: it brings {user.name} into {shape.group}.",
                ),
                check=f"The next plan that somebody else makes finds {user.name} in {shape.group}.",
            )
        if stopped := self.kept_from(user, shape):
            return Manual(
                address=address,
                summary=f"{user.name} could never enrol an MFA device: {stopped} is denied, or outside the boundary",
                steps=(
                    f"Have the policies and the permissions boundary of {user.name} leave, without MFA: "
                    f"{', '.join(sorted({action for action, _ in calls(self.account, user)}))}.",
                    "Then make a new plan.",
                ),
                check=f"The next plan brings {user.name} into {shape.group}.",
            )
        joining = self._joining.get(user.name, 0)
        most = self.account.summary.get("GroupsPerUserQuota", 10)
        stays = self._elsewhere.get(at("iam.group_member", shape.group, user.name), shape.group in groups)
        if stays or len(groups) + joining < most:
            return None
        soon = f" and is to join {joining} more" if joining > 0 else ""
        return Manual(
            address=address,
            summary=f"{user.name} is in {many(len(groups), 'group')}{soon}: of {most}, none is left for {shape.group}",
            steps=(
                f"Take {user.name} out of a group that it does not need, or have AWS raise the quota.",
                "Then make a new plan.",
            ),
            check=f"The next plan finds room, and brings {user.name} into {shape.group}.",
        )


def _summary(user: User, *, asked: bool) -> str:
    if user.mfa:
        return f"{user.name} has an MFA device, and nothing keeps it from working without"
    if asked:
        return f"{user.name} has no MFA device yet, and can do nothing but enrol one"
    return f"{user.name} signs in with a password alone"


def _membership(user: User, shape: Shape) -> tuple[Want, Want]:
    """One change that gives and takes: the policies behind it are two."""
    address = at("iam.group_member", shape.group, user.name)
    keys = "; access keys keep working" if shape.form == "Bool" else ""
    notice = f"can only enrol an MFA device (Security credentials) until the next sign-in with one{keys}"
    return (
        Want(
            address=address,
            after="member",
            why=f"{user.name} may enrol an MFA device of its own, and change its password",
            risk="additive",
        ),
        Want(
            address=address,
            after="member",
            why=f"{user.name} can do nothing else without MFA{keys}",
            risk="restrictive",
            notice="" if user.mfa else notice,
        ),
    )


control = Control(
    id=ID,
    title="Everybody with a password works with MFA",
    guideline="G4",
    cis_7=("2.10",),
    cis_5=("1.9",),
    security_hub=("IAM.5", "IAM.19"),
    changes="denies everything without MFA to users with a password, but enrolling a device",
    kinds=("iam.group", "iam.group_member", "iam.group_policy", "iam.policy"),
    rollback="exact",
    settings=Settings,
    check=check,
    doc=__doc__,
)
