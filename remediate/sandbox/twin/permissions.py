"""Policies, groups and roles, and who has which policies: as they are, whatever IAM would say of them today."""

from collections.abc import Mapping
from typing import Any

from remediate.account import Role
from remediate.model import Value
from remediate.sandbox.twin.base import Twin, moment, path_of, text_of

HOLDERS = ("user", "group", "role")


def policies(twin: Twin) -> None:
    from moto.iam import models

    kind: Any = models.ManagedPolicy
    for arn, value in twin.entries("iam.policy"):
        if isinstance(value, Mapping):
            document, path = text_of(value["document"]), path_of(value)
            policy = kind(arn.rpartition("/")[2], twin.account.id, twin.account.partition, document=document, path=path)
            twin.iam.managed_policies[policy.arn] = policy


def versions(twin: Twin) -> None:
    """How many versions a policy has, and since when the default one is that. What the others said, nobody reads."""
    from moto.iam.models import PolicyVersion

    kind: Any = PolicyVersion
    for address, fact in twin.facts("iam.policy_versions"):
        policy = twin.iam.managed_policies[address.partition("/")[2]]
        default = policy.versions[0]
        default.create_date = moment(fact["since"])
        before = range(fact["count"] - 1)
        older = [kind(policy.arn, default.document, False, create_date=default.create_date) for _ in before]
        for number, version in enumerate([*older, default], start=1):
            version.version_id = f"v{number}"
        policy.versions = [*older, default]
        policy.default_version_id = default.version_id
        policy.next_version_num = fact["count"] + 1


def groups(twin: Twin) -> None:
    from moto.iam.models import Group

    for name, value in twin.entries("iam.group"):
        twin.iam.groups[name] = Group(twin.account.id, twin.account.partition, name, path_of(value))


def roles(twin: Twin) -> None:
    for role in twin.account.roles.values():
        _role(twin, role)
    for name, value in twin.entries("iam.instance_profile"):
        held = [role for profile, role, _ in twin.pairs("iam.instance_profile_role") if profile == name]
        twin.iam.create_instance_profile(name, path_of(value), held)


def _role(twin: Twin, role: Role) -> None:
    tags = [{"Key": key, "Value": value} for key, value in role.tags.items()]
    made = twin.iam.create_role(role.name, text_of(role.trust), role.path, role.boundary or None, "", tags, 3600)
    made.create_date = role.created or made.create_date
    made.last_used = role.last_used
    made.last_used_region = twin.account.region if role.last_used else None


def attachments(twin: Twin) -> None:
    """Policies of AWS's that moto has not heard of are attached as well: what they say is in no snapshot either."""
    for kind in HOLDERS:
        held = _holders(twin, kind)
        for name, arn, _ in twin.pairs(f"iam.{kind}_policy"):
            policy = twin.iam.managed_policies.get(arn) or _unheard_of(twin, arn)
            policy.attach_to(held[name])
        for name, policy, document in twin.pairs(f"iam.{kind}_inline"):
            held[name].policies[policy] = text_of(document)


def _unheard_of(twin: Twin, arn: str) -> Any:
    """Of what it allows, only reports on used services make something: as if it were everything, they name any."""
    from moto.iam import models

    kind: Any = models.ManagedPolicy
    account, _, path = arn.split(":")[4], *arn.rpartition(":policy")[1:]
    names = path.rpartition("/")
    anything: Value = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    made = kind(names[2], account, twin.account.partition, document=text_of(anything), path=f"{names[0]}/")
    twin.iam.managed_policies[arn] = made
    return made


def _holders(twin: Twin, kind: str) -> Mapping[str, Any]:
    if kind == "role":
        return {role.name: role for role in twin.iam.roles.values()}
    found: Mapping[str, Any] = twin.iam.users if kind == "user" else twin.iam.groups
    return found
