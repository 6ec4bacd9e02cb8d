"""What the parts of least-privilege share: its settings, who holds which policy, and who must be left alone."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated

from msgspec import Meta

from remediate.account import Account, Role, User
from remediate.controls.principals import caller, declared_roles, last_seen
from remediate.controls.wide_policies import width
from remediate.evidence.facts import USE, calls
from remediate.model import Address, Matcher, Struct, Value, at, kind_of, name_of, pair_of
from remediate.playbook.scope import Scope
from remediate.policy import NotAPolicy, lets_people_in, statements
from remediate.words import many

CONTROL = "least-privilege"
HOLDERS = ("user", "group", "role")
FIXED = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that services keep; IAM Identity Center's are under the second.
https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html"""
GIVING = re.compile(r"iam\.amazonaws\.com/(Attach|Put)(?:User|Group|Role)Policy")
Days = Annotated[int, Meta(ge=1, le=400)]
"""AWS keeps at least 400 days of last accesses."""
RoleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=64)]
PolicyName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+=,.@-]+$", max_length=128)]
Service = Annotated[str, Meta(pattern=r"^[a-z0-9-]+$", max_length=64)]
Policy = Annotated[str, Meta(pattern="^[!-~]+$", max_length=2048)]


class Settings(Struct, frozen=True, kw_only=True):
    unused_days: Days = 90
    """What nobody used for so long is not needed."""
    keep_administrators: Annotated[int, Meta(ge=2)] = 2
    """How many working administrators stay at least: those who used IAM last."""
    move_administrators: bool = True
    """Whether the plan moves administrators who do not use IAM, or only reports them."""
    power_users: Policy = "PowerUserAccess"
    """What they get instead: the name of an AWS managed policy, or the ARN of another."""
    reduce_policies: bool = True
    """Whether the plan takes unused services out of policies, or only reports them."""
    evidence_days: Days = 90
    """How far back CloudTrail's records must go before a service is narrowed to the calls that they show."""
    data_events: tuple[Service, ...] = ()
    """Services whose data events the trail has recorded all that time, for all resources: such as s3."""
    leave_roles: tuple[RoleName, ...] = ("OrganizationAccountAccessRole", "AWSControlTowerExecution")
    """Roles that an organization needs rarely, and then badly."""
    leave_policies: tuple[PolicyName, ...] = ()
    """AWS's own full-access policies that stay whatever the records show: such as AmazonS3FullAccess."""
    review: tuple[Matcher, ...] = ()
    """Users and roles whose unused services are reported: a few calls each."""


class View:
    """An account as this control sees it; made once for each look at it."""

    def __init__(self, account: Account, settings: Settings, scope: Scope) -> None:
        self.account = account
        self.settings = settings
        self.scope = scope
        self.since = scope.now - timedelta(days=settings.unused_days)
        self.administrator = f"arn:{account.partition}:iam::aws:policy/AdministratorAccess"
        self._everything: dict[tuple[str, str], tuple[str, ...]] = {}

    def principal(self, address: Address) -> User | Role | None:
        found: Mapping[str, User] | Mapping[str, Role]
        found = self.account.users if kind_of(address) == "iam.user" else self.account.roles
        return found.get(name_of(address))

    def arn(self, holder: str, name: str) -> str:
        """The ARN of a user, group or role."""
        value = self.account.value(at(f"iam.{holder}", name))
        path = value.get("path", "/") if isinstance(value, Mapping) else "/"
        return f"arn:{self.account.partition}:iam::{self.account.id}:{holder}{path}{name}"

    def reached(self, holder: str, name: str) -> tuple[Address, ...]:
        """The users and roles that what this one holds is for."""
        if holder != "group":
            return (at(f"iam.{holder}", name),)
        return tuple(at("iam.user", user) for user in self.account.members_of(name))

    @cached_property
    def holders(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Who a managed policy is attached to, as ("group", "Admins"), by its ARN."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        kinds = {f"iam.{holder}_policy": holder for holder in HOLDERS}
        for address in sorted(self.account.state):
            if kind_of(address) in kinds:
                name, arn = pair_of(address)
                found[arn].append((kinds[kind_of(address)], name))
        return {arn: tuple(names) for arn, names in found.items()}

    @cached_property
    def _given(self) -> frozenset[tuple[str, str]]:
        """How a policy was given to whom within `unused_days`, by the records: ("Attach", "role/job"), or a pattern."""
        rows = (call for _, fact in self.account.facts_of(USE) for call in calls(fact))
        recent = (call for call in rows if call.last >= self.since.timestamp())
        found = ((GIVING.fullmatch(call.event), call.resource or "*") for call in recent)
        return frozenset((event[1], resource.rpartition(":")[2]) for event, resource in found if event)

    def given_lately(self, how: str, holder: str, name: str) -> bool:
        """Whether this holder, by the records, got a policy within `unused_days`: too lately to know what it needs."""
        return any(how == one and fnmatchcase(f"{holder}/{name}", whom) for one, whom in self._given)

    def everything(self, holder: str, name: str) -> tuple[str, ...]:
        """What makes this holder an administrator: ARNs of its policies, addresses of its inline ones."""
        if (holder, name) not in self._everything:
            self._everything[holder, name] = tuple(self._everything_of(holder, name))
        return self._everything[holder, name]

    def _everything_of(self, holder: str, name: str) -> Iterator[str]:
        for arn in self.account.under(f"iam.{holder}_policy", name):
            if arn == self.administrator or width(self.account.document(arn)).everything:
                yield arn
        for inline in self.account.under(f"iam.{holder}_inline", name):
            address = at(f"iam.{holder}_inline", name, inline)
            if width(self.account.value(address)).everything:
                yield address

    def own_policies(self, user: str) -> bool:
        kinds = ("iam.user_policy", "iam.user_inline")
        return any(True for kind in kinds for _ in self.account.under(kind, user))

    @cached_property
    def inline_of_users(self) -> frozenset[tuple[str, ...]]:
        """What users' inline policies say, where `groups` may put one of the account's own policies in their place."""
        if "groups" not in self.scope.playbook.controls:
            return frozenset()
        names = self.account.names("iam.user_inline")
        return frozenset(text for name in names if (text := said(self.account.value(at("iam.user_inline", name)))))

    def waits_for_groups(self, address: Address) -> bool:
        """Whether the control `groups` is about to move this user's own policies: two plans, one after the other."""
        who = self.principal(address)
        if not isinstance(who, User) or "groups" not in self.scope.playbook.controls:
            return False
        return self.own_policies(who.name) and not self.scope.exemption("groups", who)

    @cached_property
    def declared(self) -> frozenset[str]:
        return declared_roles(self.scope.playbook)

    def spared(self, address: Address) -> str:
        """Why this user or role is left alone whatever it does; empty if it is not."""
        who = self.principal(address)
        if who is None or self.scope.exemption(CONTROL, who):
            return f"{name_of(address)} is exempt"
        if address == caller(self.account):
            return f"this run works with {name_of(address)}"
        if isinstance(who, Role) and (who.path.startswith(FIXED) or who.name in self.settings.leave_roles):
            return f"{who.name} belongs to AWS or to the organization"
        if isinstance(who, Role) and who.name in self.declared:
            return f"the playbook itself says what {who.name} may do"
        if who.created is None or who.created > self.since:
            return f"{name_of(address)} is not {many(self.settings.unused_days, 'day')} old"
        return "it waits for `groups`: make a new plan after it" if self.waits_for_groups(address) else ""

    def seen(self, address: Address) -> datetime | None:
        """When the user or role was last used for anything."""
        who = self.principal(address)
        return last_seen(who) if isinstance(who, User) else who.last_used if who else None

    def working(self, address: Address) -> bool:
        """Whether somebody can work as this user or role today."""
        who = self.principal(address)
        if isinstance(who, User):
            return who.password is not None or any(key.active for key in who.keys)
        return who is not None and lets_people_in(who.trust)

    def recent(self, moment: Value) -> bool:
        """Whether a moment, as facts write it, is within `unused_days`."""
        return isinstance(moment, str) and datetime.fromisoformat(moment) > self.since


def said(document: Value) -> tuple[str, ...]:
    """A document's statements; none where it is no policy."""
    try:
        return statements(document)
    except NotAPolicy:
        return ()
