"""Writes straight into moto's backends: thousands of users in a second, with dates in the past.

Through the API everything would be made now, and never used; and what AWS let in years ago, it may refuse today.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Password:
    """Days ago; `used` is None for one that was never used."""

    made: int
    used: int | None
    mfa: bool = False


@dataclass(frozen=True, kw_only=True)
class Key:
    """Days ago; `used` is None for one that was never used."""

    made: int
    used: int | None
    active: bool = True
    service: str = "s3"
    region: str = REGION
    tagged: int | None = None
    """Days ago on which somebody tagged it as inactive."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the messy account, be it a person or an application."""

    name: str
    age: int = 900
    """Days since the user was made."""
    path: str = "/"
    tags: Mapping[str, str] = field(default_factory=dict)
    password: Password | None = None
    keys: tuple[Key, ...] = ()
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    """ARNs of AWS's policies, names of the account's own."""
    groups: tuple[str, ...] = ()
    boundary: str = ""


class Builder:
    """One account's IAM, as it was at `now`."""

    def __init__(self, now: datetime) -> None:
        from moto.iam.models import iam_backends

        self.now = now
        self.iam: Any = iam_backends[ACCOUNT]["aws"]

    def ago(self, days: int) -> datetime:
        """That many days ago, at some time of the day."""
        return self.now - timedelta(days=days, minutes=7 * (days % 89) + 5)

    def arn(self, policy: str) -> str:
        return policy if policy.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:policy/{policy}"

    def policy(self, name: str, document: str, age: int = 800) -> None:
        from moto.iam import models

        made = self.ago(age)
        kind: Any = models.ManagedPolicy
        policy = kind(name, ACCOUNT, "aws", document=document, create_date=made, update_date=made)
        policy.versions[0].create_date = made
        self.iam.managed_policies[policy.arn] = policy

    def group(self, name: str, attached: tuple[str, ...] = (), inline: Mapping[str, str] | None = None) -> None:
        from moto.iam.models import Group

        group = Group(ACCOUNT, "aws", name)
        group.create_date = self.ago(1200)
        self.iam.groups[name] = group
        self._permissions(group, attached, inline or {})

    def role(
        self, name: str, trust: str, attached: tuple[str, ...] = (), inline: Mapping[str, str] | None = None
    ) -> Any:
        role = self.iam.create_role(name, trust, "/", None, "", [], 3600)
        role.create_date = self.ago(1000)
        self._permissions(role, attached, inline or {})
        return role

    def person(self, person: Person) -> None:
        from moto.iam import models

        kind: Any = models.User
        user = kind(ACCOUNT, REGION, person.name, person.path)
        user.create_date = self.ago(person.age)
        self.iam.users[person.name] = user
        tags = dict(person.tags)
        for key in person.keys:
            made = self._key(user, key)
            if key.tagged is not None:
                tags[f"remediate:inactive:{made}"] = f"{self.ago(key.tagged):%Y-%m-%d}"
        self.iam.tagger.tag_resource(user.arn, [{"Key": k, "Value": v} for k, v in tags.items()])
        self._password(user, person.password)
        self._permissions(user, person.attached, person.inline)
        for group in person.groups:
            self.iam.groups[group].users.append(user)
        user.permissions_boundary_arn = self.arn(person.boundary) if person.boundary else None

    def _permissions(self, holder: Any, attached: tuple[str, ...], inline: Mapping[str, str]) -> None:
        holder.policies.update(inline)
        for policy in attached:
            self.iam.managed_policies[self.arn(policy)].attach_to(holder)

    def _password(self, user: Any, password: Password | None) -> None:
        if not password:
            return
        user.password = "correct horse battery staple"  # noqa: S105
        user.password_created = user.password_changed = self.ago(password.made)
        user.password_last_used = None if password.used is None else self.ago(password.used)
        if password.mfa:
            serial = f"arn:aws:iam::{ACCOUNT}:mfa/{user.name}"
            user.enable_mfa_device(serial, "123456", "654321")
            user.mfa_devices[serial].enable_date = self.ago(password.made)

    def _key(self, user: Any, key: Key) -> str:
        from moto.iam.models import AccessKeyLastUsed

        made = user.create_access_key(prefix="AKIA", status="Active" if key.active else "Inactive")
        made.create_date = self.ago(key.made)
        if key.used is not None:
            made.last_used = AccessKeyLastUsed(self.ago(key.used), key.service, key.region)
        self.iam.access_keys[made.access_key_id] = made
        return str(made.access_key_id)
